"""From the output of ``docker compose config``, read as plain data, to a topology."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError
from pydantic_core import to_json

from harness.scenario.messages import Found, explain, show
from harness.scenario.problems import Problem, TopologyError, unknown
from harness.topology.model import BLOCKS, Attachment, Block, Service, Topology
from harness.topology.references import UNDECIDED, reference_problems
from harness.topology.sources import Sources

EXTENSION = "x-lockout"


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
    found.extend(reference_problems(services, roles))
    if "workload" not in roles.values() and not found:
        found.append(Found((), f"no service has an {EXTENSION} block with 'role: workload': nothing to watch"))
    if found:
        raise TopologyError(_placed(found, sources))
    return Topology(MappingProxyType(services), tuple(sources))


def _placed(found: Sequence[Found], paths: Sequence[Path]) -> list[Problem]:
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
