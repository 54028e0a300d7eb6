"""Rotation of an encryption key in Vault's transit engine, and its misfire."""

from __future__ import annotations

from base64 import b64encode
from random import Random
from typing import Any

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.existing import existing
from harness.faults.ports import FaultNotPossible, Lab
from harness.lab.errors import EnvironmentUnusable
from harness.scenario.base import StrictModel

_TOO_OLD = "disallowed by policy (too old)"  # Vault's words
_CANARY = b64encode(b"lockout looks whether this can still be read").decode()


class TransitKeyArgs(StrictModel):
    key: str = Field(description="The encryption key of Vault's transit engine.")
    mount: str = Field("transit", description="Where the transit engine is mounted.")


class TransitKeyRecord(StrictModel):
    service: str
    mount: str
    key: str
    latest_before: int
    minimum_before: int


class _TransitFault(Fault[Any, TransitKeyRecord]):
    """What they share: the key as it was."""

    group = "D"
    roles = frozenset({"vault"})
    Record = TransitKeyRecord

    def prepare(self, target: str, args: Any, lab: Lab) -> TransitKeyRecord:
        key = existing(target, lab.vault(target), f"{args.mount}/keys", args.key, "key")
        if not key.get("supports_decryption"):
            raise FaultNotPossible(f"key '{args.key}' of {target} is not for encryption ({key.get('type')})")
        return TransitKeyRecord(
            service=target,
            mount=args.mount,
            key=args.key,
            latest_before=int(key["latest_version"]),
            minimum_before=int(key["min_decryption_version"]),
        )

    @staticmethod
    def _key(record: TransitKeyRecord, lab: Lab) -> tuple[int, int]:
        """Its latest version, and the oldest that is still opened."""
        key = lab.vault(record.service).api_read(f"{record.mount}/keys/{record.key}")
        if key is None:
            raise EnvironmentUnusable(f"{record.service} has no key '{record.key}' at {record.mount} any more")
        return int(key["latest_version"]), int(key["min_decryption_version"])


class TransitKeyRotated(_TransitFault):
    """An encryption key is rotated: new records get the new version, old ones can still be read.

    Nothing breaks by this alone; a resilient client rewraps its records before the old version is retired, which is
    what ``transit-min-version-raised`` then does. Undo leaves the new version, as rotations are not taken back.
    Source: failure catalogue, ``transit-min-version-raised``, of which it is the first half.
    """

    name = "transit-key-rotated"
    instant = True
    Args = TransitKeyArgs

    def inject(self, record: TransitKeyRecord, args: TransitKeyArgs, lab: Lab, rng: Random) -> None:
        lab.vault(record.service).api_write(f"{record.mount}/keys/{record.key}/rotate", {})

    def observe(self, record: TransitKeyRecord, lab: Lab) -> str | None:
        latest, _ = self._key(record, lab)
        if latest <= record.latest_before:
            return None
        return f"the latest version of key {record.key} is now {latest}, after {record.latest_before}"

    def undo(self, record: TransitKeyRecord, lab: Lab) -> None:
        """The old version can still be read: there is nothing to put back."""

    def healed(self, record: TransitKeyRecord, lab: Lab) -> str | None:
        latest, minimum = self._key(record, lab)
        if minimum > record.latest_before:
            return None
        return f"{record.service} encrypts with version {latest} of {record.key}, and still opens {minimum}"


class MinVersionArgs(TransitKeyArgs):
    rotate: bool = Field(
        True, description="Rotate the key first. Without, the version of a rotation before becomes the oldest allowed."
    )


class TransitMinVersionRaised(_TransitFault):
    """The oldest version of an encryption key that may be read is raised: records of older versions stay shut.

    A resilient client has rewrapped its records after the rotation before, or names the error precisely and waits; a
    fragile one never rewraps, and takes a record that is only shut for one that is lost. Undo lowers it again; the key
    keeps its new version. Source: failure catalogue, ``transit-min-version-raised``, and Vault's documentation of the
    transit engine.
    """

    name = "transit-min-version-raised"
    takes = frozenset({"transit"})
    Args = MinVersionArgs

    def prepare(self, target: str, args: MinVersionArgs, lab: Lab) -> TransitKeyRecord:
        record = super().prepare(target, args, lab)
        if not args.rotate and record.minimum_before >= record.latest_before:
            raise FaultNotPossible(
                f"key '{args.key}' of {target} has no version older than {record.latest_before} that it opens; "
                "use transit-key-rotated before, or rotate: true"
            )
        return record

    def inject(self, record: TransitKeyRecord, args: MinVersionArgs, lab: Lab, rng: Random) -> None:
        vault = lab.vault(record.service)
        # Of the oldest version that is opened now, so that it is one that will be refused.
        old = {"plaintext": _CANARY, "key_version": record.minimum_before}
        sealed = vault.api_write(f"{record.mount}/encrypt/{record.key}", old)
        lab.keep(self._label(record), str(sealed["ciphertext"]))
        if args.rotate:
            vault.api_write(f"{record.mount}/keys/{record.key}/rotate", {})
        latest, _ = self._key(record, lab)
        vault.api_write(f"{record.mount}/keys/{record.key}/config", {"min_decryption_version": latest})

    def observe(self, record: TransitKeyRecord, lab: Lab) -> str | None:
        _, minimum = self._key(record, lab)
        if minimum <= record.minimum_before or self._opens(record, lab) is not False:
            return None
        return (
            f"{record.service} refuses to decrypt a record of version {record.minimum_before} of {record.key} "
            f'("{_TOO_OLD}"); the oldest allowed is now {minimum}'
        )

    def undo(self, record: TransitKeyRecord, lab: Lab) -> None:
        _, minimum = self._key(record, lab)
        if minimum > record.minimum_before:
            config = {"min_decryption_version": record.minimum_before}
            lab.vault(record.service).api_write(f"{record.mount}/keys/{record.key}/config", config)

    def healed(self, record: TransitKeyRecord, lab: Lab) -> str | None:
        _, minimum = self._key(record, lab)
        if minimum > record.minimum_before or self._opens(record, lab) is False:
            return None
        return f"{record.service} opens records of version {minimum} of {record.key} again"

    def _opens(self, record: TransitKeyRecord, lab: Lab) -> bool | None:
        """Whether the record made before can be read; None when none was made."""
        sealed = lab.kept(self._label(record))
        if sealed is None:
            return None
        try:
            lab.vault(record.service).api_write(f"{record.mount}/decrypt/{record.key}", {"ciphertext": sealed})
        except EnvironmentUnusable as error:
            if _TOO_OLD in str(error):
                return False
            raise
        return True

    def _label(self, record: TransitKeyRecord) -> str:
        return f"{self.name}-{record.service}-{record.mount}-{record.key}-{record.latest_before}"
