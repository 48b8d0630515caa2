"""Texts to her go only while two clocks agree: a window is no window by a clock that is wrong."""

from temporalio.client import Client

from activities.ports import Contacts
from infra.clocks import agrees_with_temporal
from infra.temporal import JOURNEYS
from schemas.contact import Contact
from schemas.errors import ClocksApartError
from schemas.ids import CaseRef


class TextsByTwoClocks:
    """`activities.ports.Contacts` that end in deny where Temporal's clock is not this machine's.

    Whether it is safe was judged by Temporal's clock. Where this machine's says something else,
    nobody knows which of them is right: nothing is sent, and a person looks.
    """

    def __init__(self, contacts: Contacts, client: Client) -> None:
        self._contacts = contacts
        self._client = client

    async def send(self, case_ref: CaseRef, contact: Contact) -> None:
        """Send the text once, as the port says.

        Raises:
            ClocksApartError: the clocks are too far apart to tell whether it is safe.
        """
        if not await agrees_with_temporal(self._client, JOURNEYS):
            raise ClocksApartError
        await self._contacts.send(case_ref, contact)
