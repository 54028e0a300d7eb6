from __future__ import annotations

import re
from datetime import datetime
from random import Random

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab
from harness.faults.restarting import running, serving
from harness.scenario.base import StrictModel
from harness.scenario.effect import UNFORESEEN_SLOW

NAME = "lockout-storm"
ROLE = f"auth/token/roles/{NAME}"
CREATE = f"auth/token/create/{NAME}"
LEASES = f"sys/leases/lookup/{CREATE}"
REVOKE = f"sys/leases/revoke-prefix/{CREATE}"
ANYTHING = "sys/policies/acl"
START_DEADLINE = 30.0  # seconds, for a Vault with next to no processor
_RESTORING = re.compile(r"^(\S+)Z \[INFO\] +core: restoring leases", re.MULTILINE)
_RESTORED = re.compile(r"^(\S+)Z \[INFO\] +expiration: lease restore complete", re.MULTILINE)


class StormArgs(StrictModel):
    leases: int = Field(300, ge=1, le=5000, description="How many leases there are to restore beside those in use.")
    cpus: float = Field(
        0.05, ge=0.02, le=4, description="How much processor it has for that, and as long as this lasts."
    )


class StormRecord(StrictModel):
    service: str
    leases: int
    cpus: float


class LeaseRestoreStorm(Fault[StormArgs, StormRecord]):
    """Vault is started anew with more leases than it can restore quickly: it is slow to come back, and slow to answer.

    The leases are tokens that nobody uses. In production there were 100,000 and more, and minutes without an answer, or
    an end for want of memory (hashicorp/vault#1788, #2312, #3860, #24683); here there are as many fewer as Vault has
    less processor. A resilient client waits longer each time, at random; a fragile one gives up and logs in again,
    which feeds the storm. Making the leases takes time before the fault begins: a second for a few hundred on a quiet
    machine. Source: failure catalogue, ``lease-restore-storm``.
    """

    name = "lease-restore-storm"
    group = "A"
    roles = frozenset({"vault"})
    takes = frozenset({"container", "seal", "cpus"})
    outage = True  # at first, and then it is too slow to be counted on
    Args = StormArgs
    unforeseen = UNFORESEEN_SLOW
    Record = StormRecord

    def prepare(self, target: str, args: StormArgs, lab: Lab) -> StormRecord:
        vault = lab.vault(target)
        if not vault.holds_keys:
            raise FaultNotPossible(
                f"{target} was not initialised by lockout, so lockout has no keys to unseal it with after its restart; "
                "let lockout initialise it (x-lockout: initialise)"
            )
        if limit := lab.containers.cpus(target):
            raise FaultNotPossible(f"{target} is limited to {limit:g} processors (cpus) as it is; take that limit away")
        if vault.api_read(ROLE) is not None:
            raise FaultNotPossible(f"{target} has a token role {NAME} already: left by another run?")
        return StormRecord(service=target, leases=args.leases, cpus=round(args.cpus, 2))

    def inject(self, record: StormRecord, args: StormArgs, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        vault.api_write(ROLE, {"orphan": True, "renewable": False, "allowed_policies": ["default"]})
        vault.api_write_often(CREATE, {"ttl": "10m", "policies": ["default"]}, record.leases)
        lab.containers.kill(record.service)
        lab.containers.limit_cpus(record.service, record.cpus)
        lab.containers.start(record.service)
        vault.submit_keys(START_DEADLINE)

    def observe(self, record: StormRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        if not vault.is_serving() or lab.containers.cpus(record.service) != record.cpus:
            return None
        since = lab.containers.started_at(record.service)[:19]
        log = lab.containers.logs(record.service, 400)
        begun = [stamp for stamp in _RESTORING.findall(log) if stamp[:19] >= since]
        ended = [stamp for stamp in _RESTORED.findall(log) if stamp[:19] >= since]
        if not begun or not ended:
            return None
        found = len(vault.api_list(LEASES))
        if found < record.leases:
            return None
        took = (datetime.fromisoformat(ended[-1]) - datetime.fromisoformat(begun[-1])).total_seconds()
        return (
            f"{record.service} was started anew with {record.cpus:g} of a processor, and took {took:.2f} s to restore "
            f"its leases, {found} of them lockout's"
        )

    def undo(self, record: StormRecord, lab: Lab) -> None:
        if lab.containers.cpus(record.service) == record.cpus:
            lab.containers.limit_cpus(record.service, 0)
        running(record.service, lab)
        serving(record.service, lab)
        vault = lab.vault(record.service)
        if vault.api_list(LEASES):
            vault.api_write(REVOKE, {})
        if vault.api_read(ROLE) is not None:
            vault.api_delete(ROLE)

    def healed(self, record: StormRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        if not vault.is_serving() or lab.containers.cpus(record.service):
            return None
        if vault.api_list(LEASES) or vault.api_read(ROLE) is not None:
            return None
        answer = vault.answer_to(ANYTHING)
        if answer.status != 200:
            return None
        return f"{record.service} has all its processor and none of the leases, and answers in {answer.took:.2f} s"
