"""What all integration tests need: an engine, Compose and the images, obtained as lockout itself obtains them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from harness.lab.engine import Engine, ensure_engine
from harness.lab.errors import EnvironmentUnusable
from harness.lab.images import load_catalogue, resolve
from harness.lab.plugins import Compose, ensure_compose
from harness.lab.progress import PlainLines
from harness.run.healing import remove_run
from tests.integration.support import Cli


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and item.get_closest_marker("timeout") is None:
            # Fixtures have deadlines of their own; the first may have to build all images on a fresh machine.
            item.add_marker(pytest.mark.timeout(300, func_only=True))


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The engine that lockout finds, starts or installs."""
    try:
        return ensure_engine(PlainLines())
    except EnvironmentUnusable as error:
        # In CI, tests that were not run must not look like tests that passed.
        if os.environ.get("LOCKOUT_INSTALL_ENGINE") == "never" and "CI" not in os.environ:
            pytest.skip(str(error))
        raise


@pytest.fixture(scope="session")
def compose(engine: Engine) -> Compose:
    return ensure_compose(PlainLines())


@pytest.fixture(scope="session")
def images_present(engine: Engine) -> None:
    """All images are there, so that no test's time depends on what ran before it."""
    resolve(load_catalogue().images, "auto", engine, PlainLines())


@pytest.fixture
def cli(tmp_path: Path, engine: Engine, compose: Compose, images_present: None) -> Iterator[Cli]:
    """The command line; whatever its runs leave when a test fails is removed."""
    made = Cli(tmp_path)
    yield made
    clear(made, engine)


def clear(cli: Cli, engine: Engine) -> None:
    """End what *cli* started and remove what is left of it."""
    for live in cli.started:
        if live.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(live.process.pid, signal.SIGKILL)
            live.process.wait()
    for events in cli.runs.glob("**/events.jsonl"):
        remove_run(events.parent.name, engine.client)
