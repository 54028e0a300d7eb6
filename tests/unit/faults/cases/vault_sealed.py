from __future__ import annotations

from tests.unit.faults.cases.case import Case

CASES = {"vault-sealed": Case("vault", evidence="sealed")}
