"""When a run ends early: one entry of a scenario's ``stop_if``."""

from __future__ import annotations

from collections.abc import Mapping

from harness.scenario.named import Named
from harness.scenario.vocabulary import NamedKind, Vocabulary


class StopCondition(Named):
    """One condition, written as its name with its arguments: ``any_workload_down_for: 60s``."""

    what = "stop condition"

    @classmethod
    def known(cls, vocabulary: Vocabulary) -> Mapping[str, NamedKind]:
        return vocabulary.stops
