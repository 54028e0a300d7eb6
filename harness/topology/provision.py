"""What lockout sets up in a Vault, playing the platform team. All lengths of time in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from harness.scenario.base import Duration, StrictModel, Texts
from harness.scenario.messages import Found, nested
from harness.scenario.problems import unknown
from harness.topology.fields import ContainerPath, Count, Flag, ServiceName, tagged


class TokenSettings(StrictModel):
    """What tokens of an auth role can do, and how long they live. None leaves Vault's default."""

    policies: Texts = ()
    token_ttl: Duration | None = None
    token_max_ttl: Duration | None = None
    token_explicit_max_ttl: Duration | None = None
    token_num_uses: Count | None = None
    token_no_default_policy: Flag | None = None


class AppRoleRole(TokenSettings):
    secret_id_num_uses: Count | None = None
    secret_id_ttl: Duration | None = None


class AppRoleAuth(StrictModel):
    TAG: ClassVar[str] = "approle"

    type: Literal["approle"]
    roles: dict[str, AppRoleRole] = Field(default_factory=dict)


class JwtRole(TokenSettings):
    bound_audiences: Texts = Field(min_length=1)
    user_claim: str = "sub"
    bound_subject: str | None = None


class JwtAuth(StrictModel):
    """``ca_path`` is the CA certificate for ``discovery_url``, as a file in the container of the CA service."""

    TAG: ClassVar[str] = "jwt"

    type: Literal["jwt"]
    discovery_url: str = Field(pattern="^https?://")
    ca_path: ContainerPath | None = None
    bound_issuer: str | None = None
    roles: dict[str, JwtRole] = Field(default_factory=dict)


class TokenRole(StrictModel):
    """Tokens that somebody else obtains and hands over. They can be renewed for ever, each time for ``period``.

    Unless they are orphans, they are children of one token of the platform, and die with it.
    """

    policies: Texts = Field(min_length=1)
    period: Duration
    orphan: Flag = True


class TokenAuth(StrictModel):
    """Vault's own method, which is always mounted at ``token``."""

    TAG: ClassVar[str] = "token"

    type: Literal["token"]
    roles: dict[str, TokenRole] = Field(default_factory=dict)


class CertRole(TokenSettings):
    """Who presents a client certificate of the secrets engine at ``pki``, with the role's name as its common name."""

    pki: str = Field("pki", min_length=1)


class CertAuth(StrictModel):
    """Logging in by a client certificate. A token may be renewed without, so that certificates can be replaced."""

    TAG: ClassVar[str] = "cert"

    type: Literal["cert"]
    roles: dict[str, CertRole] = Field(default_factory=dict)


class Generated(StrictModel):
    """A value lockout makes up: a random text, or the fresh password of a database role that it creates."""

    generate: Literal["random", "database-role"]
    on: ServiceName | None = None  # database service
    role: str | None = Field(None, min_length=1)  # database role
    member_of: Texts = ()  # groups the database role belongs to

    @model_validator(mode="after")
    def _where(self) -> Self:
        wanted = self.generate == "database-role"
        if wanted and not (self.on and self.role):
            raise ValueError("'generate: database-role' needs 'on: <database service>' and 'role: <database role>'")
        if not wanted and (self.on or self.role):
            raise ValueError("'on' and 'role' go with 'generate: database-role' only")
        return self


def _value_tag(value: object) -> str:
    return "(generated)" if isinstance(value, Mapping | Generated) else "(text)"


KvValue = Annotated[Annotated[str, Tag("(text)")] | Annotated[Generated, Tag("(generated)")], Discriminator(_value_tag)]


class KvSecrets(StrictModel):
    """KV version 2: secrets by path, each a mapping of plain or generated values."""

    TAG: ClassVar[str] = "kv-v2"

    type: Literal["kv-v2"]
    entries: dict[str, dict[str, KvValue]] = Field(default_factory=dict)


class DatabaseConnection(StrictModel):
    service: ServiceName
    database: str = Field(min_length=1)


class DynamicRole(StrictModel):
    """Vault makes a database user per lease. SQL with Vault's ``{{name}}`` templates."""

    creation: Texts = Field(min_length=1)
    renewal: Texts = ()  # Vault's own, which moves VALID UNTIL, when empty
    revocation: Texts = ()
    default_ttl: Duration
    max_ttl: Duration


class StaticRole(StrictModel):
    """Vault rotates the password of an existing database user."""

    username: str = Field(min_length=1)
    rotation_period: Duration


class DatabaseSecrets(StrictModel):
    TAG: ClassVar[str] = "database"

    type: Literal["database"]
    connection: DatabaseConnection
    grants: Texts = ()  # groups that its users belong to; Vault may hand out membership
    roles: dict[str, DynamicRole] = Field(default_factory=dict)
    static_roles: dict[str, StaticRole] = Field(default_factory=dict)


class TransitSecrets(StrictModel):
    TAG: ClassVar[str] = "transit"

    type: Literal["transit"]
    keys: Texts = Field(min_length=1)


class PkiRole(StrictModel):
    """Issues certificates, for clients and servers, for just these names."""

    names: Texts = Field(min_length=1)
    ttl: Duration  # of those who ask for nothing else
    max_ttl: Duration


class PkiSecrets(StrictModel):
    """A certificate authority of Vault's own, with a root that lives a day. ``crl_expiry``: how long a CRL is good."""

    TAG: ClassVar[str] = "pki"

    type: Literal["pki"]
    common_name: str = Field(min_length=1)
    crl_expiry: Duration | None = None
    roles: dict[str, PkiRole] = Field(default_factory=dict)


def _by_type(*known: str) -> Any:
    def choose(value: Mapping[str, Any]) -> str | None:
        given = value.get("type")
        return given if given in known else None

    return tagged(choose, f"expected 'type' to be one of {', '.join(known)}")


AuthMethod = Annotated[
    Annotated[AppRoleAuth, Tag("(approle)")]
    | Annotated[JwtAuth, Tag("(jwt)")]
    | Annotated[TokenAuth, Tag("(token)")]
    | Annotated[CertAuth, Tag("(cert)")],
    _by_type("approle", "jwt", "token", "cert"),
]
SecretsEngine = Annotated[
    Annotated[KvSecrets, Tag("(kv-v2)")]
    | Annotated[DatabaseSecrets, Tag("(database)")]
    | Annotated[TransitSecrets, Tag("(transit)")]
    | Annotated[PkiSecrets, Tag("(pki)")],
    _by_type("kv-v2", "database", "transit", "pki"),
]


class Provision(StrictModel):
    """Policies by name (HCL), and auth methods and secrets engines by the path at which they are mounted."""

    policies: dict[str, str] = Field(default_factory=dict)
    auth: dict[str, AuthMethod] = Field(default_factory=dict)
    secrets: dict[str, SecretsEngine] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known_policies(self) -> Self:
        if wrong := [mount for mount, method in self.auth.items() if (method.type == "token") != (mount == "token")]:
            words = "the method of type 'token' is mounted at 'token', and no other is"
            raise nested([Found(("auth", wrong[0], "type"), words)])
        known = self.policies.keys() | {"default"}
        found = [
            Found(("auth", mount, "roles", name, "policies", index), unknown("policy", policy, known))
            for mount, method in self.auth.items()
            for name, role in method.roles.items()
            for index, policy in enumerate(role.policies)
            if policy not in known
        ]
        if found:
            raise nested(found)
        return self
