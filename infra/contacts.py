"""The file sink for texts to her: one file each, which says which text to whom by case only.

A gateway that really sends opens the sealed details of the plan itself, and sends the same texts.
"""

import asyncio
from pathlib import Path

from infra.contact_texts import CONTACT_TEXTS
from infra.once import write_once
from schemas.contact import Contact
from schemas.ids import CaseRef


class FileContacts:
    """`activities.ports.Contacts` as files in a directory of mode 0700."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def send(self, case_ref: CaseRef, contact: Contact) -> None:
        """Write the contact's file; one that is there already stays as it is.

        Raises:
            ValueError: the contact has no template: a person makes it.
        """
        if contact.template is None:
            raise ValueError("only a contact with a template is a text")
        text = {
            "case": case_ref,
            "contact": contact.number,
            "channel": contact.channel.value,
            "template": contact.template.value,
            "text": CONTACT_TEXTS[contact.template],
        }
        name = f"{case_ref}--contact--{contact.number}"
        await asyncio.to_thread(write_once, self._directory, name, text)
