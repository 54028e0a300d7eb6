"""Faults are found by their files, and each says what it is."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re

import pytest
from pydantic import ValidationError

import harness.faults
from harness.faults import registry
from harness.faults.base import Fault


def concrete_faults() -> dict[str, type]:
    """Every fault class that stands in a module of the package, by name."""
    found: dict[str, type] = {}
    for module in pkgutil.iter_modules(harness.faults.__path__):
        for kind in vars(importlib.import_module(f"harness.faults.{module.name}")).values():
            if inspect.isclass(kind) and issubclass(kind, Fault) and not inspect.isabstract(kind):
                assert kind.name not in found or found[kind.name] is kind, f"two faults are called {kind.name}"
                found[kind.name] = kind
    return found


def test_every_fault_of_every_module_is_found() -> None:
    assert dict.fromkeys(concrete_faults()).keys() == set(registry.fault_names())
    assert {name: type(registry.get(name)) for name in registry.fault_names()} == concrete_faults()


def test_names_are_sorted_and_unique() -> None:
    names = registry.fault_names()
    assert list(names) == sorted(set(names))


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="vault-seeled"):
        registry.get("vault-seeled")


@pytest.mark.parametrize("name", registry.fault_names())
def test_a_fault_introduces_itself(name: str) -> None:
    fault = registry.get(name)
    assert fault.name == name
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", name)
    assert fault.summary.endswith(".")
    assert len(fault.summary) <= 120
    assert not (fault.instant and fault.operator), "what a person does can be taken back"


@pytest.mark.parametrize("name", registry.fault_names())
def test_unknown_arguments_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        registry.get(name).Args.model_validate_json('{"no-such-argument": "1"}')


@pytest.mark.parametrize("name", registry.fault_names())
def test_a_record_of_another_version_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        registry.get(name).Record.model_validate_json('{"service": "vault", "no-such-key": "1"}')


def test_only_what_is_done_with_break_glass_is_the_act_of_a_person() -> None:
    operators = [name for name in registry.fault_names() if registry.get(name).operator]
    assert operators == ["break-glass-drilled", "break-glass-opened"]
