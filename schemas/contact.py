"""Safe contact: how and when it is safe to reach the victim, and what came of trying.

A plan is codes and times; the number, the address and the name of a trusted person are sealed
text beside it. What is unknown is no permission (INV-32): without a plan in force nothing goes
out but through the channel she used to reach us.
"""

from datetime import date, datetime, time
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.case import StaffId


class ContactChannel(StrEnum):
    """A way to reach her, or for her to reach us."""

    VOICE = "voice"
    SMS = "sms"
    EMAIL = "email"
    VIA_NGO = "via_ngo"
    VIA_TRUSTED_PERSON = "via_trusted_person"
    IN_PERSON = "in_person"
    SHE_CONTACTS_US = "she_contacts_us"


TEXT_CHANNELS = frozenset({ContactChannel.SMS, ContactChannel.EMAIL})
"""Channels the clockwork sends on by itself; on every other a person makes the contact."""


SPOKEN_CHANNELS = frozenset({ContactChannel.VOICE, ContactChannel.IN_PERSON})
"""Channels on which she is spoken with herself."""


class Voicemail(StrEnum):
    """What may be left where nobody answers."""

    NEVER = "never"
    VAGUE_ONLY = "vague_only"
    AGREED_SCRIPT = "agreed_script"


class CallerIdentity(StrEnum):
    """Whose name is shown or said to whoever answers."""

    WITHHELD = "withheld"
    COVER_NAME = "cover_name"


class DroppedCall(StrEnum):
    """What was agreed for a call that breaks off."""

    WAIT = "wait"
    CALL_BACK = "call_back"


class DeviceShared(StrEnum):
    """Whether somebody else can see her device. Unknown counts as yes."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class InterpreterGender(StrEnum):
    """Whom she can speak through."""

    ANY = "any"
    FEMALE = "female"
    MALE = "male"


class InterpreterNeed(BaseModel):
    """Whether she needs an interpreter, and who may not be one. Never family, whatever is said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    needed: bool = False
    gender: InterpreterGender = InterpreterGender.ANY
    excluded: tuple[StaffId, ...] = Field(
        default=(), description="Codes of interpreters who must not be used, whyever."
    )


class ContactWindow(BaseModel):
    """When it is safe: one weekday, from and until, in London time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weekday: int = Field(ge=0, le=6, description="Monday is 0.")
    opens: time
    closes: time
    valid_until: date | None = None

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> "ContactWindow":
        if self.opens.tzinfo or self.closes.tzinfo:
            raise ValueError("a window is in London time; write 10:00, without an offset")
        if self.opens >= self.closes:
            raise ValueError("a window opens before it closes; write two for a night")
        return self


class PlanState(StrEnum):
    """Whether a plan holds. At most one is in force."""

    PENDING = "pending"
    IN_FORCE = "in_force"
    REPLACED = "replaced"
    SUSPENDED = "suspended"


class PlanPart(StrEnum):
    """What of a plan an abuser would change first: new ones, and looser ones, are confirmed."""

    DETAILS = "details"
    CHANNELS = "channels"
    WINDOWS = "windows"
    VOICEMAIL = "voicemail"
    CALLER_IDENTITY = "caller_identity"
    DROPPED_CALL = "dropped_call"
    POST = "post"
    DEVICE = "device"
    INTERPRETER = "interpreter"
    WORDS = "words"


class PlanConfirmation(StrEnum):
    """How it was made sure that a change is hers."""

    TOLD_IN_PERSON = "told_in_person"
    """To a supervisor who saw her, where no other way is left to ask her."""
    OLD_CHANNEL = "old_channel"
    NGO_THAT_KNOWS_HER = "ngo_that_knows_her"


class SuspendReason(StrEnum):
    """Why nobody may contact her for now."""

    DURESS = "duress"
    UNSAFE = "unsafe"
    AT_HER_REQUEST = "at_her_request"
    DECEASED = "deceased"


class PlanTerms(BaseModel):
    """What she agreed to, in codes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: tuple[ContactChannel, ...] = Field(min_length=1)
    windows: tuple[ContactWindow, ...] = ()
    voicemail: Voicemail = Voicemail.NEVER
    caller_identity: CallerIdentity = CallerIdentity.WITHHELD
    dropped_call: DroppedCall = DroppedCall.WAIT
    call_back_after_minutes: int | None = Field(default=None, ge=1, le=1_440)
    do_not_post: bool = True
    device_shared: DeviceShared = DeviceShared.UNKNOWN
    interpreter: InterpreterNeed = InterpreterNeed()


class ContactPlan(PlanTerms):
    """A plan, numbered within its case. Its sealed details have the same number."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int = Field(ge=1)
    state: PlanState
    has_details: bool = Field(default=False, description="Whether sealed details came with it.")
    details_of: int | None = Field(
        default=None, description="Number of the plan whose sealed details it uses."
    )
    words_of: int | None = Field(
        default=None, description="Number of the plan whose safe and duress word it uses."
    )
    changes: tuple[PlanPart, ...] = ()
    set_by: str = Field(description="organisation:person")
    set_at: datetime | None = Field(default=None, description="When it was set, or proposed.")
    confirmed_how: PlanConfirmation | None = Field(
        default=None, description="None: nobody was asked to confirm it."
    )
    confirmed_by: str | None = None
    verified_at: datetime | None = None
    expires_at: datetime | None = Field(default=None, description="At most 30 days on.")
    suspended_for: SuspendReason | None = None


class ContactPurpose(StrEnum):
    """Why she is contacted, in words that say nothing about her case."""

    FIRST_CONTACT = "first_contact"
    APPOINTMENT = "appointment"
    UPDATE = "update"
    QUESTION = "question"
    CHECK_IN = "check_in"
    PLAN_CHECK = "plan_check"
    WITHDRAWAL_CHECK = "withdrawal_check"
    """To ask her «was it you?» after a withdrawal: for the service that has that question open."""


class ContactTemplate(StrEnum):
    """The texts that may go out to her. None has a place to fill in (INV-32)."""

    PLEASE_CALL = "please_call"
    APPOINTMENT_STANDS = "appointment_stands"
    APPOINTMENT_MOVED = "appointment_moved"
    THINKING_OF_YOU = "thinking_of_you"


class ContactState(StrEnum):
    """Where a contact stands."""

    PLANNED = "planned"
    OPEN = "open"
    STARTED = "started"
    SENDING = "sending"
    MADE = "made"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


CONTACT_OVER = frozenset({ContactState.MADE, ContactState.UNKNOWN, ContactState.CANCELLED})


class ContactResult(StrEnum):
    """What came of it."""

    SPOKE = "spoke"
    NO_ANSWER = "no_answer"
    SOMEONE_ELSE_ANSWERED = "someone_else_answered"
    DROPPED = "dropped"
    DURESS = "duress"
    SENT = "sent"


class WordCheck(StrEnum):
    """Whether the word she said was the agreed one. The word itself is kept nowhere."""

    NOT_GIVEN = "not_given"
    SAFE = "safe"
    DURESS = "duress"
    WRONG = "wrong"


class InterpreterKind(StrEnum):
    """Who interpreted. Only an independent one counts; the others are recorded when it happened."""

    NONE = "none"
    INDEPENDENT = "independent"
    STAFF = "staff"
    FAMILY_OR_FRIEND = "family_or_friend"
    COMMUNITY = "community"


class Contact(BaseModel):
    """One attempt to reach her, from planning it to what came of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int = Field(ge=1)
    referral: int | None = None
    organisation: str = Field(description="Whose staff make it.")
    purpose: ContactPurpose
    channel: ContactChannel
    template: ContactTemplate | None = Field(default=None, description="On text channels only.")
    interpreter: StaffId | None = Field(default=None, description="Code of an independent one.")
    state: ContactState
    not_before: datetime | None = None
    safe_at: datetime | None = Field(
        default=None, description="Start of the next safe window; None: none is known."
    )
    safe_until: datetime | None = None
    result: ContactResult | None = None
    word: WordCheck = WordCheck.NOT_GIVEN
    interpreted_by: InterpreterKind = InterpreterKind.NONE
    planned_by: str
    made_by: str | None = Field(default=None, description="Who began it.")
    ended_by: str | None = Field(default=None, description="Who said what came of it.")
    started_at: datetime | None = None
    ended_at: datetime | None = None
    is_outside_plan: bool = Field(
        default=False, description="Said to have been made although the plan did not allow it."
    )
