"""``lockout faults``: every fault that there is, told to people and to machines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from harness.cli.commands import faults as command
from harness.cli.fault_facts import all_facts, example, facts_of, snippet
from harness.cli.main import cli, guarded
from harness.cli.options import complete_fault
from harness.faults import registry
from harness.faults.groups import GROUPS
from harness.scenario.loader import load_scenario
from harness.scenario.vocabulary import Vocabulary

SCENARIOS = str(Path(__file__).parents[3] / "scenarios")
NAMES = registry.fault_names()


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def lockout(*args: str) -> int:
    return guarded(lambda: cli.main(list(args), prog_name="lockout", standalone_mode=False))


@pytest.fixture(params=[None, 80, 160], ids=["piped", "80", "160"])
def columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int | None:
    width: int | None = request.param
    monkeypatch.setattr(command, "_columns", lambda: width)
    return width


def test_all_faults_are_listed_by_group(capsys: pytest.CaptureFixture[str], columns: int | None) -> None:
    assert lockout("faults") == 0
    lines = capsys.readouterr().out.splitlines()
    headings = [line for line in lines if line and not line.startswith(" ")]
    assert headings == [
        f"{letter}: {GROUPS[letter]}" for letter in GROUPS if any(f.group == letter for f in all_facts())
    ]
    assert [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "] == [
        one.name for one in all_facts()
    ]
    if columns is not None:
        assert max(map(len, lines)) <= columns
    text = " ".join(" ".join(lines).split())
    for one in all_facts():
        assert one.summary in text


def test_when_piped_grep_finds_all_of_a_fault_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    lockout("faults")
    out = capsys.readouterr().out
    assert "\x1b" not in out
    [line] = [line for line in out.splitlines() if line.split()[:1] == ["token-max-ttl"]]
    assert line.split()[1:3] == ["vault", "lasting"]
    assert "Tokens reach their maximum TTL" in line
    assert "[with: workloads, remaining=2s, max_ttl=5s, mount=approle]" in line
    [line] = [line for line in out.splitlines() if line.split()[:1] == ["static-role-rotated"]]
    assert line.split()[2] == "instant"
    assert "role (required)" in line


def test_filters(capsys: pytest.CaptureFixture[str]) -> None:
    def names(*args: str) -> list[str]:
        assert lockout("faults", "--json", *args) == 0
        return [one["name"] for one in json.loads(capsys.readouterr().out)]

    assert names() == [one.name for one in all_facts()]
    assert names("--group", "c") == names("--group", "C") == [one.name for one in all_facts() if one.group == "C"]
    assert names("--role", "idp") == [one.name for one in all_facts() if "idp" in one.roles]
    assert names("--group", "C", "--role", "ca") == []


def test_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    lockout("faults", "--json")
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    one = found["token-max-ttl"]
    assert (one["group"], one["roles"], one["instant"], one["longest_seconds"]) == ("C", ["vault"], False, 600.0)
    remaining = next(argument for argument in one["arguments"] if argument["name"] == "remaining")
    assert remaining == {
        "name": "remaining",
        "type": "duration",
        "required": False,
        "default": "2s",
        "meaning": "What living tokens have left.",
    }
    assert found["vault-sealed"]["holds"] == ["vault/seal"]
    assert found["token-revoked"]["longest_seconds"] is None


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--group", "Q"], "unknown group 'Q'; known: A, B, C"),
        (["--role", "valt"], "unknown role 'valt', did you mean 'vault'?"),
        (["--json", "show", "vault-sealed"], "write options behind 'show'"),
        (["show"], "Missing argument 'ID'"),
        (["explain"], "No such command 'explain'"),
        (["show", "vault-seeled"], "unknown fault 'vault-seeled', did you mean 'vault-sealed'? known: "),
        (["show", "earthquake"], "unknown fault 'earthquake'; known: "),
    ],
)
def test_bad_usage(args: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout("faults", *args) == 2
    err = capsys.readouterr().err
    assert said in err
    if args[0] == "show" and len(args) == 2:
        assert all(name in err for name in NAMES)


def test_one_is_explained(capsys: pytest.CaptureFixture[str], columns: int | None) -> None:
    assert lockout("faults", "show", "token-max-ttl", "--scenarios", SCENARIOS) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    if columns is not None:
        assert max(map(len, lines)) <= columns
    text = " ".join(out.split())
    for part in (
        "A resilient client logs in again before the end;",
        "external-secrets/kubernetes-external-secrets#484",
        "group C: Tokens and leases",
        "aimed at a service of role vault",
        "needs 'for', at most 600s",
        "remaining duration, default 2s. What living tokens have left.",
        "timeline: - at: 5s fault: token-max-ttl on: vault for: 5s with:",
        "expired-token Tokens reach their maximum TTL",
    ):
        assert part in text


@pytest.mark.parametrize("name", NAMES)
def test_every_fault_can_be_explained_whole(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout("faults", "show", name, "--scenarios", SCENARIOS, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["name"] == name
    assert document["explanation"].startswith(document["summary"])
    for argument in document["arguments"]:
        assert argument["meaning"], f"{name}: {argument['name']} has no description"
    assert lockout("faults", "show", name, "--scenarios", SCENARIOS) == 0
    assert capsys.readouterr().out.startswith(name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("from_scenarios", [True, False], ids=["as-used", "made-up"])
def test_a_step_that_is_shown_can_be_pasted(
    name: str, from_scenarios: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = facts_of(registry.get(name))
    text = snippet(one)
    if from_scenarios:
        lockout("faults", "show", name, "--scenarios", SCENARIOS, "--json")
        text = json.loads(capsys.readouterr().out)["example"]
    if one.operator:
        text += "  - {at: 5s, fault: vault-paused, on: somewhere, for: 5s}\n"
    rest = "name: pasted\nsummary: Pasted.\ntopology: x.yaml\nexpect:\n  - {workload: orders, stays_available: {}}\n"
    path = tmp_path / "pasted.scenario.yaml"
    path.write_text(rest + text)
    loaded = load_scenario(path, Vocabulary.installed(), topology_needed=False)
    assert loaded.scenario.timeline[0].name == name
    assert "'on'" not in text


def test_a_step_is_like_the_one_in_a_scenario() -> None:
    one = facts_of(registry.get("static-role-rotated"))
    assert example(one.args) == {"role": "role"}
    shown = yaml.safe_load(snippet(one, {"on": "vault-2", "with": {"role": "billing"}}).replace("on:", "aim:"))
    assert shown == {
        "timeline": [{"at": "5s", "fault": one.name, "aim": "vault-2", "with": {"role": "billing"}}],
    }


def test_faults_are_completed() -> None:
    given: list[object] = [None, None]
    assert complete_fault(*given, "token-max") == ["token-max-ttl"]  # type: ignore[arg-type]
    assert complete_fault(*given, "") == list(NAMES)  # type: ignore[arg-type]
