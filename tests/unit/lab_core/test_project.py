"""How Compose is called, and what its words become."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from harness.lab import project
from harness.lab.errors import EnvironmentUnusable
from harness.lab.plugins import Compose
from harness.lab.project import ComposeRefused, Project, _why_up_failed

FAKE = """
import json, os, sys
from pathlib import Path
out = Path(__file__).with_suffix(".seen")
out.write_text(json.dumps({"args": sys.argv[1:], "env": dict(os.environ)}))
code, stdout, stderr = json.loads(Path(__file__).with_suffix(".says").read_text())
sys.stdout.write(stdout)
sys.stderr.write(stderr)
sys.exit(code)
"""


class FakeCompose:
    """A program in the place of Compose. It notes how it was called, and says what it is told to."""

    def __init__(self, folder: Path) -> None:
        self._script = folder / "compose.py"
        self._script.write_text(FAKE)
        self.says()
        self.project = Project(
            Compose((sys.executable, str(self._script)), "2.40.3", "test"),
            "lockout-r-1",
            (folder / "user" / "a.yaml", folder / "other" / "b.yaml"),
            {"TAG": "from-scenario", "BOTH": "scenario"},
            {"DOCKER_HOST": "unix:///engine", "BOTH": "engine"},
        )
        self.log = folder / "lab" / "compose.log"
        self.override = folder / "lab" / "override.yaml"
        self.base = [
            "--project-name",
            "lockout-r-1",
            "--project-directory",
            str(folder / "user"),
            "--file",
            str(folder / "user" / "a.yaml"),
            "--file",
            str(folder / "other" / "b.yaml"),
        ]

    def says(self, code: int = 0, stdout: str = "", stderr: str = "") -> None:
        self._script.with_suffix(".says").write_text(json.dumps([code, stdout, stderr]))

    @property
    def args(self) -> list[str]:
        return list(json.loads(self._script.with_suffix(".seen").read_text())["args"])

    @property
    def env(self) -> dict[str, str]:
        return dict(json.loads(self._script.with_suffix(".seen").read_text())["env"])


@pytest.fixture
def compose(tmp_path: Path) -> FakeCompose:
    return FakeCompose(tmp_path)


def test_files_merge_in_order_and_paths_are_relative_to_the_first(compose: FakeCompose) -> None:
    compose.says(stdout="services: {}\n")
    assert compose.project.config() == "services: {}\n"
    assert compose.args == [*compose.base, "config"]


def test_variables_of_the_scenario_and_the_engine(compose: FakeCompose, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAG", "from-outside")
    monkeypatch.setenv("OUTSIDE", "1")
    compose.project.config()
    env = compose.env
    assert (env["TAG"], env["BOTH"], env["OUTSIDE"]) == ("from-scenario", "engine", "1")
    assert (env["DOCKER_HOST"], env["PATH"]) == ("unix:///engine", os.environ["PATH"])


def test_files_that_compose_rejects(compose: FakeCompose) -> None:
    compose.says(15, stderr="a warning\nservices.a.ports must be a list\n")
    with pytest.raises(
        ComposeRefused, match=r"docker compose rejects .*a\.yaml, .*b\.yaml: services\.a\.ports"
    ) as raised:
        compose.project.config()
    assert raised.value.hints == ("a warning",)


def test_files_that_compose_rejects_without_a_word(compose: FakeCompose) -> None:
    compose.says(1)
    with pytest.raises(ComposeRefused, match=r"\(no message\)"):
        compose.project.config()


def test_compose_that_does_not_answer(compose: FakeCompose, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "CONFIG_TIMEOUT", 0.001)
    with pytest.raises(EnvironmentUnusable, match=r"docker compose config did not end within 0\.001 s"):
        compose.project.config()


def test_up(compose: FakeCompose) -> None:
    compose.project.up(compose.override, ["orders", "vault"], compose.log)
    assert compose.args == [
        *compose.base,
        "--file",
        str(compose.override),
        "up",
        "--detach",
        "--no-color",
        "--quiet-pull",
        "orders",
        "vault",
    ]


def test_up_that_fails(compose: FakeCompose) -> None:
    compose.says(1, stdout="Container a  Creating\n", stderr="Error response from daemon: no such image: x\n")
    with pytest.raises(EnvironmentUnusable, match="docker compose up failed: ") as raised:
        compose.project.up(compose.override, ["a"], compose.log)
    assert raised.value.hints == (f"full log: {compose.log}",)
    assert "no such image: x" in compose.log.read_text()


def test_down_removes_volumes_and_waits_for_nobody(compose: FakeCompose) -> None:
    compose.project.down(compose.override, compose.log)
    words = compose.args[len(compose.base) + 2 :]
    assert words[0] == "down"
    assert {"--volumes", "--remove-orphans"} <= set(words)
    assert words[-2:] == ["--timeout", "0"]


def test_down_that_fails(compose: FakeCompose) -> None:
    compose.says(1, stderr="one\ntwo\nthree\nfour\n")
    with pytest.raises(EnvironmentUnusable, match="docker compose down failed: two / three / four"):
        compose.project.down(compose.override, compose.log)


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        (["driver failed: Bind for 127.0.0.1:20001 failed: port is already allocated"], "a port is taken by something"),
        (["listen tcp4 127.0.0.1:20001: bind: address already in use", ""], "a port is taken by something"),
        (["write /var/lib/docker: no space left on device"], "the engine's disk is full: write"),
        (["one", "the last word", "  "], "docker compose up failed: the last word"),
        ([], "docker compose up failed: no message"),
    ],
)
def test_why_up_failed(tail: list[str], said: str) -> None:
    assert _why_up_failed(tail).startswith(said)
