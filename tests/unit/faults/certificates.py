"""Real certificates and revocation lists, for faults that look into them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOUR = timedelta(hours=1)
_KEY = ec.generate_private_key(ec.SECP256R1())  # of all leaves: who holds it is not what is tested


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@dataclass(frozen=True)
class Root:
    """A CA; its *key* signs."""

    name: str
    key: ec.EllipticCurvePrivateKey
    pem: str

    @classmethod
    def made(cls, name: str) -> Root:
        key = ec.generate_private_key(ec.SECP256R1())
        return cls(name, key, _signed(_named(name), _named(name), key.public_key(), key, HOUR))

    def leaf(self, name: str, life: timedelta) -> str:
        return _signed(_named(name), _named(self.name), _KEY.public_key(), self.key, life)

    def crl(self, life: timedelta, whole: timedelta = HOUR) -> str:
        """One that is so old, an hour if nothing is said, when it is over."""
        end = datetime.now(UTC) + life
        builder = x509.CertificateRevocationListBuilder(_named(self.name), end - whole, end)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    key: ec.EllipticCurvePrivateKey,
    life: timedelta,
) -> str:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number(), now - HOUR, now + life)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
