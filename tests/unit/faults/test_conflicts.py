"""Faults that would undo each other's work hold something in common, and others do not."""

from __future__ import annotations

import pytest

from harness.faults import registry

SECRET = {"secret": "kv/billing"}
OTHER_SECRET = {"secret": "kv/other"}
ROLE = {"role": "orders"}


def held(name: str, target: str, args: dict[str, object]) -> frozenset[str]:
    fault = registry.get(name)
    return fault.holds(target, fault.Args.model_validate(args))


Aimed = tuple[str, str, dict[str, object]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # Their undo starts and unseals Vault, and a restart takes their files away.
        (("audit-sink-full", "vault", {}), ("vault-hard-kill", "vault", {})),
        (("audit-sink-blocking", "vault", {}), ("vault-sealed", "vault", {})),
        (("rate-limit-429", "vault", {}), ("vault-sealed", "vault", {})),
        (("rate-limit-429", "vault", {}), ("vault-paused", "vault", {})),
        # What one has set up, the other disables.
        (("auth-mount-disabled", "vault", {}), ("token-max-ttl", "vault", {"mount": "approle/"})),
        (("auth-mount-disabled", "vault", {}), ("token-batch", "vault", {})),
        (("secrets-mount-disabled", "vault", {}), ("static-role-rotated", "vault", ROLE)),
        (("secrets-mount-disabled", "vault", {}), ("db-root-out-of-band", "vault", {})),
        (("lease-revoke-stuck", "vault", ROLE), ("db-root-out-of-band", "vault", {})),
        (("lease-revoke-stuck", "vault", ROLE), ("dynamic-cred-runaway", "vault", ROLE)),
        # One secret, one CA.
        (("kv-deleted-404", "vault", SECRET), ("rotation-half-done", "vault", SECRET)),
        (("kv-empty-value", "vault", SECRET), ("kv-deleted-404", "vault", SECRET)),
        (("rotation-cas-conflict", "vault", SECRET), ("rotation-no-overlap", "vault", SECRET)),
        (("client-cert-expired", "vault", {}), ("pki-issuer-switched", "vault", {})),
        # One workload, its container and the token in its file.
        (("secretid-gone-on-restart", "vault", {"workloads": ["orders"]}), ("legacy-static-token", "orders", {})),
        (("shared-token-replicas", "vault", {"workloads": ["orders", "billing"]}), ("sink-unreadable", "orders", {})),
        (("parent-token-revoked", "vault", {"workloads": ["orders"]}), ("sink-unreadable", "orders", {})),
        (("parent-token-revoked", "vault", {"workloads": ["orders"]}), ("legacy-static-token", "orders", {})),
        # One identity provider.
        (("clock-issuer-ahead", "idp", {}), ("clock-issuer-behind", "idp", {})),
        (("idp-hard-rollover", "idp", {}), ("idp-active-key-removed", "idp", {})),
        (("idp-down-cold", "idp", {}), ("idp-down-warm", "idp", {})),
        (("dns-nxdomain", "vault", {}), ("dns-stale-address", "idp", {})),
        (("listener-cert-expired", "vault", {}), ("ca-root-rotated", "vault", {})),
    ],
)
def test_they_conflict(one: Aimed, other: Aimed) -> None:
    assert held(*one) & held(*other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("kv-deleted-404", "vault", SECRET), ("rotation-half-done", "vault", OTHER_SECRET)),
        (("kv-deleted-404", "vault", SECRET), ("kv-deleted-404", "vault-secondary", SECRET)),
        (("token-max-ttl", "vault", {}), ("token-revoked", "vault", {})),
        (("lease-revoke-stuck", "vault", ROLE), ("static-role-rotated", "vault", ROLE)),
        (("sink-unreadable", "orders", {}), ("sink-unreadable", "billing", {})),
        (("network-latency", "vault", {}), ("vault-sealed", "vault", {})),
        (("network-latency", "vault", {}), ("vault-5xx", "vault", {})),
    ],
)
def test_they_do_not_conflict(one: Aimed, other: Aimed) -> None:
    assert not held(*one) & held(*other)


@pytest.mark.parametrize(
    ("name", "target", "args", "down"),
    [
        ("vault-sealed", "vault", {}, True),
        ("vault-hard-kill", "vault", {}, True),
        ("vault-stopped", "vault", {}, True),
        ("vault-paused", "vault", {}, True),
        ("vault-storage-full", "vault", {}, True),
        ("lease-restore-storm", "vault", {}, True),
        ("audit-sink-full", "vault", {}, True),
        ("audit-sink-blocking", "vault", {}, True),
        ("audit-sink-absent-at-restart", "vault", {}, True),
        ("cache-past-expiry", "vault", {}, True),
        ("fallback-credential", "vault", {"role": "default"}, True),
        ("cold-start-in-outage", "vault", {"workloads": ["orders"]}, True),
        ("idp-down-warm", "idp", {}, True),
        ("idp-down-cold", "idp", {}, True),
        # lockout verifies as well, by the bundle of before.
        ("listener-cert-expired", "ledger", {}, True),
        ("ca-root-rotated", "vault", {}, True),
        ("thumbprint-pinned", "vault", {}, False),
        # A limit on everything is one on lockout, too.
        ("rate-limit-429", "vault", {"path": ""}, True),
        ("rate-limit-429", "vault", {}, False),
        # Between workloads and Vault, where lockout does not pass.
        ("network-partition", "vault", {}, False),
        ("vault-5xx", "vault", {}, False),
        ("dns-nxdomain", "vault", {}, False),
        ("policy-deleted", "vault", {"policy": "orders"}, False),
    ],
)
def test_who_keeps_lockout_from_its_target(name: str, target: str, args: dict[str, object], down: bool) -> None:
    fault = registry.get(name)
    assert fault.takes_down(target, fault.Args.model_validate(args)) == ({target} if down else set())


@pytest.mark.parametrize(
    ("name", "target", "args", "needed"),
    [
        ("policy-deleted", "vault", {"policy": "orders"}, {"vault"}),
        ("listener-cert-expired", "vault", {}, {"vault"}),
        ("vault-sealed", "vault", {}, {"vault"}),  # an expired certificate would keep lockout from unsealing it
        ("sink-unreadable", "orders", {"at": "vault-secondary"}, {"orders", "vault-secondary"}),
        ("legacy-static-token", "orders", {}, {"orders", "vault"}),
        ("idp-down-cold", "idp", {"verifier": "ledger-2"}, {"idp", "ledger-2"}),
        ("network-latency", "vault", {}, set()),
        ("idp-5xx", "idp", {}, set()),
        ("dns-stale-address", "vault", {}, set()),
    ],
)
def test_what_has_to_be_up_to_take_it_back(name: str, target: str, args: dict[str, object], needed: set[str]) -> None:
    fault = registry.get(name)
    assert fault.needs_up(target, fault.Args.model_validate(args)) == needed
