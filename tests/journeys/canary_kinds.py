"""The canaries: one word for each kind of text about her that somebody may type, and where.

Each word is made up and stands nowhere else, so a hit says which kind got out. A year of birth is
left out: four digits are found everywhere; it is sealed by the same code as her name.
"""

from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of personal text."""

    name: str
    word: str
    typed: str
    """Where it is typed in the stories."""


KINDS = (
    # Said where it belongs
    Kind("name", "Quïllfeather", "the opening file"),
    Kind("language", "Vexlandish", "the opening file"),
    Kind("safe contact", "Gannetlode", "the opening file"),
    Kind("e-mail", "wrenlow@mossmail.example", "the opening file"),
    Kind("interpreter's note", "Brambleyork", "the opening file"),
    Kind("accessibility", "Cobbleswift", "the opening file"),
    Kind("circumstances", "Dunmarrow", "the opening file"),
    Kind("a child's name", "Elderpike", "circumstances"),
    Kind("immigration status", "Flaxoverstay", "circumstances"),
    Kind("national insurance number", "QX 47 29 61 Z", "circumstances"),
    Kind("bank account", "90-41-77 60418823", "circumstances"),
    Kind("passport number", "P7740193QX", "circumstances"),
    Kind("another script", "Пустельга", "circumstances"),
    Kind("emoji", "🦔🪶🪡", "circumstances"),
    Kind("former name", "Thistlemarch", "own notes of the police"),
    Kind("telephone number", "07700 900461", "details of a contact plan"),
    Kind("address", "14 Hollowgate Mews", "details of a contact plan"),
    Kind("trusted person", "Ferrowby", "details of a contact plan"),
    Kind("safe word", "heronquartz", "a contact plan, and a call"),
    Kind("duress word", "juniperslate", "a contact plan, and a call"),
    Kind("wrong word", "larkspanner", "a call"),
    Kind("note of a question back", "Ibexholm", "the service's note"),
    Kind("note of a no", "Nettlewick", "the service's note"),
    Kind("note of a yes", "Mallowhurst", "the service's note"),
    Kind("note of a wait", "Jackdawfen", "the service's note"),
    Kind("note of a beginning", "Kittiwell", "the service's note"),
    Kind("adviser's note", "Orrisfield", "the adviser's note"),
    Kind("note of an end", "Lapwingham", "the service's note"),
    # Said where it does not belong
    Kind("name as a service", "Perrindale", "--to"),
    Kind("name as a person of staff", "Quagmirren", "--as, --to of a hand-over"),
    Kind("name as a command id", "Rookwetherby", "--command-id"),
    Kind("name as a case", "Saffronby", "the case, one argument too many"),
    Kind("name as an option", "Teasellane", "an option nobody knows"),
    Kind("sentence as a reason", "Wychelmore", "--reason, a day, a code, a time"),
    Kind("name as a task or deadline", "Xanthebury", "the task, the deadline"),
    Kind("name of a file", "Corncrakely", "a file that is not there"),
    # Refused, unreadable, or failing on the way
    Kind("nationality in an opening file", "Tamariskan", "a field no opening has"),
    Kind("field of a wrong shape", "Umbervale", "an opening file that is refused"),
    Kind("file that is no JSON", "Verbenastow", "a broken opening file"),
    Kind("file that is no text", "Undecodling", "an opening file that is not UTF-8"),
    Kind("text with control characters", "Yarrowmere", "a note that is refused"),
    Kind("plan that is refused", "Aldermosse", "a plan file that is refused"),
    Kind("note PostgreSQL refuses", "Zinniacroft", "a note, while its table refuses it"),
    Kind("text in a failing step", "Bryonygate", "the message of PostgreSQL's own error"),
)
