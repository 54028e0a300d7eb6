"""Reading what ``python -X importtime`` says."""

from __future__ import annotations

from benchmarks.import_times import costliest

TOLD = """import time: self [us] | cumulative | imported package
import time:       100 |        100 |   _io
import time:      2000 |       2500 | yaml
import time:      1500 |       1500 |     yaml.loader
import time:      3000 |      90000 | harness.cli.main
not a line of it
"""


def test_packages_are_added_up_by_what_they_take_themselves() -> None:
    assert list(costliest(TOLD.splitlines(), 5).items()) == [("yaml", 3.5), ("harness", 3.0), ("_io", 0.1)]


def test_only_so_many_are_named() -> None:
    assert list(costliest(TOLD.splitlines(), 1)) == ["yaml"]
    assert costliest([], 3) == {}
