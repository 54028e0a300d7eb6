"""Finds where in the Compose files something was written.

``docker compose config`` merges files and forgets where things came from, so the files are read again, for
their positions only. Whatever cannot be found simply has no position: Compose itself has accepted the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, SequenceNode

from harness.scenario.problems import Loc, Problem, dotted


class Sources:
    """The Compose files of a topology, in the order in which they are merged."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._roots = [found for path in paths for found in _with_included(path, frozenset())]

    def problem(self, loc: Loc, message: str, *, on_key: bool = False, where: Loc | None = None) -> Problem:
        """A problem with what stands at *loc*: in the last file that says something about it."""
        best: tuple[int, Path, Node] | None = None
        for path, root in self._roots:
            depth, node = _walk(root, loc, on_key=on_key)
            if best is None or depth >= best[0]:
                best = (depth, path, node)
        named = dotted(loc if where is None else where)
        if best is None or best[0] == 0:
            fallback = self._paths[-1] if self._paths else Path("compose.yaml")
            return Problem(fallback, 0, 0, named, message)
        _, path, node = best
        return Problem(path, node.start_mark.line + 1, node.start_mark.column + 1, named, message)

    def named(self, loc: Loc, name: str, message: str) -> Problem:
        """As :meth:`problem`, at the text *name* somewhere below *loc*: in the last file that has it there.

        For lists, of which Compose makes one when it merges files, so that an index is no place in any of them.
        """
        for path, root in reversed(self._roots):
            depth, node = _walk(root, loc, on_key=False)
            if depth == len(loc) and (found := _scalar(node, name)):
                return Problem(path, found.start_mark.line + 1, found.start_mark.column + 1, dotted(loc), message)
        return self.problem(loc, message)


def dropped(paths: Sequence[Path], key: str) -> Iterator[Problem]:
    """Where a file that is included has *key* at its top: Compose leaves that out without a word."""
    for path in paths:
        for name in _includes(path):
            yield from _with_key(path.parent / name, key, path, frozenset({path.resolve()}))


def _with_key(path: Path, key: str, by: Path, within: frozenset[Path]) -> Iterator[Problem]:
    if path.resolve() in within:
        return
    lines = _text(path).splitlines()
    for number, line in enumerate(lines, start=1):
        if re.match(rf"{re.escape(key)}\s*:", line):
            message = f"Compose drops this from an included file; write it into {by.name}"
            yield Problem(path, number, 1, key, message)
    for name in _includes(path):
        yield from _with_key(path.parent / name, key, by, within | {path.resolve()})


def _includes(path: Path) -> list[str]:
    """What *path* includes. Most files include nothing, and are not parsed for it."""
    if not re.search(r"^include\s*:", _text(path), re.MULTILINE):
        return []
    return [name for root in _documents(path) for name in _included(root)]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _with_included(path: Path, within: frozenset[Path]) -> Iterator[tuple[Path, Node]]:
    """The documents of *path*, after those it includes. Only plain paths are followed, as ours are."""
    key = path.resolve()
    if key in within:
        return
    roots = list(_documents(path))
    for root in roots:
        for included in _included(root):
            yield from _with_included(path.parent / included, within | {key})
    yield from ((path, root) for root in roots)


def _included(root: Node) -> Iterator[str]:
    pair = _child(root, "include")
    for entry in _items(pair[1]) if pair else ():
        inner = _child(entry, "path") if isinstance(entry, MappingNode) else None
        for name in _items(inner[1]) if inner else [entry]:
            if isinstance(name.value, str):
                yield name.value


def _items(node: Node) -> list[Node]:
    return list(node.value) if isinstance(node, SequenceNode) else [node]


def _documents(path: Path) -> Iterator[Node]:
    try:
        yield from yaml.compose_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return


def _walk(root: Node, loc: Loc, *, on_key: bool) -> tuple[int, Node]:
    """How far *loc* can be followed from *root*, and the node reached (the last key's node for *on_key*)."""
    node = root
    for depth, part in enumerate(loc):
        pair = _child(node, part)
        if pair is None:
            return depth, node
        key, node = pair
        if on_key and depth == len(loc) - 1:
            return depth + 1, key
    return len(loc), node


def _scalar(node: Node, text: str) -> Node | None:
    """The first value of *text* in *node*."""
    if isinstance(node, MappingNode):
        inner = [value for _, value in node.value]
    elif isinstance(node, SequenceNode):
        inner = node.value
    else:
        return node if node.value == text else None
    return next((found for one in inner if (found := _scalar(one, text))), None)


def _child(node: Node, part: str | int) -> tuple[Node, Node] | None:
    if isinstance(node, SequenceNode):
        if isinstance(part, int) and part < len(node.value):
            return node.value[part], node.value[part]
        return None
    if not isinstance(node, MappingNode):
        return None
    merged: list[Node] = []
    for key, value in node.value:
        if key.value == str(part):
            return key, value
        if key.value == "<<":
            merged.extend(value.value if isinstance(value, SequenceNode) else [value])
    return next((found for other in merged if (found := _child(other, part))), None)
