from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from harness.checks.judgement import Measured, Status, WorkloadSummary
from harness.report.html import render_html
from harness.report.model import ImageUsed, ReportInput
from harness.report.scale import ticks
from harness.report.svg import Scale, band_boxes, render_svg
from harness.report.timeline import Timeline
from tests.unit.report.builders import (
    container,
    fault,
    judgement,
    login,
    report,
    result,
    run_info,
    sample,
    samples,
    started,
    timeline,
    two_workloads,
)

VOID = {"meta", "br", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; refuses one whose tags are not balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def rich_timeline() -> Timeline:
    return timeline(
        [started()],
        fault(2.0, 7.0),
        fault(3.0, 6.0, "timeline.1", operator=True, name="break-glass-opened"),
        samples(0, 3, credential="a", path="primary"),
        samples(3, 4, ok=False, error="http 503"),
        samples(4, 6, path="break-glass"),
        samples(8, 20, credential="b", path="primary"),
        [login(8.1), login(10.0, renewal=True), container(4.0, "die"), container(4.2, "start")],
    )


def test_the_page_says_all_there_is_to_say() -> None:
    found = two_workloads()
    page = Page(render_html(report(found, rich_timeline())))
    wanted = [
        "Pass",
        "The one claim holds; 1 accepted risk.",
        "Vault is sealed for 20 s.",
        "31 July 2026, 10:15:00 UTC",
    ]
    for item in (*found.results, *found.run_results):
        wanted += [item.finding.summary, *(evidence.text for evidence in item.finding.evidence), *item.controls]
    wanted += ["4.2 s ± 0.1 s", "1.2 s ± 0.1 s", "never", "re-authenticated", "locked out", "undo verified"]
    wanted += ["logs in once at start and never again", "2027-06-30"]
    wanted += ["vault:1.21", "sha256:1f", "built", "ab12", "Docker 27.5.1", "linux/amd64", "lockout judge runs/r1"]
    assert [text for text in wanted if text not in page.words] == []


def test_the_page_needs_nothing_but_itself() -> None:
    text = render_html(report(two_workloads(), rich_timeline()))
    page = Page(text)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "iframe", "object", "embed", "img", "form", "base"}
    assert not re.search(r"https?:|//[a-z]|@import|javascript:|\son[a-z]+=", text)
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", text))
    assert not [name for _, attrs in page.tags for name in attrs if name in ("src", "href", "xlink:href", "style")]


def test_the_page_is_accessible() -> None:
    page = Page(render_html(report(two_workloads(), rich_timeline())))
    assert ("html", {"lang": "en"}) in page.tags
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in page.tags if tag == "th")
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    labels = " ".join(attrs.get("aria-labelledby") or "" for _, attrs in page.tags).split()
    assert set(labels) <= set(ids)
    drawing = next(attrs for tag, attrs in page.tags if tag == "svg" and attrs.get("class") == "timeline")
    assert drawing["role"] == "img"
    assert "never down" not in page.words
    assert "orders: down from 3.0 s to 4.0 s." in page.words


HOSTILE = "<script>alert(1)</script>\"'&\x1b\u202e"


def test_hostile_names_and_errors_are_only_text() -> None:
    found = judgement(
        result(Status.FAIL, HOSTILE, HOSTILE, HOSTILE, [(1.0, HOSTILE)], limit=HOSTILE, controls=(HOSTILE,)),
        result(Status.ACCEPTED, HOSTILE, limit="within 1s"),
        run=(result(Status.INCONCLUSIVE, "", HOSTILE, HOSTILE),),
        workloads=(WorkloadSummary(HOSTILE, Status.FAIL, HOSTILE, Measured(1, 0.1)),),
    )
    view = timeline(
        [started()],
        fault(1.0, 2.0, name=HOSTILE),
        samples(0, 3, workload=HOSTILE, path=HOSTILE, credential="a"),
        samples(3, 9, ok=False, workload=HOSTILE, error=HOSTILE),
        [sample(9.0, workload=HOSTILE, credential=HOSTILE, path="x"), login(5.0, HOSTILE)],
        [container(4.0, "die", HOSTILE)],
    )
    info = run_info(
        run=HOSTILE, scenario=HOSTILE, summary=HOSTILE, folder=HOSTILE, rejudge=HOSTILE, engine=HOSTILE, host=HOSTILE,
        images=(ImageUsed(HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
    )  # fmt: skip
    text = render_html(ReportInput(info, found, view))
    page = Page(text)
    assert "script" not in {tag for tag, _ in page.tags}
    assert "<script" not in text
    assert not set(text) & {"\x1b", "\u202e"}
    assert page.words.count("<script>alert(1)</script>") > 20
    ET.fromstring(re.sub(r"(?s).*?(<svg class=\"timeline\".*?</svg>).*", r"\1", text))


def test_a_run_without_events_or_results_is_still_a_page() -> None:
    page = Page(render_html(ReportInput(run_info(images=()), judgement(), Timeline())))
    assert "svg" not in {tag for tag, _ in page.tags}
    assert "Nothing is proven: no claim was judged." in page.words


@pytest.mark.parametrize(
    ("status", "headline"), [(Status.PASS, "Pass"), (Status.FAIL, "Fail"), (Status.INCONCLUSIVE, "Inconclusive")]
)
def test_the_banner_names_the_verdict(status: Status, headline: str) -> None:
    page = Page(render_html(report(judgement(result(status)))))
    banner = next(attrs["class"] or "" for tag, attrs in page.tags if (attrs.get("class") or "").startswith("banner"))
    assert banner.endswith(headline.lower())
    assert headline in page.words


def test_the_legend_explains_what_is_drawn_and_no_more() -> None:
    plain = Page(render_html(report(judgement(), timeline([started()], samples(0, 5))))).words
    assert "break-glass" not in plain
    assert "container died" not in plain
    full = Page(render_html(report(two_workloads(), rich_timeline()))).words
    for text in ("up through break-glass", "no data", "act of an operator", "new credential", "renewal",
                 "container died", "limit, met", "fault seen to bite"):  # fmt: skip
        assert text in full


def drawn(view: Timeline, found: object = None) -> ET.Element:
    return ET.fromstring(render_svg(report(found or judgement(), view)))  # type: ignore[arg-type]


def texts(root: ET.Element, kind: str) -> list[str]:
    return [(e.text or "") + "".join(c.tail or "" for c in e) for e in root.iter("text") if e.get("class") == kind]


def test_outages_carry_their_length() -> None:
    view = timeline([started()], samples(0, 3), samples(3, 7, ok=False), samples(7, 9), samples(9, 12, ok=False))
    root = drawn(view)
    assert texts(root, "length inside") == ["4.0 s", "to the end"]


def test_a_label_of_a_short_outage_stands_above_it_and_labels_do_not_overlap() -> None:
    view = timeline(
        [started()], samples(0, 50), samples(50, 50.2, ok=False), samples(50.2, 51), samples(51, 51.2, ok=False),
        samples(51.2, 100),
    )  # fmt: skip
    assert texts(drawn(view), "length beside") == ["0.2 s"]


def test_flags_stand_where_limits_end() -> None:
    view = timeline([started()], samples(0, 20), fault(2.0, 10.0))
    found = judgement(
        result(Status.PASS, limit="within 5s after undo"), result(Status.FAIL, "orders", limit="within 1s after inject")
    )
    root = drawn(view, found)
    groups = [group.get("class") for group in root.iter("g") if (group.get("class") or "").startswith("flag")]
    assert groups == ["flag missed", "flag met"]
    pole = next(p for p in root.iter("path") if p.get("class") == "pole" and p is not None)
    assert pole.get("d", "").startswith(f"M{Scale(0.0, view.end).x(3.1):.1f} ")


def test_bands_that_lie_close_get_rows_of_their_own() -> None:
    view = timeline([started()], samples(0, 100), fault(1, 5), fault(6, 9, "timeline.1"), fault(90, 99, "timeline.2"))
    boxes = band_boxes(report(judgement(), view), Scale(view.start, view.end))
    assert [box.row for box in boxes] == [0, 1, 0]
    assert [box.anchor for box in boxes] == ["start", "start", "end"]
    assert all(box.x + box.width <= 920 for box in boxes)


def test_a_fault_that_was_never_undone_reaches_the_end() -> None:
    view = timeline([started()], samples(0, 10), fault(5, None))
    scale = Scale(view.start, view.end)
    [box] = band_boxes(report(judgement(), view), scale)
    assert box.x + box.width == pytest.approx(scale.right)
    edge = next(path for path in drawn(view).iter("path") if path.get("class") == "edge")
    assert edge.get("d", "").count("M") == 1


def test_big_timelines_stay_small() -> None:
    events = [started(), *fault(100.0, 900.0)]
    for workload in ("a", "b", "c"):
        events += [
            event
            for index in range(5_000)
            for event in (
                sample(index * 0.2, index % 2 == 0, workload, credential=str(index)),
                login(index * 0.2 + 0.1, workload),
            )
        ]
    view = timeline(events)
    assert all(len(lane.segments) <= 600 for lane in view.lanes)
    assert len(render_html(report(judgement(), view))) < 300_000


def test_even_uncoarsened_5000_segments_stay_small() -> None:
    view = timeline([started()], [sample(i * 0.2, i % 2 == 0) for i in range(5_000)], limit=10_000)
    assert len(view.lanes[0].segments) == 5_000
    assert len(render_svg(report(judgement(), view))) < 250_000


@pytest.mark.parametrize(
    ("start", "end", "most", "found"),
    [
        (0, 10, 5, [0, 2, 4, 6, 8, 10]),
        (6.2, 46.5, 9, [10, 15, 20, 25, 30, 35, 40, 45]),
        (0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 3600, 6, [0, 600, 1200, 1800, 2400, 3000, 3600]),
        (0, 864000, 5, [0, 172800, 345600, 518400, 691200, 864000]),
        (5, 5, 5, []),
        (0, 10, 0, []),
    ],
)
def test_ticks_are_round(start: float, end: float, most: int, found: list[float]) -> None:
    assert ticks(start, end, most) == found
