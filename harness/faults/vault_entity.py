from __future__ import annotations

from random import Random

from pydantic import Field

from harness.faults.base import Fault
from harness.faults.ports import FaultNotPossible, Lab, VaultAdmin
from harness.faults.tokens import TokenArgs, living_tokens
from harness.scenario.base import StrictModel
from harness.scenario.effect import Effect, refuses


class EntityRecord(StrictModel):
    service: str
    entities: tuple[str, ...] = Field(strict=False)
    roles: tuple[str, ...] = Field(strict=False)


class EntityDisabled(Fault[TokenArgs, EntityRecord]):
    """The identity behind a workload's tokens is disabled: all of them are refused, and so is every new login.

    A resilient client stops and raises an alarm, for this looks like a decision; a fragile one logs in in a loop.
    Others are not touched. Source: failure catalogue, ``entity-disabled``.
    """

    name = "entity-disabled"
    group = "B"
    roles = frozenset({"vault"})
    takes = frozenset({"entities"})
    Args = TokenArgs
    Record = EntityRecord

    def effect(self, target: str, args: TokenArgs) -> Effect | None:
        # Without names it hits those with an entity, and the topology does not tell who has one.
        return refuses(target, args.workloads) if args.workloads else None

    def prepare(self, target: str, args: TokenArgs, lab: Lab) -> EntityRecord:
        vault = lab.vault(target)
        tokens = [vault.look_up(accessor) or {} for accessor in living_tokens(target, args.workloads, lab)]
        entities = tuple(sorted({str(token["entity_id"]) for token in tokens if token.get("entity_id")}))
        if not entities:
            of = ", ".join(args.workloads) or "any workload"
            raise FaultNotPossible(f"{target} knows no entity behind the tokens of {of}; handed-out tokens have none")
        if off := [entity for entity in entities if _disabled(vault, entity)]:
            raise FaultNotPossible(f"entity {off[0]} of {target} is disabled already")
        roles = tuple(sorted(lab.vault_roles(target, args.workloads)))
        return EntityRecord(service=target, entities=entities, roles=roles)

    def inject(self, record: EntityRecord, args: TokenArgs, lab: Lab, rng: Random) -> None:
        for entity in record.entities:
            lab.vault(record.service).api_write(f"identity/entity/id/{entity}", {"disabled": True})

    def observe(self, record: EntityRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        if not all(_disabled(vault, entity) for entity in record.entities):
            return None
        for accessor in vault.accessors(frozenset(record.roles)):
            if _refused(vault, accessor):
                which = ", ".join(record.roles)
                return (
                    f"the entities of {which} are disabled, and {record.service} calls a living token of theirs invalid"
                )
        return None

    def undo(self, record: EntityRecord, lab: Lab) -> None:
        vault = lab.vault(record.service)
        for entity in record.entities:
            if _disabled(vault, entity):
                vault.api_write(f"identity/entity/id/{entity}", {"disabled": False})

    def healed(self, record: EntityRecord, lab: Lab) -> str | None:
        vault = lab.vault(record.service)
        states = [(vault.api_read(f"identity/entity/id/{entity}") or {}).get("disabled") for entity in record.entities]
        return "the entities are enabled" if all(state is False for state in states) else None


def _disabled(vault: VaultAdmin, entity: str) -> bool:
    return (vault.api_read(f"identity/entity/id/{entity}") or {}).get("disabled") is True


def _refused(vault: VaultAdmin, accessor: str) -> bool:
    """Whether Vault, asked what a token may do, calls it invalid although it lives: as with a disabled entity."""
    question = {"accessor": accessor, "paths": ["auth/token/lookup-self"]}
    return vault.ask("sys/capabilities-accessor", question) is None and vault.is_alive(accessor)
