"""What is known of a run besides its history: for whoever reads its report."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from harness import __version__
from harness.history.clock import RunClock
from harness.lab.bring_up import ServiceImage
from harness.report.model import ImageUsed, RunInfo
from harness.run.prepare import Prepared


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run is made with. ``engine`` is the engine's version."""

    run: str
    folder: Path
    clock: RunClock
    images: Sequence[ServiceImage]
    engine: str


def run_info(prepared: Prepared, facts: Facts, command: str) -> RunInfo:
    """As of now; *command* is how whoever started us calls us."""
    plan = prepared.plan
    return RunInfo(
        run=facts.run,
        scenario=plan.scenario,
        summary=prepared.loaded.scenario.summary,
        started=datetime.fromisoformat(facts.clock.at(0.0).wall),
        duration=round(facts.clock.now(), 3),
        seed=plan.seed,
        plan_hash=plan.hash(),
        lockout=__version__,
        folder=str(facts.folder),
        images=tuple(
            ImageUsed(
                entry.service,
                entry.resolved.ref if entry.resolved else entry.reference,
                entry.resolved.image_id if entry.resolved else "",
                entry.resolved.origin if entry.resolved else "compose",
            )
            for entry in facts.images
            if entry.service in prepared.services
        ),
        engine=f"Docker {facts.engine}",
        host=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        rejudge=f"{command} judge {facts.folder}",
    )
