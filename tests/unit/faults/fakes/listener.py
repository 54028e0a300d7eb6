"""TLS listeners of plain data, and the CA that makes their certificates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.faults.listener_ports import Handshake
from harness.lab.errors import EnvironmentUnusable
from tests.unit.faults.fakes.world import World

# What a client that trusts what was handed out at first is told, in OpenSSL's numbers and words.
REFUSALS = {
    "expired": (10, "certificate has expired"),
    "wrong-names": (64, "IP address mismatch, certificate is not valid for '127.0.0.1'."),
    "unknown-ca": (19, "self-signed certificate in certificate chain"),
    "missing-intermediate": (20, "unable to get local issuer certificate"),
    "new-root": (20, "unable to get local issuer certificate"),
}


@dataclass
class Bundle:
    """What the CA hands out for all services."""

    knows_new_root: bool = False


class FakeListener:
    def __init__(self, world: World, name: str, bundle: Bundle, serves: Callable[[], bool]) -> None:
        self._world = world
        self._name = name
        self._bundle = bundle
        self._serves = serves
        self.kind = ""  # of the certificate that lies ready; empty for the first
        self.shown = ""  # of the one that the component has taken

    def serves(self) -> bool:
        return self._serves()

    def issued(self) -> str:
        self._world.ask()
        return f"5e41a1{self.kind}"

    def handshake(self, *, current_bundle: bool = False) -> Handshake:
        if not self._serves():
            raise EnvironmentUnusable(f"{self._name}: no TLS handshake")
        refused, words = REFUSALS.get(self.shown, (0, ""))
        if self.shown == "new-root" and current_bundle and self._bundle.knows_new_root:
            refused, words = 0, ""
        return Handshake(f"5e41a1{self.shown}", "2026-11-23T10:00:00Z", refused, words)

    def reissue(self, kind: str) -> None:
        self._world.write(f"order {self._name} {kind}")
        self.kind = kind
        self._bundle.knows_new_root |= kind == "new-root"
        self._world.write(f"reload {self._name}")
        self.shown = kind

    def restore(self) -> None:
        if self.kind:
            self._world.write(f"order {self._name} restore")
            self._bundle.knows_new_root = False
            self.kind = ""
        if self.shown:
            self._world.write(f"reload {self._name}")
            self.shown = ""
