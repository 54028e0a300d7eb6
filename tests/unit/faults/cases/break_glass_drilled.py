from __future__ import annotations

from tests.unit.faults.cases.case import Case

CASES = {
    "break-glass-drilled": Case(
        "ledger",
        {"procedure": "ledger-envelope", "attempt": "calm", "stage": "first"},
        evidence="open",
        restored=lambda lab: lab.the_ledger.opened is None,
    ),
}
