"""Finds scenarios below a folder. Free of pydantic, because ``lockout list`` must answer at once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from harness.scenario.document import Plain, read_document
from harness.scenario.problems import ScenarioError, closest

SUFFIX = ".scenario.yaml"


class UnknownScenarioError(Exception):
    """No scenario, or more than one, goes by what the user gave. The message says which there are."""


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One scenario file, as far as it can be told without checking it."""

    name: str
    group: str  # its folder below the root, such as "vault"; empty for the root itself
    path: Path
    summary: str  # empty when the file cannot be read
    problem: str = ""  # why it cannot be read


def scenario_files(root: Path) -> tuple[Path, ...]:
    """Every ``*.scenario.yaml`` below *root*, sorted; hidden folders are left out."""
    if not root.is_dir():
        return ()
    found = (path for path in root.rglob(f"*{SUFFIX}") if path.is_file())
    return tuple(
        sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(root).parts))
    )


def find_scenarios(root: Path) -> tuple[CatalogueEntry, ...]:
    """All scenarios below *root*, by group and name. Files that cannot be read are listed with the reason."""
    entries = [_entry(path, root) for path in scenario_files(root)]
    return tuple(sorted(entries, key=lambda entry: (entry.group, entry.name)))


def steps_with(fault: str, root: Path) -> tuple[tuple[CatalogueEntry, dict[str, Plain]], ...]:
    """Every step below *root* that is *fault* (or an operator's act of that name), with its scenario."""
    found = []
    for entry in find_scenarios(root):
        try:
            timeline = read_document(entry.path).data.get("timeline")
        except ScenarioError:
            continue
        for step in timeline if isinstance(timeline, list) else ():
            if isinstance(step, dict) and fault in (step.get("fault"), step.get("operator")):
                found.append((entry, step))
    return tuple(found)


def _entry(path: Path, root: Path) -> CatalogueEntry:
    parent = path.parent.relative_to(root).as_posix()
    group, name = ("" if parent == "." else parent), _name(path)
    try:
        summary = read_document(path).data.get("summary")
    except ScenarioError as error:
        return CatalogueEntry(name, group, path, "", str(error.problems[0]))
    return CatalogueEntry(name, group, path, _one_line(summary) if isinstance(summary, str) else "")


def _one_line(text: str) -> str:
    """*text* as a terminal can take it: files that nobody has checked yet may hold anything."""
    return "".join(letter if letter.isprintable() else " " for letter in " ".join(text.split()))


def _name(path: Path) -> str:
    return path.name.removesuffix(SUFFIX)


def resolve_scenario(name_or_path: str, root: Path) -> Path:
    """The file meant by a path, a name (``vault-outage``) or group and name (``vault/vault-outage``).

    Raises:
        UnknownScenarioError: there is none, or several of that name; the message suggests.
    """
    given = Path(name_or_path)
    is_path = given.name.endswith((".yaml", ".yml"))
    if is_path and os.path.exists(given):  # noqa: PTH110 (false, not an error, for a name too long)
        return given
    files = scenario_files(root)
    wanted = name_or_path.removesuffix(SUFFIX)
    matches = [path for path in files if wanted in (_name(path), _qualified(path, root))]
    if len(matches) == 1:
        return matches[0]
    if matches:
        options = ", ".join(_qualified(path, root) for path in matches)
        raise UnknownScenarioError(f"{name_or_path!r} could be any of: {options}")
    if is_path:
        raise UnknownScenarioError(f"no such file: {name_or_path}")
    if os.path.isdir(given):  # noqa: PTH112 (as above)
        raise UnknownScenarioError(f"{name_or_path} is a folder; name a scenario in it, such as <name>{SUFFIX}")
    if not files:
        raise UnknownScenarioError(f"unknown scenario {name_or_path!r}; there are no scenarios in {root}")
    names = {_name(path) for path in files} | {_qualified(path, root) for path in files}
    if guess := closest(name_or_path, names):
        raise UnknownScenarioError(f"unknown scenario {name_or_path!r}, did you mean {guess!r}?")
    known = ", ".join(sorted(_name(path) for path in files))
    raise UnknownScenarioError(f"unknown scenario {name_or_path!r}; known: {known}")


def _qualified(path: Path, root: Path) -> str:
    relative = path.relative_to(root)
    return relative.with_name(_name(path)).as_posix()
