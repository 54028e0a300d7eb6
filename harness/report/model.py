"""What every report is made from: plain data, so that a report can be written again years later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from harness.checks.judgement import Judgement
from harness.report.timeline import Timeline


@dataclass(frozen=True, slots=True)
class ImageUsed:
    """One image that ran. ``variant`` says where it came from: "pulled", "built", "present"."""

    name: str
    ref: str
    digest: str = ""
    variant: str = ""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """Everything about a run that is not a verdict."""

    run: str  # id
    scenario: str
    summary: str  # the scenario's own sentence
    started: datetime  # wall time, with its zone
    duration: float  # seconds from start to end of the run
    seed: int
    plan_hash: str
    lockout: str  # version
    folder: str  # the run folder, as the reader can open it
    images: tuple[ImageUsed, ...] = ()
    engine: str = ""  # container engine and its version
    host: str = ""  # platform the run was made on
    rejudge: str = ""  # command that judges the stored history again


@dataclass(frozen=True, slots=True)
class ReportInput:
    run: RunInfo
    judgement: Judgement
    timeline: Timeline
