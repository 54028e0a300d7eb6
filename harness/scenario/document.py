"""Reads one YAML document into plain data, and remembers where each value stands.

Values are resolved by the core schema of YAML 1.2, where ``no`` and ``on`` are text. What YAML 1.1 would
have read differently is remembered as a *trap*, so that an error on it can say why. Free of pydantic.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from harness.scenario.problems import Loc, Problem, ScenarioError, dotted

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 50  # also keeps libyaml's recursive composer from running out of stack
MAX_VALUES = 50_000  # what aliases may expand to

_CORE = "tag:yaml.org,2002:"
_TRAP = "tag:lockout,2026:trap"

_TRAPS = re.compile(
    r"(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF"
    r"|[-+]?0[0-9_]+|[-+]?0b[01_]+|[-+]?[0-9]+(?::[0-5]?[0-9])+|[-+]?[0-9]+_[0-9_]*)\Z"
)
_NULL = re.compile(r"(?:null|Null|NULL|~|)\Z")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_INT = re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z")
_FLOAT = re.compile(
    r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)


class _Loader(yaml.CSafeLoader):
    """The C parser with the resolvers of YAML 1.2 in place of those of YAML 1.1."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's way)


for _tag, _pattern, _first in (
    (_TRAP, _TRAPS, "yYnNoO-+0123456789"),
    (_CORE + "null", _NULL, "~nN\0"),
    (_CORE + "bool", _BOOL, "tTfF"),
    (_CORE + "int", _INT, "-+0123456789"),
    (_CORE + "float", _FLOAT, "-+.0123456789"),
):
    _Loader.add_implicit_resolver(_tag, _pattern, ["" if c == "\0" else c for c in _first])


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; both count from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Positions:
    """Where the values and keys of a document stand. Frozen by convention once it has been read."""

    values: dict[Loc, Mark] = field(default_factory=dict)
    keys: dict[Loc, Mark] = field(default_factory=dict)
    traps: dict[Loc, str] = field(default_factory=dict)  # hint for a value that YAML 1.1 reads differently

    def of_value(self, loc: Loc) -> Mark:
        """Where the value at *loc* stands, or else the nearest thing around it."""
        for length in range(len(loc), -1, -1):
            if mark := self.values.get(loc[:length]):
                return mark
        return Mark(1, 1)

    def of_key(self, loc: Loc) -> Mark:
        """Where the key of *loc* stands; for a list entry, the entry itself."""
        return self.keys.get(loc) or self.of_value(loc)


@dataclass(frozen=True, slots=True)
class Document:
    path: Path
    data: dict[str, Plain]
    positions: Positions
    problems: tuple[Problem, ...]  # found while reading, not fatal to reading on

    def problem(self, loc: Loc, message: str, *, on_key: bool = False, where: Loc | None = None) -> Problem:
        mark = self.positions.of_key(loc) if on_key else self.positions.of_value(loc)
        return Problem(self.path, mark.line, mark.column, dotted(loc if where is None else where), message)


def read_document(path: Path, *, expected: str = "name, topology and timeline") -> Document:
    """Reads *path*; *expected* names the keys to suggest when the top is not a mapping.

    Raises:
        ScenarioError: the file cannot be read, or is not one well-formed YAML document with a mapping on top.
    """
    text = _read_text(path)
    _survey(path, text)
    try:
        node = _Loader(text).get_single_node()
    except yaml.YAMLError as error:
        raise ScenarioError([_syntax_problem(path, text, error)]) from None
    if node is None or (isinstance(node, ScalarNode) and node.tag == _CORE + "null"):
        raise ScenarioError([Problem(path, 1, 1, "", "the file is empty")])
    if not isinstance(node, MappingNode):
        mark = _mark(node)
        what = "a list" if isinstance(node, SequenceNode) else "a single value"
        message = f"expected a mapping with keys such as {expected}, not {what}"
        raise ScenarioError([Problem(path, mark.line, mark.column, "", message)])
    reader = _Reader(path)
    data = reader.read(node, ())
    if not isinstance(data, dict):  # a refused tag on the top mapping
        raise ScenarioError(reader.problems)
    return Document(path, data, reader.positions, tuple(reader.problems))


def _read_text(path: Path) -> str:
    def whole(message: str) -> ScenarioError:
        return ScenarioError([Problem(path, 0, 0, "", message)])

    try:
        if path.is_dir():
            raise whole("is a folder, expected a file")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise whole("no such file") from None
    except OSError as error:
        raise whole(f"cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise whole("is larger than 1 MiB, which no file of this kind needs")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        mark = _mark_at(before, len(before))
        message = "not UTF-8 text; save the file as UTF-8"
        raise ScenarioError([Problem(path, mark.line, mark.column, "", message)]) from None


def _survey(path: Path, text: str) -> None:
    """One pass over the parser's events, which needs no recursion: nesting and the number of documents."""
    depth = documents = 0
    loader = _Loader(text)
    try:
        while (event := loader.get_event()) is not None and not isinstance(event, yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
            elif isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            message = ""
            if documents > 1:
                message = "a second document starts here; this file may hold only one"
            elif depth > MAX_DEPTH:
                message = f"nested deeper than {MAX_DEPTH} levels"
            if message:
                place = event.start_mark
                mark = Mark(place.line + 1, place.column + 1) if place else Mark(1, 1)
                raise ScenarioError([Problem(path, mark.line, mark.column, "", message)])
    except yaml.YAMLError as error:
        raise ScenarioError([_syntax_problem(path, text, error)]) from None


def _syntax_problem(path: Path, text: str, error: yaml.YAMLError) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        mark = _mark_at(text, error.position)
        message = f"character {error.character!r} is not allowed in YAML"
        if isinstance(error.character, int):
            message = f"character U+{error.character:04X} is not allowed in YAML"
        return Problem(path, mark.line, mark.column, "", message)
    place = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    mark = Mark(place.line + 1, place.column + 1) if place else Mark(1, 1)
    what = getattr(error, "problem", None) or getattr(error, "context", None) or str(error)
    context = getattr(error, "context", None)
    lines = text.splitlines()
    if mark.line > len(lines):  # the end of the file came too early
        mark = Mark(max(len(lines), 1), len(lines[-1]) + 1 if lines else 1)
    line = lines[mark.line - 1] if lines else ""
    if line[mark.column - 1 : mark.column] == "\t":
        message = "a tab is used for indentation; YAML allows only spaces there"
    elif "mapping values are not allowed" in what:
        message = "not valid YAML: a ':' where no key can be; check the indentation, or quote the text"
    else:
        message = f"not valid YAML: {what}"
        if context and context != what:
            message += f", {context}"
    return Problem(path, mark.line, mark.column, "", message)


def _mark(node: Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)


def _mark_at(text: str, index: int) -> Mark:
    before = text[:index]
    return Mark(before.count("\n") + 1, index - before.rfind("\n"))


class _Reader:
    """Turns nodes into plain data, collecting positions and problems on the way."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.positions = Positions()
        self.problems: list[Problem] = []
        self._open: set[int] = set()  # nodes being read, to notice an anchor inside itself
        self._count = 0

    def read(self, node: Node, loc: Loc) -> Plain:
        self._count += 1
        mark = _mark(node)
        if self._count > MAX_VALUES:
            message = f"the aliases of this file expand to more than {MAX_VALUES} values"
            raise ScenarioError([Problem(self.path, mark.line, mark.column, "", message)])
        if id(node) in self._open:
            message = "an anchor must not contain an alias of itself"
            raise ScenarioError([Problem(self.path, mark.line, mark.column, dotted(loc), message)])
        self.positions.values[loc] = mark
        if isinstance(node, ScalarNode):
            return self._scalar(node, loc)
        expected = _CORE + ("map" if isinstance(node, MappingNode) else "seq")
        if node.tag != expected:
            self._refuse_tag(node, loc)
            return None
        self._open.add(id(node))
        try:
            if isinstance(node, MappingNode):
                return dict(self._pairs(node, loc))
            return [self.read(child, (*loc, index)) for index, child in enumerate(node.value)]
        finally:
            self._open.discard(id(node))

    def _pairs(self, node: MappingNode, loc: Loc) -> Iterator[tuple[str, Plain]]:
        seen: dict[str, Mark] = {}
        for key, value in node.value:
            mark = _mark(key)
            if not isinstance(key, ScalarNode):
                self._add(mark, loc, "a key must be text, not a list or a mapping")
                continue
            name = str(key.value)
            if name == "<<" and not key.style:
                self._add(mark, loc, "merge keys ('<<') are not part of YAML 1.2; write the keys out here")
                continue
            if first := seen.get(name):
                self._add(mark, (*loc, name), f"duplicate key {name!r}, first given in line {first.line}")
                continue
            seen[name] = mark
            self.positions.keys[(*loc, name)] = mark
            yield name, self.read(value, (*loc, name))

    def _scalar(self, node: ScalarNode, loc: Loc) -> Plain:
        text = str(node.value)
        try:
            match node.tag.removeprefix(_CORE):
                case "str":
                    return text
                case "null":
                    return None
                case "bool":
                    return _parse_bool(text)
                case "int":
                    return _parse_int(text)
                case "float":
                    return _parse_float(text)
                case tag if tag == _TRAP:
                    self.positions.traps[loc] = trap_hint(text)
                    return text
        except ValueError as error:
            self._add(_mark(node), loc, str(error))
            return None
        self._refuse_tag(node, loc)
        return None

    def _refuse_tag(self, node: Node, loc: Loc) -> None:
        tag = node.tag.replace(_CORE, "!!")
        self._add(_mark(node), loc, f"the tag {tag!r} is not allowed; write plain values")

    def _add(self, mark: Mark, loc: Loc, message: str) -> None:
        self.problems.append(Problem(self.path, mark.line, mark.column, dotted(loc), message))


def _parse_bool(text: str) -> bool:
    if not _BOOL.match(text):
        raise ValueError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def _parse_int(text: str) -> int:
    if not _INT.match(text) or len(text) > 100:
        raise ValueError(f"{text[:40]!r} is not a whole number that can be used here")
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


def _parse_float(text: str) -> float:
    number = float(text) if _FLOAT.match(text) and "n" not in text.lower() else float("inf")
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:40]!r} is not a number that can be used here")
    return number


def trap_hint(text: str) -> str:
    """Why *text*, unquoted, is not the number or truth value its writer may have meant."""
    word = text.lower()
    if word in ("y", "yes", "on", "n", "no", "off"):
        meant = "true" if word in ("y", "yes", "on") else "false"
        return f"{text!r} is text in YAML 1.2; quote it, or write {meant}"
    digits = text.replace("_", "").lstrip("-+")
    sign = "-" if text.startswith("-") else ""
    if ":" in text:
        number = 0
        for part in digits.split(":"):
            number = number * 60 + int(part)
        return f"{text!r} is text in YAML 1.2 and {sign}{number} in YAML 1.1; quote it, or write {sign}{number}"
    if digits.startswith("0b"):
        number = int(digits[2:] or "0", 2)
        return f"{text!r} is text in YAML 1.2; quote it, or write {sign}{number}"
    decimal = digits.lstrip("0") or "0"
    if digits.startswith("0") and len(digits) > 1:
        return f"{text!r} has a leading zero, which YAML 1.1 takes for octal; quote it, or write {sign}{decimal}"
    return f"{text!r} is text in YAML 1.2; quote it, or write {sign}{decimal}"
