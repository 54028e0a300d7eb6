"""``x-lockout`` of the smaller components: IdP, resource, database, fault proxy, CA."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from harness.scenario.base import Duration, StrictModel, Texts
from harness.topology.fields import ContainerPath, Port, Tls
from harness.topology.gates import Needing


class Administered(StrictModel):
    """A service with an admin API, guarded by a token that stands in a file of its container."""

    admin_port: Port | None = None
    admin_token_path: ContainerPath | None = None
    tls: Tls | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.admin_port is None) != (self.admin_token_path is None):
            raise ValueError("'admin_port' and 'admin_token_path' go together")
        return self


class IdpClient(StrictModel):
    """A client lockout registers with the IdP, playing the platform team."""

    audiences: Texts = ()
    scopes: Texts = ()
    grants: Texts = ("client_credentials",)
    token_ttl: Duration | None = None  # of its tokens; the IdP's default when absent


class IdpBlock(Administered, Needing):
    role: Literal["idp"]
    port: Port
    clients: dict[str, IdpClient] = Field(default_factory=dict)


class ResourceBlock(Administered, Needing):
    """What workloads need access to. ``kind`` says which journal and admin API it speaks, if any."""

    role: Literal["resource"]
    port: Port
    kind: Literal["ledger"] | None = None


class DatabaseBlock(Needing):
    """A PostgreSQL. ``setup`` is SQL that lockout runs as ``user`` over the local socket in the container."""

    role: Literal["database"]
    user: str = "postgres"
    database: str = "app"
    port: Port = 5432
    setup: Texts = ()


Upstream = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+:\d{1,5}$")]


class ProxyBlock(Administered):
    """The fault proxy: the only route from the workloads to the services of ``routes`` (service: host:port)."""

    role: Literal["proxy"]
    routes: dict[str, Upstream] = Field(min_length=1)


class CaBlock(Needing):
    role: Literal["ca"]


class DeskBlock(Needing):
    """Where people sit in an emergency: a container, with Python in it, from which a procedure is gone through."""

    role: Literal["desk"]


class WitnessBlock(Needing):
    """Takes down what it hears of break-glass, one JSON object a line on its standard output.

    ``{"journal": "witness", "event": …, "text": …}``, the event being ``started``, ``opened``, ``used``, ``refused``,
    ``closed`` or ``alarm``. Logs that lie outside, and the channel by which people are alarmed, are such services.
    """

    role: Literal["witness"]
