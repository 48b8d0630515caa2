"""The journeys of the demo, driven through the desk as people would. Fictional people."""

from commands.story_steps import (
    CASEWORKER,
    HARBOUR,
    IDVA,
    MEADOW,
    People,
    Story,
    arrived,
    closes,
    committed,
    consents,
    needs,
    opens,
    requests,
    said_by,
    states,
)
from commands.story_waiting import full_service
from schemas.case import Stage, Subject
from schemas.consent import Purpose
from schemas.consent_commands import WithdrawConsent
from schemas.referral import NeedCategory, Outcome, ReferralState
from schemas.referral_commands import (
    AcceptReferral,
    CompleteReferral,
    EngageReferral,
    OpenReferral,
)
from schemas.verbs import Verb


async def support_engaged(story: Story, who: People) -> None:
    """(a) A referral is accepted, support is given, and a person closes the case."""
    case = await opens(story, who.caseworker, Subject.VICTIM, "Rosa Example")
    await consents(who.caseworker, case, IDVA)
    need = await needs(who.caseworker, case, NeedCategory.ADVOCACY)
    await requests(who.caseworker, case, need, (IDVA,))
    await arrived(who.harbour, case, 1)
    reply, packet = await who.harbour.open_referral(
        OpenReferral(**said_by(HARBOUR, case), referral=1)
    )
    committed(reply)
    shown = packet.packet if packet else None
    story.claims["the service saw the name she agreed to"] = bool(shown and shown.name)
    story.claims["and not the circumstances, which she kept"] = bool(
        shown and shown.circumstances is None
    )
    committed(await who.harbour.state(AcceptReferral(**said_by(HARBOUR, case), referral=1)))
    committed(await who.harbour.state(EngageReferral(**said_by(HARBOUR, case), referral=1)))
    completed = CompleteReferral(
        **said_by(HARBOUR, case), referral=1, outcome=Outcome.SUPPORT_GIVEN
    )
    committed(await who.harbour.state(completed))
    await closes(who.caseworker, case)
    page = await who.caseworker.show_case(case)
    story.claims["the referral is completed"] = states(page) == [ReferralState.COMPLETED]
    story.claims["a person closed the case"] = page.case.stage is Stage.CLOSED


async def silent_service(story: Story, who: People) -> None:
    """(b) A witness; the first service stays silent, and the next one she chose accepts."""
    case = await opens(story, who.caseworker, Subject.WITNESS, "Tomas Example")
    await consents(who.caseworker, case, MEADOW)
    await consents(who.caseworker, case, IDVA)
    need = await needs(who.caseworker, case, NeedCategory.COUNSELLING)
    await requests(who.caseworker, case, need, (MEADOW, IDVA))
    await arrived(who.meadowlight, case, 1)
    await arrived(who.harbour, case, 2)
    committed(await who.harbour.state(AcceptReferral(**said_by(HARBOUR, case), referral=2)))
    page = await who.caseworker.show_case(case)
    lines = await who.caseworker.show_timeline(case)
    verbs = [line.verb for line in lines]
    story.claims["the silent service was reminded"] = Verb.REMIND in verbs
    story.claims["a person was told that it was late"] = Verb.BREACH in verbs
    story.claims["its referral expired"] = states(page)[:1] == [ReferralState.EXPIRED]
    story.claims["the next service she chose accepted"] = states(page)[1:] == [
        ReferralState.ACCEPTED
    ]


async def consent_withdrawn(story: Story, who: People) -> None:
    """(c) Consent is withdrawn while one referral is accepted and one is sent: both stop."""
    case = await opens(story, who.caseworker, Subject.VICTIM, "Lena Example")
    for number, service in enumerate((IDVA, MEADOW), start=1):
        await consents(who.caseworker, case, service)
        need = await needs(who.caseworker, case, NeedCategory.ADVOCACY)
        await requests(who.caseworker, case, need, (service,))
        await arrived(who.harbour if number == 1 else who.meadowlight, case, number)
    committed(await who.harbour.state(AcceptReferral(**said_by(HARBOUR, case), referral=1)))
    withdrawal = WithdrawConsent(**said_by(CASEWORKER, case), purpose=Purpose.SUPPORT_REFERRAL)
    committed(await who.caseworker.state(withdrawal))
    page = await who.caseworker.show_case(case)
    story.claims["both referrals stopped at once"] = states(page) == [ReferralState.WITHDRAWN] * 2
    for desk, number, name in ((who.harbour, 1, "first"), (who.meadowlight, 2, "second")):
        stopped = await arrived(desk, case, number, kind="stop")
        story.claims[f"the {name} service got a stop notice"] = stopped is not None
    verbs = [line.verb for line in await who.caseworker.show_timeline(case)]
    story.claims["the audit shows it"] = (
        Verb.WITHDRAW_CONSENT in verbs and verbs.count(Verb.SEND_STOP) == 2
    )


STORIES = (support_engaged, silent_service, consent_withdrawn, full_service)
"""In the order they are told."""
