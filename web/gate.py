"""The desk of those who look at a case through the sharing protocol. It decides nothing.

Every look is kept: what was asked, by whom, and what the protocol said.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from infra.audit import ChainReport
from infra.clocks import record_now
from infra.database import Pool
from infra.facts import FactBook, GateBook
from infra.notices import FileNotices
from infra.protocols import Protocols
from infra.record import PostgresRecord, unknown_case
from rules.protocol.consistency import report
from rules.protocol.evaluation import canonical
from rules.protocol.recorded import records_of
from rules.protocol.standing import facts_of_standing, why
from schemas.assertions import Standing
from schemas.consistency import Report
from schemas.errors import BadInputError
from schemas.evaluations import USUAL_EVALUATIONS, Dated, LoggedEvaluation, RuleSaid
from schemas.facts import Facts
from schemas.ids import CaseRef
from schemas.protocol import Evaluation
from schemas.snapshot import CaseSnapshot, Dispatch, DispatchKind, NoticeTemplate
from schemas.verbs import Verb
from web.facts import GateCounter
from web.protocol import known_protocol


@dataclass(frozen=True)
class Looked:
    """A case, as it stands for a request at one moment."""

    snapshot: CaseSnapshot
    told_text: str
    at: datetime
    standing: tuple[Standing, ...]

    def dated(self, fact: str) -> Dated:
        """How a fact reads, and since when it was said."""
        one = next(one for one in self.standing if one.fact == fact)
        return Dated(value=one.value, since=min((a.at for a in one.counted), default=None))


@dataclass(frozen=True)
class CaseEvaluation:
    """What the protocol says to a case, and how its facts came to read as they do."""

    said: Evaluation
    standing: tuple[Standing, ...]
    is_unusual: bool
    """This person asks of this case more often than is usual; the officer has been told."""


class GateDesk:
    """What one person may learn of a case through the protocol."""

    def __init__(  # the rooms behind the desk
        self,
        counter: GateCounter,
        pool: Pool,
        record: PostgresRecord,
        book: FactBook,
        gate: GateBook,
        protocols: Protocols,
        notices: FileNotices,
    ) -> None:
        self._counter = counter
        self._pool = pool
        self._record = record
        self._book = book
        self._gate = gate
        self._protocols = protocols
        self._notices = notices

    async def show_facts(self, case_ref: CaseRef) -> tuple[Standing, ...]:
        """How every fact of a case reads, why, until when, and who may supply it.

        Raises:
            NotAllowed: the role may not, or the person declared a conflict of interest.
            BadInputError: there is no such case, or not for this person.
        """
        looked = await self._look(case_ref, ())
        await self._book.note_act(Verb.EVALUATE_CASE, case_ref, {"what": "facts"})
        return looked.standing

    async def evaluate(
        self, case_ref: CaseRef, version: str | None, fields: tuple[str, ...]
    ) -> CaseEvaluation:
        """Say what the protocol makes of a case now, and keep that it was asked.

        Args:
            case_ref: the case.
            version: the one to judge by; None: the one that is active, closed where none is.
            fields: what is asked for.

        Raises:
            NotAllowed: the role may not, or the person declared a conflict of interest.
            BadInputError: there is no such case, or not for this person; or no such version.
        """
        looked = await self._look(case_ref, fields)
        protocol = await known_protocol(self._protocols)
        if version is None:
            version = await self._protocols.active_id(looked.snapshot.case.owner, looked.at)
        elif version not in protocol.versions or protocol.versions[version].historical:
            raise BadInputError("--version", "no such version to judge a case by")
        facts = facts_of_standing(looked.standing)
        said = protocol.evaluate(version, facts)
        count = await self._gate.log(self._logged(case_ref, looked, said, facts))
        if count > USUAL_EVALUATIONS:
            await self._alert(case_ref, looked.snapshot.case.owner)
        return CaseEvaluation(said, looked.standing, is_unusual=count > USUAL_EVALUATIONS)

    async def report(self, since: datetime, until: datetime) -> Report:
        """How alike cases were treated between two moments; small numbers are left out.

        Raises:
            NotAllowed: the role may not.
        """
        await self._counter.require(Verb.REPORT_SHARING)
        rows = await self._gate.evaluations(since, until)
        alerts = await self._gate.count_alerts(since, until)
        return report(rows, since, until, alerts)

    async def verify(self, anchor: tuple[int, str] | None) -> ChainReport:
        """Recompute the chain of the gate's own book.

        Raises:
            NotAllowed: the role may not.
        """
        await self._counter.require(Verb.REPORT_SHARING)
        return await self._gate.verify(anchor)

    async def _look(self, case_ref: CaseRef, fields: tuple[str, ...]) -> Looked:
        actor = self._counter.actor
        await self._counter.require(Verb.EVALUATE_CASE, case_ref)
        async with self._counter.noting(Verb.EVALUATE_CASE, case_ref):
            snapshot = await self._record.read(case_ref)
            if snapshot.case.owner != actor.organisation:
                raise unknown_case()
            text, told = await self._book.told_of(case_ref)
        at = await record_now(self._pool)
        papers = await self._protocols.paperwork(snapshot.case.owner, at)
        records = records_of(snapshot, told=told, fields=fields, agreement=papers)
        standing = why(await self._gate.assertions(case_ref), records, at, actor.who)
        return Looked(snapshot, text, at, standing)

    def _logged(
        self, case_ref: CaseRef, looked: Looked, said: Evaluation, facts: Facts
    ) -> LoggedEvaluation:
        return LoggedEvaluation(
            case_ref=case_ref,
            by=self._counter.actor,
            evaluated_at=looked.at,
            version=said.version,
            told_versions=said.told_versions,
            told_text=looked.told_text,
            outcome=said.outcome,
            rules=tuple(RuleSaid(id=rule.id, effect=rule.effect) for rule in said.rules),
            needs=said.needs,
            requested_fields=facts.requested_fields,
            victim_informed=looked.dated("victim_informed"),
            third_party_link=looked.dated("third_party_link"),
            protocol_hash=said.protocol_hash,
            facts_hash=hashlib.sha256(canonical(facts.given())).hexdigest(),
        )

    async def _alert(self, case_ref: CaseRef, owner: str) -> None:
        """Tell the data protection officer; the notice is one, however often this is done."""
        actor = self._counter.actor
        await self._gate.raise_alert(case_ref, actor)
        notice = Dispatch(
            key=f"oversight/{actor.who}",
            kind=DispatchKind.NOTICE,
            to_organisation=owner,
            template=NoticeTemplate.OVERSIGHT,
        )
        await self._notices.post(case_ref, notice)
