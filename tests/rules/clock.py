"""The clockwork without Temporal: what it would do now, and when it would be woken."""

from datetime import datetime
from typing import Any

from rules.outlook import journey_outlook, referral_outlook
from schemas.clockwork_steps import (
    Breach,
    CloseWindow,
    Deliver,
    ExpireReferral,
    OpenWindow,
    QueueDelivery,
    Remind,
    RouteOnward,
    SendContact,
    SendNotice,
    SendStop,
    SettleContact,
    Step,
)
from schemas.messages import Alarm, AlarmKind, Queued
from schemas.snapshot import CaseSnapshot


def due(case: CaseSnapshot, at: datetime) -> list[Step]:
    """What the clockwork would do now, in the order in which journey and referrals do it."""
    journey = journey_outlook(case)
    ref: Any = {"case_ref": case.case.case_ref}
    steps: list[Step] = []
    for number in journey.referrals:
        outlook = referral_outlook(case, number, at)
        steps += [_leaving(queued, number, ref) for queued in outlook.to_dispatch]
        if outlook.may_be_queued:
            steps.append(QueueDelivery(referral=number, **ref))
    steps += [RouteOnward(referral=number, **ref) for number in journey.to_route]
    steps += [SendNotice(key=queued.key, **ref) for queued in journey.to_dispatch]
    return steps + [_ringing(alarm, ref) for alarm in alarms(case) if alarm.at <= at]


def alarms(case: CaseSnapshot) -> list[Alarm]:
    """Every alarm of the case, soonest first."""
    journey = journey_outlook(case)
    working = (referral_outlook(case, n, case.case.recorded_at) for n in journey.referrals)
    found = (*journey.alarms, *(alarm for outlook in working for alarm in outlook.alarms))
    return sorted(found, key=lambda alarm: alarm.at)


def _leaving(queued: Queued, number: int, ref: Any) -> Step:
    if queued.kind == "notice":
        return SendNotice(key=queued.key, **ref)
    if queued.kind == "stop":
        return SendStop(referral=number, key=queued.key, **ref)
    return Deliver(referral=number, key=queued.key, **ref)


def _ringing(alarm: Alarm, ref: Any) -> Step:
    match alarm.kind:
        case AlarmKind.EXPIRE:
            return ExpireReferral(referral=int(alarm.deadline.rpartition("/")[2]), **ref)
        case AlarmKind.REMIND:
            return Remind(deadline=alarm.deadline, **ref)
        case AlarmKind.OPEN_WINDOW:
            return OpenWindow(contact=alarm.contact or 0, **ref)
        case AlarmKind.CLOSE_WINDOW:
            return CloseWindow(contact=alarm.contact or 0, **ref)
        case AlarmKind.SEND_CONTACT:
            return SendContact(contact=alarm.contact or 0, **ref)
        case AlarmKind.SETTLE_CONTACT:
            return SettleContact(contact=alarm.contact or 0, **ref)
        case AlarmKind.BREACH:
            return Breach(deadline=alarm.deadline, **ref)
