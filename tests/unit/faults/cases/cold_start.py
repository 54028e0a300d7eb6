from __future__ import annotations

from tests.unit.faults.cases.case import Case

CASES = {
    "cold-start-in-outage": Case(
        "vault",
        {"workloads": ["orders", "billing"]},
        evidence="billing, orders started anew",
        restored=lambda lab: (
            lab.the_vault.is_serving() and {lab.containers.state(name) for name in lab.workloads()} == {"running"}
        ),
    ),
}
