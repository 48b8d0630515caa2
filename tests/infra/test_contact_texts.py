"""Texts to her: whole, neutral, and named by a code, so that none can say anything of anyone."""

import asyncio
import json
import re
import stat
import typing
from enum import Enum
from pathlib import Path

import pytest
from pydantic import ValidationError

from infra.contact_texts import CONTACT_TEXTS
from infra.contacts import FileContacts
from schemas.clockwork_steps import SendContact
from schemas.contact import (
    Contact,
    ContactChannel,
    ContactPurpose,
    ContactState,
    ContactTemplate,
)
from schemas.contact_commands import PlanContact
from tests.builders import CASE, a_command

SAYS_TOO_MUCH = re.compile(
    r"police|officer|crime|report|case|incident|victim|witness|abus\w*|violen\w*|assault\w*|harm\w*"
    r"|danger\w*|safe\w*|unsafe|support\w*|refuge|help\w*|council|charity|service\w*|idva|isva"
    r"|marac|court|lawyer|solicitor|social|worker|immigra\w*|visa|status|home|office|counsell\w*"
    r"|husband|partner|he|him|urgent\w*|important|worried|alert|reply|answer|stop|https?|www|from"
)
"""Words from which somebody who reads along could learn, or be alarmed."""


def a_text(template: ContactTemplate | None = ContactTemplate.PLEASE_CALL) -> Contact:
    """A text that is on its way."""
    return Contact(
        number=3,
        organisation="harbour-house",
        purpose=ContactPurpose.CHECK_IN,
        channel=ContactChannel.SMS,
        template=template,
        state=ContactState.SENDING,
        planned_by="harbour-house:ida",
    )


def test_every_template_has_its_text() -> None:
    """And no text is without one."""
    assert set(ContactTemplate) == set(CONTACT_TEXTS)


@pytest.mark.parametrize("template", ContactTemplate)
def test_no_text_has_a_place_to_fill_in(template: ContactTemplate) -> None:
    """INV-32: what cannot hold a name, a time or a link cannot leak one."""
    text = CONTACT_TEXTS[template]
    assert not set("{}[]<>%$@/_&#*0123456789") & set(text)
    assert len(text) <= 160


@pytest.mark.parametrize("template", ContactTemplate)
def test_no_text_says_who_writes_or_why(template: ContactTemplate) -> None:
    """It may be read on a device that he can see."""
    words = re.findall(r"[a-z]+", CONTACT_TEXTS[template].lower())
    assert [word for word in words if SAYS_TOO_MUCH.fullmatch(word)] == []


def test_the_check_above_sees_a_word_where_there_is_one() -> None:
    """It would find the police in a text."""
    assert SAYS_TOO_MUCH.fullmatch("police")
    assert SAYS_TOO_MUCH.fullmatch("violence")


@pytest.mark.parametrize("model", [PlanContact, SendContact], ids=lambda m: m.__name__)
def test_a_template_is_the_only_way_to_name_a_text(model: type[PlanContact | SendContact]) -> None:
    """By type: of what is said of a contact, only codes of staff and ids are words at all."""
    codes = {"command_id", "case_ref", "interpreter"}
    for name, field in model.model_fields.items():
        if name not in codes:
            assert not any(_is_text(leaf) for leaf in _leaves(field.annotation)), name


def test_the_code_of_an_interpreter_cannot_be_a_sentence() -> None:
    """The one word that is no member of an enum is no text either."""
    with pytest.raises(ValidationError):
        a_command(PlanContact, interpreter="he will not be at home")


async def test_a_text_sent_twice_is_there_once_and_as_it_was(tmp_path: Path) -> None:
    """A retry after a lost answer sends nothing again."""
    folder = tmp_path / "contacts"
    await asyncio.gather(*(FileContacts(folder).send(CASE, a_text()) for _ in range(20)))
    (file,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text()) == {
        "case": CASE,
        "contact": 3,
        "channel": "sms",
        "template": "please_call",
        "text": CONTACT_TEXTS[ContactTemplate.PLEASE_CALL],
    }


def test_what_a_person_makes_is_not_sent(tmp_path: Path) -> None:
    """A call has no text."""
    with pytest.raises(ValueError, match="only a contact with a template"):
        asyncio.run(FileContacts(tmp_path).send(CASE, a_text(template=None)))
    assert list(tmp_path.iterdir()) == []


def _leaves(kind: object) -> set[object]:
    if typing.get_origin(kind) is typing.Literal:
        return set()
    parts = typing.get_args(kind)
    return {leaf for part in parts for leaf in _leaves(part)} if parts else {kind}


def _is_text(leaf: object) -> bool:
    return isinstance(leaf, type) and issubclass(leaf, str) and not issubclass(leaf, Enum)
