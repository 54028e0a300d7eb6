"""Evidence in the history: it comes back as it was, without secrets, and with the names that people chose."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.history import break_glass as b
from harness.history.index import History
from harness.history.reader import read_events
from harness.history.redaction import Redactor
from harness.history.writer import HistoryWriter
from tests.unit.breakglass.histories import good

SECRET = "sentinel-credential-of-alice"


def test_it_comes_back_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    written = good()
    with HistoryWriter(path, Redactor()) as history:
        for event in written.events:
            history.append(event)
    assert list(read_events(path)) == written.events
    again = History.from_file(path)
    assert [event.t for event in again.break_glass] == sorted(event.t for event in again.break_glass)
    assert len(again.witnessed) == 12


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (b.BreakGlassOpened, {"opened": False, "words": f"refused {SECRET}", "marks": (SECRET,)}),
        (b.ActionTried, {"act": SECRET, "wanted": True, "allowed": True, "words": SECRET}),
        (b.ShelfLooked, {"holder": "alice", "usable": True, "words": SECRET}),
        (b.PlaceSearched, {"place": "run folder", "error": SECRET}),
        (b.RemainderLooked, {"what": "role", "gone": True, "words": SECRET}),
        (b.WorkloadTried, {"workload": "orders", "key": SECRET, "allowed": False, "words": SECRET}),
    ],
)
def test_no_secret_gets_into_it(kind: type[b.BreakGlassEvent], fields: dict[str, object], tmp_path: Path) -> None:
    redactor = Redactor()
    redactor.register("credential", SECRET)
    path = tmp_path / "events.jsonl"
    with HistoryWriter(path, redactor) as history:
        history.append(kind(t=1.0, wall="w", source="s", procedure="p", attempt="calm", **fields))  # type: ignore[arg-type]
    text = path.read_text()
    assert SECRET not in text
    assert "[redacted:credential]" in text


def test_names_of_the_lab_stay_as_they_are(tmp_path: Path) -> None:
    redactor = Redactor()
    redactor.register("password", "ledger-desk")
    path = tmp_path / "events.jsonl"
    told = {"t": 1.0, "wall": "w", "source": "s"}
    with HistoryWriter(path, redactor) as history:
        history.append(b.HostTouched(procedure="ledger-desk", host="ledger-desk", by="address", ok=True, **told))  # type: ignore[arg-type]
        history.append(b.Witnessed(witness="ledger-desk", event="used", text="by ledger-desk", **told))  # type: ignore[arg-type]
    touched, heard = read_events(path)
    assert (touched.procedure, touched.host) == ("ledger-desk", "ledger-desk")  # type: ignore[union-attr]
    assert (heard.witness, heard.text) == ("ledger-desk", "by [redacted:password]")  # type: ignore[union-attr]
