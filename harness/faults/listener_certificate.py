"""Faults in which a TLS listener shows another certificate than its clients can, or should, accept."""

from __future__ import annotations

from abc import abstractmethod
from random import Random
from typing import ClassVar

from harness.faults.base import Fault, NoArgs
from harness.faults.listener_ports import Handshake
from harness.faults.ports import FaultNotPossible, Lab
from harness.faults.proxy_rule import ProxyRule, Reset
from harness.scenario.base import StrictModel
from harness.scenario.effect import Effect, gone

# OpenSSL's X509_V_ERR numbers
EXPIRED = 10
SELF_SIGNED_IN_CHAIN = 19
NO_LOCAL_ISSUER = 20
HOSTNAME_MISMATCH = 62
ADDRESS_MISMATCH = 64


class ListenerRecord(StrictModel):
    """The serial of the certificate that is to come back; the certificate and its key lie with the CA."""

    service: str
    serial: str


class ListenerFault(Fault[NoArgs, ListenerRecord]):
    """What they share: the lab's CA makes the certificate, the component reloads, and everybody has to connect anew.

    Proof is a handshake of lockout's own. TLS is end to end through the fault proxy, so workloads meet the same.
    """

    group = "F"
    roles = frozenset({"vault", "idp", "resource"})
    takes = frozenset({"tls"})
    outage = True  # lockout verifies, as a resilient client does
    Record = ListenerRecord
    kind: ClassVar[str]  # of certificate, as fixtures/pki calls it
    acceptable: ClassVar[bool] = False  # to clients that verify it as they should

    def effect(self, target: str, args: NoArgs) -> Effect | None:
        return None if self.acceptable else gone(target)

    def prepare(self, target: str, args: NoArgs, lab: Lab) -> ListenerRecord:
        listener = lab.listener(target)
        found, issued = listener.handshake(), listener.issued()
        if found.refused or found.serial != issued:
            why = found.words or "it is not the one that the lab's CA has made for it"
            raise FaultNotPossible(f"the certificate of {target} is not in order as it is: {why}")
        return ListenerRecord(service=target, serial=issued)

    def inject(self, record: ListenerRecord, args: NoArgs, lab: Lab, rng: Random) -> None:
        lab.listener(record.service).reissue(self.kind)
        # A certificate is looked at once in the life of a connection, and those of Vault's clients live for minutes.
        try:
            proxy = lab.proxy_before(record.service)
        except FaultNotPossible:
            return
        proxy.apply(self._rule(record), ProxyRule(route=record.service, toxic=Reset()))
        proxy.lift(self._rule(record))

    def _rule(self, record: ListenerRecord) -> str:
        return f"{self.name}-{record.service}"

    def observe(self, record: ListenerRecord, lab: Lab) -> str | None:
        found = lab.listener(record.service).handshake()
        return self._bites(record, found, lab) if found.serial != record.serial else None

    @abstractmethod
    def _bites(self, record: ListenerRecord, found: Handshake, lab: Lab) -> str | None:
        """Proof that *found*, with another certificate than it was, is what this fault is about."""

    def undo(self, record: ListenerRecord, lab: Lab) -> None:
        lab.listener(record.service).restore()
        try:
            lab.proxy_before(record.service).lift(self._rule(record))
        except FaultNotPossible:
            return

    def healed(self, record: ListenerRecord, lab: Lab) -> str | None:
        listener = lab.listener(record.service)
        found = listener.handshake()
        if (found.serial, listener.issued()) != (record.serial, record.serial) or found.refused:
            return None
        if not listener.serves():
            return None
        return (
            f"{record.service} shows its certificate {short(found)} again, it is accepted, and {record.service} serves"
        )


def short(found: Handshake) -> str:
    return f"{found.serial[:16]} (until {found.ends})"


def _refusal(record: ListenerRecord, found: Handshake, *expected: int) -> str | None:
    """Proof for those whose certificate no client that verifies can accept."""
    if found.refused not in expected:
        return None
    return f"{record.service} shows certificate {short(found)}, and a client that verifies refuses: {found.words}"


class ListenerCertExpired(ListenerFault):
    """The certificate of a TLS listener has expired: whoever verifies can no longer connect.

    A resilient client refuses, works on credentials that are still valid, and fails closed after them; a fragile one
    turns verification off and would hand its token to anybody in between. Spotify and Teams were down for hours in
    2020 for one expired certificate each. Source: failure catalogue, ``listener-cert-expired``.
    """

    name = "listener-cert-expired"
    kind = "expired"

    def _bites(self, record: ListenerRecord, found: Handshake, lab: Lab) -> str | None:
        return _refusal(record, found, EXPIRED)


class ListenerCertWrongSan(ListenerFault):
    """A TLS listener shows a certificate for other names, as after a move or with somebody in between.

    The chain is good, only the name is not: a resilient client refuses all the same; a fragile one checks no names.
    Source: failure catalogue, group F.
    """

    name = "listener-cert-wrong-san"
    kind = "wrong-names"

    def _bites(self, record: ListenerRecord, found: Handshake, lab: Lab) -> str | None:
        return _refusal(record, found, HOSTNAME_MISMATCH, ADDRESS_MISMATCH)


class ListenerCertUnknownCa(ListenerFault):
    """A TLS listener shows a certificate of a CA that nobody here trusts, as somebody in between would.

    A resilient client refuses, and sends no token; a fragile one falls back to no verification. Source: failure
    catalogue, group F.
    """

    name = "listener-cert-unknown-ca"
    kind = "unknown-ca"

    def _bites(self, record: ListenerRecord, found: Handshake, lab: Lab) -> str | None:
        return _refusal(record, found, SELF_SIGNED_IN_CHAIN)


class ListenerCertMissingIntermediate(ListenerFault):
    """A TLS listener shows a good certificate without the intermediate CA between it and the root.

    Browsers and some systems complete such a chain by themselves, so it is noticed by machines only. A resilient client
    refuses and lives on what it has; a fragile one turns verification off. Source: failure catalogue, group F.
    """

    name = "listener-cert-missing-intermediate"
    kind = "missing-intermediate"

    def _bites(self, record: ListenerRecord, found: Handshake, lab: Lab) -> str | None:
        return _refusal(record, found, NO_LOCAL_ISSUER)


class ThumbprintPinned(ListenerFault):
    """A TLS listener gets a new certificate from a new intermediate CA: the chain is good, thumbprints are not.

    Whoever verifies the chain notices nothing; whoever pinned the thumbprint is locked out. So it was for every
    deployment from GitHub to AWS on 2023-06-27, until AWS gave pinning up. Source: failure catalogue,
    ``thumbprint-pinned``.
    """

    name = "thumbprint-pinned"
    kind = "new-intermediate"
    outage = False
    acceptable = True

    def _bites(self, record: ListenerRecord, found: Handshake, lab: Lab) -> str | None:
        if found.refused:
            return None
        return (
            f"{record.service} shows certificate {short(found)} in place of the pinned {record.serial[:16]}, "
            "and a client that verifies the chain accepts it"
        )


class CaRootRotated(ListenerFault):
    """The root CA is replaced: a listener's certificate comes from the new root, and a new trust bundle is handed out.

    The bundle holds the old root and the new one. A resilient client reads it anew; one that read it once at start is
    locked out until it is restarted. When DST Root X3 ended in 2021, Auth0, Shopify, Heroku and Xero were among those
    hit; OpenBao's agent reloads its TLS settings only since 2.6.0. Source: failure catalogue, ``ca-root-rotated``.
    """

    name = "ca-root-rotated"
    roles = frozenset({"vault"})
    kind = "new-root"
    acceptable = True

    def holds(self, target: str, args: NoArgs) -> frozenset[str]:
        return super().holds(target, args) | {"trust bundle"}  # there is one for all

    def _bites(self, record: ListenerRecord, found: Handshake, lab: Lab) -> str | None:
        anew = lab.listener(record.service).handshake(current_bundle=True)
        if found.refused != NO_LOCAL_ISSUER or anew.refused:
            return None
        return (
            f"{record.service} shows certificate {short(found)}: a client with the old trust bundle refuses it "
            f"({found.words}), one with the new bundle accepts it"
        )

    def healed(self, record: ListenerRecord, lab: Lab) -> str | None:
        if lab.listener(record.service).handshake(current_bundle=True).refused:
            return None
        return super().healed(record, lab)
