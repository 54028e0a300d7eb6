from __future__ import annotations

from tests.unit.faults.cases.case import Case

CASES = {
    "break-glass-opened": Case("ledger", evidence="open", restored=lambda lab: lab.the_ledger.opened is None),
}
