"""What every fault must do, whatever it breaks. A new fault needs a case in ``cases``, and a test fails without it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from harness.faults import registry
from harness.faults.base import AnyFault
from harness.faults.groups import GROUPS
from harness.lab.errors import EnvironmentUnusable
from harness.scenario.base import StrictModel
from harness.topology.model import BLOCKS
from tests.unit.faults.cases import all_cases
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import MINTED, STORED_PASSWORD, FakeLab

CASES = all_cases()


@pytest.fixture(params=registry.fault_names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fault(name: str) -> AnyFault:
    return registry.get(name)


@pytest.fixture
def case(name: str) -> Case:
    assert name in CASES, f"{name} has no case in tests/unit/faults/cases: write one"
    return CASES[name]


@pytest.fixture
def lab(case: Case) -> FakeLab:
    return made(case)


@pytest.fixture
def args(fault: AnyFault, case: Case) -> StrictModel:
    return fault.Args.model_validate(case.args)


def made(case: Case) -> FakeLab:
    lab = FakeLab()
    case.ready(lab)
    return lab


def injected(fault: AnyFault, case: Case, args: StrictModel, lab: FakeLab) -> StrictModel:
    record = fault.prepare(case.target, args, lab)
    fault.inject(record, args, lab, Random(1))
    return record


def test_there_is_no_case_for_a_fault_that_does_not_exist() -> None:
    assert set(CASES) == set(registry.fault_names())


def test_it_is_aimed_at_known_roles_only(fault: AnyFault) -> None:
    assert fault.roles
    assert fault.roles <= set(BLOCKS)


def test_it_belongs_to_a_group_of_the_catalogue(fault: AnyFault) -> None:
    assert fault.group in GROUPS


def test_prepare_writes_nothing(fault: AnyFault, case: Case, args: StrictModel, lab: FakeLab) -> None:
    before = lab.snapshot()
    fault.prepare(case.target, args, lab)
    assert lab.writes == []
    assert lab.snapshot() == before


def test_the_record_survives_the_ledger(fault: AnyFault, case: Case, args: StrictModel, lab: FakeLab) -> None:
    record = fault.prepare(case.target, args, lab)
    assert isinstance(record, fault.Record)
    again = fault.Record.model_validate_json(record.model_dump_json())
    assert type(again) is type(record)
    assert again == record


def test_the_record_holds_no_secret(fault: AnyFault, case: Case, args: StrictModel, lab: FakeLab) -> None:
    text = injected(fault, case, args, lab).model_dump_json()
    assert STORED_PASSWORD not in text
    assert MINTED not in text


def test_there_is_no_evidence_before_it_is_injected(
    fault: AnyFault, case: Case, args: StrictModel, lab: FakeLab
) -> None:
    record = fault.prepare(case.target, args, lab)
    assert fault.observe(record, lab) is None
    case.bite(lab)
    assert fault.observe(record, lab) is None


def test_it_is_seen_to_bite_when_injected(fault: AnyFault, case: Case, args: StrictModel, lab: FakeLab) -> None:
    record = injected(fault, case, args, lab)
    case.bite(lab)
    evidence = fault.observe(record, lab)
    assert evidence is not None
    assert case.evidence in evidence
    assert STORED_PASSWORD not in evidence
    assert MINTED not in evidence


def test_it_is_not_called_gone_while_it_is_on(fault: AnyFault, case: Case, args: StrictModel, lab: FakeLab) -> None:
    record = injected(fault, case, args, lab)
    case.bite(lab)
    if not fault.instant:
        assert fault.healed(record, lab) is None


def test_undo_takes_it_back(fault: AnyFault, case: Case, args: StrictModel, lab: FakeLab) -> None:
    record = injected(fault, case, args, lab)
    case.bite(lab)
    fault.undo(record, lab)
    assert fault.healed(record, lab)
    assert case.restored(lab)


def test_undo_twice_is_undo_once(fault: AnyFault, case: Case, args: StrictModel, lab: FakeLab) -> None:
    record = injected(fault, case, args, lab)
    fault.undo(record, lab)
    once = lab.snapshot()
    fault.undo(record, lab)
    assert lab.snapshot() == once
    assert fault.healed(record, lab)


def test_undo_from_the_ledger_alone(fault: AnyFault, case: Case, args: StrictModel, lab: FakeLab) -> None:
    """Another process knows the record's JSON, and nothing else."""
    text = injected(fault, case, args, lab).model_dump_json()
    other = registry.get(fault.name)
    record = other.Record.model_validate_json(text)
    other.undo(record, lab)
    assert other.healed(record, lab)
    assert case.restored(lab)


def test_undo_of_what_never_was_injected_changes_nothing(
    fault: AnyFault, case: Case, args: StrictModel, lab: FakeLab
) -> None:
    record = fault.prepare(case.target, args, lab)
    before = lab.snapshot()
    fault.undo(record, lab)
    assert lab.snapshot() == before
    assert fault.healed(record, lab)


def test_undo_is_right_wherever_injecting_broke_off(fault: AnyFault, case: Case, args: StrictModel) -> None:
    whole = made(case)
    injected(fault, case, args, whole)
    assert whole.writes, "it does nothing"
    for broken_at in range(len(whole.writes)):
        lab = made(case)
        record = fault.prepare(case.target, args, lab)
        lab.world.fail_at = broken_at
        with pytest.raises(EnvironmentUnusable):
            fault.inject(record, args, lab, Random(1))
        lab.world.fail_at = None
        fault.undo(record, lab)
        assert fault.healed(record, lab), f"not healed after {lab.writes}"
        assert case.restored(lab), f"not restored after {lab.writes}"


def test_an_undo_that_fails_can_be_tried_again(fault: AnyFault, case: Case, args: StrictModel) -> None:
    whole = made(case)
    record = injected(fault, case, args, whole)
    start = len(whole.writes)
    fault.undo(record, whole)
    for broken_at in range(start, len(whole.writes)):
        lab = made(case)
        record = injected(fault, case, args, lab)
        lab.world.fail_at = broken_at
        with pytest.raises(EnvironmentUnusable):
            fault.undo(record, lab)
        lab.world.fail_at = None
        fault.undo(record, lab)
        assert fault.healed(record, lab), f"not healed after {lab.writes}"
        assert case.restored(lab)


def test_what_needs_nothing_of_its_target_is_undone_while_that_is_down(
    fault: AnyFault, case: Case, args: StrictModel, lab: FakeLab
) -> None:
    """What ``lockout validate`` lets pass because of ``needs_up`` has to work in a run."""
    if case.target in fault.needs_up(case.target, args):
        return
    record = injected(fault, case, args, lab)
    if case.target == "vault":
        lab.the_vault.sealed = True
    else:
        lab.containers.stop(case.target, 1.0)
    fault.undo(record, lab)
    assert fault.healed(record, lab)


def test_what_needs_vault_up_is_not_proven_gone_while_that_is_sealed(
    fault: AnyFault, case: Case, args: StrictModel, lab: FakeLab
) -> None:
    """So what ``needs_up`` says is no more than is true; those that unseal it themselves hold its seal."""
    if "vault" not in fault.needs_up(case.target, args) or "vault/seal" in fault.holds(case.target, args):
        return
    record = injected(fault, case, args, lab)
    lab.the_vault.sealed = True

    def end() -> str | None:
        fault.undo(record, lab)
        return fault.healed(record, lab)

    assert no_proof(end)


def test_what_takes_its_target_down_has_something_of_it_to_itself(
    fault: AnyFault, case: Case, args: StrictModel
) -> None:
    """Otherwise two of them could be on at once, and neither undo would work."""
    down = fault.takes_down(case.target, args)
    assert down <= {case.target}
    assert not down or any(thing.startswith(f"{case.target}/") for thing in fault.holds(case.target, args))


def no_proof(ask: Callable[[], str | None]) -> bool:
    try:
        return ask() is None
    except EnvironmentUnusable:
        return True


def test_no_answer_proves_nothing(fault: AnyFault, case: Case, args: StrictModel, lab: FakeLab) -> None:
    record = injected(fault, case, args, lab)
    case.bite(lab)
    lab.world.silent = True
    assert no_proof(lambda: fault.observe(record, lab))
    assert no_proof(lambda: fault.healed(record, lab))
    lab.world.silent = False
    fault.undo(record, lab)
    lab.world.silent = True
    assert no_proof(lambda: fault.healed(record, lab))
