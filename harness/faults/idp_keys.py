"""Faults in the keys by which tokens of the identity provider are verified, and in how verifiers get them."""

from __future__ import annotations

import base64
import json
from random import Random
from typing import Annotated

from pydantic import Field, model_validator

from harness.faults.base import Fault, NoArgs, ServiceRecord
from harness.faults.judging import AUDIENCE, SAMPLE_LIFE, refusal, verdicts
from harness.faults.ports import FaultNotPossible, Lab
from harness.scenario.base import StrictModel, Texts


class RolloverRecord(ServiceRecord):
    active: str
    kids: Texts


class IdpHardRollover(Fault[NoArgs, RolloverRecord]):
    """All signing keys of the identity provider are replaced at once: a new key set without any of the old keys.

    Outstanding tokens lose all trust, and new ones are signed with a key that no verifier has seen. A resilient
    verifier fetches the key set again when it meets an unknown key, and a resilient client gets a new token when it
    is refused; a fragile verifier keeps the keys it started with (kellnr/kellnr#1265,
    oidcproxydotnet/OidcProxy.Net#242). The undo signs with the old key again and leaves the new one trusted.
    Source: failure catalogue, ``idp-hard-rollover``.
    """

    name = "idp-hard-rollover"
    group = "E"
    roles = frozenset({"idp"})
    Record = RolloverRecord
    takes = frozenset({"keys"})

    def prepare(self, target: str, args: NoArgs, lab: Lab) -> RolloverRecord:
        idp = lab.idp(target)
        return RolloverRecord(service=target, active=idp.active_key(), kids=tuple(sorted(idp.published_keys())))

    def inject(self, record: RolloverRecord, args: NoArgs, lab: Lab, rng: Random) -> None:
        idp = lab.idp(record.service)
        lab.keep(self._label(record), idp.sample_token(AUDIENCE, SAMPLE_LIFE))
        idp.rotate_key()
        for kid in record.kids:
            idp.publish_key(kid, published=False)

    def observe(self, record: RolloverRecord, lab: Lab) -> str | None:
        published = lab.idp(record.service).published_keys()
        if not published or published & set(record.kids):
            return None
        old = lab.kept(self._label(record))
        words = f"{record.service} publishes {', '.join(sorted(published))} and none of the {len(record.kids)} old keys"
        if old is None or not lab.judges():
            return words
        refused = refusal(verdicts(old, lab), "unknown_key")
        return f"{words}; of a token signed before, {refused}" if refused else None

    def undo(self, record: RolloverRecord, lab: Lab) -> None:
        idp = lab.idp(record.service)
        for kid in record.kids:
            idp.publish_key(kid, published=True)
        idp.activate_key(record.active)

    def healed(self, record: RolloverRecord, lab: Lab) -> str | None:
        idp = lab.idp(record.service)
        if idp.active_key() == record.active and set(record.kids) <= idp.published_keys():
            return f"{record.service} publishes its old keys again and signs with {record.active}"
        return None

    def _label(self, record: RolloverRecord) -> str:
        return f"{self.name}-{record.service}"


LONGEST_BURST = 30.0  # seconds


class FloodArgs(StrictModel):
    tokens: Annotated[int, Field(ge=1, le=5000, description="How many tokens are sent in all.")] = 240
    per_second: Annotated[float, Field(gt=0, le=500, description="How many of them in a second.")] = 120.0

    @model_validator(mode="after")
    def _is_a_burst(self) -> FloodArgs:
        lasts = self.tokens / self.per_second
        if lasts > LONGEST_BURST:  # nothing else on the timeline happens meanwhile
            raise ValueError(f"{self.tokens} tokens take {lasts:.0f} s; {LONGEST_BURST:g} s are the most")
        return self


class FloodRecord(ServiceRecord):
    tokens: int
    refused_before: int
    fetches_before: int


_OF_UNKNOWN_KEY = ("unknown_key", "keys_unavailable")


class JwksKidFlood(Fault[FloodArgs, FloodRecord]):
    """A verifier is sent a burst of tokens that name keys which do not exist.

    Anybody can do that: the key is looked for before the signature is checked. A resilient verifier fetches the key
    set once for all of them, and not again for a while; a fragile one asks the identity provider once for each bad
    token, until that refuses, and then has no keys for good ones either (evefrontier/evevault#142).
    Source: failure catalogue, ``jwks-kid-flood``.
    """

    name = "jwks-kid-flood"
    group = "E"
    roles = frozenset({"resource"})
    instant = True
    Args = FloodArgs
    Record = FloodRecord

    def prepare(self, target: str, args: FloodArgs, lab: Lab) -> FloodRecord:
        if target not in lab.judges():
            raise FaultNotPossible(f"{target} verifies no tokens that lockout could send it (x-lockout: kind)")
        return FloodRecord(
            service=target,
            tokens=args.tokens,
            refused_before=_refused(target, lab),
            fetches_before=lab.ledger(target).key_fetches(),
        )

    def inject(self, record: FloodRecord, args: FloodArgs, lab: Lab, rng: Random) -> None:
        tokens = [_of_unknown_key(rng) for _ in range(args.tokens)]
        lab.ledger(record.service).flood(tokens, args.per_second)

    def observe(self, record: FloodRecord, lab: Lab) -> str | None:
        refused = _refused(record.service, lab) - record.refused_before
        if refused * 2 < record.tokens:  # one that is overwhelmed leaves some unanswered
            return None
        fetches = lab.ledger(record.service).key_fetches() - record.fetches_before
        return f"{record.service} refused {refused} tokens of unknown keys, and asked {fetches} times for the key set"

    def undo(self, record: FloodRecord, lab: Lab) -> None:
        """It is over when it has been sent."""

    def healed(self, record: FloodRecord, lab: Lab) -> str | None:
        if lab.ledger(record.service).key_fetches() >= 0:
            return f"{record.service} answers, and nothing more is sent"
        return None


def _refused(service: str, lab: Lab) -> int:
    counts = lab.ledger(service).refused()
    return sum(counts.get(reason, 0) for reason in _OF_UNKNOWN_KEY)


def _of_unknown_key(rng: Random) -> str:
    """A well-formed token that says nothing, by nobody: its key id is random, and so is its signature."""
    header = {"alg": "ES256", "typ": "at+jwt", "kid": f"flood-{rng.getrandbits(48):012x}"}
    parts = (json.dumps(header).encode(), b"{}", rng.randbytes(64))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
