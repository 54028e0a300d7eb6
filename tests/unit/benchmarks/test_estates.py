"""Large estates: of the size that is asked for, always the same, and analysed rightly."""

from __future__ import annotations

import random

import pytest

from benchmarks.estates import dependencies, large
from harness.domains.analyse import analyse
from harness.domains.model import Fate
from harness.domains.predict import predict


@pytest.mark.parametrize("components", [100, 2_000])
def test_an_estate_is_of_the_size_that_is_asked_for(components: int) -> None:
    estate = large(components)
    assert len(estate.components) == components
    assert len(estate.workloads) == components // 10
    assert estate == large(components)
    assert estate != large(components, seed=2)


def test_there_are_six_dependencies_for_each_component() -> None:
    assert 12_000 <= dependencies(large(2_000)) <= 12_500


def test_what_the_analysis_says_of_a_large_estate_is_what_each_loss_predicts() -> None:
    estate = large(2_000)
    analysis = analyse(estate)
    for component in random.Random(1).sample([one.name for one in estate.components], 25):
        hit = {name: one for name, one in predict(estate, {component}).items() if one.fate is not Fate.SAFE}
        assert analysis.domains[component] == hit
