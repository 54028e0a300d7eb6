"""``x-lockout`` of a workload: how it is probed, how it obtains access, and who it is."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, Tag, model_validator

from harness.scenario.base import Duration, StrictModel, Texts, between
from harness.scenario.messages import Found, nested
from harness.topology.fields import ContainerPath, Flag, ServiceName, tagged
from harness.topology.gates import Needing, Needs, need_of
from harness.topology.needs import AllOf, Need
from harness.topology.probe import Probe

PathName = Literal["primary", "secondary", "cached", "break-glass"]

PATHS: tuple[PathName, ...] = typing.get_args(PathName)
"""The order in which paths count: a workload is taken to use the first that stands."""


class AccessPath(StrictModel):
    """One way to obtain access, and what it does not work without.

    ``lasts``, for the path ``cached`` only: for how long at least, from the moment when nothing new can be had. Such a
    path may need nothing else.
    """

    needs: Needs | None = None
    lasts: Annotated[Duration, between(0.01, 30 * 86400)] | None = None

    @property
    def need(self) -> Need:
        """All of ``needs`` as one."""
        return need_of(self.needs) or AllOf(())


class VaultIdentity(StrictModel):
    """Known to a Vault by an auth role. With ``deliver``, lockout writes ``role_id`` and ``secret_id`` there.

    ``wrapped``: the SecretID comes response-wrapped, as ``wrapped_secret_id``, a token that gives it out once.
    With the method ``token`` it does not log in itself: lockout obtains a token for it and delivers it as ``token``.
    With ``cert`` it is handed a client certificate to begin with, as ``client.crt`` and ``client.key``, which the
    secrets engine at ``pki`` issues by a role of the same name.
    """

    TAG: ClassVar[str] = "vault"

    vault: ServiceName
    method: Literal["approle", "jwt", "token", "cert"]
    role: str = Field(min_length=1)
    mount: str | None = Field(None, min_length=1)  # the method's own name when absent
    deliver: ContainerPath | None = None
    wrapped: Flag = False
    pki: str = Field("pki", min_length=1)

    @property
    def at(self) -> str:
        """The path at which the auth method is mounted."""
        return self.mount or self.method


class IdpIdentity(StrictModel):
    """Known to an IdP as a client. With ``deliver``, lockout writes ``client_id`` and ``client_secret`` there."""

    TAG: ClassVar[str] = "idp"

    idp: ServiceName
    client: str = Field(min_length=1)
    deliver: ContainerPath | None = None


class BreakGlassIdentity(StrictModel):
    """Holds an emergency credential of a resource. With ``deliver``, lockout writes ``credential`` there."""

    TAG: ClassVar[str] = "resource"

    resource: ServiceName
    break_glass: Literal[True]
    deliver: ContainerPath | None = None


class DatabaseIdentity(StrictModel):
    """Holds the password of a fixed database role, which lockout makes; a member of the groups ``member_of``.

    With ``deliver``, lockout writes ``username`` and ``password`` there.
    """

    TAG: ClassVar[str] = "database"

    database: ServiceName
    role: str = Field(min_length=1)
    member_of: Texts = ()
    deliver: ContainerPath | None = None


def _kind(value: Mapping[str, Any]) -> str | None:
    kinds = [kind for kind in ("vault", "idp", "resource", "database") if kind in value]
    return kinds[0] if len(kinds) == 1 else None


Identity = Annotated[
    Annotated[VaultIdentity, Tag("(vault)")]
    | Annotated[IdpIdentity, Tag("(idp)")]
    | Annotated[BreakGlassIdentity, Tag("(resource)")]
    | Annotated[DatabaseIdentity, Tag("(database)")],
    tagged(_kind, "an identity needs exactly one of 'vault', 'idp', 'resource' and 'database'"),
]


class WorkloadBlock(Needing):
    """A service that holds a machine identity and must keep doing useful work.

    ``needs`` is what it runs on, whichever way it obtains access; ``access`` what each way takes.
    """

    role: Literal["workload"]
    probe: Probe
    access: dict[PathName, AccessPath] = Field(default_factory=dict)
    identity: Annotated[tuple[Identity, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _paths_make_sense(self) -> Self:
        found = []
        for name, path in self.access.items():
            if path.lasts is not None and name != "cached":
                message = "is for the path 'cached'; the others stand until what they need is lost"
                found.append(Found(("access", name, "lasts"), message))
            if not path.needs and name != "cached":
                found.append(Found(("access", name), "required key 'needs' is missing"))
            elif not path.needs and path.lasts is None:
                message = "without 'needs' it would stand for ever; say for how long it 'lasts'"
                found.append(Found(("access", name), message))
        if self.access and "primary" not in self.access:
            found.append(Found(("access",), "required key 'primary' is missing"))
        if found:
            raise nested(found)
        return self
