"""Ids: random, opaque, pronounceable, and owned here together with their inverses.

A case reference such as `bafod-kisut-n` is ten random letters (about 33 bits) and one check
letter. It says nothing about the person, can be read out over the telephone, and one wrong or
swapped letter is noticed. Workflow ids are plain text in Temporal, so they hold it and nothing
else.
"""

import re
import secrets
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, NewType

from pydantic import AfterValidator

CaseRef = NewType("CaseRef", str)

_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aeiou"
_CHECK_LETTERS = "abcdefghijklmnoprstuvwz"  # 23 letters: a prime, so swaps are always noticed
_SHAPE = re.compile(rf"(?:[{_CONSONANTS}][{_VOWELS}]){{2}}[{_CONSONANTS}]")


def new_case_ref(pick: Callable[[str], str] = secrets.choice) -> CaseRef:
    """A fresh case reference; `pick` chooses one letter of the string it is given."""
    blocks = [
        "".join(pick(letters) for letters in (_CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS))
        + pick(_CONSONANTS)
        for _ in range(2)
    ]
    body = "-".join(blocks)
    return CaseRef(f"{body}-{_check_letter(body)}")


def _check_letter(body: str) -> str:
    letters = body.replace("-", "")
    total = sum(place * (ord(letter) - 96) for place, letter in enumerate(letters, start=1))
    return _CHECK_LETTERS[total % len(_CHECK_LETTERS)]


def parse_case_ref(text: str) -> CaseRef:
    """The case reference in `text`, whatever its capitals and spaces.

    Raises:
        ValueError: it is not one, or its check letter is wrong.
    """
    tidy = text.strip().lower().replace(" ", "-")
    body, _, check = tidy.rpartition("-")
    blocks = body.split("-")
    if len(blocks) != 2 or not all(_SHAPE.fullmatch(block) for block in blocks):
        raise ValueError("not a case reference (they look like bafod-kisut-n)")
    if check != _check_letter(body):
        raise ValueError("the check letter is wrong; read the reference again")
    return CaseRef(tidy)


def _checked(text: str) -> CaseRef:
    return parse_case_ref(text)


CaseRefField = Annotated[CaseRef, AfterValidator(_checked)]


def journey_workflow_id(case_ref: CaseRef) -> str:
    """The workflow id of a case's journey."""
    return f"case/{case_ref}/journey"


def referral_workflow_id(case_ref: CaseRef, number: int) -> str:
    """The workflow id of one referral of a case."""
    return f"case/{case_ref}/referral/{number}"


@lru_cache(maxsize=10_000)
def case_of_workflow(workflow_id: str) -> CaseRef | None:
    """The case a workflow id belongs to; None where it belongs to none."""
    parts = workflow_id.split("/")
    if len(parts) < 3 or parts[0] != "case":
        return None
    try:
        return parse_case_ref(parts[1]) if parts[1] == parts[1].lower() else None
    except ValueError:
        return None


def referral_of_workflow(workflow_id: str) -> int | None:
    """The number of the referral whose workflow it is; None where it is none's."""
    case_ref = case_of_workflow(workflow_id)
    if case_ref is None:
        return None
    number = workflow_id.rpartition("/")[2]
    is_number = number.isascii() and number.isdigit() and int(number) > 0
    is_its_own = is_number and referral_workflow_id(case_ref, int(number)) == workflow_id
    return int(number) if is_its_own else None


def referral_ref(case_ref: CaseRef, number: int) -> str:
    """How people name a referral: `bafod-kisut-n/1`."""
    return f"{case_ref}/{number}"


def parse_referral_ref(text: str) -> tuple[CaseRef, int]:
    """Case and number of a referral named as `bafod-kisut-n/1`.

    Raises:
        ValueError: it is not of that form.
    """
    case, slash, number = text.rpartition("/")
    if not slash or not number.isdigit() or int(number) < 1:
        raise ValueError("not a referral (they look like bafod-kisut-n/1)")
    return parse_case_ref(case), int(number)
