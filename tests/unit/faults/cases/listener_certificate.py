from __future__ import annotations

from collections.abc import Callable

from tests.unit.faults.cases.case import Case
from tests.unit.faults.fakes import FakeLab


def as_at_first(service: str) -> Callable[[FakeLab], bool]:
    def restored(lab: FakeLab) -> bool:
        listener = lab.listeners[service]
        return (listener.kind, listener.shown, lab.the_bundle.knows_new_root, lab.the_proxy.rules) == (
            "",
            "",
            False,
            {},
        )

    return restored


CASES = {
    "ca-root-rotated": Case("vault", evidence="one with the new bundle accepts it", restored=as_at_first("vault")),
    "listener-cert-expired": Case("vault", evidence="certificate has expired", restored=as_at_first("vault")),
    "listener-cert-missing-intermediate": Case("idp", evidence="local issuer", restored=as_at_first("idp")),
    "listener-cert-unknown-ca": Case("ledger", evidence="self-signed", restored=as_at_first("ledger")),
    "listener-cert-wrong-san": Case("vault", evidence="IP address mismatch", restored=as_at_first("vault")),
    "thumbprint-pinned": Case("idp", evidence="in place of the pinned 5e41a1", restored=as_at_first("idp")),
}
