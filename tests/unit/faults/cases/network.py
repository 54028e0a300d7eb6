from __future__ import annotations

from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab


def no_rule(lab: FakeLab) -> bool:
    return not lab.the_proxy.rules


def connects(lab: FakeLab) -> None:
    lab.the_proxy.connect("vault", "orders")


CASES = {
    "network-partition": Case("vault", bite=connects, evidence="caught 1 connection to vault", restored=no_rule),
    "network-reset": Case(
        "vault",
        bite=lambda lab: lab.the_proxy.kept("vault", "orders", severed=1),
        evidence="reset 1 connection to vault",
        restored=no_rule,
    ),
    "network-latency": Case("vault", bite=connects, evidence="held back data from vault: 100", restored=no_rule),
    "network-bandwidth": Case("vault", bite=connects, evidence="trickle: 100 bytes, on 1 new", restored=no_rule),
    "network-half-open": Case(
        "vault",
        bite=lambda lab: lab.the_proxy.kept("vault", "orders", joined=1, bytes=40),
        evidence="1 connection to vault went dead: 40 bytes",
        restored=no_rule,
    ),
    "network-blackhole": Case(
        "idp",
        bite=lambda lab: lab.the_proxy.connect("idp", "orders"),
        evidence="dropped what idp said",
        restored=no_rule,
    ),
}
