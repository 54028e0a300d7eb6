from __future__ import annotations

from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab


def used_twice(lab: FakeLab) -> None:
    """A workload uses a refresh token twice."""
    if lab.the_idp.flags["refresh_leeway"] == 0:
        lab.the_idp.revoked.add("family-1")


CASES = {
    "idp-client-refused": Case(
        "idp",
        {"workloads": ["orders"]},
        bite=lambda lab: lab.the_idp.ask_token("client-orders"),
        evidence="refused 1 token request of client-orders",
        restored=lambda lab: not lab.the_idp.disabled,
    ),
    "refresh-token-reuse": Case(
        "idp",
        bite=used_twice,
        evidence="revoked a family of refresh tokens",
        restored=lambda lab: lab.the_idp.flags["refresh_leeway"] == 30 and not lab.the_idp.revoked,
    ),
}
