from __future__ import annotations

import re
from random import Random

import pytest

from harness.faults.clocks import ClockIssuerAhead, ClockWorkloadSkewed, IssuerClockArgs, WorkloadClockArgs
from harness.faults.ports import FaultNotPossible
from tests.unit.faults.cases.clocks import FILE, clocked
from tests.unit.faults.fakes import FakeLab


@pytest.mark.parametrize("environment", [{}, {"LD_PRELOAD": "/x/libfaketime.so.1"}, {"FAKETIME_TIMESTAMP_FILE": FILE}])
def test_a_clock_that_cannot_be_set_is_refused(environment: dict[str, str]) -> None:
    lab = FakeLab()
    lab.containers.environments["orders"] = environment
    with pytest.raises(FaultNotPossible, match="libfaketime"):
        ClockWorkloadSkewed().prepare("orders", WorkloadClockArgs(), lab)


@pytest.mark.parametrize(("way", "written"), [("ahead", "+240\n"), ("behind", "-240\n")])
def test_the_wall_clock_goes_the_way_that_is_asked_for(way: str, written: str) -> None:
    lab = FakeLab()
    clocked(lab)
    fault, args = ClockWorkloadSkewed(), WorkloadClockArgs.model_validate({"way": way})
    record = fault.prepare("orders", args, lab)
    fault.inject(record, args, lab, Random(0))
    assert lab.containers.files["orders", FILE] == written
    assert re.search(rf"(239|24[01]) s {way}", str(fault.observe(record, lab)))  # dates are in whole seconds


def test_a_process_that_does_not_take_the_clock_is_no_evidence() -> None:
    """One in Go, or one whose library could not be loaded: the file is there, and the time goes on."""
    lab = FakeLab()
    clocked(lab)
    fault, args = ClockWorkloadSkewed(), WorkloadClockArgs()
    record = fault.prepare("orders", args, lab)
    fault.inject(record, args, lab, Random(0))
    del lab.containers.files["orders", FILE]
    assert fault.observe(record, lab) is None


def test_the_verdict_of_a_verifier_stands_in_the_evidence() -> None:
    lab = FakeLab()
    lab.the_ledger.verdict = lambda token: "not_yet_valid"
    fault, args = ClockIssuerAhead(), IssuerClockArgs.model_validate({"by": "2s"})
    record = fault.prepare("idp", args, lab)
    fault.inject(record, args, lab, Random(0))
    assert fault.observe(record, lab) == "a token of idp is dated 2 s ahead; ledger refuses it: not_yet_valid"


def test_a_clock_that_somebody_has_set_is_left_alone() -> None:
    lab = FakeLab()
    clocked(lab)
    lab.containers.files["orders", FILE] = "-30\n"
    with pytest.raises(FaultNotPossible, match="is set off already"):
        ClockWorkloadSkewed().prepare("orders", WorkloadClockArgs(), lab)


def test_a_workload_whose_time_nobody_could_see_is_refused() -> None:
    lab = FakeLab()
    clocked(lab)
    lab.containers.lacks = {("orders", "python3")}
    with pytest.raises(FaultNotPossible, match="has no python3"):
        ClockWorkloadSkewed().prepare("orders", WorkloadClockArgs(), lab)


def test_a_workload_that_has_ended_of_it_can_be_healed_all_the_same() -> None:
    lab = FakeLab()
    clocked(lab)
    fault, args = ClockWorkloadSkewed(), WorkloadClockArgs()
    record = fault.prepare("orders", args, lab)
    fault.inject(record, args, lab, Random(0))
    lab.containers.states["orders"] = "exited"
    assert fault.healed(record, lab) is None
    fault.undo(record, lab)
    assert "would start with the right time" in str(fault.healed(record, lab))
