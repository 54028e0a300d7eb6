"""Faults in which the identity provider and those who rely on it no longer agree on what stands in a token."""

from __future__ import annotations

from random import Random
from typing import Literal

from pydantic import Field

from harness.faults.base import Fault, ServiceRecord
from harness.faults.judging import AUDIENCE, SAMPLE_LIFE, refusal, verdicts
from harness.faults.ports import FaultNotPossible, Lab
from harness.lab.errors import EnvironmentUnusable
from harness.scenario.base import StrictModel, Texts


class IssuerArgs(StrictModel):
    issuer: str = Field(
        "https://idp-moved:8443", pattern=r"^https://[^\s?#]+$", description="The issuer that tokens name."
    )


class IssuerRecord(ServiceRecord):
    issuer: str
    before: str


class IssuerChanged(Fault[IssuerArgs, IssuerRecord]):
    """The identity provider goes by another issuer, in its tokens and in its discovery document.

    No verifier takes such tokens until somebody tells it the new name, so this is a permanent error. A resilient
    client asks again slowly, and comes back by itself once the names agree; a fragile one gets a new token for each
    refusal (kubernetes/website#31236 took all pods down; hashicorp/vault#11953).
    Source: failure catalogue, ``issuer-changed``.
    """

    name = "issuer-changed"
    group = "E"
    roles = frozenset({"idp"})
    takes = frozenset({"claims"})
    Args = IssuerArgs
    Record = IssuerRecord

    def prepare(self, target: str, args: IssuerArgs, lab: Lab) -> IssuerRecord:
        before = str(lab.idp(target).flag("issuer"))
        if before == args.issuer:
            raise FaultNotPossible(f"{target} goes by {args.issuer} already")
        return IssuerRecord(service=target, issuer=args.issuer, before=before)

    def inject(self, record: IssuerRecord, args: IssuerArgs, lab: Lab, rng: Random) -> None:
        lab.idp(record.service).set_flag("issuer", args.issuer)

    def observe(self, record: IssuerRecord, lab: Lab) -> str | None:
        if lab.idp(record.service).flag("issuer") != record.issuer:
            return None
        words = f"tokens of {record.service} name {record.issuer} as their issuer"
        return _refused_for("bad_issuer", words, record.service, lab)

    def undo(self, record: IssuerRecord, lab: Lab) -> None:
        lab.idp(record.service).set_flag("issuer", record.before)

    def healed(self, record: IssuerRecord, lab: Lab) -> str | None:
        if lab.idp(record.service).flag("issuer") != record.before:
            return None
        return f"tokens of {record.service} name {record.before or 'its own address'} as their issuer again"


class AudienceArgs(StrictModel):
    audience: str = Field("somebody-else", min_length=1, description="The audience in place of the right one.")
    workloads: Texts = Field((), description="At a Vault: whose roles are bound to it; everybody's when empty.")
    mount: str = Field("jwt", description="At a Vault: the auth mount whose roles are bound to it.")


_TOLD_AGAIN = ("role_type", "user_claim", "bound_claims_type")


class BoundRole(StrictModel):
    """A role of Vault's JWT method, by its path, and the audiences it was bound to."""

    path: str
    audiences: Texts
    kept: dict[str, str]  # what Vault wants to be told again at each write, or else sets anew


class AudienceRecord(ServiceRecord):
    at: Literal["idp", "vault"]
    audience: str
    before: str = ""
    login: str = ""
    roles: tuple[BoundRole, ...] = Field((), strict=False)


class AudienceMismatch(Fault[AudienceArgs, AudienceRecord]):
    """The audience in tokens and the audience that is asked for are not the same any more.

    Aimed at a Vault, the roles of its JWT method are bound to another audience; aimed at an identity provider, all
    its tokens are for somebody else. Either way a new token is refused as the last one was. A resilient client takes
    the refusal for permanent and asks again slowly; a fragile one retries the same 400 for ever.
    Source: failure catalogue, ``audience-mismatch``.
    """

    name = "audience-mismatch"
    group = "E"
    roles = frozenset({"idp", "vault"})
    takes = frozenset({"claims"})
    Args = AudienceArgs
    Record = AudienceRecord

    def prepare(self, target: str, args: AudienceArgs, lab: Lab) -> AudienceRecord:
        if lab.role(target) == "vault":
            return self._prepare_vault(target, args, lab)
        if args.workloads:
            raise FaultNotPossible(f"{target} cannot single out workloads: all its tokens get the wrong audience")
        before = str(lab.idp(target).flag("audience"))
        if before == args.audience:
            raise FaultNotPossible(f"tokens of {target} are for {args.audience} already")
        return AudienceRecord(service=target, at="idp", audience=args.audience, before=before)

    def _prepare_vault(self, target: str, args: AudienceArgs, lab: Lab) -> AudienceRecord:
        vault = lab.vault(target)
        base = f"auth/{args.mount}"
        known = set(vault.api_list(f"{base}/role")) & lab.vault_roles(target, args.workloads)
        bound = []
        for role in sorted(known):
            settings = vault.api_read(f"{base}/role/{role}") or {}
            audiences = tuple(settings.get("bound_audiences") or ())
            if audiences and args.audience not in audiences:
                kept = {name: str(settings[name]) for name in _TOLD_AGAIN if settings.get(name)}
                bound.append(BoundRole(path=f"{base}/role/{role}", audiences=audiences, kept=kept))
        if not bound:
            raise FaultNotPossible(
                f"no role of a workload at {base} of {target} is bound to an audience other than {args.audience}"
            )
        return AudienceRecord(
            service=target, at="vault", audience=args.audience, login=f"{base}/login", roles=tuple(bound)
        )

    def inject(self, record: AudienceRecord, args: AudienceArgs, lab: Lab, rng: Random) -> None:
        if record.at == "idp":
            lab.idp(record.service).set_flag("audience", args.audience)
            return
        for role in record.roles:
            lab.vault(record.service).api_write(role.path, {**role.kept, "bound_audiences": [args.audience]})

    def observe(self, record: AudienceRecord, lab: Lab) -> str | None:
        if record.at == "idp":
            if lab.idp(record.service).flag("audience") != record.audience:
                return None
            words = f"tokens of {record.service} are for {record.audience}"
            return _refused_for("bad_audience", words, record.service, lab)
        if any(self._bound(role, lab, record) != (record.audience,) for role in record.roles):
            return None
        return self._refused_by_vault(record, lab)

    def _refused_by_vault(self, record: AudienceRecord, lab: Lab) -> str | None:
        """Vault's own refusal of a good token; where nobody can issue one, that its roles are bound otherwise."""
        role = record.roles[0]
        name = role.path.rpartition("/")[2]
        words = f"{record.service} binds {len(record.roles)} roles to {record.audience}"
        if not lab.idps():
            return words
        token = lab.idp(lab.idps()[0]).sample_token(role.audiences[0], SAMPLE_LIFE)
        try:
            lab.vault(record.service).api_write(record.login, {"role": name, "jwt": token})
        except EnvironmentUnusable as error:
            if "audience" in str(error):
                return f"{words}, and refuses a token for {role.audiences[0]} because of its audience"
        return None

    def undo(self, record: AudienceRecord, lab: Lab) -> None:
        if record.at == "idp":
            lab.idp(record.service).set_flag("audience", record.before)
        for role in record.roles:
            lab.vault(record.service).api_write(role.path, {**role.kept, "bound_audiences": list(role.audiences)})

    def healed(self, record: AudienceRecord, lab: Lab) -> str | None:
        if record.at == "idp":
            if lab.idp(record.service).flag("audience") != record.before:
                return None
            return f"tokens of {record.service} are for {record.before or 'whom they were asked for'} again"
        if any(self._bound(role, lab, record) != role.audiences for role in record.roles):
            return None
        return f"{record.service} binds its roles to the audiences that they had"

    def _bound(self, role: BoundRole, lab: Lab, record: AudienceRecord) -> tuple[str, ...]:
        return tuple((lab.vault(record.service).api_read(role.path) or {}).get("bound_audiences") or ())


def _refused_for(reason: str, words: str, idp: str, lab: Lab) -> str | None:
    """*words*, and who refuses such a token; without a verifier that can be asked, *words* alone."""
    if not lab.judges():
        return words
    refused = refusal(verdicts(lab.idp(idp).sample_token(AUDIENCE, SAMPLE_LIFE), lab), reason)
    return f"{words}; {refused}" if refused else None
