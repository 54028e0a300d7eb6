"""``x-lockout`` of a Vault."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from harness.scenario.base import StrictModel
from harness.topology.fields import ContainerPath, Count, Port, Tls, one_of
from harness.topology.gates import Needing
from harness.topology.provision import Provision


class Initialise(StrictModel):
    """lockout initialises this Vault, holds its Shamir keys, and unseals it."""

    shares: Count = Field(5, ge=1, le=255)
    threshold: Count = Field(3, ge=1, le=255)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.threshold > self.shares:
            raise ValueError(f"a threshold of {self.threshold} cannot be met by {self.shares} shares")
        return self


class AdminToken(StrictModel):
    """Where to find the administrative token of a Vault that lockout does not initialise itself."""

    literal: SecretStr | None = Field(None, min_length=1)
    file_in_container: ContainerPath | None = None
    env: str | None = Field(None, pattern="^[A-Za-z_][A-Za-z0-9_]*$")  # a variable of lockout's own environment

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = {"literal": self.literal, "file_in_container": self.file_in_container, "env": self.env}
        one_of(given, "an admin token")
        return self


class VaultBlock(Needing):
    """A HashiCorp Vault. Without ``tls`` it is spoken to in plain HTTP."""

    role: Literal["vault"]
    port: Port = 8200
    tls: Tls | None = None
    initialise: Initialise | None = None
    admin_token: AdminToken | None = None
    provision: Provision | None = None

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        one_of({"initialise": self.initialise, "admin_token": self.admin_token}, "a vault")
        return self
