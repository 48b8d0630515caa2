"""The timeline as one reader may see it: what is quiet, hidden or another's secret is not in it."""

import pytest

from rules import timeline
from schemas.actor import Actor, Role
from schemas.case_commands import LinkCase
from schemas.verbs import Verb
from tests.builders import (
    a_command,
    adviser,
    after,
    an_actor,
    an_open_case,
    caseworker,
    done,
    dpo,
    idva,
    supervisor,
)
from tests.rules.test_quiet import a_row


@pytest.mark.parametrize("reader", [caseworker(), supervisor(), dpo()], ids=lambda a: a.role)
def test_an_adviser_is_a_worker_of_their_service_to_everybody_else(reader: Actor) -> None:
    """That somebody of that role works for her says what she is advised on."""
    row = a_row(Verb.OPEN_REFERRAL, adviser(), done(an_open_case(), a_command(LinkCase)))
    (shown,) = timeline.shown_to(reader, an_open_case(), [row])
    assert an_actor(Role.NGO_WORKER, adviser().organisation, adviser().person) == shown.actor
    for other in (idva(), caseworker()):
        row = row.model_copy(update={"actor": other})
        assert other == timeline.shown_to(reader, an_open_case(), [row])[0].actor


def test_a_link_with_a_case_that_the_reader_may_not_see_names_no_reference() -> None:
    """It may be restricted; that there is a link is told."""
    link = a_command(LinkCase)
    row = a_row(Verb.LINK_CASE, caseworker(), done(an_open_case(), link))
    linked = after(an_open_case(), link)
    assert (row,) == timeline.shown_to(caseworker(), linked, [row])
    (shown,) = timeline.shown_to(caseworker(), an_open_case(), [row])
    assert {"link": row.detail["link"]} == shown.detail
