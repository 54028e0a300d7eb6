"""Faults in which the identity provider is well and turns single clients away."""

from __future__ import annotations

from random import Random

from pydantic import Field

from harness.faults.base import Fault, NoArgs, ServiceRecord
from harness.faults.ports import FaultNotPossible, Lab
from harness.faults.proxied import plural
from harness.scenario.base import StrictModel, Texts
from harness.scenario.effect import Effect, refuses


class RefusedArgs(StrictModel):
    workloads: Texts = Field((), description="Whose clients are refused; everybody's when empty.")


class RefusedRecord(ServiceRecord):
    clients: Texts
    since: int  # the number of the journal's last entry before


class IdpClientRefused(Fault[RefusedArgs, RefusedRecord]):
    """The identity provider refuses some clients by name (401 invalid_client), as when one has been disabled.

    Their credentials are right and nobody else is hit. Trying again does not help, so a resilient client uses its
    token to the end and asks again slowly; a fragile one hammers, or exits and is restarted into the same refusal.
    Only token requests that were refused count as proof.
    Source: failure catalogue, ``audience-mismatch``, for what clients do about permanent errors.
    """

    name = "idp-client-refused"
    group = "E"
    roles = frozenset({"idp"})
    takes = frozenset({"clients"})
    Args = RefusedArgs
    Record = RefusedRecord

    def effect(self, target: str, args: RefusedArgs) -> Effect | None:
        return refuses(target, args.workloads)

    def prepare(self, target: str, args: RefusedArgs, lab: Lab) -> RefusedRecord:
        idp = lab.idp(target)
        clients = lab.idp_clients(target, args.workloads) - idp.disabled_clients()
        if not clients:
            of = ", ".join(args.workloads) or "any workload"
            raise FaultNotPossible(f"{target} has no client of {of} that is not refused already")
        return RefusedRecord(service=target, clients=tuple(sorted(clients)), since=idp.journal_end())

    def inject(self, record: RefusedRecord, args: RefusedArgs, lab: Lab, rng: Random) -> None:
        for client in record.clients:
            lab.idp(record.service).disable_client(client, True)

    def observe(self, record: RefusedRecord, lab: Lab) -> str | None:
        idp = lab.idp(record.service)
        if not idp.disabled_clients() >= set(record.clients):
            return None
        refused = [
            entry.client
            for entry in idp.asked(record.since)
            if entry.endpoint == "token" and entry.error == "invalid_client" and entry.client in record.clients
        ]
        if not refused:
            return None
        return f"{record.service} refused {plural(len(refused), 'token request')} of {', '.join(sorted(set(refused)))}"

    def undo(self, record: RefusedRecord, lab: Lab) -> None:
        for client in record.clients:
            lab.idp(record.service).disable_client(client, False)

    def healed(self, record: RefusedRecord, lab: Lab) -> str | None:
        if lab.idp(record.service).disabled_clients() & set(record.clients):
            return None
        return f"{record.service} refuses none of {', '.join(record.clients)} any more"


class ReuseRecord(ServiceRecord):
    leeway: float  # seconds
    revoked: Texts  # families that were revoked before


class RefreshTokenReuse(Fault[NoArgs, ReuseRecord]):
    """The identity provider puts up with no second use of a refresh token: the whole family of tokens is revoked.

    So far it gave some seconds of grace, as providers do for answers that get lost. A resilient client has one
    refresh under way at a time, and stores the new refresh token before it uses the access token; a fragile one lets
    two of its parts refresh with the same token, and the second use locks both out (anthropics/claude-code#84440,
    vercel/ai#20674). Only a family that was revoked counts as proof; the undo trusts it again, as a new sign-in would.
    Source: failure catalogue, ``agents-refresh-race``; RFC 9700, section 4.14.2.
    """

    name = "refresh-token-reuse"
    group = "E"
    roles = frozenset({"idp"})
    takes = frozenset({"refresh"})
    Record = ReuseRecord

    def prepare(self, target: str, args: NoArgs, lab: Lab) -> ReuseRecord:
        idp = lab.idp(target)
        leeway = float(idp.flag("refresh_leeway"))
        if leeway <= 0:
            raise FaultNotPossible(f"{target} puts up with no second use of a refresh token already")
        return ReuseRecord(service=target, leeway=leeway, revoked=idp.revoked_families())

    def inject(self, record: ReuseRecord, args: NoArgs, lab: Lab, rng: Random) -> None:
        lab.idp(record.service).set_flag("refresh_leeway", 0.0)

    def observe(self, record: ReuseRecord, lab: Lab) -> str | None:
        revoked = self._revoked(record, lab)
        if not revoked:
            return None
        of = f"{len(revoked)} families" if len(revoked) > 1 else "a family"
        return f"{record.service} revoked {of} of refresh tokens after one of them was used twice"

    def undo(self, record: ReuseRecord, lab: Lab) -> None:
        lab.idp(record.service).set_flag("refresh_leeway", record.leeway)
        for family in self._revoked(record, lab):
            lab.idp(record.service).reinstate_family(family)

    def healed(self, record: ReuseRecord, lab: Lab) -> str | None:
        if lab.idp(record.service).flag("refresh_leeway") != record.leeway or self._revoked(record, lab):
            return None
        return f"{record.service} gives {record.leeway:g} s of grace again, and no family of tokens is revoked"

    def _revoked(self, record: ReuseRecord, lab: Lab) -> tuple[str, ...]:
        return tuple(family for family in lab.idp(record.service).revoked_families() if family not in record.revoked)
