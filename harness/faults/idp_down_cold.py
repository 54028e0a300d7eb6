from __future__ import annotations

from random import Random

from pydantic import Field

from harness.faults.base import Fault, ServiceRecord
from harness.faults.judging import AUDIENCE, SAMPLE_LIFE, verdicts
from harness.faults.ports import FaultNotPossible, Lab
from harness.scenario.base import StrictModel
from harness.scenario.effect import Effect


class ColdArgs(StrictModel):
    verifier: str = Field("ledger", description="The resource that is restarted, so that it has no keys.")


class ColdRecord(ServiceRecord):
    verifier: str


class IdpDownCold(Fault[ColdArgs, ColdRecord]):
    """The identity provider is down, and a verifier restarts meanwhile: it has no keys and refuses valid tokens.

    A resilient client keeps its token, waits, and blames the identity provider; a fragile one takes the refusal for
    a bad token, throws a good one away, and cannot get another. Vault's JWT method says "fetching keys"
    (hashicorp/vault-plugin-auth-jwt#11). Source: failure catalogue, ``idp-down-cold``.
    """

    name = "idp-down-cold"
    group = "E"
    roles = frozenset({"idp"})
    outage = True
    Args = ColdArgs
    Record = ColdRecord

    def holds(self, target: str, args: ColdArgs) -> frozenset[str]:
        return frozenset({f"{target}/container", f"{args.verifier}/container"})

    def needs_up(self, target: str, args: ColdArgs) -> frozenset[str]:
        return frozenset({target, args.verifier})

    def effect(self, target: str, args: ColdArgs) -> Effect | None:
        return Effect(frozenset({target}), restarted=frozenset({args.verifier}))

    def prepare(self, target: str, args: ColdArgs, lab: Lab) -> ColdRecord:
        judges = lab.judges()
        if args.verifier not in judges:
            raise FaultNotPossible(
                f"'{args.verifier}' is no running verifier of tokens; there are: {', '.join(judges) or 'none'}"
            )
        lab.idp(target).active_key()  # one that lockout cannot administer gives no token to show the verifier
        if not lab.idp(target).is_serving():
            raise FaultNotPossible(f"{target} does not answer, so nobody could see that it ends and is back")
        return ColdRecord(service=target, verifier=args.verifier)

    def inject(self, record: ColdRecord, args: ColdArgs, lab: Lab, rng: Random) -> None:
        lab.keep(self._label(record), lab.idp(record.service).sample_token(AUDIENCE, SAMPLE_LIFE))
        # Killed, for an orderly end takes seconds in which there is no verifier at all.
        lab.containers.kill(record.service)
        lab.containers.kill(record.verifier)
        lab.containers.start(record.verifier)

    def observe(self, record: ColdRecord, lab: Lab) -> str | None:
        token = lab.kept(self._label(record))
        if token is None or lab.containers.state(record.service) != "exited" or record.verifier not in lab.judges():
            return None
        said = lab.ledger(record.verifier).judge(token)
        if said != "keys_unavailable":
            return None
        return f"{record.service} is down, and {record.verifier}, restarted since, refuses a valid token: {said}"

    def undo(self, record: ColdRecord, lab: Lab) -> None:
        for service in (record.service, record.verifier):
            if lab.containers.state(service) != "running":
                lab.containers.start(service)

    def healed(self, record: ColdRecord, lab: Lab) -> str | None:
        if not lab.idp(record.service).is_serving() or record.verifier not in lab.judges():
            return None
        token = lab.idp(record.service).sample_token(AUDIENCE, SAMPLE_LIFE)
        if verdicts(token, lab)[record.verifier]:
            return None
        return f"{record.service} answers, and {record.verifier} takes its tokens"

    def _label(self, record: ColdRecord) -> str:
        return f"{self.name}-{record.service}"
