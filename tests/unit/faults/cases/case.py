"""What is special about one fault, as far as its contract goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.unit.faults.fakes import FakeLab


@dataclass(frozen=True)
class Case:
    target: str
    args: Mapping[str, object] = field(default_factory=dict)
    bite: Callable[[FakeLab], object] = lambda lab: None  # what has to happen after inject for it to be seen
    evidence: str = ""  # a word of the proof that it bites
    ready: Callable[[FakeLab], object] = lambda lab: None  # what of the lab has to be so before prepare
    restored: Callable[[FakeLab], bool] = lambda lab: lab.the_vault.is_serving()
