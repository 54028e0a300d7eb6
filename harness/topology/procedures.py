"""Do the declared emergency procedures fit the services? And what they leave to lockout to find out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.scenario.messages import Found
from harness.scenario.problems import Loc, unknown
from harness.topology.break_glass import OfflineCredential, Procedure, RootQuorum
from harness.topology.model import EXTENSION, Service
from harness.topology.services import ResourceBlock
from harness.topology.vault import VaultBlock

Services = Mapping[str, Service]

NORMAL_PATH = ("vault", "idp")
"""Roles of what an emergency procedure has to do without."""


def isolated_from(procedure: Procedure, services: Services) -> tuple[str, ...]:
    """What *procedure* has to do without, sorted."""
    if procedure.isolated_from is not None:
        return tuple(sorted(set(procedure.isolated_from)))
    return tuple(sorted(name for name, one in services.items() if one.role in NORMAL_PATH and name != procedure.opens))


def desk_of(procedure: Procedure, services: Services) -> str:
    """From where people go about it; empty when that is not declared, nor to be guessed."""
    desks = [name for name, one in services.items() if one.role == "desk"]
    return procedure.desk or (desks[0] if len(desks) == 1 else "")


def threshold_of(procedure: Procedure, services: Services) -> int:
    """How many holders it takes."""
    block = services[procedure.opens].block
    if isinstance(procedure, RootQuorum) and isinstance(block, VaultBlock) and block.initialise:
        return block.initialise.threshold
    return 1


def procedure_problems(services: Services, procedures: Mapping[str, Procedure]) -> Iterator[Found]:
    """What does not fit, each at its place in the Compose files."""
    for name, procedure in procedures.items():
        at: Loc = (EXTENSION, "break_glass", name)
        for found in (*_opened(procedure, services), *_others(procedure, services)):
            yield found.below(at)


def _opened(procedure: Procedure, services: Services) -> Iterator[Found]:
    role = "resource" if isinstance(procedure, OfflineCredential) else "database"
    role = "vault" if isinstance(procedure, RootQuorum) else role
    wrong = list(_of_role(("opens",), procedure.opens, services, role))
    yield from wrong
    if wrong:
        return
    block = services[procedure.opens].block
    if isinstance(procedure, OfflineCredential) and isinstance(block, ResourceBlock):
        if block.kind != "ledger" or block.admin_port is None:
            yield Found(("opens",), f"{procedure.opens!r} needs 'kind: ledger' and an 'admin_port' to be opened so")
    elif isinstance(procedure, RootQuorum) and isinstance(block, VaultBlock):
        if block.initialise is None:
            yield Found(("opens",), f"lockout has no key shares of {procedure.opens!r}: it needs 'initialise'")
        elif block.initialise.shares != len(procedure.holders):
            message = f"{procedure.opens!r} has {block.initialise.shares} key shares; name as many holders"
            yield Found(("holders",), f"{message}, not {len(procedure.holders)}")


def _others(procedure: Procedure, services: Services) -> Iterator[Found]:
    if procedure.desk is not None:
        yield from _of_role(("from",), procedure.desk, services, "desk")
    elif not desk_of(procedure, services):
        yield Found((), "required key 'from' is missing: the service of role 'desk' from which people go about it")
    yield from _of_role(("alarm", "on"), procedure.alarm.on, services, "witness")
    journals = isinstance(procedure, OfflineCredential | RootQuorum) and procedure.log == procedure.opens
    if not journals:
        yield from _of_role(("log",), procedure.log, services, "witness")
    for index, name in enumerate(procedure.isolated_from or ()):
        at: Loc = ("isolated_from", index)
        if name == procedure.opens:
            yield Found(at, f"{name!r} is what it opens, and cannot be done without")
        else:
            yield from _of_role(at, name, services, *NORMAL_PATH)
    if not isolated_from(procedure, services):
        yield Found((), "it is isolated from nothing: there is no vault and no idp that it could do without")
    for index, name in enumerate(procedure.also_for):
        yield from _of_role(("also_for", index), name, services, "workload")


def _of_role(at: Loc, name: str, services: Services, *roles: str) -> Iterator[Found]:
    fitting = [other for other, service in services.items() if service.role in roles]
    what = " or ".join(repr(role) for role in roles)
    if name not in services:
        yield Found(at, unknown("service", name, fitting or services))
    elif name not in fitting:
        role = services[name].role
        is_now = f"has the role {role!r}" if role else "has no x-lockout block"
        there = f"; there are {', '.join(sorted(fitting))}" if fitting else ""
        yield Found(at, f"a service of role {what} is needed, and {name!r} {is_now}{there}")
