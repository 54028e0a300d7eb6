"""Faults of a certificate authority that Vault is: what it publishes grows old, or it issues under another root."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from pydantic import Field

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab, VaultAdmin
from harness.lab.errors import EnvironmentUnusable
from harness.scenario.base import Duration, StrictModel


class PkiArgs(StrictModel):
    pki: str = Field("pki", min_length=1, description="The mount of the CA, a secrets engine of type pki.")


class _PkiFault:
    """What they share: one CA of one Vault, which is theirs alone."""

    group = "F"
    roles = frozenset({"vault"})

    def holds(self, target: str, args: PkiArgs) -> frozenset[str]:
        return frozenset({f"{target}/{args.pki.strip('/')}"})


def _known(vault: VaultAdmin, path: str, target: str) -> dict[str, Any]:
    found = vault.api_read(path)
    if found is None:
        raise FaultNotPossible(f"{target} has no {path}: is there a secrets engine of type pki?")
    return dict(found)


class CrlArgs(PkiArgs):
    remaining: Duration = Field(2.0, gt=0, description="What the last CRL has left when no more are made.")


class CrlRecord(StrictModel):
    service: str
    pki: str
    config_before: dict[str, Any]
    life_before: float  # seconds from a CRL's thisUpdate to its nextUpdate
    life: int  # the same, of the last one that is made


class CrlExpired(_PkiFault, Fault[CrlArgs, CrlRecord]):
    """The revocation list of Vault's CA is not built anew, and outlives its nextUpdate.

    Verifiers that insist on a current list then refuse everybody. A resilient one looks ahead, raises an alarm and puts
    up with the last list for a while; with a fragile one all mutual TLS is down. Vault had no automatic rebuild for
    years (hashicorp/vault#3827, #9319). Source: failure catalogue, ``crl-expired``.
    """

    name = "crl-expired"
    Args = CrlArgs
    Record = CrlRecord

    def prepare(self, target: str, args: CrlArgs, lab: Lab) -> CrlRecord:
        pki, vault = args.pki.strip("/"), lab.vault(target)
        config = _known(vault, f"{pki}/config/crl", target)
        crl = _crl(vault, pki)
        if config.get("disable") or crl is None or _over(crl):
            raise FaultNotPossible(f"{target} publishes no current CRL at {pki}, so none can run out")
        life = max(1, round(args.remaining))
        return CrlRecord(service=target, pki=pki, config_before=config, life_before=_life(crl), life=life)

    def inject(self, record: CrlRecord, args: CrlArgs, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        vault.api_write(f"{record.pki}/config/crl", {**record.config_before, **_ours(record)})
        vault.api_read(f"{record.pki}/crl/rotate")  # by reading, Vault builds the list

    def observe(self, record: CrlRecord, lab: Lab) -> str | None:
        crl = _crl(lab.vault(record.service), record.pki)
        if crl is None or not _over(crl):
            return None
        return (
            f"the CRL that {record.service} publishes at {record.pki} should have been renewed by "
            f"{crl.next_update_utc:%H:%M:%S} UTC, and was not"
        )

    def undo(self, record: CrlRecord, lab: Lab) -> None:
        vault = lab.vault(record.service)
        if left := _left(record, vault):
            vault.api_write(f"{record.pki}/config/crl", left)
        crl = _crl(vault, record.pki)
        if crl is None or not _lasting(crl, record):
            vault.api_read(f"{record.pki}/crl/rotate")

    def healed(self, record: CrlRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        crl = _crl(vault, record.pki)
        if crl is None or not _lasting(crl, record) or _left(record, vault):
            return None
        return f"{record.service} publishes a CRL at {record.pki} that is good until {crl.next_update_utc:%H:%M:%S} UTC"


def _ours(record: CrlRecord) -> dict[str, Any]:
    return {"expiry": f"{record.life}s", "auto_rebuild": False}


def _left(record: CrlRecord, vault: VaultAdmin) -> dict[str, Any]:
    """The settings that are still the fault's, as they were before. Any other value is their owner's, and stays."""
    config, before = vault.api_read(f"{record.pki}/config/crl"), record.config_before
    if config is None:
        raise EnvironmentUnusable(f"{record.service} has no {record.pki}/config/crl any more")
    ours = {key for key, value in _ours(record).items() if config.get(key) == value}
    return {key: before[key] for key in sorted(ours & before.keys()) if before[key] != config[key]}


def _lasting(crl: x509.CertificateRevocationList, record: CrlRecord) -> bool:
    """Whether it is good, and not the short one that the fault has made."""
    return not _over(crl) and (_life(crl) != record.life or record.life == record.life_before)


def _crl(vault: VaultAdmin, pki: str) -> x509.CertificateRevocationList | None:
    published = (vault.api_read(f"{pki}/cert/crl") or {}).get("certificate")
    return x509.load_pem_x509_crl(str(published).encode()) if published else None


def _over(crl: x509.CertificateRevocationList) -> bool:
    return crl.next_update_utc is not None and crl.next_update_utc <= datetime.now(UTC)


def _life(crl: x509.CertificateRevocationList) -> float:
    return (crl.next_update_utc - crl.last_update_utc).total_seconds() if crl.next_update_utc else 0.0


class IssuerRecord(StrictModel):
    service: str
    pki: str
    default_before: str
    root_before: str  # PEM
    role: str
    common_name: str
    issuer: str  # the name of the new one, and of its key


ISSUER = "pki-issuer-switched-by-lockout"


class PkiIssuerSwitched(_PkiFault, Fault[PkiArgs, IssuerRecord]):
    """Vault's CA gets a second root, and every new certificate comes from it.

    Both roots are published; who learnt one at start refuses whoever has a newer certificate, so that peers are
    split by age. A resilient verifier takes both, and looks again (hashicorp/vault#15238 had to explain how). Source:
    failure catalogue, ``pki-issuer-switched``.
    """

    name = "pki-issuer-switched"
    Args = PkiArgs
    Record = IssuerRecord

    def prepare(self, target: str, args: PkiArgs, lab: Lab) -> IssuerRecord:
        pki, vault = args.pki.strip("/"), lab.vault(target)
        default = str(_known(vault, f"{pki}/config/issuers", target).get("default") or "")
        roles = vault.api_list(f"{pki}/roles")
        root = (vault.api_read(f"{pki}/cert/ca") or {}).get("certificate")
        if not default or not roles or not root:
            raise FaultNotPossible(f"{target} issues nothing at {pki}: it has no default issuer, or no role")
        if _named(vault, f"{pki}/issuers", f"{pki}/issuer", "issuer_name", ISSUER) is not None:
            raise FaultNotPossible(f"{target} has an issuer {ISSUER} at {pki} already: left by another run?")
        domains = (vault.api_read(f"{pki}/roles/{roles[0]}") or {}).get("allowed_domains") or [roles[0]]
        return IssuerRecord(
            service=target,
            pki=pki,
            default_before=default,
            root_before=str(root),
            role=roles[0],
            common_name=str(domains[0]),
            issuer=ISSUER,
        )

    def inject(self, record: IssuerRecord, args: PkiArgs, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        subject = x509.load_pem_x509_certificate(record.root_before.encode()).subject
        names = [str(one.rfc4514_string()).partition("=")[2] for one in subject if one.oid == x509.NameOID.COMMON_NAME]
        wish = {
            "common_name": f"{names[0] if names else record.pki}, second generation",
            "issuer_name": record.issuer,
            "key_name": record.issuer,
            "key_type": "ec",
            "key_bits": 256,
            "ttl": "24h",
        }
        made = vault.api_write(f"{record.pki}/root/rotate/internal", wish)
        vault.api_write(f"{record.pki}/config/issuers", {"default": made["issuer_id"]})

    def observe(self, record: IssuerRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        default = (vault.api_read(f"{record.pki}/config/issuers") or {}).get("default")
        if not default or default == record.default_before:
            return None
        made = vault.api_write(f"{record.pki}/issue/{record.role}", {"common_name": record.common_name})
        lab.keep(f"{self.name}-{record.service}-{record.pki}-probe-key", str(made["private_key"]))
        leaf = x509.load_pem_x509_certificate(str(made["certificate"]).encode())
        if _signed(leaf, record.root_before) or not _signed(leaf, str(made["issuing_ca"])):
            return None
        return (
            f"{record.service} issues at {record.pki} under {leaf.issuer.rfc4514_string()}, "
            "and who knows only the root before does not accept it"
        )

    def undo(self, record: IssuerRecord, lab: Lab) -> None:
        vault, pki = lab.vault(record.service), record.pki
        if (vault.api_read(f"{pki}/config/issuers") or {}).get("default") != record.default_before:
            vault.api_write(f"{pki}/config/issuers", {"default": record.default_before})
        if (issuer := _named(vault, f"{pki}/issuers", f"{pki}/issuer", "issuer_name", record.issuer)) is not None:
            vault.api_delete(f"{pki}/issuer/{issuer}")
        if (key := _named(vault, f"{pki}/keys", f"{pki}/key", "key_name", record.issuer)) is not None:
            vault.api_delete(f"{pki}/key/{key}")

    def healed(self, record: IssuerRecord, lab: Lab) -> str | None:
        vault, pki = lab.vault(record.service), record.pki
        default = (vault.api_read(f"{pki}/config/issuers") or {}).get("default")
        if default != record.default_before or record.default_before not in vault.api_list(f"{pki}/issuers"):
            return None
        if _named(vault, f"{pki}/issuers", f"{pki}/issuer", "issuer_name", record.issuer) is not None:
            return None
        return f"{record.service} issues at {pki} under the root that it had, and knows no other"


def _signed(leaf: x509.Certificate, root: str) -> bool:
    try:
        leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(root.encode()))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _named(vault: VaultAdmin, listing: str, path: str, field: str, name: str) -> str | None:
    """The id of the issuer or key that is called *name*; None when there is none."""
    for one in vault.api_list(listing):
        found: Mapping[str, Any] = vault.api_read(f"{path}/{one}") or {}
        if found.get(field) == name:
            return one
    return None
