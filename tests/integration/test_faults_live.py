"""Faults on real components, one of each family a day: it bites, it is undone, twice; undo is right without inject."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from harness.faults import registry
from harness.faults.ports import FaultNotPossible
from harness.lab.engine import Engine
from harness.lab.errors import EnvironmentUnusable
from harness.lab.inventory import Inventory, differences, take
from harness.lab.lab import RunningLab
from harness.lab.plugins import Compose
from harness.lab.waiting import wait_for
from harness.run.active import heal
from tests.integration.labs import WHOLE, brought_up, seen_by_another_process, works
from tests.integration.live import all_aims
from tests.integration.live.aim import ask
from tests.integration.live.attempt import evidence, prepared, without_access
from tests.integration.parts import one_of_each

pytestmark = pytest.mark.engine

AIMED = all_aims()
IN_TURN = one_of_each(AIMED, lambda name: registry.get(name).family)  # scenarios and undo matrix try the others, too

# What these did to tokens and passwords is not taken back: owners have to obtain new ones.
STAYS_DEAD = {name for name, aim in AIMED.items() if registry.get(name).instant or aim.stays_dead}


@pytest.fixture(scope="module")
def lab(
    tmp_path_factory: pytest.TempPathFactory, engine: Engine, compose: Compose, images_present: None
) -> Iterator[RunningLab]:
    with brought_up(WHOLE, tmp_path_factory.mktemp("live"), engine, compose) as made:
        yield made


@pytest.fixture(scope="module")
def as_new(lab: RunningLab) -> Inventory:
    return take(lab)


@pytest.fixture(autouse=True)
def steady(lab: RunningLab, as_new: Inventory) -> Iterator[None]:
    """Before and after each test, all workloads have their access; and nothing is left of it."""
    all_work(lab)
    yield
    all_work(lab)
    assert differences(as_new, take(lab)) == ()


def all_work(lab: RunningLab) -> None:
    assert without_access(lab) == [], "they did not come back"


def test_there_is_a_live_test_for_every_fault() -> None:
    assert set(AIMED) == set(registry.fault_names())


@pytest.mark.parametrize("name", IN_TURN)
def test_it_bites_and_is_undone_twice_in_a_row(lab: RunningLab, name: str) -> None:
    fault, aim = registry.get(name), AIMED[name]
    for turn in range(2):
        all_work(lab)
        args, record = prepared(fault, aim.target, aim.args, lab)
        assert fault.observe(record, lab) is None, "it bites before it is injected"
        fault.inject(record, args, lab, Random(turn))
        assert evidence(fault, aim, record, lab)
        if not fault.instant:
            assert fault.healed(record, lab) is None, "it counts as gone while it bites"
        proof, error = heal(fault, record, seen_by_another_process(lab))
        lab.secrets.look_again()
        assert proof, error
        if name not in STAYS_DEAD:
            assert fault.observe(record, lab) is None


@pytest.mark.parametrize("name", IN_TURN)
def test_undo_is_right_without_inject_and_when_repeated(lab: RunningLab, name: str) -> None:
    fault, aim = registry.get(name), AIMED[name]
    _, record = prepared(fault, aim.target, aim.args, lab)
    for _ in range(2):
        fault.undo(record, lab)
        assert wait_for(lambda: fault.healed(record, lab), 10)
    assert fault.observe(record, lab) is None
    assert [name for name in lab.workloads() if not works(lab, name)] == []


@pytest.mark.parametrize(("how", "answer"), [("reset", "refused"), ("blackhole", "no answer")])
def test_only_the_named_workload_loses_its_way_to_vault(lab: RunningLab, how: str, answer: str) -> None:
    fault = registry.get("network-partition")
    args, record = prepared(fault, "vault", {"workloads": ["orders"], "how": how}, lab)
    assert (ask(lab, "orders"), ask(lab, "billing")) == ("200", "200")
    fault.inject(record, args, lab, Random(0))
    try:
        assert ask(lab, "orders").startswith(answer)
        assert ask(lab, "billing") == "200"
        assert lab.vault("vault").is_serving()
        assert fault.observe(record, lab)
    finally:
        assert heal(fault, record, lab)[0]
    assert (ask(lab, "orders"), ask(lab, "billing")) == ("200", "200")


def test_without_names_everybody_loses_the_way_to_vault(lab: RunningLab) -> None:
    fault = registry.get("network-partition")
    args, record = prepared(fault, "vault", {}, lab)
    fault.inject(record, args, lab, Random(0))
    try:
        assert ask(lab, "orders").startswith("refused")
        assert ask(lab, "billing").startswith("refused")
        assert lab.vault("vault").is_serving(), "lockout's own way must stay open"
    finally:
        assert heal(fault, record, lab)[0]
    assert ask(lab, "billing") == "200"


def test_a_workload_that_was_restarted_is_still_cut_off(lab: RunningLab) -> None:
    """It may come back with another address; the rule goes by its name."""
    fault = registry.get("network-partition")
    args, record = prepared(fault, "vault", {"workloads": ["orders"]}, lab)
    fault.inject(record, args, lab, Random(0))
    try:
        lab.containers.stop("orders", grace=0.0)
        assert fault.healed(record, lab) is None
        lab.containers.start("orders")
        assert ask(lab, "orders").startswith("refused")
        assert ask(lab, "billing") == "200"
    finally:
        assert heal(fault, record, lab)[0]
    assert ask(lab, "orders") == "200"


def test_a_way_that_nobody_tries_is_no_evidence(lab: RunningLab) -> None:
    """An idle workload proves nothing: a cut that caught no connection has not been seen to bite."""
    fault = registry.get("network-partition")
    args, record = prepared(fault, "vault", {"workloads": ["payments"]}, lab)  # it needs no Vault
    fault.inject(record, args, lab, Random(0))
    assert wait_for(lambda: fault.observe(record, lab), 2) is None
    assert heal(fault, record, lab)[0]


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("token-revoked", {"workloads": ["order"]}, "no workload 'order'"),
        ("network-partition", {"workloads": ["nobody"]}, "no workload 'nobody'"),
        ("rotation-half-done", {"secret": "kv/nothing"}, "kv/nothing"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_done(
    lab: RunningLab, name: str, given: dict[str, object], words: str
) -> None:
    fault = registry.get(name)
    with pytest.raises((FaultNotPossible, EnvironmentUnusable), match=words):
        fault.prepare("vault", fault.Args.model_validate(given), lab)


@pytest.mark.parametrize(
    ("name", "by", "vault_says", "ledger_says"),
    [
        ("clock-issuer-ahead", "50s", "", "not_yet_valid"),
        ("clock-issuer-ahead", "70s", "not yet valid", "not_yet_valid"),
        ("clock-issuer-behind", "20s", "", ""),  # its tokens of 25 s have 5 s left
        ("clock-issuer-behind", "75s", "", "expired"),
        ("clock-issuer-behind", "95s", "expired", "expired"),
    ],
)
def test_how_far_a_clock_may_be_off(lab: RunningLab, name: str, by: str, vault_says: str, ledger_says: str) -> None:
    """Vault's JWT method allows for 60 s on either side, whatever else it may be told to; the ledger for 1 s."""
    fault = registry.get(name)
    args, record = prepared(fault, "idp", {"by": by}, lab)
    fault.inject(record, args, lab, Random(0))
    try:
        login = {"role": "orders-by-jwt", "jwt": lab.idp("idp").dated("vault")[1]}
        if vault_says:
            with pytest.raises(EnvironmentUnusable, match=vault_says):
                lab.vault("vault").api_write("auth/jwt/login", login)
        else:
            lab.vault("vault").api_write("auth/jwt/login", login)
        assert lab.ledger("ledger").judge(lab.idp("idp").dated("ledger")[1]) == ledger_says
        assert (ledger_says or "takes it") in str(fault.observe(record, lab))
    finally:
        assert heal(fault, record, lab)[0]
