"""Risk: graded by a person, looked at by another, graded again; a high one goes on to MARAC.

Nothing here touches support, and nothing waits for it: unassessed counts as high everywhere.
"""

from datetime import datetime

from rules import duties, marac, tasks
from rules.apply import apply
from rules.world import World
from schemas.actor import Role
from schemas.changes import Change, RiskRecorded
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.lane_commands import AssessRisk, ReviewRisk
from schemas.lanes import RiskAssessment, RiskGrade, RiskTool
from schemas.snapshot import CaseSnapshot, TaskKind

ASSESSMENT, REVIEW, REASSESSMENT = "risk-1-assessment", "risk-1-review", "risk-reassessment"
IDVA_CONTACT = "marac-2-idva-contact"

MEDIUM = 10
"""Ticks of a DASH form from which a grade is medium at least (used locally, not confirmed)."""

_ORDER = tuple(RiskGrade)


def least_grade(ticks: int) -> RiskGrade:
    """The grade that so many ticks of a DASH form are at least. Judgement may only raise it."""
    if ticks >= marac.VISIBLE_HIGH_RISK:
        return RiskGrade.HIGH
    return RiskGrade.MEDIUM if ticks >= MEDIUM else RiskGrade.STANDARD


def assess(snapshot: CaseSnapshot, command: AssessRisk, world: World) -> Decision:
    """Record a grade; it is reviewed by another, made again in time, and may lead to MARAC."""
    since, before = command.occurred_at or world.at, snapshot.risk
    objection = _unfit(command) or _not_the_newest(before, since)
    if objection:
        return objection
    risk = RiskAssessment(
        number=before.number + 1 if before else 1,
        tool=command.tool,
        grade=command.grade,
        ticks=command.ticks,
        assessed_by=command.actor.who,
        assessed_at=since,
    )
    now = snapshot.model_copy(update={"risks": (*snapshot.risks, risk)})
    criteria = marac.criteria_met(
        now, risk, command.reports_in_a_year, happened_again=command.happened_again
    )
    first = marac.begins_with(now, criteria)
    is_new_high = _has_become_high(before, risk)
    return Changed(
        changes=(
            RiskRecorded(risk=risk),
            *_instead_of(snapshot, before),
            *_from_now_on(now, world, since),
            *_review_wanted(now, world, risk),
            *(marac.begin(now, world, since, first) if first else ()),
            *(duties.start(now, world, IDVA_CONTACT, since) if is_new_high else ()),
        ),
        detail={"risk": risk.number, "grade": risk.grade, "criteria": ",".join(criteria)},
    )


def review(snapshot: CaseSnapshot, command: ReviewRisk, world: World) -> Decision:
    """Somebody else looked at the newest assessment. Who does not agree has it made again."""
    risk = snapshot.risk
    if risk is None:
        return refused("not_assessed", "Nobody assessed the risk yet: use `risk assess` first.")
    if risk.reviewed_by is not None:
        return refused("already_reviewed", f"Assessment {risk.number} was reviewed already.")
    if risk.assessed_by == command.actor.who:
        return refused("second_person", "Somebody else than the assessor must review it.")
    since = command.occurred_at or world.at
    if since < risk.assessed_at:
        return refused("before_assessing", "It cannot have been reviewed before it was made.")
    reviewed = risk.model_copy(update={"reviewed_by": command.actor.who, "agreed": command.agrees})
    again = () if command.agrees else _again_wanted(snapshot, world, risk)
    return Changed(
        changes=(
            RiskRecorded(risk=reviewed),
            *_looked_at(snapshot, since),
            *tasks.done(snapshot, _review_id(risk)),
            *again,
        ),
        detail={"risk": risk.number, "agreed": "yes" if command.agrees else "no"},
    )


def _unfit(command: AssessRisk) -> Refused | None:
    is_dash = command.tool is RiskTool.DASH
    if is_dash is (command.ticks is None):
        return refused(
            "ticks_missing" if is_dash else "ticks_of_dash",
            "Say how many of its questions were ticked: a DASH form is graded by them."
            if is_dash
            else "Only a DASH form has ticks: leave them out, or name the tool dash.",
        )
    least = least_grade(command.ticks or 0)
    if _ORDER.index(command.grade) < _ORDER.index(least):
        return refused(
            "below_the_form",
            f"{command.ticks} ticks are {least} at least: record that grade. Judgement may raise "
            "it, and never lowers it; whoever reviews it can ask for another assessment.",
        )
    return None


def _not_the_newest(before: RiskAssessment | None, since: datetime) -> Refused | None:
    if before is None or before.assessed_at <= since:
        return None
    return refused(
        "not_the_newest",
        f"There is one of {before.assessed_at:%Y-%m-%d %H:%M} UTC already, and the newest counts.",
    )


def _instead_of(snapshot: CaseSnapshot, before: RiskAssessment | None) -> tuple[Change, ...]:
    """The tasks about an earlier one are done: this one is looked at instead."""
    if before is None:
        return ()
    return tasks.done(snapshot, _review_id(before), _again_id(before))


def _from_now_on(snapshot: CaseSnapshot, world: World, since: datetime) -> tuple[Change, ...]:
    met = (
        *duties.meet(snapshot, ASSESSMENT, since),
        *duties.meet(snapshot, REASSESSMENT, since),
    )
    now = apply(snapshot, met)
    review, again = (duties.start(now, world, duty, since) for duty in (REVIEW, REASSESSMENT))
    return (*met, *review, *again)


def _looked_at(snapshot: CaseSnapshot, at: datetime) -> tuple[Change, ...]:
    """Looking at the newest assessment is looking at those it replaced."""
    waiting = (d for d in snapshot.running_deadlines() if d.duty == REVIEW)
    return tuple(change for run in waiting for change in duties.meet_run(snapshot, run, at))


def _has_become_high(before: RiskAssessment | None, risk: RiskAssessment) -> bool:
    """A risk that stays high does not make the IDVA's contact a first one again."""
    was_high = before is not None and before.grade is RiskGrade.HIGH
    return risk.grade is RiskGrade.HIGH and not was_high


def _review_wanted(
    snapshot: CaseSnapshot, world: World, risk: RiskAssessment
) -> tuple[Change, ...]:
    return tasks.ask(
        snapshot,
        world,
        _review_id(risk),
        TaskKind.REVIEW_RISK,
        Role.SAFEGUARDING_SUPERVISOR,
        not_for=risk.assessed_by,
    )


def _again_wanted(snapshot: CaseSnapshot, world: World, risk: RiskAssessment) -> tuple[Change, ...]:
    return tasks.ask(snapshot, world, _again_id(risk), TaskKind.ASSESS_AGAIN, Role.PPU_OFFICER)


def _review_id(risk: RiskAssessment) -> str:
    return f"risk/{risk.number}/review"


def _again_id(risk: RiskAssessment) -> str:
    return f"risk/{risk.number}/again"
