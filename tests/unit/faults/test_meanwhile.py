"""What others did while a fault was on, or what was never there: an undo ends well, and a refusal says why."""

from __future__ import annotations

import pytest

from harness.faults.ports import FaultNotPossible
from harness.lab.errors import EnvironmentUnusable
from tests.unit.faults.cases import kv_content, sink_unreadable
from tests.unit.faults.fakes import FakeLab
from tests.unit.faults.test_specifics import injected, prepared


@pytest.mark.parametrize("how", ["delete", "destroy"])
def test_a_secret_that_its_owner_has_stored_anew_meanwhile_stays(how: str) -> None:
    lab = FakeLab()
    kv_content.with_versions(lab)
    fault, record = injected("kv-deleted-404", lab, secret="kv/billing", how=how)
    assert fault.healed(record, lab) is None
    lab.the_vault.kv_write("kv/billing", {"username": "billing_app", "password": "stored-by-its-owner"})
    before = lab.snapshot()
    fault.undo(record, lab)
    assert lab.snapshot() == before
    meanwhile = ", which somebody has stored meanwhile" if how == "destroy" else ""
    assert fault.healed(record, lab) == f"kv/billing can be read, version 2{meanwhile}"


@pytest.mark.parametrize("state", ["exited", "paused"])
def test_a_sink_is_made_readable_for_a_workload_that_does_not_run(state: str) -> None:
    """A workload may end of what it cannot read, and then nobody is there to change a mode."""
    lab = FakeLab()
    sink_unreadable.with_sink(lab)
    fault, record = injected("sink-unreadable", lab, target="orders")
    token = lab.containers.files["orders", sink_unreadable.PATH]
    lab.containers.states["orders"] = state
    assert fault.healed(record, lab) is None
    fault.undo(record, lab)
    assert "orders does not run; started, it may read" in str(fault.healed(record, lab))
    assert lab.containers.modes["orders", sink_unreadable.PATH] == 0o400
    assert lab.containers.files["orders", sink_unreadable.PATH] == token
    assert lab.containers.states["orders"] == state
    once = lab.snapshot(), len(lab.writes)
    fault.undo(record, lab)
    assert (lab.snapshot(), len(lab.writes)) == once


def test_a_sink_that_is_gone_with_its_workload_is_not_healed() -> None:
    lab = FakeLab()
    sink_unreadable.with_sink(lab)
    fault, record = injected("sink-unreadable", lab, target="orders")
    lab.containers.states["orders"] = "exited"
    del lab.containers.files["orders", sink_unreadable.PATH]
    with pytest.raises(EnvironmentUnusable, match="orders has no file"):
        fault.undo(record, lab)
    assert fault.healed(record, lab) is None


@pytest.mark.parametrize(
    ("name", "args", "words"),
    [
        ("lease-revoke-stuck", {"role": "oders"}, "no dynamic role 'oders' at database; there are: orders, reports"),
        ("dynamic-cred-runaway", {"role": "oders"}, "no dynamic role 'oders' at database; there are: orders, reports"),
        ("transit-key-rotated", {"key": "oders"}, "no key 'oders' at transit; there are: none"),
    ],
)
def test_what_vault_does_not_have_is_told_with_what_it_has(name: str, args: dict[str, object], words: str) -> None:
    lab = FakeLab()
    lab.the_vault.tree |= {"database/roles/orders": {}, "database/roles/reports": {}}
    with pytest.raises(FaultNotPossible, match=words):
        prepared(name, lab, **args)
