"""A worker that kills itself at one boundary of one step: as suddenly as nothing else ends it."""

import json
import os
import signal
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.journey_steps import JourneySteps
from activities.referral_steps import ReferralSteps


class Moment(StrEnum):
    """Where a step is cut off."""

    BEFORE = "before the effect"
    AFTER = "after the effect, before it is known"


@dataclass(frozen=True)
class Boundary:
    """A moment of a step."""

    step: str
    moment: Moment

    def __str__(self) -> str:
        return f"{self.step} {self.moment}"


def _steps_of(*kinds: type) -> tuple[str, ...]:
    found = (getattr(f, _DEFINED, None) for kind in kinds for f in vars(kind).values())
    return tuple(definition.name for definition in found if definition is not None)


_DEFINED = "__temporal_activity_definition"
STEPS = _steps_of(JourneySteps, ReferralSteps)
"""Every step there is."""
DELIVERIES = ("send_contact", "deliver_packet", "deliver_stop", "post_notice")
"""Steps that Temporal keeps count of: half a minute after a worker died in one, another tries."""
SELDOM = ("send_contact", "deliver_stop", "take_journey_step")
"""Steps that not every journey takes."""
BOUNDARIES = tuple(Boundary(step, moment) for step in STEPS for moment in Moment)


@dataclass(frozen=True)
class Fuse:
    """One crash, armed by a file that whoever takes it away has fired."""

    file: Path

    @property
    def has_fired(self) -> bool:
        """Whether a worker died of it."""
        return self._fired.exists()

    def arm(self, boundary: Boundary) -> None:
        """Have the next worker that reaches the boundary die of it, once."""
        self._fired.unlink(missing_ok=True)
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps([boundary.step, boundary.moment]), encoding="utf-8")
        fresh.rename(self.file)

    def blow(self, boundary: Boundary) -> None:
        """Die, if this is the boundary; never returns then."""
        try:
            step, moment = json.loads(self.file.read_text(encoding="utf-8"))
            if boundary != Boundary(step, Moment(moment)):
                return
            self.file.rename(self._fired)
        except FileNotFoundError:
            return  # not armed, or fired already
        os.kill(os.getpid(), signal.SIGKILL)

    @property
    def _fired(self) -> Path:
        return self.file.with_suffix(".fired")


class CrashingSteps(ClientInterceptor, Interceptor):
    """Of a client, whose workers are watched with it."""

    def __init__(self, fuse: Fuse) -> None:
        self._fuse = fuse

    def intercept_activity(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002 - the SDK's name
    ) -> ActivityInboundInterceptor:
        """Put the fuse at both ends of an activity."""
        return _Fused(next, self._fuse)


class _Fused(ActivityInboundInterceptor):
    def __init__(self, next_one: ActivityInboundInterceptor, fuse: Fuse) -> None:
        super().__init__(next_one)
        self._fuse = fuse

    async def execute_activity(
        self,
        input: ExecuteActivityInput,  # noqa: A002 - the SDK's name
    ) -> Any:
        step = activity.info().activity_type
        self._fuse.blow(Boundary(step, Moment.BEFORE))
        done = await super().execute_activity(input)
        self._fuse.blow(Boundary(step, Moment.AFTER))
        return done
