"""Makes a run folder with a history of a million events, and judges it by every expectation there is.

70 % samples of five workloads, 20 % requests to Vault, the rest connections and journals. Writing and judging are
programs of their own, so that the time and memory of each can be measured by itself:

    python -m benchmarks.judge_million --write FOLDER EVENTS
    python -m benchmarks.judge_million --judge FOLDER
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import yaml

from harness.checks import registry
from harness.checks.args import AboutRun
from harness.checks.judge import judge as judge_history
from harness.history import events as e
from harness.history.index import History
from harness.report.model import RunInfo
from harness.run.folder import RunFolder
from harness.scenario.claims import to_claims
from harness.scenario.loader import load_scenario
from harness.scenario.vocabulary import Vocabulary

WALL = "2026-11-22T10:00:00.123456Z"
WORKLOADS = ("orders", "orders-logs-in-once", "billing", "shipping", "reports")
SCENARIO = "million-events"
ARGUMENTS: dict[str, dict[str, object]] = {
    "re_authenticates": {"within": "10s", "after": "undo"},
    "fails_over": {"to": "vault-secondary", "within": "10s"},
    "uses_break_glass": {"within": "10s"},
    "fails_closed": {"within": "10s"},
    "no_stampede": {"at_most": 10, "per": "1s"},
    "revoked_within": {"limit": "10s"},
    "blast_radius": {"at_most": 1},
}


def generate(count: int) -> Iterator[e.Event]:
    """A run whose Vault is sealed for its middle third; one workload never comes back."""
    rng = random.Random(1)
    period = 0.1
    rounds = count // 10
    length = rounds * 10 * 0.7 / len(WORKLOADS) * period
    seal, unseal = length / 3, 2 * length / 3
    yield e.RunStarted(
        t=0, wall=WALL, source="run", run="r", scenario="s", seed=1, plan_hash="", period=period, lockout="0"
    )
    yield e.SteadyState(t=0, wall=WALL, source="run", moment="before", ok=True)
    fault: dict[str, Any] = {"wall": WALL, "source": "run", "fault_id": "timeline.0"}
    yield e.FaultInjecting(t=seal, fault="vault-sealed", target="vault", **fault)
    yield e.FaultInjected(t=seal + 0.1, **fault)
    yield e.FaultObserved(t=seal + 0.2, evidence="503", **fault)
    yield e.FaultUndoing(t=unseal, **fault)
    yield e.FaultUndone(t=unseal + 0.1, verified=True, evidence="200", **fault)
    tick = 0
    for n in range(rounds):
        now = length * n / rounds
        for _ in range(7):
            name = WORKLOADS[tick % len(WORKLOADS)]
            t = tick // len(WORKLOADS) * period + 0.01 * (tick % len(WORKLOADS))
            tick += 1
            lost = name == "orders-logs-in-once" and t > seal
            down = lost or (name == "billing" and seal < t < unseal)
            yield e.Sample(
                t=t,
                wall=WALL,
                source=f"sampler/{name}",
                workload=name,
                ok=not down,
                latency=rng.uniform(0.005, 0.04),
                error="http 503: no credential" if down else "",
                path="" if down else "cached" if seal < t < unseal else "primary",
                credential="" if down else f"fp-{int(t // 60):08x}",
                instance=f"{name}-1",
            )
        for _ in range(2):
            name = rng.choice(WORKLOADS)
            up = not seal < now < unseal
            yield e.VaultRequest(
                t=now,
                wall=WALL,
                source="vault-audit/vault",
                vault="vault",
                path=rng.choice(("auth/approle/login", "auth/token/renew-self", "secret/data/app")),
                operation="update",
                ok=up and name != "orders-logs-in-once",
                workload=name,
                accessor=f"hmac-sha256:{rng.getrandbits(256):064x}",
                login=rng.random() < 0.1,
                remote="172.18.0.7",
            )
        name = rng.choice(WORKLOADS)
        if rng.random() < 0.5:
            yield e.ProxyConnection(
                t=now,
                wall=WALL,
                source="proxy",
                proxy="proxy",
                route="vault",
                outcome="relayed",
                client="1",
                workload=name,
            )
        else:
            yield e.ResourceAccess(
                t=now,
                wall=WALL,
                source="ledger",
                resource="ledger",
                identity=name,
                via="jwt",
                allowed=True,
                workload=name,
            )
    yield e.SteadyState(
        t=length, wall=WALL, source="run", moment="after", ok=False, workloads_down=("orders-logs-in-once",)
    )
    yield e.PhaseEntered(t=length, wall=WALL, source="run", phase="teardown")
    yield e.RunEnded(t=length, wall=WALL, source="run", ending="completed")


def scenario_text() -> str:
    """A scenario that makes every claim there is, about the run or about every workload."""
    of_run = {name for name in registry.names() if issubclass(registry.get(name).Args, AboutRun)}
    claims = {name: ARGUMENTS.get(name, {}) for name in registry.names()}
    document = {
        "name": SCENARIO,
        "summary": "Vault is sealed for a third of a long run.",
        "topology": "topology.yaml",
        "timeline": [{"at": "10m", "fault": "vault-sealed", "on": "vault", "for": "10m"}],
        "expect": [
            {name: claims[name] for name in sorted(of_run)},
            *({"workload": name, **{c: a for c, a in claims.items() if c not in of_run}} for name in WORKLOADS),
        ],
    }
    return yaml.safe_dump(document, sort_keys=False)


def write(path: Path, count: int) -> int:
    """Make *path* a run folder with a history of about *count* events; returns how many exactly."""
    folder = RunFolder(path)
    folder.scenarios.mkdir(parents=True)
    (folder.scenarios / f"{SCENARIO}.scenario.yaml").write_text(scenario_text(), encoding="utf-8")
    encoder = msgspec.json.Encoder()
    written = 0
    with folder.events.open("wb") as file:
        for event in generate(count):
            file.write(encoder.encode(event) + b"\n")
            written += 1
    folder.write_info(
        RunInfo("r", SCENARIO, "", datetime.fromisoformat(WALL).astimezone(UTC), event.t, 1, "", "0", str(path))
    )
    return written


def judge(path: Path) -> dict[str, float]:
    """Seconds of reading and of judging the run folder at *path*. Raises SystemExit if a check crashes."""
    folder = RunFolder(path)
    claims = to_claims(load_scenario(folder.scenario(), Vocabulary.installed(), topology_needed=False).scenario)
    began = time.perf_counter()
    history = History.from_file(folder.events)
    read = time.perf_counter()
    judgement = judge_history(history, claims)
    done = time.perf_counter()
    crashed = [r.finding.summary for r in judgement.results if "crashed" in r.finding.summary]
    if crashed:
        raise SystemExit(f"a check crashed: {crashed[0]}")
    return {"read": read - began, "judge": done - read, "claims": len(claims.claims)}


def main() -> None:
    match sys.argv[1:]:
        case ["--write", folder, count]:
            print(write(Path(folder), int(count)))
        case ["--judge", folder]:
            print(json.dumps(judge(Path(folder))))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
