"""What is left after a run with faults, held against what its drivers were told."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from infra.database import Pool
from infra.notices import file_name
from infra.settings import Installation
from infra.troubles import OPERATIONS
from schemas.ids import CaseRef
from tests.builders import auditor
from tests.faults.driving import Seen
from web.entrance import open_desk

_STAGES = "SELECT case_ref, stage FROM record.case_file WHERE case_ref = ANY ($1)"
_REFERRALS = "SELECT case_ref, state FROM record.referral WHERE case_ref = ANY ($1)"
_ITEMS = "SELECT case_ref, kind, recorded_at FROM record.inbox_item WHERE case_ref = ANY ($1)"
_NOTICES = """
SELECT case_ref, key, state FROM record.outbox WHERE case_ref = ANY ($1) AND kind = 'notice'
"""
_CONTACTS = "SELECT case_ref, number, state FROM record.contact WHERE case_ref = ANY ($1)"
_WITHDRAWALS = """
SELECT case_ref, recorded_at FROM audit.entry
WHERE case_ref = ANY ($1) AND verb = 'withdraw_consent' AND body::jsonb ->> 'outcome' = 'done'
"""
_ANSWERS = """
SELECT command_id, reply - 'fingerprint' AS reply FROM record.command_log
WHERE case_ref = ANY ($1)
"""
_AUDITED = """
SELECT body::jsonb ->> 'command_id' AS command_id, count(*) AS rows FROM audit.entry
WHERE case_ref = ANY ($1) AND body::jsonb ->> 'outcome' = 'done' GROUP BY 1
"""


@dataclass(frozen=True)
class Reckoning:
    """What went wrong; all of it empty where nothing did."""

    lost: list[str]
    """Journeys that did not come to their end, or whose notices did not go out."""
    doubled: list[str]
    """Deliveries somebody sees twice."""
    after_withdrawal: list[str]
    """Packets that were delivered once she had taken consent back."""
    missing: list[str]
    """Writes that were answered with `Committed` and are not in the record or in the audit."""
    unsure_texts: int
    """Texts to her of which nobody can tell: not sent again, a person looks."""
    audit_is_intact: bool

    @property
    def is_clean(self) -> bool:
        """Whether nothing went wrong."""
        wrong = (self.lost, self.doubled, self.after_withdrawal, self.missing)
        return self.audit_is_intact and not any(wrong)


@dataclass
class _Left:
    """The rows and files of a run."""

    pool: Pool
    installation: Installation
    seen: Seen
    cases: list[CaseRef]

    async def rows(self, query: str) -> list[dict[str, object]]:
        return [dict(row) for row in await self.pool.fetch(query, self.cases)]

    async def lost(self) -> list[str]:
        stages = {r["case_ref"]: r["stage"] for r in await self.rows(_STAGES)}
        states = {r["case_ref"]: r["state"] for r in await self.rows(_REFERRALS)}
        wrong = []
        for case in self.cases:
            over = "withdrawn" if case in self.seen.withdrawn else "completed"
            if (stages.get(case), states.get(case)) != ("closed", over):
                wrong.append(f"{case}: {stages.get(case)}, {states.get(case)}")
        return wrong

    async def deliveries(self) -> tuple[list[str], list[str]]:
        """Items of inboxes: those missing, and those too many."""
        found = Counter((r["case_ref"], r["kind"]) for r in await self.rows(_ITEMS))
        lost = []
        for case in self.cases:
            came, stopped = found[case, "referral"], found[case, "stop"]
            is_withdrawn = case in self.seen.withdrawn
            if stopped != (came if is_withdrawn else 0) or not (came or is_withdrawn):
                lost.append(f"{case}: {came} packets, {stopped} stop notices")
        return lost, [str(item) for item, times in found.items() if times > 1]

    async def notices(self) -> tuple[list[str], list[str]]:
        """Notices: not sent or without a file; and files that stand for no notice.

        Operations are told of a step that failed while a server was away: no notice of the case.
        """
        rows = await self.rows(_NOTICES)
        wanted = {file_name(CaseRef(str(r["case_ref"])), str(r["key"])) for r in rows}
        queued = [f"{r['case_ref']}: a notice is {r['state']}" for r in rows if _waits(r)]
        there = {
            file.stem
            for case in self.cases
            for file in self.installation.notices_dir.glob(f"{case}--*")
            if json.loads(file.read_text(encoding="utf-8"))["to"] != OPERATIONS
        }
        sent = {
            file_name(CaseRef(str(r["case_ref"])), str(r["key"]))
            for r in rows
            if r["state"] == "sent"
        }
        return queued + sorted(sent - there), sorted(there - wanted)

    async def texts(self) -> tuple[list[str], list[str], int]:
        """Texts to her: sent without a file, files without a text, and those nobody is sure of."""
        wanted: dict[str, object] = {}
        for row in await self.rows(_CONTACTS):
            wanted[f"{row['case_ref']}--contact--{row['number']}"] = row["state"]
        there = {
            file.stem
            for case in self.cases
            for file in self.installation.contacts_dir.glob(f"{case}--*")
        }
        lost = sorted(t for t, state in wanted.items() if state == "made" and t not in there)
        unsure = sum(state == "unknown" for state in wanted.values())
        return lost, sorted(there - set(wanted)), unsure

    async def after_withdrawal(self) -> list[str]:
        taken_back: dict[object, datetime] = {}
        for row in await self.rows(_WITHDRAWALS):
            assert isinstance(row["recorded_at"], datetime)
            taken_back[row["case_ref"]] = row["recorded_at"]
        wrong = []
        for row in await self.rows(_ITEMS):
            at = row["recorded_at"]
            assert isinstance(at, datetime)
            since = taken_back.get(row["case_ref"])
            if row["kind"] == "referral" and since is not None and at > since:
                wrong.append(f"{row['case_ref']}: {at} after {since}")
        return wrong

    async def missing(self) -> list[str]:
        answers = {r["command_id"]: json.loads(str(r["reply"])) for r in await self.rows(_ANSWERS)}
        audited = {r["command_id"]: r["rows"] for r in await self.rows(_AUDITED)}
        wrong = []
        for command, reply in self.seen.committed:
            kept = answers.get(command.command_id)
            if kept != json.loads(reply.model_dump_json()):
                wrong.append(f"{command.command_id}: not answered so in the record")
            if audited.get(command.command_id) != 1:
                wrong.append(f"{command.command_id}: {audited.get(command.command_id)} audit rows")
        return wrong


def _waits(row: dict[str, object]) -> bool:
    return row["state"] == "queued"


async def reckon(pool: Pool, installation: Installation, seen: Seen) -> Reckoning:
    """Hold what is left of the journeys that were closed against what was seen of them."""
    left = _Left(pool, installation, seen, seen.closed)
    lost_items, doubled_items = await left.deliveries()
    lost_notices, doubled_notices = await left.notices()
    lost_texts, doubled_texts, unsure = await left.texts()
    every = _Left(pool, installation, seen, seen.opened)
    async with open_desk(installation, auditor()) as desk:
        report = await desk.verify_audit(None)
    return Reckoning(
        lost=[*await left.lost(), *lost_items, *lost_notices, *lost_texts],
        doubled=[*doubled_items, *doubled_notices, *doubled_texts],
        after_withdrawal=await left.after_withdrawal(),
        missing=await every.missing(),
        unsure_texts=unsure,
        audit_is_intact=report.is_intact,
    )
