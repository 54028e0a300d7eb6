"""Free ports on loopback."""

from __future__ import annotations

import socket

import pytest

from harness.lab import ports
from harness.lab.errors import EnvironmentUnusable
from harness.lab.ports import RANGE, free_ports


def test_they_are_different_free_and_out_of_the_kernels_way() -> None:
    found = free_ports(50)
    assert len(set(found)) == 50
    assert all(port in RANGE for port in found)
    with socket.socket() as one:
        one.bind(("127.0.0.1", found[0]))


def test_none_are_found_when_none_are_wanted() -> None:
    assert free_ports(0) == ()


def test_two_runs_do_not_want_the_same_ones() -> None:
    assert free_ports(20) != free_ports(20)


def test_a_port_that_is_taken_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = sorted(free_ports(2))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first))
        taken.listen()
        monkeypatch.setattr(ports, "RANGE", range(first, first + 1))
        with pytest.raises(EnvironmentUnusable, match=rf"no 1 free ports between {first} and {first + 1} on 127.0.0.1"):
            free_ports(1)
        monkeypatch.setattr(ports, "RANGE", range(first, second + 1, second - first))
        assert free_ports(1) == (second,)
