"""What is seen of a run while it goes on, by what samplers and observers report."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from harness.awaited.view import Access, Login
from harness.history.clock import RunClock
from harness.history.events import IdpRequest, PhaseEntered, Sample, VaultRequest
from harness.plan.model import Plan
from harness.run.witness import Witness
from tests.unit.faults.fakes import FakeLab
from tests.unit.run.fakes import begin
from tests.unit.run.test_course import ends, observed

SEAL = begin(5.0, "vault-sealed", "vault")
TIMES = iter([0.0])
CLOCK = RunClock(monotonic=lambda: next(TIMES, 50.0))


def witness(*awaited: tuple[str, object]) -> Witness:
    waits = [ends(SEAL, observed(name, args)) for name, args in awaited]
    steps = tuple(replace(step, fault_id=f"timeline.{index}") for index, step in enumerate(waits))
    return Witness(Plan("test", 1, steps, 1.0, 0.1, ("orders",)), CLOCK)


def sample(t: float, ok: bool, workload: str = "orders") -> Sample:
    return Sample(t=t, wall="", source="", workload=workload, ok=ok, latency=0.0)


def vault(t: float, ok: bool = True, login: bool = True, workload: str = "orders", **more: Any) -> VaultRequest:
    request = {"path": "auth/approle/login", "operation": "update", "vault": "vault", **more}
    return VaultRequest(t=t, wall="", source="", ok=ok, login=login, workload=workload, **request)


def idp(t: float, ok: bool = True, endpoint: str = "token") -> IdpRequest:
    request: Any = {"idp": "idp", "client": "c", "status": 200 if ok else 400, "workload": "orders"}
    return IdpRequest(t=t, wall="", source="", endpoint=endpoint, ok=ok, **request)


def access(*samples: Sample) -> Access | None:
    one = witness(("workload-down", "orders"))
    for each in samples:
        one.hear(each)
    return one.view(0.0, {}, ()).access.get("orders")


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([], None),
        ([sample(1, True, "billing")], None),
        ([sample(1, True), sample(2, True)], Access(True, 1)),
        ([sample(1, False), sample(2, False)], Access(False, 1, 2)),
        ([sample(1, True), sample(2, False), sample(3, False)], Access(False, 2, 3)),
        ([sample(1, False), sample(2, True), sample(3, True)], Access(True, 2, 1)),
        # One that is answered late says something of when it was sent, and nothing of now.
        ([sample(1, True), sample(3, True), sample(2, False)], Access(True, 1, 2)),
        ([sample(1, True), sample(3, False), sample(2, True)], Access(False, 3, 3)),
        ([sample(1, False), sample(3, False), sample(2, False)], Access(False, 1, 3)),
    ],
)
def test_access_by_probes(samples: list[Sample], expected: Access | None) -> None:
    assert access(*samples) == expected


def test_logins_at_whoever_was_asked() -> None:
    one = witness(("logged-in", "orders"))
    told = [vault(1), vault(3), vault(2), vault(4, ok=False, error="denied"), vault(5, login=False)]
    for event in (*told, idp(6), idp(7, False), idp(8, endpoint="jwks"), vault(9, workload="")):
        one.hear(event)
    assert set(one.view(0.0, {}, ()).logins("orders")) == {
        Login(3, "vault", True, "login at vault"),
        Login(4, "vault", False, "login at vault (denied)"),
        Login(6, "idp", True, "token request at idp"),
        Login(7, "idp", False, "token request at idp (status 400)"),
    }
    assert one.view(0.0, {}, ()).logins("billing") == ()


def test_the_end_of_credentials() -> None:
    one = witness(("token-expired", "orders"))
    one.hear(vault(2, accessor="a", ttl=25.0))
    over = one.view(0.0, {}, {"vault"}).over("token", "orders")
    assert over is not None
    assert over.t == 27.0
    assert one.view(0.0, {}, ()).over("token", "orders") is None


@pytest.mark.parametrize(
    ("awaited", "asked"),
    [
        ([("workload-down", "orders")], []),
        ([("token-expired", "orders")], ["accessor-orders"]),
        ([("token-expired", "orders"), ("token-expired", "billing")], ["accessor-billing", "accessor-orders"]),
        ([("token-expired", "orders"), ("token-expired", {})], ["accessor-billing", "accessor-orders"]),
    ],
)
def test_vault_is_asked_only_about_those_whose_credentials_are_awaited(
    awaited: list[tuple[str, object]], asked: list[str]
) -> None:
    lab, one = FakeLab(), witness(*awaited)
    known: list[str] = []
    lab.the_vault.look_up = lambda accessor: known.append(accessor) or {"ttl": 5}  # type: ignore[func-returns-value, method-assign]
    one.hear(vault(2, accessor="accessor-orders", ttl=25.0))
    one.hear(vault(2, accessor="accessor-billing", workload="billing", ttl=25.0))
    one.look(lab, ())
    assert sorted(known) == asked


def test_who_waits_for_nothing_remembers_nothing() -> None:
    one = witness()
    one.hear(sample(1, True))
    one.hear(vault(2))
    assert not one._heard
    assert one.view(0.0, {}, ()).access == {}


def test_it_may_be_told_by_many_at_once() -> None:
    one = witness(("workload-down", "orders"))
    one.hear(PhaseEntered(t=0, wall="", source="", phase="fault"))

    def tell(first: int) -> None:
        for number in range(500):
            one.hear(sample(first + number, False))

    threads = [threading.Thread(target=tell, args=(n * 500,)) for n in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        one.view(0.0, {}, ())
    assert one.view(0.0, {}, ()).access["orders"].failed == 1999
