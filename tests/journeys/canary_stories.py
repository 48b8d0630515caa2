"""The stories in which every canary is said, typed as people type them, failures included."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from safepath import build
from schemas.actor import parse_actor
from schemas.ids import CaseRef, referral_workflow_id
from schemas.referral import ReferralState
from tests.house.source import HOUSE
from tests.journeys.canary_kinds import KINDS
from tests.journeys.canary_places import Told

SAID = {kind.name: kind.word for kind in KINDS}
ANN, BEA = "caseworker@essex-police:ann", "caseworker@essex-police:bea"
BO, MEL = "ngo_intake@harbour-house:bo", "ngo_intake@meadowlight:mel"
ADA = "immigration_adviser@meadowlight:ada"
FIELDS = "name,safe_contact,language,interpreter,accessibility,circumstances"
PERSONAL = {
    "name": f"Zoë {SAID['name']}",
    "safe_contact": f"write to {SAID['e-mail']}, or leave word at {SAID['safe contact']}",
    "language": SAID["language"],
    "interpreter": "not her cousin " + SAID["interpreter's note"],
    "accessibility": f"{SAID['accessibility']}: large print",
    "circumstances": " ".join(
        SAID[name]
        for name in (
            "circumstances",
            "a child's name",
            "immigration status",
            "national insurance number",
            "bank account",
            "passport number",
            "another script",
            "emoji",
        )
    ),
}
ANY_TIME = [{"weekday": day, "opens": "00:00", "closes": "23:59:59"} for day in range(7)]
_FAIL = """
CREATE FUNCTION record.fails() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'cannot keep «%»', reverse('{backwards}') USING ERRCODE = 'P0001'; END $$;
CREATE TRIGGER fails BEFORE INSERT ON record.inbox_item
    FOR EACH ROW EXECUTE FUNCTION record.fails();
"""


class Typing:
    """Verbs as they are typed on a stack. What is printed is kept, unless it may hold her texts."""

    def __init__(self, told: Told, folder: Path) -> None:
        self.told, self.folder = told, folder
        self._data_dir = ("--data-dir", str(told.stack.paths.data_dir))

    def type(
        self,
        line: str,
        *more: str,
        by: str,
        said: bytes | str = "",
        ends: int = 0,
        shows: bool = False,
    ) -> str:
        """Type a verb, which ends as it should; `shows`: it prints her texts on purpose."""
        arguments = (*line.split(), *more, "--as", by, *self._data_dir)
        answer = CliRunner().invoke(build(), arguments, input=said)
        assert ends == answer.exit_code, (line, answer.output, answer.exception)
        if not shows:
            self.keep(line, answer.output_bytes)
        return answer.stdout

    def keep(self, line: str, printed: bytes) -> None:
        """Keep what was printed."""
        self.told.printed[f"{len(self.told.printed)}: {line}"] = printed

    def in_a_process(self, line: str, *more: str, by: str, said: bytes = b"", ends: int) -> None:
        """The same as a process of its own, with its log and its spans on."""
        arguments = (*line.split(), *more, "--as", by, *self._data_dir)
        done = subprocess.run(
            (sys.executable, str(HOUSE / "safepath.py"), *arguments),
            input=said,
            capture_output=True,
            check=False,
            timeout=60,
            env=os.environ | {"SAFEPATH_LOG": "true", "SAFEPATH_TELEMETRY": "true"},
        )
        assert ends == done.returncode, done
        self.keep(line, done.stdout + done.stderr)

    def file(self, name: str, content: Any) -> str:
        """A file to name on the command line: JSON, or bytes as they are."""
        path = self.folder / name
        plain = isinstance(content, bytes)
        path.write_bytes(content if plain else json.dumps(content, ensure_ascii=False).encode())
        return str(path)

    def a_case(self, **parts: Any) -> CaseRef:
        """Her case, with every text it can hold."""
        opening = json.loads(self.type("case open --example", by=ANN))
        del opening["own_notes"]
        opening |= {"personal": PERSONAL, **parts}
        answer = self.type("case open --json", self.file("opening.json", opening), by=ANN)
        return CaseRef(json.loads(answer)["case"]["case_ref"])

    def a_plan(self, case: CaseRef, **parts: Any) -> None:
        """A plan by which she may be called now."""
        plan = json.loads(self.type("contact plan --example", by=ANN))
        details = " / ".join(SAID[k] for k in ("telephone number", "address", "trusted person"))
        words = {"safe_word": SAID["safe word"], "duress_word": SAID["duress word"]}
        plan |= {"windows": ANY_TIME, "details": details, **words, **parts}
        self.type("contact plan", case, self.file("plan.json", plan), by=ANN)

    def referred(self, case: CaseRef, *services: str) -> None:
        """A referral she agreed to, with everything."""
        self.type("need add", case, "--category", "advocacy", "--priority", "urgent", by=ANN)
        freely = ("--present", "nobody", "--at-safe-time", "--told-not-a-condition")
        for service in services:
            asked = (case, "--to", service, "--fields", FIELDS)
            self.type("consent ask", *asked, *freely, by=ANN)
            self.type("consent give", *asked, by=ANN)
        chosen = (part for service in services for part in ("--to", service))
        self.type("referral request", case, "--need", "1", *chosen, by=ANN)


async def tell(told: Told, folder: Path) -> None:
    """All of them."""
    typing = Typing(told, folder)
    await _she_is_supported(told, typing)
    await _steps_fail_and_she_stops(told, typing)
    await _in_the_wrong_place(typing)
    await _beside(_unreadable, typing)


async def _she_is_supported(told: Told, typing: Typing) -> None:
    """One service asks back and declines; the next has her wait, advises her, helps her."""
    run = typing.type
    case = await _beside(typing.a_case, own_notes=f"she was called {SAID['former name']}")
    await _beside(typing.referred, case, "idva-service", "meadowlight-support")
    await _until(told, case, 1, ReferralState.RECEIVED)
    first, second = f"{case}/1", f"{case}/2"
    seen = await _beside(run, "referral open", first, by=BO, shows=True)
    assert SAID["name"] in seen
    asks = ("--topics", "urgency", "--note", SAID["note of a question back"])
    await _beside(run, "referral ask", first, *asks, by=BO)
    declines = ("--reason", "conflict_of_interest", "--note", f"-{SAID['note of a no']}")
    await _beside(run, "referral decline", first, *declines, by=BO)
    await _until(told, case, 2, ReferralState.RECEIVED)
    await _beside(run, "referral open", second, by=MEL, shows=True)
    waits = ("--expected-by", "2027-03-01", "--note", SAID["note of a wait"])
    await _beside(run, "referral waitlist", second, *waits, by=MEL)
    await _beside(run, "referral accept", second, "--note", SAID["note of a yes"], by=MEL)
    await _beside(run, "referral engage", second, "--note", SAID["note of a beginning"], by=MEL)
    advised = ("--granted-on", "2026-11-20", "--note", SAID["adviser's note"])
    await _beside(run, "referral advice", second, *advised, by=ADA)
    helped = ("--outcome", "support_given", "--note", SAID["note of an end"])
    await _beside(run, "referral complete", second, *helped, by=MEL)
    page = await _beside(run, "case show", case, "--personal", "--notes", by=ANN, shows=True)
    assert all(PERSONAL[field] in page for field in ("name", "circumstances"))


async def _steps_fail_and_she_stops(told: Told, typing: Typing) -> None:
    """PostgreSQL fails the packet with a text in its message, then refuses a note; she stops."""
    run, database = typing.type, told.stack.superuser
    personal = {k: v for k, v in PERSONAL.items() if k != "safe_contact"}
    case = await _beside(typing.a_case, personal=personal)
    await _beside(typing.a_plan, case)
    await _calls(typing, case)
    await database.execute(_FAIL.format(backwards=SAID["text in a failing step"][::-1]))
    await _beside(typing.referred, case, "idva-service")
    await told.stack.until_attempt(referral_workflow_id(case, 1), 2)
    await database.execute("DROP FUNCTION record.fails() CASCADE")
    await _until(told, case, 1, ReferralState.RECEIVED)
    table = "ALTER TABLE record.organisation_note"
    await database.execute(f"{table} ADD CONSTRAINT refuse CHECK (false) NOT VALID")
    note = (f"{case}/1", "--note", SAID["note PostgreSQL refuses"])
    await _beside(run, "referral accept", *note, by=BO, ends=1)
    await _beside(run, "referral accept --json", *note, by=BO, ends=1)
    typing.in_a_process("referral accept", *note, by=BO, ends=1)
    await database.execute(f"{table} DROP CONSTRAINT refuse")
    await _beside(run, "consent withdraw", case, by=ANN)
    await told.stack.until_rows("SELECT 1 FROM record.inbox_item WHERE kind = 'stop'")


async def _calls(typing: Typing, case: CaseRef) -> None:
    """She says her word, something else, and at last that somebody listens."""
    words = ("safe word", "wrong word", "duress word")
    calls = [f"{case}/{number}" for number, _ in enumerate(words, start=1)]
    for call in calls:
        make = ("--purpose", "check_in", "--channel", "voice")
        await _beside(typing.type, "contact make", case, *make, by=ANN)
        await _beside(typing.type, "contact start", call, by=ANN)
    for call, word in zip(calls, words, strict=True):
        ended = (call, "--result", "spoke", "--word-stdin")
        await _beside(typing.type, "contact end", *ended, by=ANN, said=SAID[word])


async def _in_the_wrong_place(typing: Typing) -> None:
    """Bad input: a name, or a sentence, where a code belongs. None is repeated."""
    case = await _beside(typing.a_case)
    name, who = SAID["name as a service"], SAID["name as a person of staff"]
    owed, mine = SAID["name as a task or deadline"], f"for {SAID['name as a command id']}"
    why, lost = SAID["sentence as a reason"], SAID["name as a case"]
    freely = ("--present", "nobody", "--at-safe-time", "--told-not-a-condition")
    wrong: tuple[tuple[str, ...], ...] = (
        ("consent ask", case, "--to", name, "--fields", "name", *freely),
        ("consent withdraw", case, "--to", name),
        ("referral request", case, "--need", "1", "--to", name),
        ("referral request", case, "--need", "1", "--to", "idva-service", "--offered", name),
        ("case handover", case, "--to", who),
        ("case transfer", case, "--to", who),
        ("directory show", name),
        ("need add", case, "--category", "advocacy", "--priority", why),
        ("need add", case, "--category", why, "--priority", "urgent"),
        ("case close", case, "--reason", why),
        ("case erase", case, "--reason", why),
        ("case event", case, why),
        ("case event", case, "crime_recorded", "--occurred-at", why),
        ("consent ask", case, "--to", "idva-service", "--fields", why, *freely),
        ("consent ask", case, "--to", "idva-service", "--fields", "name", "--present", why),
        ("contact make", case, "--purpose", why, "--channel", "voice"),
        ("contact make", case, "--purpose", "check_in", "--channel", "voice", "--referral", why),
        ("case show", lost),
        ("case show", case, lost),
        ("referral open", f"{case}/{lost}"),
        ("case show", case, f"--{SAID['name as an option']}"),
        ("case", lost),
        ("task done", case, owed),
        ("deadline waive", case, owed),
        ("need add", case, "--category", "health", "--priority", "urgent", "--command-id", mine),
    )  # fmt: skip
    for nth, (line, *more) in enumerate(wrong):
        as_json = ("--json",) if nth % 2 else ()
        await _beside(typing.type, line, *more, *as_json, by=ANN, ends=2)
    for mistaken in (f"caseworker@essex-police:{who}", f"caseworker@{who}", f"{who}@essex-police"):
        await _beside(typing.type, "case list", by=mistaken, ends=2)
    typing.in_a_process("case show", case, lost, by=ANN, ends=2)


def _unreadable(typing: Typing) -> None:
    """Files and texts that are refused before anything of them is kept."""
    opening = json.loads(typing.type("case open --example", by=ANN))
    plan = json.loads(typing.type("contact plan --example", by=ANN))
    shape, refused = SAID["field of a wrong shape"], SAID["plan that is refused"]
    where = "bafod-kisut-n"
    files: tuple[tuple[str, str, Any], ...] = (
        (
            "case open",
            "nationality",
            opening | {"nationality": SAID["nationality in an opening file"]},
        ),
        ("case open", "shape", opening | {"subject": shape}),
        ("case open", "deeper", opening | {"personal": {"name": [shape]}}),
        (
            "case open",
            "named",
            opening | {"perpetrator_works_here": "yes", "named_people": [shape]},
        ),
        ("case open", "broken", f'{{"personal": "{SAID["file that is no JSON"]}'.encode()),
        ("case open", "not text", SAID["file that is no text"].encode() + b"\xff\xfe\x81"),
        (f"contact plan {where}", "a plan", plan | {"channels": [refused]}),
        (f"contact plan {where}", "words", plan | {"safe_word": refused, "duress_word": refused}),
        (f"contact plan {where}", "odd", plan | {refused: refused}),
    )
    for nth, (line, name, content) in enumerate(files):
        as_json = ("--json",) if nth % 2 else ()
        typing.type(line, typing.file(f"{name}.json", content), *as_json, by=ANN, ends=2)
    typing.type("case open", f"{SAID['name of a file']}.json", by=ANN, ends=2)
    typing.type("case open -", by=ANN, said=SAID["file that is no text"].encode() + b"\xff", ends=2)
    note = f"\x1b[2J{SAID['text with control characters']}"
    typing.type("referral accept", f"{where}/1", "--note", note, by=BO, ends=2)
    not_text = SAID["file that is no text"].encode() + b"\xff"
    typing.in_a_process("case open", "-", by=ANN, said=not_text, ends=2)


async def _until(told: Told, case: CaseRef, number: int, state: ReferralState) -> None:
    await told.stack.until_page(
        case,
        lambda page: len(page.referrals) >= number and page.referrals[number - 1].state is state,
        parse_actor(ANN),
    )


async def _beside(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Verbs bring an event loop of their own."""
    return await asyncio.to_thread(work, *args, **kwargs)
