"""What a text to her may say. Whoever holds her device may read it, and learns nothing.

Whole texts, with nothing in them to fill in (INV-32): no name of a person or an organisation, no
word of what happened, nothing that asks for an answer, alarms, or leads anywhere.
"""

from collections.abc import Mapping
from types import MappingProxyType

from schemas.contact import ContactTemplate

CONTACT_TEXTS: Mapping[ContactTemplate, str] = MappingProxyType(
    {
        ContactTemplate.PLEASE_CALL: "Hello, please ring when you have a moment. No rush.",
        ContactTemplate.APPOINTMENT_STANDS: "Hello, all is as planned. See you then.",
        ContactTemplate.APPOINTMENT_MOVED: "Hello, there is a new time. Ring when it suits you.",
        ContactTemplate.THINKING_OF_YOU: "Hello, hope you are well. Speak soon.",
    }
)
"""In English, one for each template."""
