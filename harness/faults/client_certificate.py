from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

from cryptography import x509
from pydantic import Field

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab, VaultLogin
from harness.scenario.base import Duration, StrictModel

NOBODY = "nobody.invalid"
_FOR_NOBODY = {"allowed_domains": [NOBODY], "allow_any_name": False}


class ClientCertArgs(StrictModel):
    workloads: tuple[str, ...] = Field((), strict=False, description="Whose certificates; everybody's when empty.")
    remaining: Duration = Field(1.0, gt=0, description="What the certificates that they were handed have left.")
    pki: str = Field("pki", min_length=1, description="The mount of the CA that issues them.")


class Holder(StrictModel):
    """Who logs in by a certificate, and what its role at the CA was: domains, lifetimes, nothing secret."""

    workload: str
    folder: str
    mount: str
    role: str
    issuer: str
    issuer_before: dict[str, Any]


class ClientCertRecord(StrictModel):
    service: str
    holders: tuple[Holder, ...] = Field(strict=False)


class ClientCertExpired(Fault[ClientCertArgs, ClientCertRecord]):
    """The client certificates that workloads were handed to log in with run out, and the CA issues no others.

    Their tokens live on, so it shows only when one has to be replaced. A resilient client has a certificate of its own
    and renews it at half of its life, which leaves it time, and says so when that fails; a fragile one lives on what
    it was handed and finds out when its token is dead. Source: failure catalogue, ``client-cert-expired``.
    """

    name = "client-cert-expired"
    group = "F"
    roles = frozenset({"vault"})
    takes = frozenset({"client certificates"})
    Args = ClientCertArgs
    Record = ClientCertRecord

    def holds(self, target: str, args: ClientCertArgs) -> frozenset[str]:
        return super().holds(target, args) | {f"{target}/{args.pki.strip('/')}"}

    def prepare(self, target: str, args: ClientCertArgs, lab: Lab) -> ClientCertRecord:
        logins = [one for one in lab.vault_logins(target, args.workloads) if one.method == "cert" and one.folder]
        if not logins:
            of = ", ".join(args.workloads) or "any workload"
            raise FaultNotPossible(f"lockout has handed no client certificate for {target} to {of}")
        return ClientCertRecord(service=target, holders=tuple(self._holder(one, target, args, lab) for one in logins))

    def _holder(self, login: VaultLogin, target: str, args: ClientCertArgs, lab: Lab) -> Holder:
        issuer = f"{args.pki}/roles/{login.role}"
        before = lab.vault(target).api_read(issuer)
        if before is None:
            raise FaultNotPossible(f"{target} has no {issuer}, which would issue the certificate of {login.workload}")
        return Holder(
            workload=login.workload,
            folder=(login.folder or "").rstrip("/"),
            mount=login.mount,
            role=login.role,
            issuer=issuer,
            issuer_before=dict(before),
        )

    def inject(self, record: ClientCertRecord, args: ClientCertArgs, lab: Lab, rng: Random) -> None:
        vault, life = lab.vault(record.service), f"{max(1, round(args.remaining))}s"
        for one in record.holders:
            made = vault.api_write(f"{args.pki}/issue/{one.role}", {"common_name": one.role, "ttl": life})
            certificate, key = str(made["certificate"]), str(made["private_key"])
            lab.keep(self._key_label(one), key)
            lab.keep(self._label(one), certificate)
            # Together: a certificate with the key of another would be a fault of another kind.
            files = {f"{one.folder}/client.crt": certificate, f"{one.folder}/client.key": key}
            lab.containers.write_files(one.workload, files)
        for one in record.holders:  # only now, for two may have the same role
            vault.api_write(one.issuer, {**one.issuer_before, **_FOR_NOBODY})

    def _label(self, holder: Holder) -> str:
        return f"{self.name}-{holder.workload}:{holder.folder}"

    def _key_label(self, holder: Holder) -> str:
        return f"{self._label(holder)}-key"

    def observe(self, record: ClientCertRecord, lab: Lab) -> str | None:
        words = ""
        for one in record.holders:
            certificate = lab.containers.read(one.workload, f"{one.folder}/client.crt")
            key = lab.containers.read(one.workload, f"{one.folder}/client.key")
            # One that is still good is not tried: that would be a login of the workload's, for all who watch.
            if certificate is None or key is None or _ends(certificate) > datetime.now(UTC):
                return None
            words = lab.vault(record.service).refuses_certificate(one.mount, one.role, certificate, key)
            if "expired" not in words or self._issues(one, record, lab):
                return None
        whose = ", ".join(one.workload for one in record.holders)
        return f"{record.service} refuses a login with what {whose} was handed ({words}), and issues no other"

    def _issues(self, holder: Holder, record: ClientCertRecord, lab: Lab) -> bool:
        role: Mapping[str, Any] = lab.vault(record.service).api_read(holder.issuer) or {}
        return any(role.get(key) != value for key, value in _FOR_NOBODY.items())

    def undo(self, record: ClientCertRecord, lab: Lab) -> None:
        vault = lab.vault(record.service)
        for one in record.holders:
            if dict(vault.api_read(one.issuer) or {}) != one.issuer_before:
                vault.api_write(one.issuer, one.issuer_before)
        for one in record.holders:
            ours = lab.kept(self._label(one))
            if ours is not None and lab.containers.read(one.workload, f"{one.folder}/client.crt") == ours:
                lab.deliver(one.workload)

    def healed(self, record: ClientCertRecord, lab: Lab) -> str | None:
        until: list[str] = []
        for one in record.holders:
            certificate = lab.containers.read(one.workload, f"{one.folder}/client.crt")
            if certificate is None or certificate == lab.kept(self._label(one)):
                return None
            if _ends(certificate) <= datetime.now(UTC):
                return None
            if dict(lab.vault(record.service).api_read(one.issuer) or {}) != one.issuer_before:
                return None
            until.append(f"{one.workload} until {_ends(certificate):%H:%M:%S} UTC")
        return f"{record.service} issues client certificates as before; good are those of {', '.join(until)}"


def _ends(certificate: str) -> datetime:
    return x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc
