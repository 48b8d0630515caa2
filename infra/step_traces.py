"""The trace of a workflow's steps: each hangs below what set it off.

That is a person's update, a signal, or the start. Where a timer ran out it is nothing, and the step
begins a trace of its own. What follows from a step hangs where the step does, until something else
sets the workflow off. All of it happens around workflow code, which knows nothing of it, and makes
no command: a history replays with it and without.
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from temporalio import workflow
from temporalio.plugin import SimplePlugin
from temporalio.worker import (
    ContinueAsNewInput,
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    StartActivityInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from infra.telemetry import attributes_of
from schemas.command_base import Command
from schemas.messages import CarryOut, ReadJourney, ReadReferral
from schemas.verbs import Verb

_NOTHING = Context()
_BY_TIMER = frozenset(
    {
        Verb.REMIND,
        Verb.BREACH,
        Verb.EXPIRE_REFERRAL,
        Verb.OPEN_WINDOW,
        Verb.CLOSE_WINDOW,
        Verb.SEND_CONTACT,
        Verb.SETTLE_CONTACT,
    }
)
"""Steps that a clock sets off, and nobody."""

_OPENED: dict[tuple[int, int], trace.Span | None] = {}
"""Spans that were opened by what happened and not by a replay; None once they have ended.

A workflow that is put out of memory breaks off its step there, and may take it again under the same
ids, or under others: whichever span was opened first ends, and ends once.
"""
_MOST_OPENED = 10_000


class StepTraces(Interceptor):
    """Gives every step of a workflow its span. Comes after Temporal's own plugin for traces."""

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002 - the SDK's name
    ) -> type[WorkflowInboundInterceptor]:
        """What stands around each workflow."""
        return _Inbound


def step_traces() -> SimplePlugin:
    """The plugin that brings it to a client's workers."""
    return SimplePlugin("safepath-step-traces", interceptors=[StepTraces()])


class _Causes:
    """What came in to a workflow and has not set off a step yet."""

    def __init__(self) -> None:
        self.nudge: Context | None = None
        self._asked: dict[str, Context] = {}

    def ask(self, command: Command) -> None:
        """Somebody asked for this."""
        self._asked[command.command_id] = contexts.get_current()

    def of(self, message: object) -> Context | None:
        """What sets off the step that this message asks for; None: whatever set off the last."""
        if isinstance(message, CarryOut):
            return self._asked.pop(message.command.command_id, None)
        if isinstance(message, ReadJourney | ReadReferral):
            nudge, self.nudge = self.nudge, None
            return nudge
        step = getattr(message, "step", None)
        return _NOTHING if isinstance(step, Command) and step.verb in _BY_TIMER else None


class _Inbound(WorkflowInboundInterceptor):
    def __init__(self, next: WorkflowInboundInterceptor) -> None:  # noqa: A002 - the SDK's name
        super().__init__(next)
        self._causes = _Causes()

    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound, self._causes))

    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002
        self._causes.nudge = contexts.get_current()
        await super().handle_signal(input)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002
        opened = _open("workflow.update", verb=input.update)
        # Never detached: the handler has a context of its own, and an evicted workflow another.
        contexts.attach(trace.set_span_in_context(opened))
        for command in input.args:
            if isinstance(command, Command):
                self._causes.ask(command)
        try:
            return await super().handle_update_handler(input)
        finally:
            _close(opened)


class _Outbound(WorkflowOutboundInterceptor):
    def __init__(self, next: WorkflowOutboundInterceptor, causes: _Causes) -> None:  # noqa: A002
        super().__init__(next)
        self._causes = causes

    def start_activity(
        self,
        input: StartActivityInput,  # noqa: A002 - the SDK's name
    ) -> workflow.ActivityHandle[Any]:
        return self._traced(input.activity, input.args, lambda: self.next.start_activity(input))

    def start_local_activity(
        self,
        input: StartLocalActivityInput,  # noqa: A002 - the SDK's name
    ) -> workflow.ActivityHandle[Any]:
        begin = self.next.start_local_activity
        return self._traced(input.activity, input.args, lambda: begin(input))

    def continue_as_new(self, input: ContinueAsNewInput) -> NoReturn:  # noqa: A002
        contexts.attach(_NOTHING)  # a new history begins a new trace
        super().continue_as_new(input)

    def _traced(
        self, activity: str, args: Sequence[Any], begin: Callable[[], workflow.ActivityHandle[Any]]
    ) -> workflow.ActivityHandle[Any]:
        """The step under way, in a span that ends with it."""
        cause = self._causes.of(args[0] if args else None)
        if cause is not None:
            contexts.attach(cause)  # from here on, until something else sets the workflow off
        step = _open("workflow.step", activity_type=activity)
        inside = trace.set_span_in_context(step)
        if not trace.get_current_span().get_span_context().is_valid:
            contexts.attach(inside)  # nothing set it off: what follows from it hangs below it
        token = contexts.attach(inside)
        try:
            handle = begin()
        finally:
            contexts.detach(token)
        handle.add_done_callback(lambda _: _close(step))
        return handle


def _open(name: str, **attributes: str) -> trace.Span:
    info = workflow.info()
    found = {**attributes, "workflow_id": info.workflow_id, "workflow_type": info.workflow_type}
    opened = trace.get_tracer("safepath").start_span(name, attributes=attributes_of(found))
    if not workflow.unsafe.is_replaying_history_events():
        _OPENED.setdefault(_ids(opened), opened)
        while len(_OPENED) > _MOST_OPENED:
            _OPENED.pop(next(iter(_OPENED)), None)
    return opened


def _close(opened: trace.Span) -> None:
    """End the span as it was opened first; what an earlier process opened, it has told of."""
    first = _OPENED.get(_ids(opened))
    if first is not None:
        _OPENED[_ids(opened)] = None
        getattr(first, "_span", first).end()  # Temporal's wrapper ends nothing in a replay


def _ids(opened: trace.Span) -> tuple[int, int]:
    """Of trace and span: a step taken again after another may get its id in another trace."""
    context = opened.get_span_context()
    return context.trace_id, context.span_id
