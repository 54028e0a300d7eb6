"""An identity provider of plain data."""

from __future__ import annotations

from harness.faults.ports import IdpAsked, IdpFlag
from harness.lab.errors import EnvironmentUnusable
from tests.unit.faults.fakes.containers import FakeContainers
from tests.unit.faults.fakes.world import World

ISSUER = "https://idp:8443"
SAMPLE = "sentinel-sample-token"


class FakeIdp:
    def __init__(self, world: World, name: str, containers: FakeContainers) -> None:
        self._world = world
        self._name = name
        self._containers = containers
        self.keys = {"kid-1": True}  # kid -> published
        self.active = "kid-1"
        self.flags: dict[IdpFlag, str | float] = {
            "issuer": "",
            "audience": "",
            "clock_offset": 0.0,
            "refresh_leeway": 30.0,
        }
        self.disabled: set[str] = set()
        self.revoked: set[str] = set()
        self.journal: list[IdpAsked] = []

    def _act(self) -> None:
        if not self.is_serving():
            raise EnvironmentUnusable(f"{self._name} gave no answer")

    def active_key(self) -> str:
        self._act()
        return self.active

    def published_keys(self) -> frozenset[str]:
        self._act()
        return frozenset(kid for kid, published in self.keys.items() if published)

    def rotate_key(self) -> str:
        self._act()
        self._world.write("rotate-key")
        self.active = f"kid-{len(self.keys) + 1}"
        self.keys[self.active] = True
        return self.active

    def publish_key(self, kid: str, published: bool) -> None:
        self._act()
        self._world.write(f"publish {kid} {published}")
        self.keys[kid] = published

    def activate_key(self, kid: str) -> None:
        self._act()
        self._world.write(f"activate {kid}")
        self.active = kid
        self.keys[kid] = True

    def flag(self, name: IdpFlag) -> str | float:
        self._act()
        return self.flags[name]

    def set_flag(self, name: IdpFlag, value: str | float) -> None:
        self._act()
        self._world.write(f"flag {name} {value}")
        self.flags[name] = value

    def clock_offset(self) -> float:
        return float(self.flag("clock_offset"))

    def set_clock_offset(self, seconds: float) -> None:
        self.set_flag("clock_offset", seconds)

    def disabled_clients(self) -> frozenset[str]:
        self._act()
        return frozenset(self.disabled)

    def disable_client(self, client: str, disabled: bool) -> None:
        self._act()
        self._world.write(f"disable {client} {disabled}")
        (self.disabled.add if disabled else self.disabled.discard)(client)

    def revoked_families(self) -> tuple[str, ...]:
        self._act()
        return tuple(sorted(self.revoked))

    def reinstate_family(self, family: str) -> None:
        self._act()
        self._world.write(f"reinstate {family}")
        self.revoked.discard(family)

    def sample_token(self, audience: str, seconds: float) -> str:
        """``kid|issuer|audience``: what the fake ledger judges."""
        self._act()
        assert seconds >= 1
        said = (self.flags["issuer"] or ISSUER, self.flags["audience"] or audience)
        return f"{SAMPLE}|{self.active}|{said[0]}|{said[1]}"

    def dated(self, audience: str) -> tuple[float, str]:
        return float(self.flags["clock_offset"]) + 0.2, self.sample_token(audience, 25)

    def verdict(self, token: str) -> str:
        """What a verifier says that trusts this IdP, and goes by its key set as of now."""
        try:
            _, kid, issuer, audience = token.split("|")
        except ValueError:
            return "unknown_key"
        if not self.keys.get(kid):
            return "unknown_key"
        if issuer != ISSUER:
            return "bad_issuer"
        return "" if audience == "ledger" else "bad_audience"

    def journal_end(self) -> int:
        self._act()
        return len(self.journal)

    def asked(self, since: int) -> tuple[IdpAsked, ...]:
        self._act()
        return tuple(self.journal[since:])

    def ask_token(self, client: str) -> None:
        """A workload asks for a token."""
        refused = client in self.disabled
        self.journal.append(IdpAsked("token", client, *((401, "invalid_client") if refused else (200, ""))))

    def is_serving(self) -> bool:
        return not self._world.silent and self._containers.states[self._name] == "running"
