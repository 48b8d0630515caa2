"""Reading versions: every file that is weaker, unclear or broken is refused, with line and reason.

Files are YAML, of which JSON is a part, read without any of its surprises: every scalar is text
(`no` is the value *no*), and anchors, tags and keys that are written twice are refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from rules.protocol.conditions import ConditionError, boxes, read
from rules.told import TOLD
from schemas.actor import Role
from schemas.errors import BadInputError
from schemas.fact_table import TIER_A, TIER_B
from schemas.protocol import LESS_PROTECTS, Baseline, Rule, Terms, Version

APPROVERS = frozenset({Role.SAFEGUARDING_SUPERVISOR, Role.SENIOR_AUTHORISER})
"""Who may approve. The data protection officer advises and may veto, and never approves."""
SEATS = 2
MOST_CHARACTERS, _DEEPEST = 200_000, 24

Path = tuple[str | int, ...]
_M = TypeVar("_M", bound=BaseModel)


class ProtocolFileError(BadInputError):
    """A file of the protocol that is refused: which, where in it, and why."""

    code = "protocol_file"

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}, line {line}", reason)
        self.file = file
        self.line = line


@dataclass(frozen=True)
class _Written:
    """What a file holds, and on which line each part of it begins."""

    file: str
    document: Any
    lines: Mapping[Path, int]

    def refuse(self, path: Iterable[str | int], reason: str) -> ProtocolFileError:
        """The refusal of what is at this place, or of what it would have been in."""
        place = tuple(path)
        while place not in self.lines:
            place = place[:-1]
        return ProtocolFileError(self.file, self.lines[place], reason)

    def as_model(self, model: type[_M]) -> _M:
        """The document as one of our types."""
        try:
            return model.model_validate(self.document)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise self.refuse(first["loc"], f"{place}: {_in_words(first)}") from None


def load_baseline(text: str, file: str) -> Baseline:
    """The baseline of a file.

    Raises:
        ProtocolFileError: it cannot be read.
    """
    written = _written(text, file)
    baseline = written.as_model(Baseline)
    _check_rules(written, baseline.rules, is_baseline=True)
    return baseline


def load_version(text: str, file: str, baseline: Baseline) -> Version:
    """The version of a file: a draft, or one that carries who activated it.

    Raises:
        ProtocolFileError: it cannot be read, or would loosen the baseline.
    """
    written = _written(text, file)
    version = written.as_model(Version)
    _check_rules(written, version.rules)
    _check_fields(written, version.max_fields)
    _check_seats(written, version.approver_roles)
    _check_terms(written, version.terms, baseline.floor)
    _check_dates_and_words(written, version)
    _check_activators(written, version)
    return version


def _check_rules(written: _Written, rules: Iterable[Rule], *, is_baseline: bool = False) -> None:
    seen: set[str] = set()
    for number, rule in enumerate(rules):
        place = ("rules", number)
        if rule.id in seen:
            raise written.refuse((*place, "id"), f"there is a rule {rule.id} already")
        if rule.id.startswith("B") is not is_baseline:
            raise written.refuse((*place, "id"), "rules B… are the baseline's, and no others are")
        if rule.denies is None and rule.waits is None:
            raise written.refuse(place, f"{rule.id} neither denies nor waits")
        seen.add(rule.id)
        for half in ("denies", "waits"):
            _check_condition(written, getattr(rule, half), (*place, half))


def _check_condition(written: _Written, document: Any, place: Path) -> None:
    if document is None:
        return
    try:
        is_possible = bool(boxes(read(document, place)))
    except ConditionError as error:
        raise written.refuse(error.path or place, str(error)) from None
    if not is_possible:
        raise written.refuse(place, "this can never be so")


def _check_fields(written: _Written, fields: tuple[str, ...]) -> None:
    for number, name in enumerate(fields):
        if name not in TIER_A and name not in TIER_B:
            reason = f"{name!r} is outside tiers A and B, and is never shared"
            raise written.refuse(("max_fields", number), reason)
        if name in fields[:number]:
            raise written.refuse(("max_fields", number), f"{name!r} is listed twice")


def _check_seats(written: _Written, roles: tuple[Role, ...]) -> None:
    if len(roles) != SEATS or len(set(roles)) != SEATS:
        raise written.refuse(("approver_roles",), "two approvers with different roles are needed")
    for number, role in enumerate(roles):
        if role not in APPROVERS:
            raise written.refuse(("approver_roles", number), f"{role} may not approve")


def _check_terms(written: _Written, terms: Terms, floor: Terms) -> None:
    for name in Terms.model_fields:
        asked, least = getattr(terms, name), getattr(floor, name)
        if is_looser(name, asked, least):
            bound = "most" if name in LESS_PROTECTS else "least"
            reason = f"{name} is {asked}; the baseline has {least} at the {bound}"
            raise written.refuse((name,), reason)


def is_looser(term: str, asked: int, least: int) -> bool:
    """Whether a number protects less than the baseline's."""
    return asked > least if term in LESS_PROTECTS else asked < least


def _check_dates_and_words(written: _Written, version: Version) -> None:
    if version.effective_to is not None and version.effective_to <= version.effective_from:
        raise written.refuse(("effective_to",), "effective_to must come after effective_from")
    if not version.historical and version.told_text_id not in TOLD:
        reason = f"there are no words {version.told_text_id!r} to tell a person"
        raise written.refuse(("told_text_id",), reason)


def _check_activators(written: _Written, version: Version) -> None:
    """A draft names none. Whoever names activators has to name two, and an assessment."""
    if version.activated_by is None and version.dpia_id is None:
        return
    if len(set(version.activated_by or ())) != SEATS:
        raise written.refuse(("activated_by",), "two different people activate a version")
    if version.dpia_id is None:
        raise written.refuse((), "dpia_id is missing: name the impact assessment in force")
    if version.historical:
        raise written.refuse(("historical",), "a historical version can never be activated")


def _written(text: str, file: str) -> _Written:
    if len(text) > MOST_CHARACTERS:
        raise ProtocolFileError(file, 1, "this is too long for a version")
    try:
        _refuse_surprises(text, file)
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ProtocolFileError(file, line, f"not YAML: {error.problem}") from None
    except yaml.YAMLError:
        raise ProtocolFileError(file, 1, "not YAML: a character that it may not hold") from None
    if not isinstance(node, yaml.MappingNode):
        raise ProtocolFileError(file, 1, "this is no mapping of keys and values")
    lines: dict[Path, int] = {}
    document = _plain(node, (), lines, file)
    return _Written(file, document, lines)


def _refuse_surprises(text: str, file: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ProtocolFileError(file, line, "anchors and aliases are not used here")
        if getattr(event, "tag", None):
            raise ProtocolFileError(file, line, "tags are not used here")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise ProtocolFileError(file, line, "this is nested too deeply")


def _plain(node: yaml.Node, path: Path, lines: dict[Path, int], file: str) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one, (*path, n), lines, file) for n, one in enumerate(node.value)]
    plain: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise ProtocolFileError(file, line, "a key must be a word")
        if key.value in plain:
            raise ProtocolFileError(file, line, f"{key.value!r} is written twice")
        lines[(*path, key.value)] = line
        plain[key.value] = _plain(value, (*path, key.value), lines, file)
    return plain


def _in_words(error: Any) -> str:
    """One complaint of pydantic, in our words where its own need explaining."""
    kinds = {
        "missing": "is missing",
        "extra_forbidden": "there is no such key",
        "string_too_short": "must not be empty",
        "too_short": "must not be empty",
    }
    own = error.get("ctx", {}).get("error")
    return kinds.get(error["type"], str(own or error["msg"]))
