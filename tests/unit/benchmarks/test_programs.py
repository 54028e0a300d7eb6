"""The parts that run other programs."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
import requests

from benchmarks import floor
from benchmarks.doors import Closing, Door, standing
from benchmarks.floor_spec import blocks
from benchmarks.judge_million import judge, write
from benchmarks.processes import run, run_for_peak
from benchmarks.result import NotMeasured
from harness.lab.ports import free_ports


def python(program: str, **wish: tuple[int, ...]) -> object:
    return run([sys.executable, "-c", program], **wish)


def test_a_program_is_timed_from_outside_with_what_it_said_when() -> None:
    ran = run(
        [sys.executable, "-c", "import sys, time; print('a', file=sys.stderr, flush=True); time.sleep(.2); print(1)"]
    )
    assert ran.code == 0
    assert ran.stdout == "1\n"
    assert ran.seconds >= 0.2
    assert ran.ended == pytest.approx(time.time(), abs=5)
    assert [line for _, line in ran.stderr] == ["a"]
    assert ran.stderr[0][0] <= ran.seconds - 0.2
    assert 0 < ran.cpu < ran.seconds + 1


def test_memory_is_that_of_the_program() -> None:
    ours = b"x" * 200_000_000  # what we hold must not count
    small, big = (run_for_peak([sys.executable, "-c", f"x = b'x' * {size}"])[1] for size in (1, 80_000_000))
    del ours
    assert small < 40
    assert big - small == pytest.approx(80, abs=10)


def test_a_program_that_fails_is_told_with_its_last_words() -> None:
    with pytest.raises(NotMeasured, match="ended with 3: no engine"):
        python("import sys; print('no engine', file=sys.stderr); sys.exit(3)")


def test_a_program_may_end_with_a_code_that_is_a_verdict() -> None:
    assert run([sys.executable, "-c", "raise SystemExit(3)"], good=(0, 3)).code == 3


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(NotMeasured, match="there is no /nowhere/lockout"):
        run(["/nowhere/lockout"])


def answers(port: int) -> int | None:
    try:
        return requests.get(f"http://127.0.0.1:{port}/work", timeout=1).status_code
    except requests.ConnectionError:
        return None


@pytest.mark.parametrize(("closing", "says"), [(Closing.REFUSES, 503), (Closing.HANGS_UP, None)])
def test_a_door_is_closed_when_it_says_it_was(closing: Closing, says: int | None) -> None:
    (port,) = free_ports(1)
    closes = time.monotonic() + 0.5
    seen: list[tuple[float, float, int | None]] = []
    with standing([Door(port, closing, ((closes, closes + 0.3),))]) as report:
        while time.monotonic() < closes + 0.6:
            before = time.monotonic()
            answer = answers(port)
            seen.append((before, time.monotonic(), answer))
    [[(closed, opened)]] = report.closed
    assert closes <= closed < opened
    assert {answer for _, after, answer in seen if after < closes} == {200}
    assert {answer for before, after, answer in seen if closed + 0.05 < before and after < closes + 0.3} == {says}
    assert {answer for before, _, answer in seen if before > opened + 0.05} == {200}


def test_the_floor_reads_durations_and_roles_as_the_topology_writes_them() -> None:
    assert [floor.seconds(text) for text in ("25s", "10m", "1h")] == [25, 600, 3600]
    assert floor.auth_role("approle", {"policies": ["a"], "token_ttl": "6s"}) == {
        "token_policies": ["a"],
        "token_ttl": "6s",
    }
    assert floor.auth_role("jwt", {"bound_audiences": ["vault"]}) == {
        "bound_audiences": ["vault"],
        "role_type": "jwt",
        "user_claim": "sub",
    }


def test_the_floor_uses_no_line_of_lockout() -> None:
    text = Path(floor.__file__).read_text(encoding="utf-8")
    assert not [line for line in text.splitlines() if line.startswith(("from harness", "import harness"))]


def test_only_services_that_are_started_get_a_block() -> None:
    config = {"services": {"vault": {"x-lockout": {"role": "vault"}}, "sidecar": {}, "unused": {"x-lockout": {}}}}
    assert blocks(config, ["vault", "sidecar"]) == {"vault": {"role": "vault"}, "sidecar": {}}


def test_the_history_to_judge_is_a_run_folder_that_lockout_can_judge(tmp_path: Path) -> None:
    written = write(tmp_path / "run", 1000)
    assert written == len((tmp_path / "run" / "events.jsonl").read_bytes().splitlines())
    assert written == pytest.approx(1000, abs=20)
    told = judge(tmp_path / "run")
    assert told["claims"] == 56  # eleven about each of five workloads, one about the run
    assert told["read"] > 0
    assert told["judge"] > 0
