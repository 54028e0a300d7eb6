"""Faults of Vault's audit devices: Vault answers no request that it could not write down.

Each fault enables an audit device of its own, a file below ``/dev/shm``: in memory, small, and gone when the container
is started anew. As long as the device is well, that file is a link to the container's standard output, where lockout
reads the audit log, so that no request goes unrecorded on the way into the fault and out of it. What Vault refuses
meanwhile it does not record, as it does not when it is sealed.

Left as a seam, for topologies with several Vaults: a sink that only one node of a cluster loses.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from harness.faults.base import Fault, NoArgs
from harness.faults.ports import FaultNotPossible, Lab, VaultAdmin
from harness.faults.restarting import has_said, running, serving
from harness.lab.errors import EnvironmentUnusable
from harness.scenario.base import StrictModel
from harness.scenario.effect import Effect, gone

DEVICE = "lockout-sink"
MEMORY = "/dev/shm"  # noqa: S108 (in the target's container)
FOLDER = f"{MEMORY}/lockout-audit"
SINK = f"{FOLDER}/sink"
MOST = 256  # MiB that a fault fills, at most
ASKED = "sys/policies/acl"
NO_SPACE = "no space left on device"
NO_TABLE = "failed to setup audit table"

# Shell, as both Debian's and BusyBox's have it. Links are changed by renaming, so that Vault always finds one.
LINK = f"""
if [ -w /proc/1/fd/1 ]; then to=/dev/stdout; else to={FOLDER}/log; rm -f {FOLDER}/ballast; fi
ln -s "$to" {FOLDER}/next && mv -f {FOLDER}/next {SINK}
"""
WELL = f"set -e\nrm -rf {FOLDER}\nmkdir -m 700 {FOLDER}\n{LINK}"
FULL = f"""
set -e
rm -rf {FOLDER}
mkdir -m 700 {FOLDER}
: >{FOLDER}/log
ln -s {FOLDER}/log {SINK}
dd if=/dev/zero of={FOLDER}/ballast bs=65536 count={MOST * 16} 2>/dev/null || true
if echo full >{FOLDER}/log 2>/dev/null; then echo "{MEMORY} did not run full" >&2; exit 1; fi
"""
# A pipe whose reader has it open and reads nothing. All but one page (4096 of 65536 bytes) is filled beforehand, so
# that Vault can still answer that it has enabled the device.
STUCK = f"""
set -e
rm -rf {FOLDER}
mkdir -m 700 {FOLDER}
mkfifo -m 600 {SINK}
sleep 86400 <{SINK} >/dev/null 2>&1 &
echo $! >{FOLDER}/pids
timeout 5 dd if=/dev/zero of={SINK} bs=4096 count=15 2>/dev/null
"""
ABSENT = f"rm -rf {FOLDER} && : >{FOLDER}"
REPAIR = f"""
set -e
[ -d {FOLDER} ] || {{ rm -f {FOLDER}; mkdir -m 700 {FOLDER}; }}
if [ -p {SINK} ]; then
  cat <{SINK} >/dev/null 2>&1 &
  echo $! >>{FOLDER}/pids
else {LINK}
fi
"""
CLEAN = f"""
if [ -f {FOLDER}/pids ]; then kill $(cat {FOLDER}/pids) 2>/dev/null; fi
rm -rf {FOLDER}
"""


class AuditDevice(StrictModel):
    """As it has to be enabled again."""

    type: str
    description: str
    local: bool
    options: dict[str, str]


class AuditRecord(StrictModel):
    service: str
    devices: dict[str, AuditDevice]  # those that were there, by path


def audit_devices(vault: VaultAdmin) -> dict[str, AuditDevice]:
    """What is enabled, by path without the slash at its end."""
    found = {}
    for path, device in (vault.api_read("sys/audit") or {}).items():
        if isinstance(device, dict):
            options = {key: str(value) for key, value in (device.get("options") or {}).items()}
            found[path.rstrip("/")] = AuditDevice(
                type=str(device.get("type")),
                description=str(device.get("description") or ""),
                local=bool(device.get("local")),
                options=options,
            )
    return found


class _AuditFault(Fault[NoArgs, AuditRecord]):
    """What they share: undo makes the sink writable first, so that Vault takes orders, then puts the devices right."""

    group = "A"
    roles = frozenset({"vault"})
    takes = frozenset({"audit", "container", "seal"})  # a restart empties the folder, and undo starts and unseals
    outage = True
    Record = AuditRecord

    def effect(self, target: str, args: NoArgs) -> Effect | None:
        return gone(target)

    def prepare(self, target: str, args: NoArgs, lab: Lab) -> AuditRecord:
        devices = audit_devices(lab.vault(target))
        if DEVICE in devices:
            raise FaultNotPossible(f"{target} has an audit device {DEVICE} already: left by another run?")
        return AuditRecord(service=target, devices=devices)

    @abstractmethod
    def _bites(self, record: AuditRecord, lab: Lab) -> bool:
        """Whether Vault is as this fault makes it, for a request that failed while it was made so."""

    def _enable(self, record: AuditRecord, lab: Lab) -> None:
        vault = lab.vault(record.service)
        options = {"file_path": SINK, "hmac_accessor": "false", "log_raw": "false", "skip_test": "true"}
        with self._unless_it_bites(record, lab):
            vault.api_write(f"sys/audit/{DEVICE}", {"type": "file", "options": options})

    def _leave_no_other(self, record: AuditRecord, lab: Lab) -> None:
        vault = lab.vault(record.service)
        for path in record.devices:
            with self._unless_it_bites(record, lab):
                vault.api_delete(f"sys/audit/{path}")

    @contextmanager
    def _unless_it_bites(self, record: AuditRecord, lab: Lab) -> Iterator[None]:
        # That Vault could not write down its answer is what is wanted; by then it has done what it was told.
        try:
            yield
        except EnvironmentUnusable:
            if not self._bites(record, lab):
                raise

    def undo(self, record: AuditRecord, lab: Lab) -> None:
        vault = lab.vault(record.service)
        running(record.service, lab)
        in_container(record.service, lab, REPAIR)
        serving(record.service, lab)
        there = audit_devices(vault)
        for path, device in record.devices.items():
            if path not in there:
                vault.api_write(f"sys/audit/{path}", device.model_dump())
        if DEVICE in there:
            # Last: a request in these milliseconds may be recorded twice; the other way round, not at all.
            vault.api_delete(f"sys/audit/{DEVICE}")
        in_container(record.service, lab, CLEAN)

    def healed(self, record: AuditRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        if not vault.is_serving() or vault.answer_to(ASKED).status != 200:
            return None
        there = audit_devices(vault)
        if DEVICE in there or not set(record.devices) <= set(there):
            return None
        return f"{record.service} answers, and has the audit devices that it had before"


def in_container(service: str, lab: Lab, script: str) -> None:
    """Run *script* as whoever Vault runs as, who may be another than the container's user."""
    status = lab.containers.execute(service, ["cat", "/proc/1/status"])
    ids = {line.partition(":")[0]: line.split()[1:2] for line in status.splitlines()}
    user = ":".join(ids["Uid"] + ids["Gid"]) if "Uid" in ids and "Gid" in ids else ""
    lab.containers.execute(service, ["sh", "-c", script], user=user)


class AuditSinkFull(_AuditFault):
    """The disk of Vault's only audit device is full: every request gets 500, while Vault calls itself healthy.

    A load balancer that goes by Vault's health keeps sending requests there, and even the order to step down is
    refused. A resilient client backs off and goes on with what it has; a fragile one hammers, or takes the 500 for its
    own fault (hashicorp/vault#18943, #3725, #15932). Source: failure catalogue, ``audit-sink-full``.
    """

    name = "audit-sink-full"

    def prepare(self, target: str, args: NoArgs, lab: Lab) -> AuditRecord:
        disk = lab.containers.disk(target, MEMORY)
        if disk is None or disk.size > MOST << 20:
            has = "none" if disk is None else f"one of {disk.size >> 20} MiB"
            raise FaultNotPossible(
                f"{target} needs a small {MEMORY} of its own to fill, of {MOST} MiB at most, and has {has} (shm_size)"
            )
        return super().prepare(target, args, lab)

    def inject(self, record: AuditRecord, args: NoArgs, lab: Lab, rng: Random) -> None:
        in_container(record.service, lab, FULL)
        self._enable(record, lab)
        self._leave_no_other(record, lab)

    def _bites(self, record: AuditRecord, lab: Lab) -> bool:
        return lab.vault(record.service).answer_to(ASKED).status == 500

    def observe(self, record: AuditRecord, lab: Lab) -> str | None:
        if not self._bites(record, lab) or not lab.vault(record.service).is_serving():
            return None
        if not has_said(NO_SPACE, record.service, lab, tail=40):
            return None
        return f"{record.service} calls itself healthy and answers requests with 500: its audit device has {NO_SPACE}"


class AuditSinkBlocking(_AuditFault):
    """One of Vault's audit devices blocks: no request is answered, even if a second device is well.

    The device is a pipe whose reader has stopped to read, as a log collector's may be; Vault waits 10 s for it, twice
    in each request. A resilient client has short deadlines of its own and backs off; one without drains its threads
    (vaultrs sets no timeout; hashicorp/vault#5361). Source: failure catalogue, ``audit-sink-blocking``.
    """

    name = "audit-sink-blocking"

    def inject(self, record: AuditRecord, args: NoArgs, lab: Lab, rng: Random) -> None:
        in_container(record.service, lab, STUCK)
        self._enable(record, lab)

    def _bites(self, record: AuditRecord, lab: Lab) -> bool:
        return lab.vault(record.service).answer_to(ASKED).status == 0

    def observe(self, record: AuditRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        for _ in range(4):  # what room there is left in the pipe is for as many
            answer = vault.answer_to(ASKED)
            if answer.status == 0:
                if not vault.is_serving():
                    return None  # then there is another reason, and the next request would take as long
                return f"{record.service} calls itself healthy, and a request got no answer in {answer.took:.1f} s"
        return None


class AuditSinkAbsentAtRestart(_AuditFault):
    """Vault's only audit device cannot be opened after a restart: it unseals and never becomes active.

    The place where it was is not there any more, as with a log volume that was not mounted. Vault takes the keys, fails
    with "failed to setup audit table", and the device cannot be removed, because for that Vault would have to be
    active. To clients it is as ``vault-sealed``, for as long as people look in the wrong place (hashicorp/vault#10597,
    #2083). The device is a file: of a socket, Vault 1.21 notices at its first request only. Source: failure catalogue,
    ``audit-sink-absent-at-restart``.
    """

    name = "audit-sink-absent-at-restart"

    def prepare(self, target: str, args: NoArgs, lab: Lab) -> AuditRecord:
        if not lab.vault(target).holds_keys:
            raise FaultNotPossible(
                f"{target} was not initialised by lockout, so lockout has no keys to unseal it with after its restart; "
                "let lockout initialise it (x-lockout: initialise)"
            )
        return super().prepare(target, args, lab)

    def inject(self, record: AuditRecord, args: NoArgs, lab: Lab, rng: Random) -> None:
        in_container(record.service, lab, WELL)
        self._enable(record, lab)
        self._leave_no_other(record, lab)
        lab.containers.stop(record.service, grace=2.0)
        lab.containers.start(record.service)
        in_container(record.service, lab, ABSENT)
        lab.vault(record.service).submit_keys()

    def _bites(self, record: AuditRecord, lab: Lab) -> bool:
        vault = lab.vault(record.service)
        return vault.is_sealed() is False and not vault.is_serving()

    def observe(self, record: AuditRecord, lab: Lab) -> str | None:
        if not self._bites(record, lab) or not has_said(NO_TABLE, record.service, lab):
            return None
        return f"{record.service} is unsealed and does not become active: post-unseal setup failed: {NO_TABLE}"
