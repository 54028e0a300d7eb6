"""Checks what ``x-lockout`` blocks say about each other: names must exist, and be of the right role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.scenario.messages import Found
from harness.scenario.problems import Loc, unknown
from harness.topology.model import Block, Service
from harness.topology.provision import CertAuth, DatabaseSecrets, Generated, KvSecrets, PkiSecrets, Provision
from harness.topology.services import IdpBlock, ProxyBlock
from harness.topology.vault import VaultBlock
from harness.topology.workload import DatabaseIdentity, IdpIdentity, VaultIdentity, WorkloadBlock

Services = Mapping[str, Service]

UNDECIDED = "?"
"""The role of a service whose block does not say, which is an error of its own."""

_WHAT = {"vault": "a vault", "idp": "an idp", "resource": "a resource", "database": "a database", "ca": "a ca"}


def reference_problems(services: Services, roles: Mapping[str, str]) -> Iterator[Found]:
    """All dangling references. *roles* also knows services whose block has other errors."""
    for name, service in services.items():
        if service.block is not None:
            base: Loc = ("services", name, "x-lockout")
            for found in _of_block(service.block, services, roles):
                yield found.below(base)


def _of_block(block: Block, services: Services, roles: Mapping[str, str]) -> Iterator[Found]:
    tls = getattr(block, "tls", None)
    if tls is not None:
        yield from _expect_role(("tls", "ca_from"), tls.ca_from, "ca", services, roles)
    if isinstance(block, WorkloadBlock):
        yield from _of_workload(block, services, roles)
    elif isinstance(block, ProxyBlock):
        for route in block.routes:
            if route not in services:
                yield Found(("routes", route), unknown("service", route, services), on_key=True)
    elif isinstance(block, VaultBlock) and block.provision:
        for found in _of_provision(block.provision, services, roles):
            yield found.below(("provision",))


def _expect_role(loc: Loc, name: str, role: str, services: Services, roles: Mapping[str, str]) -> Iterator[Found]:
    if name not in services:
        known = [other for other, its in roles.items() if its == role]
        yield Found(loc, unknown("service", name, known or services))
    elif roles.get(name) not in (role, UNDECIDED):
        is_now = f"its role is {roles[name]!r}" if name in roles else "it has no x-lockout block"
        yield Found(loc, f"service {name!r} is not {_WHAT[role]}; {is_now}")


def _of_workload(block: WorkloadBlock, services: Services, roles: Mapping[str, str]) -> Iterator[Found]:
    for index, identity in enumerate(block.identity):
        at: Loc = ("identity", index)
        if isinstance(identity, VaultIdentity):
            yield from _expect_role((*at, "vault"), identity.vault, "vault", services, roles)
            yield from _of_vault_identity(at, identity, services)
        elif isinstance(identity, IdpIdentity):
            yield from _expect_role((*at, "idp"), identity.idp, "idp", services, roles)
            idp = services[identity.idp].block if identity.idp in services else None
            if isinstance(idp, IdpBlock) and idp.clients and identity.client not in idp.clients:
                yield Found((*at, "client"), unknown("client", identity.client, idp.clients))
        elif isinstance(identity, DatabaseIdentity):
            yield from _expect_role((*at, "database"), identity.database, "database", services, roles)
        else:
            yield from _expect_role((*at, "resource"), identity.resource, "resource", services, roles)


def _of_vault_identity(at: Loc, identity: VaultIdentity, services: Services) -> Iterator[Found]:
    vault = services[identity.vault].block if identity.vault in services else None
    if not isinstance(vault, VaultBlock) or vault.provision is None:
        return  # somebody else provisions it, so there is nothing to compare with
    auth = vault.provision.auth
    method = auth.get(identity.at)
    if method is None:
        place: Loc = (*at, "mount") if identity.mount else (*at, "method")
        yield Found(place, unknown("auth method", identity.at, auth))
    elif method.type != identity.method:
        message = f"{identity.at!r} of {identity.vault!r} is of type {method.type!r}, not {identity.method!r}"
        yield Found((*at, "method"), message)
    elif identity.role not in method.roles:
        yield Found((*at, "role"), unknown("auth role", identity.role, method.roles))


def _of_provision(provision: Provision, services: Services, roles: Mapping[str, str]) -> Iterator[Found]:
    yield from _of_cert_roles(provision)
    for mount, engine in provision.secrets.items():
        at: Loc = ("secrets", mount)
        if isinstance(engine, DatabaseSecrets):
            place: Loc = (*at, "connection", "service")
            yield from _expect_role(place, engine.connection.service, "database", services, roles)
        elif isinstance(engine, KvSecrets):
            for path, entry in engine.entries.items():
                for key, value in entry.items():
                    if isinstance(value, Generated) and value.on:
                        place = (*at, "entries", path, key, "on")
                        yield from _expect_role(place, value.on, "database", services, roles)


def _of_cert_roles(provision: Provision) -> Iterator[Found]:
    """Certificates come from a role of the same name of a secrets engine of type pki."""
    engines = {mount: engine for mount, engine in provision.secrets.items() if isinstance(engine, PkiSecrets)}
    for mount, method in provision.auth.items():
        if isinstance(method, CertAuth):
            for name, role in method.roles.items():
                at: Loc = ("auth", mount, "roles", name)
                if role.pki not in engines:
                    yield Found((*at, "pki"), unknown("pki secrets engine", role.pki, engines))
                elif name not in engines[role.pki].roles:
                    yield Found(at, unknown(f"role of {role.pki}", name, engines[role.pki].roles), on_key=True)
