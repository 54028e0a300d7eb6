"""Finding an engine: the order of places, and what is said when none can be used."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import docker
import pytest

from harness.lab.apt import System
from harness.lab.engine import (
    Candidate,
    Engine,
    Failure,
    _engine,
    _failure,
    candidates,
    disk_problem,
    how_to_get,
    is_elsewhere,
    reach_engine,
    refusal,
    search,
)

DEBIAN = System(frozenset({"debian"}), "Debian 12")
FEDORA = System(frozenset({"fedora"}), "Fedora 43")


def engine(**changes: Any) -> Engine:
    values: dict[str, Any] = {
        "client": docker.DockerClient(base_url="unix:///nowhere", version="1.41"),
        "host": "unix:///nowhere",
        "source": "test",
        "version": "20.10.24",
        "api_version": "1.41",
        "arch": "amd64",
        "root_dir": "/var/lib/docker",
        "local": True,
        "started_by_lockout": False,
    }
    return Engine(**{**values, **changes})


def context_at(home: Path, name: str, host: str) -> None:
    docker_dir = home / ".docker"
    meta = docker_dir / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))
    (docker_dir / "config.json").write_text(json.dumps({"currentContext": name}))


def test_docker_host_is_the_only_place_if_it_is_set(tmp_path: Path) -> None:
    context_at(tmp_path, "lab", "ssh://lab")
    places = candidates({"DOCKER_HOST": "tcp://box:2375"}, tmp_path, 1000)
    assert places == [Candidate("tcp://box:2375", "DOCKER_HOST", explicit=True)]


def test_context_of_the_docker_command_comes_next(tmp_path: Path) -> None:
    context_at(tmp_path, "lab", "ssh://lab")
    (place,) = candidates({}, tmp_path, 1000)
    assert (place.host, place.context, place.explicit) == ("ssh://lab", "lab", True)


def test_default_context_and_broken_config_mean_the_usual_sockets(tmp_path: Path) -> None:
    context_at(tmp_path, "lab", "ssh://lab")
    usual = candidates({"DOCKER_CONTEXT": "default"}, tmp_path, 1000)
    (tmp_path / ".docker" / "config.json").write_text("{ not json")
    assert candidates({}, tmp_path, 1000) == usual
    assert usual[0].host == "unix:///var/run/docker.sock"


def test_sockets_in_order_without_repeats(tmp_path: Path) -> None:
    places = candidates({"XDG_RUNTIME_DIR": "/run/user/1000"}, tmp_path, 1000)
    hosts = [place.host for place in places]
    assert hosts[:3] == [
        "unix:///var/run/docker.sock",
        "unix:///run/user/1000/docker.sock",
        f"unix://{tmp_path}/.docker/run/docker.sock",
    ]
    assert len(hosts) == len(set(hosts))
    assert not any(place.explicit for place in places)


def test_search_takes_the_first_that_answers() -> None:
    places = [Candidate("a", "a"), Candidate("b", "b"), Candidate("c", "c")]
    asked: list[str] = []
    wanted = engine()

    def reach(place: Candidate) -> Engine | Failure:
        asked.append(place.host)
        return wanted if place.host == "b" else Failure("absent", "no socket")

    assert search(places, reach) is wanted
    assert asked == ["a", "b"]


def test_search_reports_every_failure() -> None:
    places = [Candidate("a", "a"), Candidate("b", "b")]
    result = search(places, lambda place: Failure("silent", f"{place.host} is silent"))
    assert result == [(places[0], Failure("silent", "a is silent")), (places[1], Failure("silent", "b is silent"))]


def test_missing_socket_is_absent_without_a_request(tmp_path: Path) -> None:
    result = reach_engine(Candidate(f"unix://{tmp_path}/none.sock", "test"))
    assert result == Failure("absent", "there is no such socket")


def test_dead_socket_is_silent(tmp_path: Path) -> None:
    import socket

    path = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    result = reach_engine(Candidate(f"unix://{path}", "test"))
    assert isinstance(result, Failure)
    assert result.kind == "silent"


def test_unknown_context_is_absent() -> None:
    result = reach_engine(Candidate("", "docker context 'gone'", explicit=True, context="gone"))
    assert result == Failure("absent", "the docker command has no docker context 'gone'")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("('Connection aborted.', PermissionError(13, 'Permission denied'))", "denied"),
        ("('Connection aborted.', FileNotFoundError(2, 'No such file or directory'))", "absent"),
        ("('Connection aborted.', ConnectionRefusedError(111, 'Connection refused'))", "silent"),
        ("HTTPConnectionPool(host='x'): Read timed out.", "silent"),
        ("Credentials store error", "unusable"),
    ],
)
def test_failure_kinds_from_the_words_of_the_sdk(text: str, kind: str) -> None:
    assert _failure(Exception(text)).kind == kind


@pytest.mark.parametrize(("api", "usable"), [("1.40", False), ("1.41", True), ("1.52", True), ("1.9", False)])
def test_oldest_engine_that_will_do(api: str, usable: bool) -> None:
    client = docker.DockerClient(base_url="unix:///nowhere", version="1.41")
    info = {"Architecture": "aarch64", "ID": "4F2A"}
    result = _engine(Candidate("unix:///nowhere", "x"), client, info, {"ApiVersion": api})
    assert isinstance(result, Engine) is usable
    if isinstance(result, Engine):
        assert (result.arch, result.id) == ("arm64", "4F2A")
    else:
        assert "too old" in result.why
        assert "20.10" in result.why


def test_windows_containers_are_refused() -> None:
    client = docker.DockerClient(base_url="unix:///nowhere", version="1.41")
    result = _engine(Candidate("x", "x"), client, {"OSType": "windows"}, {"ApiVersion": "1.45"})
    assert isinstance(result, Failure)
    assert "Linux containers" in result.why


def test_explicit_place_is_never_replaced_by_an_installation() -> None:
    place = Candidate("tcp://box:2375", "DOCKER_HOST", explicit=True)
    error = refusal([(place, Failure("silent", "nothing answers there"))], "install", DEBIAN, False)
    assert error is not None
    assert "DOCKER_HOST" in error.message
    assert "tcp://box:2375" in error.message
    assert any("unset DOCKER_HOST" in hint for hint in error.hints)


@pytest.mark.parametrize(("member", "words"), [(False, "usermod -aG docker"), (True, "log in again")])
def test_permission_denied_names_the_group(member: bool, words: str) -> None:
    place = Candidate("unix:///var/run/docker.sock", "/var/run/docker.sock")
    error = refusal([(place, Failure("denied", "permission denied"))], "none", DEBIAN, member)
    assert error is not None
    assert "permission denied" in error.message
    assert words in error.hints[0]
    assert ("usermod" in error.hints[0]) is not member


def test_too_old_engine_is_not_shadowed_by_an_installation() -> None:
    place = Candidate("unix:///var/run/docker.sock", "/var/run/docker.sock")
    error = refusal([(place, Failure("unusable", "engine 19.03 is too old"))], "start", DEBIAN, False)
    assert error is not None
    assert "19.03" in error.message


def test_nothing_there_as_root_on_debian_is_no_error() -> None:
    place = Candidate("unix:///var/run/docker.sock", "/var/run/docker.sock")
    absent = [(place, Failure("absent", "there is no such socket"))]
    assert refusal(absent, "install", DEBIAN, False) is None
    assert refusal(absent, "start", DEBIAN, False) is None


@pytest.mark.parametrize(("system", "words"), [(DEBIAN, "docker.io iproute2 iptables"), (FEDORA, "dnf install")])
def test_what_to_install_depends_on_the_system(system: System, words: str) -> None:
    place = Candidate("unix:///var/run/docker.sock", "/var/run/docker.sock")
    error = refusal([(place, Failure("absent", "no socket"))], "none", system, False)
    assert error is not None
    assert any(words in hint for hint in error.hints)
    assert any("DOCKER_HOST" in hint for hint in error.hints)


def test_opt_out_is_named() -> None:
    place = Candidate("unix:///var/run/docker.sock", "/var/run/docker.sock")
    error = refusal([(place, Failure("absent", "no socket"))], "forbidden", DEBIAN, False)
    assert error is not None
    assert "LOCKOUT_INSTALL_ENGINE=never" in error.message


@pytest.mark.parametrize(
    ("free", "problem"), [(None, False), (999_999_999, True), (1_000_000_000, False), (10**12, False)]
)
def test_disk_limit(free: int | None, problem: bool) -> None:
    text = disk_problem(engine(), free)
    assert (text is not None) is problem
    if text is not None:
        assert "1.0 GB free in /var/lib/docker" in text


def test_environment_for_other_programs_names_the_same_engine() -> None:
    assert engine(host="tcp://box:1").environment() == {"DOCKER_HOST": "tcp://box:1"}
    assert engine(context="lab").environment() == {"DOCKER_CONTEXT": "lab"}


@pytest.mark.parametrize(
    ("host", "elsewhere"),
    [
        ("unix:///var/run/docker.sock", False),
        ("npipe:////./pipe/docker_engine", False),
        ("tcp://127.0.0.1:2375", False),
        ("tcp://127.8.0.1:2375", False),
        ("tcp://[::1]:2375", False),
        ("tcp://localhost:2376", False),
        ("tcp://:2375", False),
        ("127.0.0.1:2375", False),
        ("tcp://[::1", False),
        ("tcp://10.0.0.7:2375", True),
        ("tcp://[2001:db8::1]:2375", True),
        ("tcp://docker:2375", True),
        ("docker:2375", True),
        ("https://box.test:2376", True),
        ("ssh://me@box.test", True),
        ("ssh://localhost", True),
    ],
)
def test_an_engine_on_another_machine_is_known_by_its_address(host: str, elsewhere: bool) -> None:
    assert is_elsewhere(host) is elsewhere


@pytest.mark.parametrize("host", ["ssh://box", "tcp://box.test:2375"])
def test_an_engine_on_another_machine_is_refused_without_a_request(host: str) -> None:
    place = Candidate(host, "DOCKER_HOST", explicit=True)
    failure = reach_engine(place)
    assert isinstance(failure, Failure)
    error = refusal([(place, failure)], "start", DEBIAN, False)
    assert error is not None
    assert host in error.message
    assert "lockout must run on the engine's machine: it reaches the lab through 127.0.0.1" in error.message
    assert error.hints == ("run lockout on that machine, or use an engine of this one:", "unset DOCKER_HOST")


def test_nobody_is_sent_to_an_engine_on_another_machine() -> None:
    for system in (DEBIAN, FEDORA, System(frozenset(), "")):
        assert not any("ssh://" in hint or "tcp://" in hint for hint in how_to_get(system))


def test_a_socket_in_a_folder_that_is_closed_to_us_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.stat", closed)
    result = reach_engine(Candidate("unix:///run/user/0/docker.sock", "test"))
    monkeypatch.undo()
    assert result == Failure("absent", "there is no such socket")
