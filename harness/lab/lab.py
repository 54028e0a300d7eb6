"""A running lab, as faults and the conductor see it. Implements the Lab role of ``harness/faults/ports.py``."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, cached_property, partial
from pathlib import Path, PurePosixPath
from typing import TypeVar

from harness.faults.ports import FaultNotPossible, HandedToken, VaultLogin
from harness.lab.admin.database import DatabaseOperator
from harness.lab.admin.emergency import LabEmergency
from harness.lab.admin.http import AdminApi
from harness.lab.admin.idp import IdpOperator
from harness.lab.admin.ledger import LedgerOperator
from harness.lab.admin.listener import ListenerOperator, Source
from harness.lab.admin.proxy import ProxyOperator
from harness.lab.admin.vault import VaultOperator
from harness.lab.containers import RunContainers
from harness.lab.errors import EnvironmentUnusable
from harness.lab.labels import admin_token_label
from harness.lab.networks import RunNetworks
from harness.lab.secrets import RunSecrets
from harness.lab.spec import LabSpec
from harness.lab.store import write_atomically
from harness.topology.model import Block
from harness.topology.services import Administered, DatabaseBlock, IdpBlock, ProxyBlock, ResourceBlock
from harness.topology.vault import AdminToken, VaultBlock
from harness.topology.workload import IdpIdentity, VaultIdentity, WorkloadBlock

B = TypeVar("B", bound=Block)
T = TypeVar("T")


class RunningLab:
    """Administers the components of one run. Raises KeyError-free errors: EnvironmentUnusable with a reason."""

    def __init__(self, spec: LabSpec, containers: RunContainers, secrets: RunSecrets) -> None:
        self.spec = spec
        self._containers = containers
        self.secrets = secrets
        self._made: dict[tuple[type, str], object] = {}

    @property
    def containers(self) -> RunContainers:
        return self._containers

    @cached_property
    def networks(self) -> RunNetworks:
        return RunNetworks(self._containers)

    @cached_property
    def emergency(self) -> LabEmergency:
        return LabEmergency(self)

    def _block(self, service: str, kind: type[B]) -> B:
        known = self.spec.topology.services.get(service)
        if known is None or not isinstance(known.block, kind):
            raise EnvironmentUnusable(
                f"'{service}' is no {kind.__name__.removesuffix('Block').lower()} of this topology"
            )
        return known.block

    def _once(self, kind: type[T], service: str, make: Callable[[], T]) -> T:
        known = self._made.get((kind, service))
        if isinstance(known, kind):
            return known
        made = make()
        self._made[kind, service] = made
        return made

    def url(self, service: str, port: int, tls: bool) -> str:
        host_port = self.spec.ports.get((service, port))
        if host_port is None:
            raise EnvironmentUnusable(f"port {port} of '{service}' is not published for lockout")
        return f"{'https' if tls else 'http'}://127.0.0.1:{host_port}"

    def ca_file(self, block: VaultBlock | Administered) -> Path | None:
        """The CA certificate for a component, on our disk; None for one that is spoken to without TLS."""
        if block.tls is None:
            return None
        path = self.spec.folder / "lab" / f"ca-{block.tls.ca_from}{block.tls.ca_path.replace('/', '-')}"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            # At once: components are set up side by side, and nobody may find half of it.
            write_atomically(path, self._containers.read_file(block.tls.ca_from, block.tls.ca_path).decode())
        return path

    def vault(self, service: str) -> VaultOperator:
        def make() -> VaultOperator:
            block = self._block(service, VaultBlock)
            ca = self.ca_file(block)
            return VaultOperator(
                service,
                self.url(service, block.port, tls=ca is not None),
                str(ca) if ca else False,
                self._vault_token(service, block),
                self.secrets.all(f"{service}-unseal-key"),
                block.initialise.threshold if block.initialise else 0,
            )

        return self._once(VaultOperator, service, make)

    def _vault_token(self, service: str, block: VaultBlock) -> str:
        if known := self.secrets.get(f"{service}-root-token"):
            return known
        if block.admin_token is None:
            return ""  # to be initialised
        label, literal = f"{service}-root-token", block.admin_token.literal
        if literal is not None:
            return self.secrets.keep_known(label, literal.get_secret_value())
        return self.secrets.keep(label, self._find_token(service, block.admin_token))

    def _find_token(self, service: str, source: AdminToken) -> str:
        if source.env is not None:
            token = os.environ.get(source.env)
            if not token:
                raise EnvironmentUnusable(
                    f"{service}: the variable {source.env}, which holds its admin token, is not set"
                )
            return token
        return self._containers.read_file(service, str(source.file_in_container)).decode().strip()

    def forget_vault(self, service: str) -> None:
        """Look at the secrets of *service* anew; it has just been initialised."""
        self._made.pop((VaultOperator, service), None)

    def _admin_api(self, service: str, block: Administered) -> AdminApi:
        if block.admin_port is None or block.admin_token_path is None:
            raise FaultNotPossible(f"'{service}' declares no admin_port in x-lockout, so lockout cannot drive it")
        ca = self.ca_file(block)
        label = admin_token_label(service)
        token = self.secrets.get(label) or self.secrets.keep(
            label, self._containers.read_file(service, block.admin_token_path).decode().strip()
        )
        return AdminApi(service, self.url(service, block.admin_port, tls=ca is not None), str(ca), token)

    def idp(self, service: str) -> IdpOperator:
        def make() -> IdpOperator:
            block = self._block(service, IdpBlock)
            ca = self.ca_file(block)
            public = self.url(service, block.port, tls=ca is not None)
            admin = cache(partial(self._admin_api, service, block))
            if block.admin_port is not None:
                admin()  # the redactor has to know its token before anybody uses it
            return IdpOperator(service, admin, public, str(ca))

        return self._once(IdpOperator, service, make)

    def listener(self, service: str) -> ListenerOperator:
        def make() -> ListenerOperator:
            known = self.spec.topology.services.get(service)
            block = known.block if known else None
            if not isinstance(block, VaultBlock | IdpBlock | ResourceBlock) or block.tls is None:
                raise FaultNotPossible(f"'{service}' serves no TLS that lockout knows of (x-lockout: tls)")
            port = block.admin_port if isinstance(block, ResourceBlock) else block.port
            ca, host_port = self.ca_file(block), self.spec.ports.get((service, port or 0))
            if ca is None or host_port is None:
                raise FaultNotPossible(f"'{service}' declares no port in x-lockout by which lockout could reach it")
            return ListenerOperator(
                service,
                host_port,
                Source(block.tls.ca_from, PurePosixPath(block.tls.ca_path)),
                ca.read_text(encoding="utf-8"),
                self._containers,
                self._whether_serving(service, block),
            )

        return self._once(ListenerOperator, service, make)

    def _whether_serving(self, service: str, block: Block) -> Callable[[], bool]:
        if isinstance(block, VaultBlock):
            return self.vault(service).is_serving
        return self.idp(service).is_serving if isinstance(block, IdpBlock) else lambda: True

    def ledger(self, service: str) -> LedgerOperator:
        def make() -> LedgerOperator:
            block = self._block(service, ResourceBlock)
            ca = self.ca_file(block)
            published = (service, block.port) in self.spec.ports
            public = self.url(service, block.port, tls=ca is not None) if published else None
            return LedgerOperator(self._admin_api(service, block), public, str(ca))

        return self._once(LedgerOperator, service, make)

    def database(self, service: str) -> DatabaseOperator:
        def make() -> DatabaseOperator:
            block = self._block(service, DatabaseBlock)
            return DatabaseOperator(service, self._containers, block.user, block.database)

        return self._once(DatabaseOperator, service, make)

    def proxy(self, service: str) -> ProxyOperator:
        def make() -> ProxyOperator:
            return ProxyOperator(self._admin_api(service, self._block(service, ProxyBlock)))

        return self._once(ProxyOperator, service, make)

    def proxy_before(self, upstream: str) -> ProxyOperator:
        for service in self.spec.topology.by_role("proxy"):
            if isinstance(service.block, ProxyBlock) and upstream in service.block.routes:
                return self.proxy(service.name)
        raise FaultNotPossible(f"no fault proxy of this topology has a route to '{upstream}' (x-lockout: role: proxy)")

    def workloads(self) -> tuple[str, ...]:
        return self.spec.topology.workloads

    def role(self, service: str) -> str:
        known = self.spec.topology.services.get(service)
        return (known.role if known else None) or ""

    def port(self, service: str) -> int | None:
        known = self.spec.topology.services.get(service)
        block = known.block if known is not None else None
        if isinstance(block, WorkloadBlock):
            return block.probe.http.port if block.probe.http is not None else None
        return getattr(block, "port", None)

    def vault_roles(self, vault: str, workloads: tuple[str, ...]) -> frozenset[str]:
        return frozenset(login.role for login in self.vault_logins(vault, workloads))

    def vault_logins(self, vault: str, workloads: tuple[str, ...]) -> tuple[VaultLogin, ...]:
        unknown = sorted(set(workloads) - set(self.workloads()))
        if unknown:
            raise FaultNotPossible(f"no workload '{unknown[0]}' here; there are {', '.join(self.workloads())}")
        return tuple(
            VaultLogin(workload, one.method, one.at, one.role, one.deliver, one.wrapped)
            for workload in workloads or self.workloads()
            for one in self.spec.topology.workload(workload).identity
            if isinstance(one, VaultIdentity) and one.vault == vault
        )

    def deliver(self, workload: str, wrapped_for: float | None = None) -> None:
        from harness.lab.setup.identities import WRAPPED_FOR, deliver_identities  # which needs this module

        deliver_identities(self, workload, WRAPPED_FOR if wrapped_for is None else wrapped_for)

    def idp_clients(self, idp: str, workloads: tuple[str, ...]) -> frozenset[str]:
        self.vault_roles("", workloads)  # which says what workloads there are
        return frozenset(
            identity.client
            for workload in workloads or self.workloads()
            for identity in self.spec.topology.workload(workload).identity
            if isinstance(identity, IdpIdentity) and identity.idp == idp
        )

    def idps(self) -> tuple[str, ...]:
        return tuple(
            sorted(
                service.name
                for service in self.spec.topology.by_role("idp")
                if isinstance(service.block, IdpBlock)
                and service.block.admin_port is not None
                and self._containers.state(service.name) == "running"
            )
        )

    def judges(self) -> tuple[str, ...]:
        return tuple(
            sorted(
                service.name
                for service in self.spec.topology.by_role("resource")
                if isinstance(service.block, ResourceBlock)
                and service.block.kind == "ledger"  # which lockout knows how to ask
                and (service.name, service.block.port) in self.spec.ports
                and self._containers.state(service.name) == "running"
            )
        )

    def handed_token(self, vault: str, workload: str) -> HandedToken | None:
        self.vault_roles(vault, (workload,))  # which says what workloads there are
        for identity in self.spec.topology.workload(workload).identity:
            if isinstance(identity, VaultIdentity) and identity.vault == vault and identity.method == "token":
                return HandedToken(identity.role, f"{identity.deliver.rstrip('/')}/token") if identity.deliver else None
        return None

    def mint_password(self) -> str:
        return self.secrets.mint_next("rotated-password")

    def keep(self, label: str, secret: str) -> None:
        self.secrets.keep(label, secret)

    def kept(self, label: str) -> str | None:
        return self.secrets.get(label)

    @cached_property
    def started(self) -> frozenset[str]:
        """Services that have a container in this run."""
        return frozenset(self._containers.services())
