"""What a user reads when a scenario file is wrong: exact texts, exact positions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from harness.scenario.document import MAX_BYTES, MAX_DEPTH, MAX_VALUES
from harness.scenario.loader import LoadedScenario, load_scenario
from harness.scenario.model import Scenario
from harness.scenario.problems import ScenarioError
from harness.scenario.reading import Reading
from harness.scenario.vocabulary import Vocabulary

from .conftest import GOOD, CutArgs, WithinArgs

Load = Callable[..., LoadedScenario]
ErrorsOf = Callable[..., list[str]]

FILE = "vault-outage.scenario.yaml"


def edited(*edits: tuple[str, str]) -> str:
    text = GOOD
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_a_good_scenario_is_read_into_types(load: Load, tmp_path: Path) -> None:
    loaded = load(GOOD)
    scenario = loaded.scenario
    (step,) = scenario.timeline
    assert (step.name, step.at, step.lasts, step.longest, step.on) == ("vault-sealed", 5.0, 20.0, 20.0, "vault")
    orders, fragile = scenario.expect
    assert [one.name for one in orders.expectations] == ["re_authenticates", "recovers_without_restart"]
    assert orders.expectations[0].args == WithinArgs(within="10s", after="undo")
    assert orders.controls == ("nist-800-53r5:CP-10", "nist-csf-2.0:PR.IR-03")
    assert fragile.accepted_risk is not None
    assert fragile.accepted_risk.until == date(2027, 6, 30)
    assert scenario.stop_if[0].as_document() == {"any_workload_down_for": "120s"}
    assert (scenario.observe_for, scenario.sampling.every, scenario.seed) == (10.0, 0.1, None)
    assert loaded.topology_files == (tmp_path / "lab.yaml",)


def test_a_scenario_survives_being_written_and_read_again(load: Load, vocabulary: Vocabulary) -> None:
    scenario = load(GOOD).scenario
    again = Scenario.model_validate(scenario.as_document(), context=Reading(vocabulary))
    assert again == scenario


def test_arguments_are_typed_by_the_fault(load: Load) -> None:
    text = edited(
        ("fault: vault-sealed", "fault: network-partition"),
        ("    for: 20s", "    for: 20s\n    with: {workloads: [orders], how: blackhole}"),
    )
    args = load(text).scenario.timeline[0].args
    assert args == CutArgs(workloads=("orders",), how="blackhole")


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param(
            [("fault: vault-sealed", "fault: vault-seeled")],
            ["7:12: timeline.0.fault: unknown fault 'vault-seeled', did you mean 'vault-sealed'?"],
            id="misspelt-fault",
        ),
        pytest.param(
            [("fault: vault-sealed", "fault: earthquake")],
            [
                "7:12: timeline.0.fault: unknown fault 'earthquake'; known: idp-down-warm, network-partition, "
                "policy-deleted, static-role-rotated, token-revoked, vault-hard-kill, vault-resealed, vault-sealed, "
                "vault-slow, vault-stopped"
            ],
            id="unknown-fault",
        ),
        pytest.param(
            [("fault: vault-sealed", "fault: break-glass-opened")],
            [
                "7:12: timeline.0.fault: 'break-glass-opened' is the act of a person: "
                "write 'operator: break-glass-opened'"
            ],
            id="operator-as-fault",
        ),
        pytest.param(
            [("fault: vault-sealed", "operator: vault-sealed")],
            ["7:15: timeline.0.operator: 'vault-sealed' is a fault: write 'fault: vault-sealed'"],
            id="fault-as-operator",
        ),
        pytest.param(
            [("    fault: vault-sealed\n", "")],
            ["6:5: timeline.0: a step needs 'fault: <name>' or 'operator: <name>'"],
            id="neither-fault-nor-operator",
        ),
        pytest.param(
            [("    on: vault", "    operator: break-glass-opened\n    on: vault")],
            ["6:5: timeline.0: 'fault' and 'operator' exclude each other; make two steps of it"],
            id="both-fault-and-operator",
        ),
        pytest.param(
            [("    for: 20s\n", "")],
            ["6:5: timeline.0: required key 'for' is missing: how long does 'vault-sealed' last?"],
            id="fault-without-duration",
        ),
        pytest.param(
            [("fault: vault-sealed", "fault: token-revoked")],
            ["9:10: timeline.0.for: 'token-revoked' happens in an instant and cannot be undone; remove 'for'"],
            id="instant-fault-with-duration",
        ),
        pytest.param(
            [("for: 20s", "for: 601s")],
            ["9:10: timeline.0.for: 601s is past the limit: 'vault-sealed' lasts 600s at most"],
            id="fault-too-long",
        ),
        pytest.param(
            [("at: 5s", "at: 999ms")],
            ["6:9: timeline.0.at: must be at least 1s, to leave a baseline before the first step"],
            id="no-baseline",
        ),
        pytest.param(
            [("at: 5s", "at: 5")],
            ["6:9: timeline.0.at: 5 is not a duration: write a number with a unit, such as 500ms, 20s, 2m or 1h"],
            id="duration-without-unit",
        ),
        pytest.param(
            [("summary: Vault is", "sumary: Vault is")],
            [
                "2:1: required key 'summary' is missing",
                "3:1: unknown key 'sumary', did you mean 'summary'?",
            ],
            id="misspelt-key",
        ),
        pytest.param(
            [("    on: vault\n", "    onn: vault\n")],
            [
                "6:5: timeline.0: required key 'on' is missing",
                "8:5: timeline.0: unknown key 'onn', did you mean 'on'?",
            ],
            id="misspelt-key-in-step",
        ),
        pytest.param(
            [("fault: vault-sealed", "fault: static-role-rotated"), ("    for: 20s\n", "")],
            ["6:5: timeline.0: required key 'role' is missing (under 'with', for 'static-role-rotated')"],
            id="fault-needs-arguments",
        ),
        pytest.param(
            [("fault: vault-sealed", "fault: static-role-rotated"), ("for: 20s", "with: {rol: x}")],
            [
                "9:11: timeline.0.with: required key 'role' is missing",
                "9:12: timeline.0.with: unknown key 'rol', did you mean 'role'?",
            ],
            id="wrong-arguments",
        ),
        pytest.param(
            [("vault-sealed", "network-partition"), ("for: 20s", "for: 20s\n    with: {how: blackhol}")],
            ["10:17: timeline.0.with.how: expected one of reset, blackhole, not 'blackhol', did you mean 'blackhole'?"],
            id="wrong-choice",
        ),
        pytest.param(
            [("re_authenticates: {within: 10s, after: undo}", "re_autenticates: {}")],
            ["12:5: expect.0.re_autenticates: unknown expectation 're_autenticates', did you mean 're_authenticates'?"],
            id="misspelt-expectation",
        ),
        pytest.param(
            [("{within: 10s, after: undo}", "{with: 10s, after: undoo}")],
            [
                "12:23: expect.0.re_authenticates: required key 'within' is missing",
                "12:24: expect.0.re_authenticates: unknown key 'with', did you mean 'within'?",
                "12:42: expect.0.re_authenticates.after: expected one of inject, undo, not 'undoo', "
                "did you mean 'undo'?",
            ],
            id="wrong-expectation-arguments",
        ),
        pytest.param(
            [("recovers_without_restart: {}", "recovers_without_restart:")],
            [
                "13:30: expect.0.recovers_without_restart: expected a mapping, not nothing; "
                "write {} when there is nothing to set"
            ],
            id="expectation-without-braces",
        ),
        pytest.param(
            [("recovers_without_restart: {}", "recovers_without_restart: yes")],
            [
                "13:31: expect.0.recovers_without_restart: expected a mapping, not 'yes'; "
                "write {} when there is nothing to set"
            ],
            id="expectation-as-a-truth-value",
        ),
        pytest.param(
            [("    re_authenticates: {within: 10s, after: undo}\n    accepted", "    accepted")],
            [
                "15:5: expect.1: nothing is expected here; known expectations: fails_over, no_stampede, "
                "re_authenticates, recovers_without_restart"
            ],
            id="nothing-expected",
        ),
        pytest.param(
            [("workload: fragile", "workload: orders")],
            ["16:5: expect.1.re_authenticates: already expected of 'orders' in expect.0"],
            id="expected-twice",
        ),
        pytest.param(
            [("until: 2027-06-30", "until: 2027-02-30")],
            ["17:50: expect.1.accepted_risk.until: '2027-02-30' is not a day of the calendar"],
            id="no-such-day",
        ),
        pytest.param(
            [("until: 2027-06-30", "until: soon")],
            [
                "17:50: expect.1.accepted_risk.until: 'soon' is not a date: "
                "write year, month and day, such as 2027-06-30"
            ],
            id="not-a-date",
        ),
        pytest.param(
            [("[nist-800-53r5:CP-10,", "[CP-10,")],
            [
                "14:16: expect.0.controls.0: 'CP-10' is not a control: "
                "write catalogue and id, such as nist-800-53r5:CP-10"
            ],
            id="not-a-control",
        ),
        pytest.param(
            [("- any_workload_down_for: 120s", "- {}")],
            [
                "19:5: stop_if.0: write exactly one stop condition here; known: "
                "any_workload_down_for, all_workloads_down_for, workload_down"
            ],
            id="empty-stop-condition",
        ),
        pytest.param(
            [("any_workload_down_for: 120s", "any_workload_down_for: 120s\n    all_workloads_down_for: 2m")],
            [
                "19:5: stop_if.0: write exactly one stop condition here; known: "
                "any_workload_down_for, all_workloads_down_for, workload_down"
            ],
            id="two-stop-conditions-in-one",
        ),
        pytest.param(
            [("any_workload_down_for: 120s", "any_workload_down: 120s")],
            [
                "19:5: stop_if.0.any_workload_down: unknown stop condition 'any_workload_down', "
                "did you mean 'any_workload_down_for'?"
            ],
            id="unknown-stop-condition",
        ),
        pytest.param(
            [("any_workload_down_for: 120s", "workload_down: {workload: orders, fro: 5s}")],
            [
                "19:20: stop_if.0.workload_down: required key 'for' is missing",
                "19:39: stop_if.0.workload_down: unknown key 'fro', did you mean 'for'?",
            ],
            id="unknown-argument-of-a-stop-condition",
        ),
        pytest.param(
            [("any_workload_down_for: 120s", "workload_down: 120s")],
            ["19:20: stop_if.0.workload_down: expected a mapping, not '120s'; write {} when there is nothing to set"],
            id="stop-condition-without-its-mapping",
        ),
        pytest.param(
            [("any_workload_down_for: 120s", "any_workload_down_for: 120")],
            [
                "19:28: stop_if.0.any_workload_down_for: 120 is not a duration: write a number with a unit, "
                "such as 500ms, 20s, 2m or 1h"
            ],
            id="stop-condition-without-unit",
        ),
        pytest.param(
            [("for: 20s", "for: 99ms")],
            ["9:10: timeline.0.for: 99ms is too short; at least 100ms"],
            id="fault-too-short",
        ),
        pytest.param(
            [("fault: vault-sealed", "fault: vault-slow"), ("for: 20s", "for: 31s")],
            ["9:10: timeline.0.for: 31s is past the limit: 'vault-slow' lasts 30s at most"],
            id="fault-longer-than-this-one-may-be",
        ),
        pytest.param(
            [("name: vault-outage", "name: other")],
            ["2:7: name: 'other' differs from the file name; write 'vault-outage', or rename the file"],
            id="name-differs-from-file",
        ),
        pytest.param(
            [("name: vault-outage", "name: Vault_Outage")],
            ["2:7: name: 'Vault_Outage' is not a name: use lower-case letters, digits and single hyphens"],
            id="name-not-kebab-case",
        ),
        pytest.param(
            [("expect:", "sampling: {every: 9ms}\nexpect:")],
            ["10:19: sampling.every: 9ms is outside the limits, 10ms to 5s"],
            id="sampling-too-fast",
        ),
        pytest.param(
            [("expect:", "services: []\nexpect:")],
            ["10:11: services: must not be empty; leave 'services' out to start all of them"],
            id="no-services",
        ),
        pytest.param(
            [("expect:", "tags: [a, b, a]\nexpect:")],
            ["10:14: tags.2: 'a' is listed twice"],
            id="tag-twice",
        ),
        pytest.param(
            [("expect:", "env: {1X: x}\nexpect:")],
            ["10:7: env.1X: '1X' cannot be a variable name"],
            id="not-a-variable",
        ),
        pytest.param(
            [("expect:", "env: {PORT: 8080}\nexpect:")],
            ["10:13: env.PORT: expected text, not a number; quote it"],
            id="number-for-text",
        ),
        pytest.param(
            [("vault-sealed", "break-glass-opened"), ("fault:", "operator:")],
            ["6:3: timeline: nothing breaks: at least one step must be a fault"],
            id="only-operators",
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_is(
    errors_of: ErrorsOf, edits: list[tuple[str, str]], expected: list[str]
) -> None:
    assert errors_of(edited(*edits)) == [f"{FILE}:{line}" for line in expected]


def test_all_problems_are_reported_at_once_in_the_order_of_the_file(errors_of: ErrorsOf) -> None:
    text = edited(
        ("topology: lab.yaml", "topology: lab.yaml\ntopology: lab.yaml"),
        ("at: 5s", "at: soon"),
        ("fault: vault-sealed", "fault: vault-seeled"),
        ("after: undo", "after: lunch"),
        ("any_workload_down_for: 120s", "any_workload_down_for: 2h"),
    )
    places = [line.split(":")[1:4] for line in errors_of(text)]
    assert places == [
        ["5", "1", " topology"],
        ["7", "9", " timeline.0.at"],
        ["8", "12", " timeline.0.fault"],
        ["13", "44", " expect.0.re_authenticates.after"],
        ["20", "28", " stop_if.0.any_workload_down_for"],
    ]


@pytest.mark.parametrize(
    ("at", "overlaps"), [("24s", True), ("25s", False), ("5s", True), ("4.8s", True), ("4s", False)]
)
def test_windows_of_one_fault_on_one_target_may_touch_but_not_overlap(
    load: Load, errors_of: ErrorsOf, at: str, overlaps: bool
) -> None:
    second = f"    for: 20s\n  - {{at: {at}, fault: vault-sealed, on: vault, for: 1s}}"
    text = edited(("    for: 20s", second))
    if overlaps:
        assert errors_of(text) == [
            f"{FILE}:10:10: timeline.1.at: overlaps with timeline.0: "
            "'vault-sealed' on 'vault' already lasts from 5s to 25s"
        ]
    else:
        assert len(load(text).scenario.timeline) == 2


def test_windows_on_different_targets_may_overlap(load: Load) -> None:
    text = edited(("    for: 20s", "    for: 20s\n  - {at: 6s, fault: vault-sealed, on: vault-2, for: 1s}"))
    assert len(load(text).scenario.timeline) == 2


@pytest.mark.parametrize("limit", ["at: 1s", "for: 10m", "for: 100ms"])
def test_limits_are_allowed(load: Load, limit: str) -> None:
    key = limit.split(":")[0]
    old = {"at": "at: 5s", "for": "for: 20s"}[key]
    assert load(edited((old, limit))).scenario.timeline[0].name == "vault-sealed"


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("no", "'no' is text in YAML 1.2; quote it, or write false"),
        ("off", "'off' is text in YAML 1.2; quote it, or write false"),
        ("N", "'N' is text in YAML 1.2; quote it, or write false"),
        ("Yes", "'Yes' is text in YAML 1.2; quote it, or write true"),
        ("on", "'on' is text in YAML 1.2; quote it, or write true"),
        ("012", "'012' has a leading zero, which YAML 1.1 takes for octal; quote it, or write 12"),
        ("09", "'09' has a leading zero, which YAML 1.1 takes for octal; quote it, or write 9"),
        ("1:30", "'1:30' is text in YAML 1.2 and 90 in YAML 1.1; quote it, or write 90"),
        ("1_000", "'1_000' is text in YAML 1.2; quote it, or write 1000"),
        ("0b11", "'0b11' is text in YAML 1.2; quote it, or write 3"),
    ],
)
def test_what_yaml_1_1_reads_differently_gets_a_hint(errors_of: ErrorsOf, value: str, hint: str) -> None:
    text = edited(("topology:", f"seed: {value}\ntopology:"))
    assert errors_of(text) == [f"{FILE}:4:7: seed: expected a whole number, not {value!r}; {hint}"]


@pytest.mark.parametrize("value", ["no", "on", "012", "1:30", "2027-06-30", "0x_"])
def test_traps_are_text_where_text_is_expected(load: Load, value: str) -> None:
    scenario = load(edited(("topology:", f"env: {{FLAG: {value}}}\ntopology:"))).scenario
    assert scenario.env == {"FLAG": value}


def test_quoted_traps_get_no_hint(errors_of: ErrorsOf) -> None:
    text = edited(("topology:", "seed: 'no'\ntopology:"))
    assert errors_of(text) == [f"{FILE}:4:7: seed: expected a whole number, not 'no'"]


@pytest.mark.parametrize(("written", "seed"), [("12", 12), ("0o14", 12), ("0xC", 12), ("0", 0), ("+7", 7)])
def test_numbers_follow_the_core_schema(load: Load, written: str, seed: int) -> None:
    assert load(edited(("topology:", f"seed: {written}\ntopology:"))).scenario.seed == seed


def test_the_key_on_is_text(load: Load) -> None:
    assert load(GOOD).scenario.timeline[0].on == "vault"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "1:1: the file is empty", id="empty"),
        pytest.param("# nothing\n", "1:1: the file is empty", id="only-comment"),
        pytest.param("---\n...\n", "1:1: the file is empty", id="only-markers"),
        pytest.param(
            "\n- a\n",
            "2:1: expected a mapping with keys such as name, topology and timeline, not a list",
            id="list",
        ),
        pytest.param(
            "hello",
            "1:1: expected a mapping with keys such as name, topology and timeline, not a single value",
            id="text",
        ),
        pytest.param("a: 1\n---\nb: 2\n", "2:1: a second document starts here; this file may hold only one", id="two"),
        pytest.param("a:\n\t- b\n", "2:1: a tab is used for indentation; YAML allows only spaces there", id="tab"),
        pytest.param(b"a: x\nb: \xff", "2:4: not UTF-8 text; save the file as UTF-8", id="latin-1"),
        pytest.param("a: 1".encode("utf-16"), "1:1: not UTF-8 text; save the file as UTF-8", id="utf-16"),
        pytest.param("a: \x07", "1:4: character U+0007 is not allowed in YAML", id="control"),
        pytest.param(
            "a: [1,",
            "1:7: not valid YAML: did not find expected node content, while parsing a flow node",
            id="unclosed",
        ),
        pytest.param(
            "a: b: c",
            "1:5: not valid YAML: a ':' where no key can be; check the indentation, or quote the text",
            id="two-colons",
        ),
        pytest.param("a: *x", "1:4: not valid YAML: found undefined alias", id="undefined-alias"),
        pytest.param("a: &x [*x]", "1:4: a.0: an anchor must not contain an alias of itself", id="recursive"),
        pytest.param("[" * 200_000, f"1:{MAX_DEPTH + 1}: nested deeper than {MAX_DEPTH} levels", id="deep-flow"),
        pytest.param("- " * 200_000, f"1:{2 * MAX_DEPTH + 1}: nested deeper than {MAX_DEPTH} levels", id="deep-block"),
        pytest.param(
            "a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
            "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
            "e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
            f"1:14: the aliases of this file expand to more than {MAX_VALUES} values",
            id="alias-bomb",
        ),
    ],
)
def test_what_is_no_yaml_mapping_gets_one_line(errors_of: ErrorsOf, text: str | bytes, expected: str) -> None:
    (line,) = errors_of(text)
    if "expand to more than" in expected:  # which alias breaks the limit is of no interest
        assert line.endswith(expected.split(": ", 1)[1])
    else:
        assert line == f"{FILE}:{expected}"


@pytest.mark.parametrize(
    ("addition", "expected"),
    [
        ("name: again", "20:1: name: duplicate key 'name', first given in line 2"),
        ("<<: {seed: 1}", "20:1: merge keys ('<<') are not part of YAML 1.2; write the keys out here"),
        ("? [a]\n: b", "20:3: a key must be text, not a list or a mapping"),
        ("tags: !!set {a}", "20:7: tags: the tag '!!set' is not allowed; write plain values"),
        ("seed: !number 3", "20:7: seed: the tag '!number' is not allowed; write plain values"),
        ("observe_for: .inf", "20:14: observe_for: '.inf' is not a number that can be used here"),
        ("seed: !!int abc", "20:7: seed: 'abc' is not a whole number that can be used here"),
    ],
)
def test_yaml_that_is_refused(errors_of: ErrorsOf, addition: str, expected: str) -> None:
    assert errors_of(GOOD + addition + "\n") == [f"{FILE}:{expected}"]


def test_duplicate_keys_deep_in_the_file_are_found(errors_of: ErrorsOf) -> None:
    text = edited(("{within: 10s, after: undo}", "{within: 10s, after: undo, within: 20s}"))
    assert errors_of(text) == [
        f"{FILE}:12:50: expect.0.re_authenticates.within: duplicate key 'within', first given in line 12"
    ]


def test_anchors_are_fine_and_errors_point_into_them(load: Load, errors_of: ErrorsOf) -> None:
    text = edited(
        ("re_authenticates: {within: 10s, after: undo}", "re_authenticates: &again {within: 10s, after: undo}"),
        ("re_authenticates: {within: 10s, after: undo}", "re_authenticates: *again"),
    )
    first, second = load(text).scenario.expect
    assert first.expectations[0].args == second.expectations[0].args
    wrong = text.replace("within: 10s", "within: long")
    assert [line.split(": ")[0] for line in errors_of(wrong)] == [f"{FILE}:12:39", f"{FILE}:12:39"]


def test_a_byte_order_mark_is_ignored(load: Load) -> None:
    assert load(b"\xef\xbb\xbf" + GOOD.encode()).scenario.name == "vault-outage"


def test_topology_files_must_exist(errors_of: ErrorsOf, tmp_path: Path) -> None:
    assert errors_of(edited(("lab.yaml", "nix.yaml"))) == [
        f"{FILE}:4:11: topology: no such file: {tmp_path / 'nix.yaml'}"
    ]
    assert errors_of(edited(("lab.yaml", "[lab.yaml, nix.yaml]"))) == [
        f"{FILE}:4:22: topology.1: no such file: {tmp_path / 'nix.yaml'}"
    ]


def test_several_topology_files_keep_their_order(load: Load, tmp_path: Path) -> None:
    (tmp_path / "more.yaml").touch()
    loaded = load(edited(("lab.yaml", "[lab.yaml, more.yaml]")))
    assert loaded.topology_files == (tmp_path / "lab.yaml", tmp_path / "more.yaml")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "is a folder, expected a file"),
        (
            lambda path: path.write_bytes(b"#" * (MAX_BYTES + 1)),
            "is larger than 1 MiB, which no file of this kind needs",
        ),
    ],
)
def test_files_that_cannot_be_read(
    tmp_path: Path, vocabulary: Vocabulary, make: Callable[[Path], object], message: str
) -> None:
    path = tmp_path / FILE
    make(path)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, vocabulary)
    assert str(caught.value) == f"{FILE}: {message}"


def test_a_file_by_another_name_is_refused(errors_of: ErrorsOf) -> None:
    assert errors_of(GOOD, "vault-outage.yaml") == [
        "vault-outage.yaml: the name of a scenario file ends in .scenario.yaml"
    ]


def test_values_that_may_be_secret_are_not_repeated(errors_of: ErrorsOf) -> None:
    (line,) = errors_of(edited(("topology:", "env: {TOKEN: [hunter2]}\ntopology:")))
    assert line == f"{FILE}:4:14: env.TOKEN: expected text, not a list"
    (line,) = errors_of(edited(("topology:", "env: {TOKEN: 4711}\ntopology:")))
    assert "4711" not in line


def test_a_topology_name_no_file_system_takes(errors_of: ErrorsOf) -> None:
    (line,) = errors_of(edited(("lab.yaml", "x" * 5000)))
    assert line.startswith(f"{FILE}:4:11: topology: no such file: ")
