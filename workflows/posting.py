"""Posting a notice without standing in the way of anything that matters more."""

from collections.abc import Callable

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.journey_steps import JourneySteps
    from schemas.ids import CaseRef
    from schemas.messages import PostNotice
    from schemas.operations import operations_text
    from schemas.verbs import Verb
    from workflows.options import DELIVERED_WITHIN, DELIVERY_WITHIN, UNTIL_DELIVERED


async def post_notice(case_ref: CaseRef, key: str, has_news: Callable[[], bool]) -> bool:
    """Whether the notice was posted; False where news came first.

    A sink that is down must not hold up a stop, a person's command or a deadline. Posting is
    safe to repeat, so what was left is simply tried again.

    Raises:
        ActivityError: the sink stayed away.
    """
    posting = workflow.start_activity_method(
        JourneySteps.post_notice,
        PostNotice(case_ref=case_ref, key=key),
        start_to_close_timeout=DELIVERY_WITHIN,
        schedule_to_close_timeout=DELIVERED_WITHIN,
        retry_policy=UNTIL_DELIVERED,
        summary=operations_text(Verb.SEND_NOTICE),
    )
    await workflow.wait_condition(lambda: posting.done() or has_news())
    is_interrupted = not posting.done()
    if is_interrupted:
        posting.cancel()
    try:
        await posting
    except ActivityError:
        if is_interrupted:
            return False
        raise
    return True
