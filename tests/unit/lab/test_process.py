"""Running other programs: log, last lines, exit codes, and no orphan when we are interrupted."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from harness.lab.process import TAIL, output_of, run_logged


def test_lines_go_to_log_and_sink_and_the_tail_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "x.log"
    lines: list[str] = []
    code = "import sys\nfor i in range(30): print('line', i)\nprint('last', file=sys.stderr)\nsys.exit(3)"
    result = run_logged([sys.executable, "-u", "-c", code], log, lines.append)
    assert result.code == 3
    assert len(lines) == 31
    assert len(result.tail) == TAIL
    assert result.tail[-1] == "last"
    assert "line 0\n" in log.read_text()


def test_missing_program_is_exit_127_with_its_name(tmp_path: Path) -> None:
    result = run_logged(["no-such-program-here"], tmp_path / "log", lambda _: None)
    assert result.code == 127
    assert "no-such-program-here" in result.tail[0]


def test_interruption_ends_the_program(tmp_path: Path) -> None:
    pids: list[int] = []

    def sink(text: str) -> None:
        pids.append(int(text))
        raise KeyboardInterrupt

    code = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)"
    with pytest.raises(KeyboardInterrupt):
        run_logged([sys.executable, "-c", code], tmp_path / "log", sink)
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_output_of_is_none_for_failure_absence_and_slowness() -> None:
    assert output_of([sys.executable, "-c", "print(' ok ')"]) == "ok"
    assert output_of([sys.executable, "-c", "print('x'); raise SystemExit(1)"]) is None
    assert output_of(["no-such-program-here"]) is None
    assert output_of([sys.executable, "-c", "import time; time.sleep(30)"], timeout=0.2) is None
