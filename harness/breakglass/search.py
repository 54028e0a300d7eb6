"""Searches the lab for the secrets of an emergency procedure: where they must not be, and must not be left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.breakglass.operator import Operator
from harness.faults.ports import FaultNotPossible
from harness.history.break_glass import PlaceSearched
from harness.lab.errors import EnvironmentUnusable, in_words

RUN_FOLDER = "run folder"
_KV = "kv of "
_ENVIRONMENT = "environment of "
_HISTORY = "shell history of "

HISTORIES = tuple(
    f"{home}/{name}"
    for home in ("/root", "/home/desk", "/tmp", "/")  # noqa: S108 (where it is looked, not written)
    for name in (".bash_history", ".ash_history", ".sh_history", ".python_history", ".psql_history", ".vault-token")
)
"""Where shells, and programs that are used like shells, leave what was typed."""

DEEPEST = 8  # folders of KV within each other


def stores(op: Operator) -> tuple[str, ...]:
    """Places in which the secret must not be: every Vault, and the environment of every workload and of the desk."""
    services = op.emergency.services()
    vaults = sorted(name for name, one in services.items() if one.role == "vault")
    others = sorted(name for name, one in services.items() if one.role in ("workload", "desk"))
    return (*(f"{_KV}{name}" for name in vaults), *(f"{_ENVIRONMENT}{name}" for name in others))


def traces(op: Operator) -> tuple[str, ...]:
    """Places in which nobody may leave it. The output of containers is searched anyway, in every run."""
    return (f"{_HISTORY}{op.desk}", RUN_FOLDER)


def search(op: Operator) -> None:
    """Search them all, and take down what was found. What could not be searched is taken down, too."""
    for place in (*stores(op), *traces(op)):
        try:
            text = "\n".join(_texts(op, place))
        except (EnvironmentUnusable, FaultNotPossible) as error:
            op.note(PlaceSearched, place=place, error=in_words(error))
        else:
            op.note(PlaceSearched, place=place, found=op.emergency.secrets_in(text))


def _texts(op: Operator, place: str) -> Iterator[str]:
    """All the texts there are in *place*."""
    if place.startswith(_KV):
        yield from _kv(op, place.removeprefix(_KV))
    elif place.startswith(_ENVIRONMENT):
        for variable in op.lab.containers.environment(place.removeprefix(_ENVIRONMENT)):
            yield f"{variable.name}={variable.value}"
    elif place.startswith(_HISTORY):
        desk = place.removeprefix(_HISTORY)
        yield from (text for path in HISTORIES if (text := op.lab.containers.read(desk, path)) is not None)
    else:
        yield from (text for _, text in op.emergency.written())


def _kv(op: Operator, vault: str) -> Iterator[str]:
    """Every version of every secret in every KV engine."""
    for mount, engine in (op.lab.vault(vault).api_read("sys/mounts") or {}).items():
        if not isinstance(engine, Mapping) or engine.get("type") != "kv":
            continue
        versioned = str((engine.get("options") or {}).get("version")) == "2"
        base = mount.rstrip("/")
        for path in _walk(op, vault, f"{base}/metadata" if versioned else base, "", DEEPEST):
            yield path
            if versioned:
                yield from _versions(op, vault, base, path)
            else:
                yield str(op.lab.vault(vault).api_read(f"{base}/{path}") or "")


def _walk(op: Operator, vault: str, base: str, within: str, deep: int) -> Iterator[str]:
    for key in op.lab.vault(vault).api_list(f"{base}/{within}".rstrip("/")):
        if not key.endswith("/"):
            yield within + key
        elif deep:
            yield from _walk(op, vault, base, within + key, deep - 1)
        else:
            raise EnvironmentUnusable(f"{vault}: there are more than {DEEPEST} folders within each other in {base}")


def _versions(op: Operator, vault: str, mount: str, path: str) -> Iterator[str]:
    known = op.lab.vault(vault).api_read(f"{mount}/metadata/{path}") or {}
    yield str(known.get("custom_metadata") or "")
    for number, version in (known.get("versions") or {}).items():
        if not version.get("destroyed") and not version.get("deletion_time"):
            yield str(op.lab.vault(vault).kv_read(f"{mount}/{path}", int(number)))
