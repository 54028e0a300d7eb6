"""``x-lockout`` at the top of a Compose file, ``break_glass``: the emergency procedures of an estate, as declared.

A procedure is what stands in the runbook: what it opens and how, who holds what it takes and where they keep it, what
it may do and for how long, and who hears of it. ``lockout break-glass drill`` goes through it and says what is true.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, Tag

from harness.scenario.base import Duration, StrictModel, Texts, between
from harness.scenario.messages import Found, nested
from harness.topology.fields import ComposeDay, Count, Flag, ServiceName, tagged

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_API_ACTION = re.compile(r"(?:create|read|update|delete|list|sudo) \S+")

LEDGER_SCOPES = ("entries:write", "entries:read", "entries:admin")
"""What an emergency credential of the ledger can be for."""

METHODS = ("offline-credential", "root-quorum", "database-role")

Limit = Annotated[Duration, between(1, 30 * 86400)]


class Alarm(StrictModel):
    """Who is told when it is opened, and how soon: a service of role ``witness``."""

    on: ServiceName
    within: Limit


class Procedure(StrictModel):
    """What all methods have in common."""

    opens: ServiceName = Field(description="The service to which it gives access.")
    holders: dict[str, str] = Field(min_length=1, description="Who holds what it takes, and where they keep it.")
    isolated_from: Texts | None = Field(
        None, description="Vaults and identity providers it does without. All but what it opens, when absent."
    )
    desk: ServiceName | None = Field(
        None, alias="from", description="The service of role `desk` from which people go about it. The only one, else."
    )
    by: Literal["address", "name"] = Field("address", description="How the desk finds what it turns to.")
    may: Texts = Field(min_length=1, description="What can be done with it.")
    may_not: Texts = Field(min_length=1, description="What has to be refused.")
    works_within: Limit = Field(description="How long it may take from the envelope to access.")
    lasts: Limit = Field(description="The longest that access lasts; it then ends by itself.")
    alarm: Alarm
    log: ServiceName = Field(
        description="Where each use leaves a line: a service of role `witness`, or what it opens, by its own journal."
    )
    last_drill: ComposeDay | None = Field(None, description="When it was gone through last.")
    drill_every_days: Annotated[Count, Field(ge=1)] = Field(90, description="How old the last drill may be.")
    also_for: Texts = Field((), description="Workloads that may use it. All others are to be refused.")


def _scopes(scopes: tuple[str, ...]) -> tuple[str, ...]:
    known = ", ".join(LEDGER_SCOPES)
    return _each(scopes, LEDGER_SCOPES.__contains__, f"is nothing that can be done at a ledger; there are {known}")


def _api_actions(actions: tuple[str, ...]) -> tuple[str, ...]:
    wanted = "write a capability and a path of the API, such as 'read kv/data/billing'"
    return _each(actions, lambda action: _API_ACTION.fullmatch(action) is not None, f"is not an action: {wanted}")


def _each(texts: tuple[str, ...], good: Any, what: str) -> tuple[str, ...]:
    found = [Found((index,), f"{text!r} {what}") for index, text in enumerate(texts) if not good(text)]
    if found:
        raise nested(found)
    return texts


Scopes = Annotated[Texts, Field(min_length=1), AfterValidator(_scopes)]
ApiActions = Annotated[Texts, Field(min_length=1), AfterValidator(_api_actions)]


class OfflineCredential(Procedure):
    """A credential of a ledger that was issued ahead of time, good only while the way in is held open.

    Each holder has one of their own, and any one of them is enough. What it may and may not do are the ledger's scopes.
    """

    TAG: ClassVar[str] = "offline-credential"

    method: Literal["offline-credential"]
    may: Scopes = Field(description="Scopes, such as `entries:write`.")
    may_not: Scopes = Field(description="Scopes that it must not have.")


class RootQuorum(Procedure):
    """Vault's root quorum: the holders' key shares make a root token, which makes a token of ``policy`` and is revoked.

    There are as many holders as the Vault has shares (``initialise``). Vault from 2.0 and OpenBao from 2.5.3 refuse
    the ceremony to whoever has no token, unless their configuration says otherwise; with ``prepared_token`` one lies
    ready that may begin it, and nothing else. With ``uses: root-token`` the root token itself is used, as many do.
    """

    TAG: ClassVar[str] = "root-quorum"

    method: Literal["root-quorum"]
    policy: str = Field(min_length=1, description="The policy (HCL) of the token that is used.")
    uses: Literal["scoped-token", "root-token"] = "scoped-token"
    prepared_token: Flag = False
    may: ApiActions = Field(description="Capability and path, such as `read kv/data/billing`.")
    may_not: ApiActions = Field(description="Capability and path that it must not have.")


class DatabaseRole(Procedure):
    """A role of a PostgreSQL that exists only while it is needed, with an end of validity.

    Each holder has a login that can do one thing: make that role, a member of ``member_of``. The password is used up
    with the role. What it may and may not do is SQL; each statement is tried in a transaction that is rolled back.
    """

    TAG: ClassVar[str] = "database-role"

    method: Literal["database-role"]
    member_of: Texts = Field(min_length=1, description="Groups that the emergency role is in.")


def _method(value: Mapping[str, Any]) -> str | None:
    given = value.get("method")
    return given if given in METHODS else None


AnyProcedure = Annotated[
    Annotated[OfflineCredential, Tag("(offline-credential)")]
    | Annotated[RootQuorum, Tag("(root-quorum)")]
    | Annotated[DatabaseRole, Tag("(database-role)")],
    tagged(_method, f"expected 'method' to be one of {', '.join(METHODS)}"),
]


def _named(procedures: dict[str, AnyProcedure]) -> dict[str, AnyProcedure]:
    found = [
        Found((name,), f"{name!r} is not a name: use lower-case letters, digits and single hyphens", on_key=True)
        for name in procedures
        if not _NAME.fullmatch(name)
    ]
    if found:
        raise nested(found)
    return procedures


Procedures = Annotated[dict[str, AnyProcedure], AfterValidator(_named)]
"""Emergency procedures by name."""
