"""Everything that can go wrong and is not a decision.

A decision against something is a value (`schemas.decisions.Refused`), never an exception.
What is left is a caller's mistake, a broken installation, or the outside world failing:

    SafepathError
    ├── BadInputError          a field of what the caller gave; exit 2
    │   └── SteppedBackError   a case that the caller declared a conflict of interest in
    ├── SettingsError          unknown, missing or contradictory settings; exit 2
    ├── UnreachableError       PostgreSQL or Temporal does not answer; exit 4
    ├── StackError             the embedded stack cannot do what was asked; exit 1
    ├── KeyUnavailableError    the key store does not answer or lacks the key
    │   ├── KeyMissingError    there never was such a key, or not for this caller
    │   └── KeyDestroyedError  the key was destroyed; the text is gone for good
    ├── ClocksApartError       two clocks disagree, so nobody can tell whether now is safe
    ├── DamagedTextError       a sealed text does not open under its case, field and version
    └── RecordError            the database refused a write; carries the constraint's code

`str()` of any of these is safe to log: it never holds personal data.
"""


class SafepathError(Exception):
    """Root of the tree. `code` is stable and safe for logs, metrics and Temporal failures."""

    code = "safepath_error"
    exit_code = 1


class BadInputError(SafepathError):
    """The caller gave something unusable: which field, and why, and what to do."""

    code = "bad_input"
    exit_code = 2

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class SteppedBackError(BadInputError):
    """The caller declared a conflict of interest: the case is there, and not for them."""

    def __init__(self) -> None:
        super().__init__("case", "you declared a conflict of interest in it")


class SettingsError(SafepathError):
    """Settings that stop the start, in one sentence."""

    code = "bad_settings"
    exit_code = 2


class UnreachableError(SafepathError):
    """A server we need does not answer; the sentence names it and what to do."""

    code = "unreachable"
    exit_code = 4


class StackError(SafepathError):
    """The embedded stack cannot start, stop or be used as asked."""

    code = "stack_error"


class KeyUnavailableError(SafepathError):
    """No usable key: missing, of another installation, or the key store is down."""

    code = "key_unavailable"


class KeyMissingError(KeyUnavailableError):
    """The record has no such key, or not for this caller: waiting brings none."""


class KeyDestroyedError(KeyUnavailableError):
    """The key was destroyed on purpose: what it sealed can never be read again."""

    code = "key_destroyed"


class ClocksApartError(SafepathError):
    """Temporal's clock is not this machine's, so nobody can tell whether it is safe now."""

    code = "clocks_apart"

    def __init__(self) -> None:
        super().__init__("Temporal's clock and this machine's are apart: nothing was sent.")


class DamagedTextError(SafepathError):
    """A sealed text was altered, moved to another case or field, or sealed by another key."""

    code = "damaged_text"


class RecordError(SafepathError):
    """The database refused a write. `code` comes from the constraint that was broken."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
