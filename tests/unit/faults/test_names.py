from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from harness.faults.base import NoArgs
from harness.faults.names import DnsNxdomain, DnsStaleAddress, NameRecord
from harness.faults.ports import FaultNotPossible
from harness.lab.errors import EnvironmentUnusable
from tests.unit.faults.cases.names import found_again, looks_up
from tests.unit.faults.fakes import FakeLab


@pytest.fixture
def lab() -> FakeLab:
    made = FakeLab()
    looks_up(made)
    return made


def on(lab: FakeLab, fault: DnsNxdomain | DnsStaleAddress, target: str = "vault") -> NameRecord:
    record = fault.prepare(target, NoArgs(), lab)
    fault.inject(record, NoArgs(), lab, Random(0))
    return record


def test_the_other_names_of_the_holder_go_on_being_found(lab: FakeLab) -> None:
    on(lab, DnsNxdomain())
    assert lab.networks.lookup("vault") == ""
    assert lab.networks.lookup("idp") == lab.networks.ends["proxy", "auth"].address


def test_where_no_workload_is_nothing_changes(lab: FakeLab) -> None:
    before = lab.networks.ends["vault", "upstream"]
    on(lab, DnsNxdomain())
    assert lab.networks.ends["vault", "upstream"] == before


def test_the_holder_gets_another_address_each_time_so_that_no_connection_survives(lab: FakeLab) -> None:
    """Also when addresses below its own have become free."""
    del lab.networks.ends["orders", "auth"]
    for _ in range(4):
        before = lab.networks.ends["proxy", "auth"].address
        fault = DnsStaleAddress()
        record = on(lab, fault)
        assert lab.networks.lookup("vault") == before
        assert lab.networks.ends["proxy", "auth"].address != before
        assert fault.observe(record, lab)
        fault.undo(record, lab)
        assert lab.networks.ends["proxy", "auth"].address != before


def test_a_holder_that_kept_its_address_is_no_evidence(lab: FakeLab) -> None:
    """Connections that exist would go on."""
    fault = DnsNxdomain()
    record = on(lab, fault)
    assert fault.observe(record, lab)
    same = record.places[0].model_copy(update={"address": lab.networks.ends["proxy", "auth"].address})
    assert fault.observe(record.model_copy(update={"places": (same,)}), lab) is None


def test_a_lookup_that_failed_otherwise_is_no_evidence(lab: FakeLab) -> None:
    fault = DnsNxdomain()
    record = on(lab, fault)
    lab.containers.answers["getaddrinfo"] = lambda command, stdin: "lookup-failed -3\n"
    assert fault.observe(record, lab) is None


def test_it_needs_a_workload_that_runs_beside_the_name(lab: FakeLab) -> None:
    lab.containers.states |= {"orders": "exited", "billing": "exited"}
    with pytest.raises(FaultNotPossible, match="no workload that runs"):
        DnsNxdomain().prepare("vault", NoArgs(), lab)


def test_undo_is_right_when_the_holder_was_left_outside(lab: FakeLab) -> None:
    fault = DnsNxdomain()
    record = fault.prepare("vault", NoArgs(), lab)
    lab.networks.leave("proxy", "auth")
    fault.undo(record, lab)
    assert found_again(lab)
    assert fault.healed(record, lab)


def test_a_fixed_address_could_not_be_given_back(lab: FakeLab) -> None:
    lab.networks.ends["proxy", "auth"] = replace(lab.networks.ends["proxy", "auth"], fixed=True)
    with pytest.raises(FaultNotPossible, match="proxy has a fixed address in auth"):
        DnsNxdomain().prepare("vault", NoArgs(), lab)


def test_somebody_must_be_able_to_tell_what_it_sees(lab: FakeLab) -> None:
    lab.containers.lacks = {("billing", "python3")}
    assert DnsNxdomain().prepare("vault", NoArgs(), lab).witness == "orders"
    lab.containers.lacks.add(("orders", "python3"))
    with pytest.raises(FaultNotPossible, match="none of billing, orders has python3"):
        DnsNxdomain().prepare("vault", NoArgs(), lab)


def test_another_workload_is_asked_when_the_witness_has_ended(lab: FakeLab) -> None:
    fault = DnsNxdomain()
    record = on(lab, fault)
    assert record.witness == "billing"
    lab.containers.states["billing"] = "exited"
    assert str(fault.observe(record, lab)).startswith("orders looks vault up")
    fault.undo(record, lab)
    assert str(fault.healed(record, lab)).startswith("orders finds vault")


def test_with_nobody_left_to_look_the_engines_word_proves_that_it_is_over_and_no_more(
    lab: FakeLab,
) -> None:
    fault = DnsNxdomain()
    record = on(lab, fault)
    lab.containers.states |= {"orders": "exited", "billing": "exited"}
    with pytest.raises(EnvironmentUnusable, match="no workload runs any more"):
        fault.observe(record, lab)
    assert fault.healed(record, lab) is None
    fault.undo(record, lab)
    assert "nobody is left to look" in str(fault.healed(record, lab))
