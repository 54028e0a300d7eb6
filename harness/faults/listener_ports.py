"""What faults need of a TLS listener; the rest of what they need of a lab stands in ``ports``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a TLS client meets: the certificate shown, and with which words of OpenSSL it is refused, if it is."""

    serial: str  # hex
    ends: str  # notAfter
    refused: int = 0  # OpenSSL's X509_V_ERR number
    words: str = ""


class ListenerAdmin(Protocol):
    """The TLS listener of one component, and the CA that makes certificates for it."""

    def serves(self) -> bool:
        """Whether the component does its work, as far as one can tell from outside."""

    def issued(self) -> str:
        """The serial of the certificate that lies ready for it; FaultNotPossible when the CA made none."""

    def handshake(self, *, current_bundle: bool = False) -> Handshake:
        """As a client does that trusts what the CA handed out at first, or what it hands out now.

        Raises EnvironmentUnusable when there is no handshake at all.
        """

    def reissue(self, kind: str) -> None:
        """Give it another certificate (the kinds of fixtures/pki), and return when it shows it."""

    def restore(self) -> None:
        """Give it its first certificate back, and clients the first bundle. Does nothing where nothing was changed."""
