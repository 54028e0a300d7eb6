"""Reads a scenario file: text to typed scenario, with every problem of the file reported at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import to_json

from harness.scenario.catalogue import SUFFIX
from harness.scenario.document import Document, Positions, read_document
from harness.scenario.messages import Found, explain
from harness.scenario.model import Scenario
from harness.scenario.problems import Loc, Problem, ScenarioError, dotted
from harness.scenario.reading import Reading
from harness.scenario.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class LoadedScenario:
    """A scenario and where its parts stand in the file."""

    scenario: Scenario
    positions: Positions
    path: Path

    @property
    def topology_files(self) -> tuple[Path, ...]:
        """The Compose files, in the order in which they are merged."""
        return tuple(self.path.parent / name for name in self.scenario.topology)

    def problem(self, loc: Loc, message: str) -> Problem:
        """A problem with the value at *loc*."""
        mark = self.positions.of_value(loc)
        return Problem(self.path, mark.line, mark.column, dotted(loc), message)


def load_scenario(path: Path, vocabulary: Vocabulary, *, topology_needed: bool = True) -> LoadedScenario:
    """The scenario in *path*, checked against *vocabulary* but not yet against its topology.

    Without *topology_needed* its Compose files may be missing, as with the copy in a run folder.

    Raises:
        ScenarioError: with all problems found. After a syntax error nothing further is looked at.
    """
    document = read_document(path)
    problems: list[Problem] = []
    if not path.name.endswith(SUFFIX):
        message = f"the name of a scenario file ends in {SUFFIX}"
        problems.append(Problem(path, 0, 0, "", message))
    reading = Reading(vocabulary, path.name.removesuffix(SUFFIX) if not problems else None)
    scenario = None
    try:
        scenario = Scenario.model_validate_json(to_json(document.data), context=reading)
    except ValidationError as error:
        problems.extend(problems_of(document, list(explain(error, Scenario))))
    problems.extend(document.problems)
    if topology_needed:
        problems.extend(_missing_files(document))
    if problems or scenario is None:
        raise ScenarioError(problems)
    return LoadedScenario(scenario, document.positions, path)


def problems_of(document: Document, found: list[Found]) -> list[Problem]:
    """*found* with positions, and with a hint where YAML 1.1 would have read the value differently.

    Leaves out what only follows from a value that could not be read in the first place.
    """
    unreadable = {(problem.line, problem.column) for problem in document.problems}
    problems = []
    for one in found:
        hint = document.positions.traps.get(one.at, "") if one.wrong_type else ""
        message = f"{one.message}; {hint}" if hint else one.message
        problem = document.problem(one.at, message, on_key=one.on_key, where=one.where)
        if (problem.line, problem.column) not in unreadable:
            problems.append(problem)
    return problems


def _missing_files(document: Document) -> list[Problem]:
    given = document.data.get("topology")
    entries: list[tuple[Loc, object]] = [(("topology",), given)]
    if isinstance(given, list):
        entries = [(("topology", index), entry) for index, entry in enumerate(given)]
    return [
        document.problem(loc, f"no such file: {document.path.parent / entry}")
        for loc, entry in entries
        if isinstance(entry, str) and entry.strip() and not _is_file(document.path.parent / entry)
    ]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long, a folder that may not be entered
        return False
