"""Faults in which a stored secret is not there any more, or is there and empty."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any, Literal

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab, VaultAdmin
from harness.scenario.base import StrictModel


class KvRecord(StrictModel):
    """Versions, not values: a ledger holds no secret."""

    service: str
    secret: str
    version: int


def _metadata(vault: VaultAdmin, secret: str) -> Mapping[str, Any]:
    mount, _, name = secret.partition("/")
    return vault.api_read(f"{mount}/metadata/{name}") or {}


def _gone(metadata: Mapping[str, Any], version: int) -> str:
    """``deleted`` or ``destroyed``, if this version is; empty otherwise, also when nothing is known of it."""
    known = (metadata.get("versions") or {}).get(str(version)) or {}
    if known.get("destroyed"):
        return "destroyed"
    return "deleted" if known.get("deletion_time") else ""


def _is_there(vault: VaultAdmin, secret: str) -> bool:
    metadata = _metadata(vault, secret)
    current = int(metadata.get("current_version") or 0)
    return current > 0 and not _gone(metadata, current)


class DeletedArgs(StrictModel):
    secret: str = Field(description="Path of the KV v2 secret, such as kv/billing.")
    how: Literal["delete", "destroy"] = Field(
        "delete", description="destroy removes the content for good; undo stores it again, as a new version."
    )


class DeletedRecord(KvRecord):
    how: str


class KvDeleted(Fault[DeletedArgs, DeletedRecord]):
    """A stored secret is deleted: whoever reads it gets a 404, which looks like intent.

    A resilient client goes on with the last value that worked, for a while, and raises an alarm; a fragile one takes
    the 404 for an order and throws its credential away (external-secrets/external-secrets#900,
    external-secrets/external-secrets#695). Source: failure catalogue, ``kv-deleted-404``.
    """

    name = "kv-deleted-404"
    group = "B"
    roles = frozenset({"vault"})
    Args = DeletedArgs
    Record = DeletedRecord

    def holds(self, target: str, args: DeletedArgs) -> frozenset[str]:
        return frozenset({f"{target}/{args.secret}"})

    def prepare(self, target: str, args: DeletedArgs, lab: Lab) -> DeletedRecord:
        vault = lab.vault(target)
        if not _is_there(vault, args.secret):
            raise FaultNotPossible(f"{target} has nothing at {args.secret}, so it cannot be deleted")
        return DeletedRecord(service=target, secret=args.secret, version=vault.kv_version(args.secret), how=args.how)

    def inject(self, record: DeletedRecord, args: DeletedArgs, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        mount, _, name = record.secret.partition("/")
        if record.how == "destroy":
            lab.keep(_label(record), json.dumps(dict(vault.kv_read(record.secret, record.version))))
            vault.api_write(f"{mount}/destroy/{name}", {"versions": [record.version]})
        else:
            vault.api_delete(f"{mount}/data/{name}")

    def observe(self, record: DeletedRecord, lab: Lab) -> str | None:
        metadata = _metadata(lab.vault(record.service), record.secret)
        gone = _gone(metadata, record.version)
        if not gone or metadata.get("current_version") != record.version:
            return None
        return f"version {record.version} of {record.secret}, the current one, is {gone}"

    def undo(self, record: DeletedRecord, lab: Lab) -> None:
        vault = lab.vault(record.service)
        if _is_there(vault, record.secret):
            return
        mount, _, name = record.secret.partition("/")
        if _gone(_metadata(vault, record.secret), record.version) == "deleted":
            vault.api_write(f"{mount}/undelete/{name}", {"versions": [record.version]})
        elif (kept := lab.kept(_label(record))) is not None:
            vault.kv_write(record.secret, json.loads(kept))

    def healed(self, record: DeletedRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        if not _is_there(vault, record.secret):
            return None
        version = vault.kv_version(record.secret)
        kept = lab.kept(_label(record)) if version > record.version else None
        # Whoever stored something else since is its owner, and what is there now is as it should be.
        others = kept is not None and dict(vault.kv_read(record.secret)) != json.loads(kept)
        since = ", which somebody has stored meanwhile" if others else ""
        return f"{record.secret} can be read, version {version}{since}"


def _label(record: DeletedRecord) -> str:
    return f"{record.service}-content-of-{record.secret}@{record.version}"


class EmptyArgs(StrictModel):
    secret: str = Field(description="Path of the KV v2 secret, such as kv/billing.")
    key: str = Field("password", description="Which of its values is emptied.")


class EmptyRecord(KvRecord):
    key: str


class KvEmptyValue(Fault[EmptyArgs, EmptyRecord]):
    """A stored credential is overwritten with an empty value: well-formed, readable, and useless.

    A resilient client checks what it has read before it gives up what works; a fragile one swaps, and every call fails.
    Cloudflare was down for 121 minutes on 2023-01-24, when a ``client_secret`` was overwritten with "". Source: failure
    catalogue, ``kv-empty-value``.
    """

    name = "kv-empty-value"
    group = "B"
    roles = frozenset({"vault"})
    Args = EmptyArgs
    Record = EmptyRecord

    def holds(self, target: str, args: EmptyArgs) -> frozenset[str]:
        return frozenset({f"{target}/{args.secret}"})

    def prepare(self, target: str, args: EmptyArgs, lab: Lab) -> EmptyRecord:
        vault = lab.vault(target)
        values = vault.kv_read(args.secret)
        if not values.get(args.key):
            raise FaultNotPossible(
                f"secret {args.secret} of {target} has the keys {', '.join(sorted(values)) or '(none)'}; "
                f"{args.key} is needed, and not empty"
            )
        return EmptyRecord(service=target, secret=args.secret, version=vault.kv_version(args.secret), key=args.key)

    def inject(self, record: EmptyRecord, args: EmptyArgs, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        vault.kv_write(record.secret, dict(vault.kv_read(record.secret)) | {record.key: ""})

    def observe(self, record: EmptyRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        version = vault.kv_version(record.secret)
        if version <= record.version or vault.kv_read(record.secret).get(record.key) != "":
            return None
        return f"version {version} of {record.secret} has an empty {record.key}"

    def undo(self, record: EmptyRecord, lab: Lab) -> None:
        """Store the last good value once more, in a version of its own, as one does with a bad change."""
        vault = lab.vault(record.service)
        now = dict(vault.kv_read(record.secret))
        if now.get(record.key) == "":
            good = vault.kv_read(record.secret, record.version)[record.key]
            vault.kv_write(record.secret, now | {record.key: good})

    def healed(self, record: EmptyRecord, lab: Lab) -> str | None:
        if lab.vault(record.service).kv_read(record.secret).get(record.key):
            return f"{record.secret} has a {record.key} again"
        return None
