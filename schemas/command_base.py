"""What every command carries.

A command carries codes, references and times only, so it may travel through a workflow
history. Personal text never does: it goes to the record, sealed.
"""

import hashlib
import json
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from schemas.actor import Actor
from schemas.ids import CaseRefField
from schemas.verbs import Verb


class Command(BaseModel):
    """What every command carries."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: Literal[1] = 1
    verb: Verb
    command_id: str = Field(min_length=1, description="Same id, same answer: safe to repeat.")
    case_ref: CaseRefField
    actor: Actor
    occurred_at: AwareDatetime | None = Field(
        default=None, description="When it happened, if not now."
    )

    @property
    def fingerprint(self) -> str:
        """Tells what is asked: the same when it is asked again, another for anything else.

        What is as if nothing had been said of it does not count, so that a field which a later
        build adds changes no fingerprint.
        """
        asked = self.model_dump(mode="json", exclude_defaults=True)
        text = json.dumps([self.verb, asked], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
