"""The commands that look after images and leftovers: thin, but what they leave alone matters."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness.cli.commands import gc
from harness.cli.commands import images as images_command
from harness.lab import engine, images
from harness.run import healing
from harness.run.healing import Leftover

GOING_ON, OVER, THEIRS = "r-going-on", "r-over", "r-theirs"


@pytest.fixture
def removed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which runs are removed from an engine that has one of each kind."""
    runs: list[str] = []
    looked: list[str] = []

    def leftovers(client: object) -> dict[str, Leftover]:
        looked.append("found")
        return {GOING_ON: Leftover(3, ours=True), OVER: Leftover(2, ours=True), THEIRS: Leftover(1, ours=False)}

    def living() -> frozenset[str]:
        # a run that began after this was read could be among those that are found
        assert looked == ["found"]
        return frozenset({GOING_ON})

    def remove(run: str, client: object) -> tuple[str, ...]:
        runs.append(run)
        return ()

    monkeypatch.setattr(engine, "find_engine_or_none", lambda: SimpleNamespace(client=None))
    monkeypatch.setattr(images, "collect", lambda _: ["image lockout/idp:1"])
    monkeypatch.setattr(healing, "leftover_runs", leftovers)
    monkeypatch.setattr(healing, "living_runs", living)
    monkeypatch.setattr(healing, "remove_run", remove)
    return runs


def test_gc_leaves_alone_what_is_going_on_and_what_is_not_ours(removed: list[str]) -> None:
    done = CliRunner().invoke(gc.command, [])
    assert removed == [OVER]
    assert done.output.splitlines() == [
        "r-going-on: still going on, left alone (3 objects; --all removes them, too)",
        "r-over: 2 of 2 objects removed",
        "r-theirs: of another user, machine or state folder, left alone (1 objects; --all removes them, too)",
        "image lockout/idp:1: removed, not needed any more",
    ]


def test_gc_all_takes_everything(removed: list[str]) -> None:
    CliRunner().invoke(gc.command, ["--all"])
    assert removed == [GOING_ON, OVER, THEIRS]


@pytest.fixture
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def obtain(monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> tuple[Result, list[str]]:
    """`lockout images`, which gets a signal in the middle of its work."""
    seen: list[str] = []

    def resolve(*_: object) -> dict[str, Any]:
        try:
            os.kill(os.getpid(), number)
            seen.append("went on")
        except KeyboardInterrupt:
            seen.append("ended its children")
            raise
        return {}

    monkeypatch.setattr(engine, "ensure_engine", lambda _: None)
    monkeypatch.setattr(images, "resolve", resolve)
    return CliRunner().invoke(images_command.command, ["pki"]), seen


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_images_that_is_ended_ends_what_it_started(
    handlers: None, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    signal.signal(number, signal.SIG_DFL)
    _, seen = obtain(monkeypatch, number)
    assert seen == ["ended its children"]


def test_images_under_nohup_goes_on(handlers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _, seen = obtain(monkeypatch, signal.SIGHUP)
    assert seen == ["went on"]
