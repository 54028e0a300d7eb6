from __future__ import annotations

from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab


def signs_as_before(lab: FakeLab) -> bool:
    return lab.the_idp.active == "kid-1" and lab.the_idp.keys["kid-1"]


CASES = {
    "idp-hard-rollover": Case("idp", evidence="ledger refuses it: unknown_key", restored=signs_as_before),
    "jwks-kid-flood": Case(
        "ledger",
        {"tokens": 6},
        evidence="ledger refused 6 tokens of unknown keys",
        restored=lambda lab: lab.the_idp.is_serving(),
    ),
}
