"""The corpus is whole: each scenario has its verdicts, and shows both sides. It names what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.scenario.loader import load_scenario
from harness.scenario.vocabulary import Vocabulary
from tests.corpus.catalogue import Known, contradictions, differences, known_scenarios, lopsided, stub
from tests.corpus.stated import Claim, CorpusError, Entry, Verdict, numbered, read_corpus, read_one_sided

SCENARIOS = known_scenarios()


def lines(said: tuple[str, ...]) -> str:
    return "\n" + "\n".join(said)


def test_every_scenario_has_its_verdicts_and_the_other_way_round() -> None:
    """`python -m tests.corpus --missing` prints what is to be filled in."""
    assert not (said := differences(SCENARIOS, read_corpus())), lines(said)


def test_every_scenario_shows_a_resilient_and_a_fragile_workload() -> None:
    assert not (said := lopsided(read_corpus(), read_one_sided())), lines(said)


def test_scenarios_accept_as_risks_just_what_the_corpus_says_fails() -> None:
    assert not (said := contradictions(SCENARIOS, read_corpus())), lines(said)


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_the_claims_are_those_that_lockout_reads(name: str) -> None:
    known = SCENARIOS[name]
    scenario = load_scenario(known.path, Vocabulary.installed(), topology_needed=False).scenario
    pairs = [(claims.workload, e.name) for claims in scenario.expect for e in claims.expectations]
    assert set(known.claims) == set(numbered(name, pairs))
    accepted = {claims.workload for claims in scenario.expect if claims.accepted_risk}
    assert {claim.workload for claim in known.accepted} == accepted


# The checks themselves, on small examples.


def entry(scenario: str, group: str = "vault", **workloads: str) -> Entry:
    """``orders="re_authenticates=pass no_stampede=fail"``"""
    words = [(name, *word.split("=")) for name, text in workloads.items() for word in text.split()]
    claims = numbered(scenario, [(workload, expectation) for workload, expectation, _ in words])
    verdicts = {claim: Verdict(verdict) for claim, (_, _, verdict) in zip(claims, words, strict=True)}
    return Entry(scenario, group, verdicts)


def scenario(name: str, *claims: tuple[str, str], group: str = "vault", accepted: tuple[int, ...] = ()) -> Known:
    made = numbered(name, claims)
    return Known(name, group, Path(f"{name}.yaml"), made, frozenset(made[i] for i in accepted))


BOTH = scenario("outage", ("orders", "re_authenticates"), ("fragile", "no_stampede"), accepted=(1,))
RIGHT = entry("outage", orders="re_authenticates=pass", fragile="no_stampede=fail")


def test_a_corpus_that_fits_says_nothing() -> None:
    assert differences({"outage": BOTH}, {"outage": RIGHT}) == ()
    assert lopsided({"outage": RIGHT}, {}) == ()
    assert contradictions({"outage": BOTH}, {"outage": RIGHT}) == ()


@pytest.mark.parametrize(
    ("corpus", "words"),
    [
        ({}, "outage: no verdicts stated; add them to tests/corpus/verdicts/vault.yaml"),
        ({"outage": entry("outage", orders="re_authenticates=pass")}, "outage: fragile no_stampede: no verdict stated"),
        (
            {"outage": entry("outage", orders="re_authenticates=pass", fragile="no_stampede=fail fails_over=pass")},
            "outage: fragile fails_over: a verdict, and no such claim",
        ),
        (
            {"outage": Entry("outage", "idp", RIGHT.verdicts)},
            "outage: stands in idp.yaml, and its scenario in scenarios/vault",
        ),
        ({"outage": RIGHT, "gone": entry("gone", a="x=pass")}, "gone: verdicts, and no such scenario"),
    ],
)
def test_what_stands_on_one_side_only_is_named(corpus: dict[str, Entry], words: str) -> None:
    assert differences({"outage": BOTH}, corpus) == (words,)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (entry("outage", orders="a=pass", billing="a=degraded"), "no workload is fragile"),
        (entry("outage", orders="a=fail"), "no workload is resilient"),
        (entry("outage", orders="a=fail b=pass"), "no workload is resilient"),
    ],
)
def test_one_side_alone_is_named_unless_there_is_a_reason(entry: Entry, words: str) -> None:
    (said,) = lopsided({"outage": entry}, {})
    assert words in said
    assert lopsided({"outage": entry}, {"outage": "for a good reason"}) == ()


def test_an_excuse_that_nobody_needs_is_named() -> None:
    said = lopsided({"outage": RIGHT}, {"outage": "a reason", "gone": "a reason"})
    assert [words.split(":")[0] for words in said] == ["outage", "gone"]


def test_a_risk_that_is_accepted_and_holds_is_named_and_so_is_a_failure_that_nobody_accepts() -> None:
    known = scenario("outage", ("orders", "a"), ("fragile", "b"), accepted=(0,))
    said = contradictions({"outage": known}, {"outage": entry("outage", orders="a=pass", fragile="b=fail")})
    assert said == (
        "outage: orders a: holds, and the scenario accepts that it fails",
        "outage: fragile b: fails, and the scenario accepts no such risk",
    )


def test_a_stub_asks_for_each_verdict_and_gives_none(tmp_path: Path) -> None:
    made = stub(scenario("outage", ("orders", "a"), ("orders", "b"), ("orders", "a"), accepted=(2,)))
    assert made == "outage:\n  orders:\n    a: [TODO, TODO]\n    b: TODO"
    (tmp_path / "vault.yaml").write_text(made)
    with pytest.raises(CorpusError, match="is no verdict"):
        read_corpus(tmp_path)


def test_claims_of_one_kind_about_one_workload_are_counted(tmp_path: Path) -> None:
    (tmp_path / "vault.yaml").write_text("outage: {orders: {a: [pass, fail]}}\n")
    assert read_corpus(tmp_path)["outage"].verdicts == {
        Claim("outage", "orders", "a"): Verdict.PASS,
        Claim("outage", "orders", "a", 2): Verdict.FAIL,
    }


def test_a_claim_about_the_run_stands_under_words_that_no_workload_can_be_called(tmp_path: Path) -> None:
    (tmp_path / "vault.yaml").write_text("outage: {the run: {blast_radius: fail}, orders: {a: pass}}\n")
    claims = list(read_corpus(tmp_path)["outage"].verdicts)
    assert claims == [Claim("outage", "", "blast_radius"), Claim("outage", "orders", "a")]
    assert str(claims[0]) == "outage: the run blast_radius"
    assert stub(scenario("outage", ("", "blast_radius"))) == "outage:\n  the run:\n    blast_radius: TODO"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("outage: {orders: {a: inconclusive}}", "outage: orders: a: 'inconclusive' is no verdict"),
        ("outage: {orders: {a: accepted}}", "is no verdict; expected pass, degraded, fail"),
        ("outage: {orders: pass}", "outage: orders: expected expectations"),
        ("outage: pass", "outage: expected workloads"),
    ],
)
def test_what_is_no_verdict_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "vault.yaml").write_text(f"{text}\n")
    with pytest.raises(CorpusError, match=words):
        read_corpus(tmp_path)


def test_two_entries_for_one_scenario_are_refused(tmp_path: Path) -> None:
    for group in ("idp", "vault"):
        (tmp_path / f"{group}.yaml").write_text("outage: {orders: {a: pass}}\n")
    with pytest.raises(CorpusError, match=r"vault.yaml: outage stands in idp.yaml, too"):
        read_corpus(tmp_path)


def test_an_excuse_needs_a_reason(tmp_path: Path) -> None:
    (tmp_path / "one_sided.yaml").write_text("outage: n/a\n")
    with pytest.raises(CorpusError, match="outage: expected the reason"):
        read_one_sided(tmp_path / "one_sided.yaml")
