from __future__ import annotations

from collections.abc import Mapping

from harness.faults.lease_restore_storm import CREATE, LEASES, REVOKE, ROLE
from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab


def with_leases(lab: FakeLab) -> None:
    """A Vault that keeps a lease for each token, and tells in its log how long it took to restore them."""
    vault = lab.the_vault

    def create(values: Mapping[str, object]) -> Mapping[str, object]:
        vault.tree[f"{LEASES}/h{len(vault.api_list(LEASES))}"] = dict(values)
        return {}

    def revoke(values: Mapping[str, object]) -> Mapping[str, object]:
        for path in [path for path in vault.tree if path.startswith(LEASES)]:
            del vault.tree[path]
        return values

    vault.on_write[CREATE] = create
    vault.on_write[REVOKE] = revoke
    lab.containers.log_lines["vault"] = [
        "2026-11-22T10:00:02.250Z [INFO]  core: restoring leases",
        "2026-11-22T10:00:03.000Z [INFO]  expiration: lease restore complete",
    ]


def as_before(lab: FakeLab) -> bool:
    vault = lab.the_vault
    nothing_left = ROLE not in vault.tree and not any(path.startswith(LEASES) for path in vault.tree)
    return vault.is_serving() and nothing_left and not lab.containers.limits.get("vault")


CASES = {
    "lease-restore-storm": Case(
        "vault",
        {"leases": 3},
        evidence="0.75 s to restore its leases, 3 of them lockout's",
        ready=with_leases,
        restored=as_before,
    ),
}
