"""A fault proxy of plain data."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.faults.proxy_rule import ProxyCounts, ProxyRule
from tests.unit.faults.fakes.world import World


@dataclass
class InForce:
    rule: ProxyRule
    seen: ProxyCounts


class FakeProxy:
    def __init__(self, world: World) -> None:
        self._world = world
        self.rules: dict[str, InForce] = {}

    def apply(self, rule_id: str, rule: ProxyRule) -> None:
        self._world.write(f"apply {rule_id}")
        if rule_id not in self.rules or self.rules[rule_id].rule != rule:
            self.rules[rule_id] = InForce(rule, ProxyCounts())

    def seen(self, rule_id: str) -> ProxyCounts | None:
        self._world.ask()
        return self.rules[rule_id].seen if rule_id in self.rules else None

    def lift(self, rule_id: str) -> None:
        self._world.write(f"lift {rule_id}")
        self.rules.pop(rule_id, None)

    def all(self) -> tuple[str, ...]:
        self._world.ask()
        return tuple(self.rules)

    # What workloads do:

    def connect(self, route: str, client: str, sent: int = 100) -> None:
        """*client*, a service, opens a connection, and *sent* bytes would flow."""
        for in_force in self._meant(route, client):
            if in_force.rule.match is None:
                self._hit(in_force, bytes=sent)

    def request(self, route: str, client: str, method: str, path: str, status: int = 200) -> None:
        """*client* makes a request, which the upstream would answer with *status*."""
        for in_force in self._meant(route, client):
            match = in_force.rule.match
            if match and (not match.methods or method in match.methods) and re.fullmatch(match.path, path):
                self._hit(in_force, status=str(status))

    def kept(self, route: str, client: str, **counts: int) -> None:
        """A connection that *client* had open before the rule was applied: ``severed``, ``joined`` or ``escaped``."""
        for in_force in self._meant(route, client):
            self._add(in_force, **counts)

    def _meant(self, route: str, client: str) -> list[InForce]:
        return [
            found
            for found in self.rules.values()
            if found.rule.route == route and (not found.rule.clients or client in found.rule.clients)
        ]

    def _hit(self, in_force: InForce, bytes: int = 0, status: str = "") -> None:
        if in_force.rule.times is not None and in_force.seen.matched >= in_force.rule.times:
            self._add(in_force, passed=1)
            return
        self._add(in_force, matched=1, bytes=bytes)
        if status and in_force.rule.toxic.type not in ("respond", "reset", "stall_request"):
            answers = dict(in_force.seen.answers)
            answers[status] = answers.get(status, 0) + 1
            in_force.seen = in_force.seen.model_copy(update={"answers": answers})

    def _add(self, in_force: InForce, **counts: int) -> None:
        now = {name: getattr(in_force.seen, name) + count for name, count in counts.items()}
        in_force.seen = in_force.seen.model_copy(update=now)
