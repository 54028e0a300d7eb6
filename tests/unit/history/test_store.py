"""Writing a history and reading it again, also after a crash."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from harness.history import events as e
from harness.history.index import History
from harness.history.reader import HistoryError, read_events
from harness.history.redaction import Redactor
from harness.history.writer import LONGEST_TEXT, HistoryWriter

WALL = "2026-11-22T10:00:00Z"


def sample(t: float, error: str = "") -> e.Sample:
    return e.Sample(t=t, wall=WALL, source="sampler/orders", workload="orders", ok=not error, latency=0.01, error=error)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    written = [
        e.RunStarted(
            t=0, wall=WALL, source="run", run="r", scenario="s", seed=1, plan_hash="h", period=0.1, lockout="1"
        ),
        e.FaultInjecting(
            t=1, wall=WALL, source="run", fault_id="timeline.0", fault="f", target="vault", args={"a": "b"}
        ),
        e.SteadyState(
            t=2, wall=WALL, source="run", moment="after", ok=False, reasons=("x",), workloads_down=("orders",)
        ),
        sample(3, "timeout"),
        e.ContainerEvent(t=4, wall=WALL, source="docker", service="orders", action="die", exit_code=137),
        e.RunEnded(t=5, wall=WALL, source="run", ending="completed"),
    ]
    with HistoryWriter(path, Redactor()) as writer:
        for event in written:
            writer.append(event)
        assert list(read_events(path)) == written  # nothing waits in a buffer
        writer.sync()
    assert [json.loads(line)["kind"] for line in path.read_text().splitlines()][:2] == [
        "run.started",
        "fault.injecting",
    ]


def test_secrets_are_replaced_wherever_text_comes_from_outside(tmp_path: Path) -> None:
    redactor = Redactor()
    redactor.register("password", 's3cr"et\nvalue')
    with HistoryWriter(tmp_path / "h", redactor) as writer:
        writer.append(sample(1, 'body: {"p": "s3cr\\"et\\nvalue"} s3cr"et\nvalue'))
        writer.append(
            e.FaultInjecting(
                t=1, wall=WALL, source="run", fault_id="f", fault="f", target="t", args={"p": 's3cr"et\nvalue'}
            )
        )
        writer.append(
            e.SteadyState(t=1, wall=WALL, source="run", moment="after", ok=False, reasons=('s3cr"et\nvalue',))
        )
    first, second, third = read_events(tmp_path / "h")
    assert isinstance(first, e.Sample)
    assert isinstance(second, e.FaultInjecting)
    assert isinstance(third, e.SteadyState)
    assert first.error == 'body: {"p": "[redacted:password]"} [redacted:password]'
    assert second.args == {"p": "[redacted:password]"}
    assert third.reasons == ("[redacted:password]",)


def test_texts_are_cut_when_they_are_redacted_and_not_before(tmp_path: Path) -> None:
    redactor = Redactor()
    redactor.register("password", "correct-horse-battery")
    with HistoryWriter(tmp_path / "h", redactor) as writer:
        writer.append(sample(1, "x" * (LONGEST_TEXT - 5) + "correct-horse-battery" + "y" * 1000))
    [event] = read_events(tmp_path / "h")
    assert isinstance(event, e.Sample)
    assert event.error == "x" * (LONGEST_TEXT - 5) + "[reda"


def test_half_a_character_is_replaced(tmp_path: Path) -> None:
    said = json.loads('"\\ud83d says \\ud800"')
    with HistoryWriter(tmp_path / "h", Redactor()) as writer:
        writer.append(sample(1, said))
        writer.append(
            e.IdpRequest(
                t=2,
                wall=WALL,
                source="idp",
                idp="idp",
                endpoint="token",
                client=said,
                ok=True,
                status=200,
                workload=said,
            )
        )
        writer.append(
            e.FaultInjecting(t=3, wall=WALL, source="run", fault_id="f", fault="f", target="t", args={"p": said})
        )
    first, second, third = read_events(tmp_path / "h")
    assert isinstance(first, e.Sample)
    assert isinstance(second, e.IdpRequest)
    assert isinstance(third, e.FaultInjecting)
    assert {first.error, second.client, second.workload, third.args["p"]} == {"? says ?"}
    assert (second.status, third.t) == (200, 3.0)


def test_names_stay_even_if_a_password_is_the_same(tmp_path: Path) -> None:
    redactor = Redactor()
    redactor.register("password", "postgres")
    loss = e.PlannedLoss(fault_id="timeline.0", lost=("postgres",), lasts=6.0)
    fate = e.PredictedFate(workload="postgres", fate="locked-out", without=6.0)
    predicted = e.RadiusPredicted(t=0, wall=WALL, source="run", faults=(loss,), workloads=(fate,))
    with HistoryWriter(tmp_path / "h", redactor) as writer:
        writer.append(
            e.FaultInjecting(
                t=1, wall=WALL, source="run", fault_id="postgres", fault="container-stopped", target="postgres"
            )
        )
        writer.append(e.ContainerEvent(t=1, wall=WALL, source="docker", service="postgres", action="die"))
        writer.append(predicted)
    injecting, event, told = read_events(tmp_path / "h")
    assert told == predicted
    assert isinstance(injecting, e.FaultInjecting)
    assert isinstance(event, e.ContainerEvent)
    assert (injecting.fault_id, injecting.target, event.service) == ("postgres", "postgres", "postgres")


@pytest.mark.parametrize("tail", [b'{"kind":"probe.sam', b"\0" * 700, b'{"kind":"run.ended","t":"x"'])
def test_a_torn_last_line_is_passed_over_and_cut_off_when_writing_goes_on(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "h"
    with HistoryWriter(path, Redactor()) as writer:
        writer.append(sample(1))
    path.write_bytes(path.read_bytes() + tail)
    assert list(read_events(path)) == [sample(1)]
    with HistoryWriter(path, Redactor()) as writer:
        writer.append(sample(2))
    assert list(read_events(path)) == [sample(1), sample(2)]


def test_a_whole_last_line_without_its_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "h"
    with HistoryWriter(path, Redactor()) as writer:
        writer.append(sample(1))
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert list(read_events(path)) == [sample(1)]


@pytest.mark.parametrize(
    "bad", [b"nonsense\n", b"\n", b'{"kind":"no.such","t":1,"wall":"","source":""}\n', b'{"t":1}\n', b"\xff\n"]
)
def test_any_other_bad_line_is_an_error_that_says_where(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "h"
    with HistoryWriter(path, Redactor()) as writer:
        writer.append(sample(1))
    path.write_bytes(path.read_bytes() + bad + path.read_bytes())
    with pytest.raises(HistoryError, match=r"h:2: not an event of a history: ") as caught:
        list(read_events(path))
    assert (caught.value.path, caught.value.line) == (path, 2)


def test_a_history_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="No such file"):
        History.from_file(tmp_path / "none")


def test_an_empty_history_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "h").touch()
    assert History.from_file(tmp_path / "h").workloads == ()


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "h"
    real = os.write
    writer = HistoryWriter(path, Redactor())
    writer.append(sample(1))

    def full(file: int, data: bytes) -> int:
        if len(data) < 40:
            raise OSError(28, "No space left on device")
        return real(file, data[: len(data) - 20])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        writer.append(sample(2))
    monkeypatch.setattr(os, "write", real)
    writer.append(sample(3))
    writer.close()
    assert list(read_events(path)) == [sample(1), sample(3)]


def test_many_threads_write_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "h"
    with HistoryWriter(path, Redactor()) as writer:

        def write(offset: int) -> None:
            for n in range(100):
                writer.append(sample(offset + n, "x" * 500))

        threads = [threading.Thread(target=write, args=(1000 * k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len({event.t for event in read_events(path)}) == 400


def test_a_closed_history_takes_nothing(tmp_path: Path) -> None:
    writer = HistoryWriter(tmp_path / "h", Redactor())
    writer.close()
    writer.close()
    writer.sync()
    with pytest.raises(ValueError, match="closed"):
        writer.append(sample(1))
