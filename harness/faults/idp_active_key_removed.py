from __future__ import annotations

from random import Random

from harness.faults.base import Fault, NoArgs
from harness.faults.ports import Lab
from harness.scenario.base import StrictModel


class KeyRecord(StrictModel):
    service: str
    kid: str


class IdpActiveKeyRemoved(Fault[NoArgs, KeyRecord]):
    """The identity provider's signing key vanishes from its key set, and outstanding tokens lose all trust.

    New tokens are signed with a new key. A resilient client fetches a fresh token when it is refused, and retries
    once; a fragile one replays the old token. This is the Azure AD outage of 2021-03-15. Source: failure catalogue,
    ``idp-active-key-removed``.
    """

    name = "idp-active-key-removed"
    group = "E"
    roles = frozenset({"idp"})
    Record = KeyRecord
    takes = frozenset({"keys"})

    def prepare(self, target: str, args: NoArgs, lab: Lab) -> KeyRecord:
        return KeyRecord(service=target, kid=lab.idp(target).active_key())

    def inject(self, record: KeyRecord, args: NoArgs, lab: Lab, rng: Random) -> None:
        idp = lab.idp(record.service)
        idp.rotate_key()
        idp.publish_key(record.kid, published=False)

    def observe(self, record: KeyRecord, lab: Lab) -> str | None:
        if record.kid not in lab.idp(record.service).published_keys():
            return f"key {record.kid} is gone from the key set of {record.service}"
        return None

    def undo(self, record: KeyRecord, lab: Lab) -> None:
        lab.idp(record.service).publish_key(record.kid, published=True)

    def healed(self, record: KeyRecord, lab: Lab) -> str | None:
        if record.kid in lab.idp(record.service).published_keys():
            return f"key {record.kid} is published again"
        return None
