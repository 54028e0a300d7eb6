from __future__ import annotations

from tests.unit.faults.cases.case import Case

CASES = {
    "vault-unreachable": Case(
        "vault",
        bite=lambda lab: lab.the_proxy.connect("vault", "10.0.0.6"),
        evidence="caught 1",
        restored=lambda lab: not lab.the_proxy.cuts,
    ),
}
