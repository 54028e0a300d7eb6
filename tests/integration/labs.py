"""A lab in this process, for tests that look into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests

from harness.history.redaction import Redactor
from harness.lab.bring_up import resolve_images, set_up, start, tear_down
from harness.lab.containers import RunContainers
from harness.lab.engine import Engine
from harness.lab.lab import RunningLab
from harness.lab.plugins import Compose
from harness.lab.progress import PlainLines
from harness.lab.project import Project
from harness.lab.secrets import RunSecrets
from harness.lab.spec import LabSpec, load_spec
from harness.run.runner import new_run_id
from harness.topology.compose_output import parse_config

WHOLE = Path(__file__).with_name("whole.compose.yaml")
PROBE_PORT = 8080


@contextmanager
def brought_up(topology: Path, home: Path, engine: Engine, compose: Compose) -> Iterator[RunningLab]:
    """All of *topology*, started and set up; removed afterwards. Its run folder is ``home/run``."""
    progress = PlainLines()
    run = new_run_id("live")
    project = Project(compose, f"lockout-{run}", (topology,), {}, engine.environment())
    config = project.config()
    parsed = parse_config(config, project.files)
    services = parsed.started_with(None)
    containers = RunContainers(run, engine.client)
    secrets = RunSecrets(run, Redactor(), home / "secrets")
    (home / "run").mkdir()

    def make_spec(ports: Mapping[tuple[str, int], int]) -> LabSpec:
        return LabSpec(run, project.name, home / "run", project.files, {}, config, parsed, ports)

    spec = make_spec({})
    try:
        images = resolve_images(parsed, services, "auto", engine, progress)
        spec = start(make_spec, project, services, images, progress)
        lab = RunningLab(spec, containers, secrets)
        set_up(lab, services, progress, lambda _service: None)
        yield lab
    finally:
        left = tear_down(spec, project, containers)
        secrets.forget()
    assert left == ()


def seen_by_another_process(lab: RunningLab) -> RunningLab:
    """The same lab from what is on disk alone, as ``lockout heal`` finds it."""
    secrets = RunSecrets(lab.spec.run, Redactor(), lab.secrets.path.parent)
    return RunningLab(load_spec(lab.spec.folder), lab.containers, secrets)


def works(lab: RunningLab, workload: str) -> bool:
    """One unit of work of *workload*."""
    try:
        return bool(requests.get(f"{lab.url(workload, PROBE_PORT, tls=False)}/work", timeout=2).ok)
    except requests.RequestException:
        return False
