"""``x-lockout`` of a workload: how it is probed, how it obtains access, and who it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, Tag

from harness.scenario.base import StrictModel, Texts
from harness.topology.fields import ContainerPath, Flag, ServiceName, tagged
from harness.topology.probe import Probe

PathName = Literal["primary", "secondary", "cached", "break-glass"]


class AccessPath(StrictModel):
    """One way to obtain access, and the services it does not work without."""

    needs: Texts


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


class WorkloadBlock(StrictModel):
    """A service that holds a machine identity and must keep doing useful work."""

    role: Literal["workload"]
    probe: Probe
    access: dict[PathName, AccessPath] = Field(default_factory=dict)
    identity: Annotated[tuple[Identity, ...], Field(strict=False)] = ()
