"""Cases on their way out: closed, proposed to be erased, confirmed, erased."""

from typing import Any

from schemas.actor import Actor
from schemas.case import ClosingReason
from schemas.case_commands import AnswerErasure, CloseCase, EraseCase, ProposeErasure
from schemas.clockwork_steps import SendNotice
from schemas.ids import CaseRef
from schemas.referral import Outcome
from schemas.referral_commands import AcceptReferral, CompleteReferral, LiftHold
from schemas.snapshot import DispatchKind
from tests.builders import caseworker, dpo, ngo_intake, supervisor
from tests.infra.cases import RecordFor, about, delivered, done

DEE, SUE, ANN = dpo(), supervisor(), caseworker()


async def closed(hands: RecordFor, *, note: str = "", **parts: Any) -> CaseRef:
    """A case whose service has helped, closed by a person."""
    case_ref = await delivered(hands, **parts)
    ida = ngo_intake()
    await done(hands, about(case_ref, AcceptReferral, actor=ida), note=note)
    for command in (
        about(case_ref, CompleteReferral, actor=ida, outcome=Outcome.SUPPORT_GIVEN),
        about(case_ref, LiftHold, hold=1, actor=ida),
        about(case_ref, CloseCase, reason=ClosingReason.SUPPORT_COMPLETED),
        about(case_ref, CloseCase, reason=ClosingReason.SUPPORT_COMPLETED, confirmed=True),
    ):
        await done(hands, command)
    await all_posted(hands, case_ref)
    return case_ref


async def all_posted(hands: RecordFor, case_ref: CaseRef) -> None:
    """Every notice that waits has been posted, as the journey does."""
    snapshot = await (await hands(None)).read(case_ref)
    for dispatch in snapshot.dispatches:
        assert dispatch.kind is DispatchKind.NOTICE
        await done(hands, about(case_ref, SendNotice, key=dispatch.key))


async def proposed(hands: RecordFor, case_ref: CaseRef, by: Actor = DEE) -> CaseRef:
    """Its erasure is proposed, and the supervisor has been told."""
    await done(hands, about(case_ref, ProposeErasure, actor=by))
    await all_posted(hands, case_ref)
    return case_ref


async def confirmed(hands: RecordFor, case_ref: CaseRef) -> CaseRef:
    """Its erasure is decided."""
    await proposed(hands, case_ref)
    await done(hands, about(case_ref, AnswerErasure, actor=SUE, confirms=True))
    return case_ref


async def erased(hands: RecordFor, case_ref: CaseRef) -> CaseRef:
    """It is gone."""
    await confirmed(hands, case_ref)
    await done(hands, about(case_ref, EraseCase, actor=SUE))
    return case_ref
