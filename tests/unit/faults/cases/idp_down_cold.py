from __future__ import annotations

from harness.lab.errors import EnvironmentUnusable
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab


def caches_keys(lab: FakeLab) -> None:
    """The ledger keeps its keys in memory, and gets them from the identity provider."""
    by_the_keys, keys = lab.the_ledger.verdict, {"held": True}
    died = lab.containers.died

    def gone(service: str) -> None:
        died(service)
        keys["held"] = keys["held"] and service != "ledger"

    def verdict(token: str) -> str:
        if lab.containers.state("ledger") != "running":
            raise EnvironmentUnusable("ledger gave no answer")
        keys["held"] = keys["held"] or lab.the_idp.is_serving()
        return by_the_keys(token) if keys["held"] else "keys_unavailable"

    lab.containers.died, lab.the_ledger.verdict = gone, verdict


def both_run(lab: FakeLab) -> bool:
    return (lab.containers.state("idp"), lab.containers.state("ledger")) == ("running", "running")


CASES = {
    "idp-down-cold": Case("idp", ready=caches_keys, evidence="keys_unavailable", restored=both_run),
}
