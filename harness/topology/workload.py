"""``x-lockout`` of a workload: how it is probed, how it obtains access, and who it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, Tag

from harness.scenario.base import StrictModel, Texts
from harness.topology.fields import ContainerPath, ServiceName, tagged
from harness.topology.probe import Probe

PathName = Literal["primary", "secondary", "cached", "break-glass"]


class AccessPath(StrictModel):
    """One way to obtain access, and the services it does not work without."""

    needs: Texts


class VaultIdentity(StrictModel):
    """Known to a Vault by an auth role. With ``deliver``, lockout writes ``role_id`` and ``secret_id`` there."""

    TAG: ClassVar[str] = "vault"

    vault: ServiceName
    method: Literal["approle", "jwt"]
    role: str = Field(min_length=1)
    mount: str | None = Field(None, min_length=1)  # the method's own name when absent
    deliver: ContainerPath | None = None

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


def _kind(value: Mapping[str, Any]) -> str | None:
    kinds = [kind for kind in ("vault", "idp", "resource") if kind in value]
    return kinds[0] if len(kinds) == 1 else None


Identity = Annotated[
    Annotated[VaultIdentity, Tag("(vault)")]
    | Annotated[IdpIdentity, Tag("(idp)")]
    | Annotated[BreakGlassIdentity, Tag("(resource)")],
    tagged(_kind, "an identity needs exactly one of 'vault', 'idp' and 'resource'"),
]


class WorkloadBlock(StrictModel):
    """A service that holds a machine identity and must keep doing useful work."""

    role: Literal["workload"]
    probe: Probe
    access: dict[PathName, AccessPath] = Field(default_factory=dict)
    identity: Annotated[tuple[Identity, ...], Field(strict=False)] = ()
