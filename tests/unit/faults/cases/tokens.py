from __future__ import annotations

from tests.unit.faults.cases.case import Case

CASES = {
    "token-max-ttl": Case(
        "vault",
        bite=lambda lab: lab.pass_time(2.0),
        evidence="2 tokens",
        restored=lambda lab: lab.the_vault.auth_ttls("approle") == (3600, 2764800),
    ),
    "token-revoked": Case("vault", evidence="2 tokens"),
}
