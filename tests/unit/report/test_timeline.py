from __future__ import annotations

import tracemalloc

import pytest

from harness.checks.judgement import Status, WorkloadSummary
from harness.history import events as ev
from harness.report.lane import CredentialKind, Segment, State, coarsened
from harness.report.timeline import Timeline
from tests.unit.report.builders import (
    WALL,
    container,
    fault,
    judgement,
    login,
    phase,
    result,
    sample,
    samples,
    small_timeline,
    started,
    timeline,
)


def states(view: Timeline, workload: str = "orders") -> list[tuple[State, float, float]]:
    lane = next(lane for lane in view.lanes if lane.workload == workload)
    return [(s.state, round(s.start, 3), round(s.end, 3)) for s in lane.segments]


def test_borders_lie_midway_between_the_samples_that_differ() -> None:
    assert states(small_timeline()) == [
        (State.UP, 0.0, 2.95),
        (State.DOWN, 2.95, 7.15),
        (State.UP, 7.15, 10.0),
    ]


def test_down_at_the_end_lasts_to_the_end() -> None:
    assert states(small_timeline(), "fragile") == [(State.UP, 0.0, 2.95), (State.DOWN, 2.95, 10.0)]


def test_no_events_make_an_empty_timeline() -> None:
    assert Timeline.from_events([]) == Timeline()


def test_a_workload_without_samples_has_a_lane_without_data() -> None:
    view = timeline([started(), phase(0.0, "baseline"), login(3.0), phase(5.0, "teardown")])
    assert states(view) == [(State.NO_DATA, 0.0, 5.0)]


def test_a_judged_workload_that_no_event_names_has_an_empty_lane() -> None:
    found = judgement(workloads=(WorkloadSummary("ghost", Status.INCONCLUSIVE, "no data"),))
    lanes = small_timeline().lanes_of(found)
    assert [lane.workload for lane in lanes] == ["ghost", "orders", "fragile"]
    assert [segment.state for segment in lanes[0].segments] == [State.NO_DATA]


def test_a_gap_in_the_samples_is_no_data_and_not_the_state_before_it() -> None:
    view = timeline([started()], samples(0, 2), samples(4, 6))
    assert states(view) == [(State.UP, 0.0, 1.904), (State.NO_DATA, 1.904, 4.0), (State.UP, 4.0, 5.9)]


def test_a_slow_answer_is_not_a_gap() -> None:
    view = timeline([started(), sample(0.0), sample(0.1, ok=False, latency=2.0), sample(2.1, ok=False)])
    assert [state for state, _, _ in states(view)] == [State.UP, State.DOWN]


def test_samples_late_and_early_leave_no_data_at_both_ends() -> None:
    view = timeline([started(), phase(0.0, "baseline"), phase(9.0, "teardown")], samples(3, 5))
    assert [state for state, _, _ in states(view)] == [State.NO_DATA, State.UP, State.NO_DATA]


def test_break_glass_is_a_state_of_its_own_and_access_paths_part_segments() -> None:
    view = timeline(
        [started()],
        samples(0, 1, path="primary"),
        samples(1, 2, path="cached"),
        samples(2, 3, path="break-glass"),
    )
    lane = view.lanes[0]
    assert [(s.state, s.path) for s in lane.segments] == [
        (State.UP, "primary"),
        (State.UP, "cached"),
        (State.BREAK_GLASS, ""),
    ]


def test_set_up_and_teardown_are_not_drawn() -> None:
    view = timeline(
        [started(), phase(0.0, "setup"), container(1.0, "start"), phase(5.0, "baseline")],
        samples(4, 5, ok=False),
        samples(5, 8),
        [phase(8.0, "teardown"), container(8.5, "die")],
        samples(8, 9, ok=False),
    )
    assert (view.start, view.end) == (5.0, 8.0)
    assert states(view) == [(State.UP, 5.0, 8.0)]
    assert view.lanes[0].containers == ()


def test_two_faults_and_an_operator_each_have_a_band() -> None:
    view = timeline(
        [started()],
        samples(0, 10),
        fault(1.0, 3.0, "timeline.0"),
        fault(2.0, 4.0, "timeline.1", operator=True, name="break-glass-opened"),
        fault(6.0, None, "timeline.2", name="vault-hard-kill"),
    )
    assert [(b.fault, b.operator, b.start, b.end) for b in view.bands] == [
        ("vault-sealed", False, 1.0, 3.0),
        ("break-glass-opened", True, 2.0, 4.0),
        ("vault-hard-kill", False, 6.0, None),
    ]
    assert view.bands[0].observed == pytest.approx(1.2)
    assert view.bands[0].verified
    assert not view.bands[2].verified


def test_a_fault_undone_in_teardown_has_its_end() -> None:
    view = timeline([started()], samples(0, 3), fault(1.0, 4.0), [phase(3.0, "teardown")])
    assert view.bands[0].end == 4.0
    assert view.end == 3.0


def test_a_failed_undo_is_kept_with_its_error() -> None:
    broken = ev.FaultFailed(t=3.0, wall=WALL, source="c", fault_id="timeline.0", stage="undo", error="no keys")
    view = timeline([started()], fault(1.0, None), [broken])
    assert view.bands[0].error == "undo: no keys"


@pytest.mark.parametrize("audit_after_sample", [False, True])
def test_a_login_and_the_new_fingerprint_are_one_mark(audit_after_sample: bool) -> None:
    told = [sample(0.0, credential="aaa"), login(1.0), sample(1.1, credential="bbb")]
    if audit_after_sample:
        told = [told[0], told[2], told[1]]
    marks = Timeline.from_events([started(), *told]).lanes[0].credentials
    assert [(m.t, m.kind, m.fingerprint) for m in marks] == [(1.0, CredentialKind.LOGIN, "bbb")]


def test_credentials_that_no_journal_tells_of_are_changes_and_the_first_one_is_none() -> None:
    view = timeline([started(), sample(0.0, credential="a"), sample(0.1, credential="a"), sample(0.2, credential="b")])
    marks = view.lanes[0].credentials
    assert [(m.t, m.kind, m.fingerprint) for m in marks] == [(0.2, CredentialKind.CHANGED, "b")]


def test_renewals_are_marked_and_refused_logins_are_not() -> None:
    view = timeline([started(), login(1.0, renewal=True), login(2.0, ok=False)])
    assert [m.kind for m in view.lanes[0].credentials] == [CredentialKind.RENEWAL]


def test_a_token_of_the_identity_provider_is_a_credential() -> None:
    token = ev.IdpRequest(
        t=1.0, wall=WALL, source="idp", idp="idp", endpoint="token", client="o", ok=True, status=200, workload="orders"
    )
    keys = ev.IdpRequest(
        t=2.0, wall=WALL, source="idp", idp="idp", endpoint="jwks", client="o", ok=True, status=200, workload="orders"
    )
    marks = timeline([started(), token, keys]).lanes[0].credentials
    assert [(m.kind, m.source) for m in marks] == [(CredentialKind.TOKEN, "idp")]


def test_a_new_process_is_marked_unless_its_container_told() -> None:
    silent = timeline([started()], samples(0, 1, instance="a"), samples(1, 2, instance="b"))
    assert [m.action for m in silent.lanes[0].containers] == ["new process"]
    told = timeline(
        [started()],
        samples(0, 1, instance="a"),
        [container(1.0, "die"), container(1.5, "start")],
        samples(1.6, 2, instance="b"),
    )
    assert [m.action for m in told.lanes[0].containers] == ["die", "start"]


def test_containers_of_other_services_are_kept_apart() -> None:
    view = timeline([started()], samples(0, 1), [container(0.5, "die", "vault")])
    assert [m.service for m in view.containers] == ["vault"]
    assert view.lanes[0].containers == ()


def test_deadlines_come_from_the_limit_and_its_anchor() -> None:
    view = timeline([started()], samples(0, 30), fault(2.0, 7.0), fault(9.0, 12.0, "timeline.1"))
    found = judgement(
        result(Status.PASS, limit="within 10s after undo", evidence=[(13.0, "login ok")]),
        result(Status.FAIL, limit="within 500ms after inject"),
        result(Status.ACCEPTED, limit="to vault-secondary within 5s"),
        result(Status.INCONCLUSIVE, limit=""),
    )
    marks = view.expectation_marks(found)
    assert [mark.deadline for mark in marks] == [22.0, pytest.approx(2.6), pytest.approx(7.1), None]
    assert [mark.met for mark in marks] == [True, False, False, False]
    assert [(item.t, item.text) for item in marks[0].evidence] == [(13.0, "login ok")]


def test_a_claim_about_one_fault_counts_from_the_moment_its_evidence_names() -> None:
    view = timeline(
        [started()],
        samples(0, 30),
        fault(2.0, 7.0),
        fault(9.0, 12.0, "timeline.1"),
        fault(14.0, 16.0, "timeline.2", operator=True),
    )
    found = judgement(
        result(Status.PASS, limit="within 3s after undo", evidence=[(7.0, "undone"), (12.0, "later")]),
        result(Status.PASS, limit="within 3s after inject", evidence=[(view.bands[2].injected or 0.0, "opened")]),
        result(Status.FAIL, limit="within 2s after opening"),
    )
    assert [mark.deadline for mark in view.expectation_marks(found)] == [
        10.0,
        pytest.approx(17.1),
        pytest.approx(16.1),
    ]


def test_without_a_fault_or_its_undo_there_is_no_deadline() -> None:
    found = judgement(result(Status.INCONCLUSIVE, limit="within 10s after undo"))
    assert timeline([started()], samples(0, 1)).expectation_marks(found)[0].deadline is None
    assert timeline([started()], fault(1.0, None)).expectation_marks(found)[0].deadline is None


def test_phases_follow_each_other() -> None:
    view = timeline([started(), phase(0.0, "setup"), phase(2.0, "baseline"), phase(5.0, "fault")], samples(2, 6))
    assert [(p.phase, p.start, p.end) for p in view.phases] == [
        ("setup", 0.0, 2.0),
        ("baseline", 2.0, 5.0),
        ("fault", 5.0, 5.9),
    ]


def test_coarsening_keeps_long_segments_exact_and_says_where_it_switched() -> None:
    long_down = Segment(100.0, 200.0, State.DOWN, error="timeout")
    flapping = [Segment(t, t + 1, State.UP if t % 2 else State.DOWN, samples=10) for t in range(100)]
    found = coarsened([*flapping, long_down], 10)
    assert len(found) <= 10
    assert found[-1] == long_down
    assert {segment.state for segment in found[:-1]} == {State.MIXED}
    assert sum(segment.samples for segment in found) == 1000
    assert [a.end for a in found[:-1]] == [b.start for b in found[1:]]


def test_few_segments_are_left_alone() -> None:
    few = [Segment(t, t + 1, State.UP if t % 2 else State.DOWN) for t in range(10)]
    assert coarsened(few, 10) == few


def test_a_long_flapping_run_is_read_in_bounded_memory() -> None:
    def long_run() -> object:
        yield started()
        for index in range(100_000):
            yield sample(index / 10, index % 2 == 0, credential=str(index), instance=str(index))

    tracemalloc.start()
    try:
        view = Timeline.from_events(long_run(), limit=50)  # type: ignore[arg-type]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    lane = view.lanes[0]
    assert len(lane.segments) <= 51
    assert len(lane.credentials) == 50
    assert lane.omitted == 2 * 99_999 - 100
    assert lane.segments[0].start == 0.0
    assert lane.segments[-1].end == pytest.approx(9999.9)
    assert peak < 2_000_000
