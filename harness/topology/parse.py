"""From the output of ``docker compose config``, read as plain data, to a topology."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError
from pydantic_core import to_json

from harness.scenario.messages import Found, explain, show
from harness.scenario.problems import Problem, TopologyError, unknown
from harness.topology.dependencies import EstateBlock, dependency_problems
from harness.topology.model import BLOCKS, EXTENSION, Attachment, Block, Service, Topology
from harness.topology.procedures import procedure_problems
from harness.topology.references import UNDECIDED, reference_problems
from harness.topology.sources import Sources, dropped


def parse_topology(config: Mapping[str, object], sources: Sequence[Path]) -> Topology:
    """The topology in *config*, which Compose made of the files *sources*.

    Raises:
        TopologyError: with every problem of every ``x-lockout`` block, at its place in *sources*.
    """
    services: dict[str, Service] = {}
    roles: dict[str, str] = {}
    found: list[Found] = []
    for name, raw in sorted(_mapping(config.get("services")).items()):
        settings = _mapping(raw)
        block: Block | None = None
        if EXTENSION in settings:
            role, block, wrong = _parse_block(settings[EXTENSION])
            roles[name] = role or UNDECIDED
            found.extend(one.below(("services", name, EXTENSION)) for one in wrong)
        services[name] = _service(name, settings, block)
    estate, wrong = _parse_estate(config.get(EXTENSION))
    places = _members(estate)
    found.extend(wrong)
    found.extend(reference_problems(services, roles))
    found.extend(dependency_problems(services, places))
    found.extend(procedure_problems(services, estate.break_glass))
    if "workload" not in roles.values() and not found:
        found.append(Found((), f"no service has an {EXTENSION} block with 'role: workload': nothing to watch"))
    problems = [*_placed(found, sources), *dropped(sources, EXTENSION)]
    if problems:
        raise TopologyError(problems)
    procedures = MappingProxyType(estate.break_glass)
    return Topology(MappingProxyType(services), tuple(sources), MappingProxyType(places), procedures)


def _placed(found: Sequence[Found], paths: Sequence[Path]) -> list[Problem]:
    if not found:
        return []
    sources = Sources(paths)
    return [sources.problem(one.at, one.message, on_key=one.on_key, where=one.where) for one in found]


def _parse_block(raw: object) -> tuple[str | None, Block | None, list[Found]]:
    """Role, typed block, and what is wrong. The role is known even when the rest of the block is not sound."""
    if not isinstance(raw, Mapping):
        return None, None, [Found((), f"expected a mapping with 'role', not {show((), raw)}")]
    role = raw.get("role")
    roles = ", ".join(BLOCKS)
    if role is None:
        return None, None, [Found((), f"required key 'role' is missing; known roles: {roles}")]
    if not isinstance(role, str) or role not in BLOCKS:
        return None, None, [Found(("role",), unknown("role", str(role), BLOCKS))]
    kind = BLOCKS[role]
    try:
        return role, kind.model_validate_json(to_json(dict(raw))), []
    except ValidationError as error:
        return role, None, list(explain(error, kind))


def _parse_estate(raw: object) -> tuple[EstateBlock, list[Found]]:
    """What stands at the top of the file; an empty block for none, or for one that is not sound."""
    if raw is None:
        return EstateBlock(), []
    if not isinstance(raw, Mapping):
        return EstateBlock(), [Found((EXTENSION,), f"expected a mapping with 'places', not {show((), raw)}")]
    try:
        return EstateBlock.model_validate_json(to_json(dict(raw))), []
    except ValidationError as error:
        return EstateBlock(), [one.below((EXTENSION,)) for one in explain(error, EstateBlock)]


def _members(estate: EstateBlock) -> dict[str, tuple[str, ...]]:
    """Members by place, each once: Compose joins the lists of merged files."""
    return {name: tuple(dict.fromkeys(members)) for name, members in estate.places.items()}


def _service(name: str, settings: Mapping[str, object], block: Block | None) -> Service:
    image = settings.get("image")
    return Service(
        name=name,
        image=image if isinstance(image, str) else "",
        block=block,
        networks=tuple(
            Attachment(network, _texts(_mapping(options).get("aliases")))
            for network, options in sorted(_mapping(settings.get("networks")).items())
        ),
        depends_on=tuple(sorted(_mapping(settings.get("depends_on")))),
        published=_published(settings.get("ports")),
    )


def _published(ports: object) -> tuple[int, ...]:
    entries = ports if isinstance(ports, list) else []
    targets = (_mapping(entry).get("target") for entry in entries)
    return tuple(sorted({target for target in targets if isinstance(target, int)}))


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()
