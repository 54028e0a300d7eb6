from __future__ import annotations

from contextlib import suppress
from pathlib import PurePosixPath
from random import Random

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab, VaultAdmin
from harness.faults.restarting import has_said, running, serving
from harness.lab.errors import EnvironmentUnusable
from harness.scenario.base import StrictModel
from harness.scenario.effect import Effect, gone

MOST = 256  # MiB that are filled, at most
NO_SPACE = "no space left on device"
FILL = f'dd if=/dev/zero of="$1" bs=65536 count={MOST * 16} 2>/dev/null || true'
SMALL, LARGE = 1 << 11, 1 << 19  # bytes of one entry; Vault takes twice as much
OWN = "cubbyhole/lockout-storage"  # a place of lockout's own token


class StorageArgs(StrictModel):
    path: str = Field("/vault/file", pattern="^/", description="Where it keeps its data: a small volume of its own.")


class StorageRecord(StrictModel):
    service: str
    ballast: str


class VaultStorageFull(Fault[StorageArgs, StorageRecord]):
    """The volume that Vault stores its data on is full: it cannot write, and gives up its leadership or ends.

    Which of the two depends on the file that runs full first. Nobody can log in, not even those who would delete
    something. A resilient client takes it for the outage that it is, and goes on with what it has; a fragile one takes
    the 500 for a matter of permissions, or gives up (openbao/openbao#1233, hashicorp/vault#14372). If Vault did not
    end, it takes 5 to 10 s to find back to itself when there is room again. Possible only where Vault has a small
    volume, as with compose/small-storage.yaml. Source: failure catalogue, ``vault-storage-full``.
    """

    name = "vault-storage-full"
    group = "A"
    roles = frozenset({"vault"})
    takes = frozenset({"storage", "container", "seal"})
    outage = True
    Args = StorageArgs
    Record = StorageRecord

    def effect(self, target: str, args: StorageArgs) -> Effect | None:
        return gone(target)

    def prepare(self, target: str, args: StorageArgs, lab: Lab) -> StorageRecord:
        if not lab.vault(target).survives_restart:
            raise FaultNotPossible(
                f"{target} may end of this; it would come back sealed, and lockout has no unseal keys for it, or in "
                "dev mode empty; let lockout initialise it (x-lockout: initialise)"
            )
        disk = lab.containers.disk(target, args.path)
        if disk is None:
            raise FaultNotPossible(f"{target} has no {args.path}: say where it keeps its data (with: path)")
        if disk.size > MOST << 20:
            raise FaultNotPossible(
                f"{args.path} of {target} is on a volume of {disk.size >> 20} MiB, and lockout fills {MOST} MiB at "
                "most: give it a small volume of its own, as compose/small-storage.yaml does"
            )
        return StorageRecord(service=target, ballast=str(PurePosixPath(args.path) / "lockout-ballast"))

    def inject(self, record: StorageRecord, args: StorageArgs, lab: Lab, rng: Random) -> None:
        lab.containers.execute(record.service, ["sh", "-c", FILL, "fill", record.ballast])
        _use_up(lab.vault(record.service))

    def observe(self, record: StorageRecord, lab: Lab) -> str | None:
        service = record.service
        if lab.containers.state(service) == "running":
            vault = lab.vault(service)
            if vault.is_serving() and self._room(record, lab) == 0:
                _use_up(vault)
            if vault.is_sealed() is not False or vault.is_serving():
                return None
            how = "is unsealed and not active"
        else:
            how = "has ended"
        if not has_said(NO_SPACE, service, lab):
            return None
        return f"{service} {how}, because it could not write: {NO_SPACE}"

    def undo(self, record: StorageRecord, lab: Lab) -> None:
        if lab.containers.state(record.service) != "running":
            lab.containers.write_files(record.service, {record.ballast: ""})  # it could not even start otherwise
        running(record.service, lab)
        lab.containers.execute(record.service, ["rm", "-f", record.ballast])
        serving(record.service, lab)

    def healed(self, record: StorageRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        if not vault.is_serving():
            return None
        room = self._room(record, lab)
        if room < LARGE:
            return None
        vault.api_write(OWN, {"tried": "to write again"})
        vault.api_delete(OWN)
        return f"{record.service} is active, has {room >> 20} MiB to write on, and writes"

    def _room(self, record: StorageRecord, lab: Lab) -> int:
        disk = lab.containers.disk(record.service, str(PurePosixPath(record.ballast).parent))
        if disk is None:
            raise EnvironmentUnusable(f"{record.service}: nobody can tell how much room it has")
        return disk.free


def _use_up(vault: VaultAdmin) -> None:
    """Let Vault write until it cannot: in its own files it may have room from what it has deleted."""
    with suppress(EnvironmentUnusable):
        for size, times in ((SMALL, 20), (LARGE, (MOST << 20) // LARGE), (SMALL, 200)):
            for _ in range(times):
                vault.api_write(OWN, {"ballast": "x" * size})
