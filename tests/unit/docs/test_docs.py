"""What the documentation says must be so: links, commands, names, quoted messages, examples, generated pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
import yaml

from harness.checks import registry as checks
from harness.cli import reference
from harness.cli.main import cli
from harness.faults import registry as faults
from harness.scenario.catalogue import find_scenarios
from harness.scenario.loader import load_scenario
from harness.scenario.order import spans
from harness.scenario.vocabulary import Vocabulary
from harness.topology.parse import parse_topology

ROOT = Path(__file__).resolve().parents[3]
NOT_OURS = {".venv", ".git", "runs", "node_modules"}
PAGES = sorted(
    path for path in ROOT.rglob("*.md") if not any(part in NOT_OURS for part in path.relative_to(ROOT).parts[:-1])
)
WRITTEN = [page for page in PAGES if page.parent != reference.FOLDER]
README = ROOT / "README.md"
TROUBLE = ROOT / "docs" / "when-something-goes-wrong.md"
SCENARIOS = {entry.name: entry.summary for entry in find_scenarios(ROOT / "scenarios")}

FENCE = re.compile(r"^[ \t]*```(\w*)[^\n]*\n(.*?)^[ \t]*```[ \t]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
MAKE = re.compile(r"\bmake ((?:[a-z][a-z-]*)(?: SCENARIO=\S+)?)")
LOCKOUT = re.compile(r"(?:^|[\s`'\"(/])lockout ((?:[a-z]+(?:-[a-z]+)*)(?: [^\n`'\")#>|]*)?)", re.MULTILINE)
FOLDERS = "harness|tests|docs|scenarios|fixtures|compose|examples|schemas|scripts|benchmarks"
OUR_PATH = re.compile(rf"`((?:{FOLDERS}|\.ci)/[\w./-]+)`")


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@cache
def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    return FENCE.sub("", text(page))


def blocks(page: Path, language: str) -> list[str]:
    return [body for kind, body in FENCE.findall(text(page)) if kind == language]


def code(page: Path) -> Iterator[str]:
    """All code of a page: fenced, indented, and spans."""
    for kind, body in FENCE.findall(text(page)):
        if kind in ("sh", "bash", "text", ""):
            yield body
    yield from re.findall(r"^ {4}(\S.*)$", prose(page), re.MULTILINE)
    yield from re.findall(r"`([^`\n]+)`", prose(page))


@cache
def anchors(page: Path) -> set[str]:
    return {reference.slug(heading.replace("`", "")) for heading in HEADING.findall(prose(page))}


# --- generated pages


@pytest.mark.parametrize("page", sorted(reference.pages()))
def test_a_generated_page_is_current(page: str) -> None:
    stored = (reference.FOLDER / page).read_text(encoding="utf-8")
    assert stored == reference.pages()[page], "run: .venv/bin/python -m harness.cli.reference"


def test_nothing_else_lies_among_the_generated_pages() -> None:
    assert {path.name for path in reference.FOLDER.iterdir()} == set(reference.pages())


def test_the_reference_has_every_fault_expectation_and_command() -> None:
    made = reference.pages()
    for heading in faults.fault_names():
        assert f"\n### {heading}\n" in made["faults.md"]
    for heading in checks.names():
        assert f"\n## {heading}\n" in made["expectations.md"]
    for heading in cli.list_commands(click.Context(cli)):
        assert f"\n## {heading}\n" in made["commands.md"]


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [("re_authenticates", "re_authenticates"), ("role: idp", "role-idp"), ("Who saw it", "who-saw-it")],
)
def test_anchors_are_made_as_markdown_renderers_make_them(heading: str, anchor: str) -> None:
    assert reference.slug(heading) == anchor


# --- links and paths


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{name(page)}: {target}"
        assert not anchor or anchor in anchors(there), f"{name(page)}: no heading for {target}"


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_every_path_that_is_named_exists(page: Path) -> None:
    ours = {match for match in OUR_PATH.findall(prose(page)) if "vault-hangs" not in match}
    assert {path for path in ours if not (ROOT / path).exists()} == set()


def test_every_page_of_the_documentation_is_linked_from_another() -> None:
    linked = {
        (page.parent / target.partition("#")[0]).resolve() for page in PAGES for target in LINK.findall(prose(page))
    }
    assert {name(page) for page in (ROOT / "docs").rglob("*.md") if page not in linked} == set()


# --- commands


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def known_scenarios() -> set[str]:
    """Those of the catalogue, and those that a page shows how to write."""
    shown = [yaml.safe_load(block) for page in WRITTEN for block in blocks(page, "yaml")]
    return SCENARIOS.keys() | {document["name"] for document in shown if "name" in document}


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_every_make_command_exists(page: Path) -> None:
    for piece in code(page):
        for command in MAKE.findall(piece):
            target, _, scenario = command.partition(" SCENARIO=")
            assert target in make_targets(), f"make {command}"
            assert not scenario or scenario in SCENARIOS, f"make {command}"


def commands_of(page: Path) -> Iterator[list[str]]:
    for piece in code(page):
        for command in LOCKOUT.findall(piece):
            yield command.split("#")[0].split()


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_every_lockout_command_exists_with_its_options_and_scenarios(page: Path) -> None:
    root = click.Context(cli, info_name="lockout")
    for first, *rest in commands_of(page):
        command = cli.get_command(root, first)
        assert command is not None, f"lockout {first}"
        if isinstance(command, click.Group) and rest:
            inner = command.get_command(root, rest[0])
            assert inner is not None, f"lockout {first} {rest[0]}"
            command = inner
        options = {option for parameter in command.get_params(click.Context(command)) for option in parameter.opts}
        for word in rest:
            if word.startswith("--"):
                assert word.split("=")[0] in options, f"lockout {first} {word}"
            elif first in ("run", "plan", "validate") and re.fullmatch(r"[a-z]+(?:-[a-z]+)+", word):
                assert word in known_scenarios(), f"lockout {first} {word}"


def test_the_pattern_for_commands_finds_them() -> None:
    found = [command for page in (README, TROUBLE) for command in commands_of(page)]
    assert ["plan", "vault-outage"] in found
    assert ["gc", "--all"] in found
    assert {"heal", "judge", "doctor"} <= {command[0] for command in found}


# --- the README


def test_the_readme_begins_with_the_two_commands() -> None:
    shown = re.findall(r"^ {4}(make .+)$", text(README), re.MULTILINE)
    assert shown == ["make chaos SCENARIO=vault-outage", "make test"]
    assert text(README).index("make test") < 1000
    assert text(README).count("\n") <= 120


def test_the_readme_lists_scenarios_with_their_summaries_and_says_where_the_rest_is() -> None:
    table = re.search(r"\| scenario \|.*?\n\n", text(README), re.DOTALL)
    assert table is not None
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", table[0], re.MULTILINE))
    assert len(rows) >= 10
    assert rows.items() <= SCENARIOS.items()
    assert "(docs/reference/scenarios.md)" in text(README)


def test_contributing_is_one_page() -> None:
    assert text(ROOT / "CONTRIBUTING.md").count("\n") <= 80


# --- names and words


@cache
def source() -> str:
    """All of our own code and scripts, with adjoining string literals joined and whitespace made even."""
    files = [*(ROOT / "harness").rglob("*.py"), *(ROOT / "fixtures").rglob("*.py"), ROOT / "scripts" / "bootstrap"]
    pages = Path(reference.__file__).parent
    whole = "\n".join(path.read_text(encoding="utf-8") for path in files if path.parent != pages)
    return re.sub(r"\s+", " ", re.sub(r'"\s*\n\s*f?"', "", whole))


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_variables_of_lockout_exist(page: Path) -> None:
    for variable in set(re.findall(r"\bLOCKOUT_[A-Z_]+\b", text(page))):
        tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
        assert variable in source() or f'"{variable}"' in tests, variable


@pytest.mark.parametrize("message", re.findall(r"^### `(.+)`$", text(TROUBLE), re.MULTILINE))
def test_a_message_that_is_explained_is_one_that_is_given(message: str) -> None:
    assert message in source()


def test_exit_codes_are_told_alike() -> None:
    told = re.search(r"Exit codes: (.+?)\.\n", cli.help or "")
    assert told is not None
    codes = set(re.findall(r"\d+", told[1]))
    assert codes == set(re.findall(r"^\| (\d+) \|", text(ROOT / "docs" / "how-to-run-in-ci.md"), re.MULTILINE))


# --- examples

SCENARIO_EXAMPLES = [
    block for page in WRITTEN for block in blocks(page, "yaml") if re.search(r"^timeline:", block, re.MULTILINE)
]
TOPOLOGY_EXAMPLES = [
    block for page in WRITTEN for block in blocks(page, "yaml") if re.search(r"^services:$", block, re.MULTILINE)
]


def test_there_are_examples() -> None:
    assert SCENARIO_EXAMPLES
    assert TOPOLOGY_EXAMPLES


@pytest.mark.parametrize("example", SCENARIO_EXAMPLES)
def test_a_scenario_that_is_shown_is_valid(example: str, tmp_path: Path) -> None:
    path = tmp_path / f"{yaml.safe_load(example)['name']}.scenario.yaml"
    path.write_text(example, encoding="utf-8")
    loaded = load_scenario(path, Vocabulary.installed(), topology_needed=False)
    last = max(span.ends_by for span in spans(loaded.scenario.timeline))
    limits = [
        getattr(one.args, "within", 0.0)
        for claims in loaded.scenario.expect
        for one in claims.expectations
        if getattr(one.args, "after", "") == "undo"
    ]
    assert last
    assert loaded.scenario.observe_for > max(limits, default=0.0), "as the page says itself"


@pytest.mark.parametrize("example", TOPOLOGY_EXAMPLES)
def test_a_topology_that_is_shown_is_valid(example: str) -> None:
    assert parse_topology(yaml.safe_load(example), ()).workloads


def test_expectations_that_are_shown_are_valid() -> None:
    page = text(ROOT / "docs" / "how-to-write-a-scenario.md")
    shown = re.findall(r"^\| .+ \| `(\w+): (\{.*\})` \|$", page, re.MULTILINE)
    assert {expectation for expectation, _ in shown} == set(checks.names())
    for expectation, arguments in shown:
        checks.get(expectation).Args.model_validate(yaml.safe_load(arguments))
