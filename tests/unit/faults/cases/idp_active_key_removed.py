from __future__ import annotations

from tests.unit.faults.cases.case import Case

CASES = {
    "idp-active-key-removed": Case("idp", evidence="kid-1", restored=lambda lab: lab.the_idp.keys["kid-1"]),
}
