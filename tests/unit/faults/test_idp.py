"""What is special about the faults of the identity provider."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest
from pydantic import ValidationError

from harness.faults import registry
from harness.faults.ports import FaultNotPossible, IdpAsked
from harness.scenario.base import StrictModel
from tests.unit.faults.cases.idp_claims import ROLE, jwt_method
from tests.unit.faults.cases.idp_down_cold import caches_keys
from tests.unit.faults.fakes import FakeLab
from tests.unit.faults.fakes.idp import SAMPLE


def hit(lab: FakeLab, name: str, target: str, **given: object) -> StrictModel:
    fault = registry.get(name)
    args = fault.Args.model_validate(given)
    record = fault.prepare(target, args, lab)
    fault.inject(record, args, lab, Random(1))
    return record


def without_verifier(lab: FakeLab) -> FakeLab:
    lab.containers.states["ledger"] = "exited"
    return lab


class TestHardRollover:
    def test_a_verifier_that_has_the_old_keys_still_is_no_proof(self) -> None:
        lab = FakeLab()
        record = hit(lab, "idp-hard-rollover", "idp")
        by_the_keys = lab.the_ledger.verdict
        lab.the_ledger.verdict = lambda token: ""
        assert registry.get("idp-hard-rollover").observe(record, lab) is None
        lab.the_ledger.verdict = by_the_keys
        assert registry.get("idp-hard-rollover").observe(record, lab)

    def test_where_nobody_can_be_asked_the_key_set_is_the_proof(self) -> None:
        lab = without_verifier(FakeLab())
        record = hit(lab, "idp-hard-rollover", "idp")
        assert "publishes kid-2 and none of the 1 old" in str(registry.get("idp-hard-rollover").observe(record, lab))

    def test_all_keys_that_were_published_come_back_and_no_other(self) -> None:
        lab = FakeLab()
        lab.the_idp.keys = {"kid-0": False, "kid-1": True, "kid-2": True}
        record = hit(lab, "idp-hard-rollover", "idp")
        registry.get("idp-hard-rollover").undo(record, lab)
        assert lab.the_idp.keys == {"kid-0": False, "kid-1": True, "kid-2": True, "kid-4": True}
        assert lab.the_idp.active == "kid-1"

    def test_the_token_by_which_it_is_proven_stays_out_of_the_record(self) -> None:
        lab = FakeLab()
        record = hit(lab, "idp-hard-rollover", "idp")
        assert SAMPLE in "".join(lab.secrets.values())
        assert SAMPLE not in record.model_dump_json()


class TestKidFlood:
    def test_tokens_that_did_not_arrive_prove_nothing(self) -> None:
        lab = FakeLab()
        lab.the_ledger.flood = lambda tokens, per_second: 0  # type: ignore[method-assign]
        record = hit(lab, "jwks-kid-flood", "ledger", tokens=10)
        assert registry.get("jwks-kid-flood").observe(record, lab) is None

    def test_each_token_names_a_key_of_its_own_and_the_seed_decides_which(self) -> None:
        def sent(seed: int) -> list[str]:
            lab, tokens = FakeLab(), list[str]()
            lab.the_ledger.flood = lambda given, per_second: tokens.extend(given) or 0  # type: ignore[method-assign]
            fault = registry.get("jwks-kid-flood")
            args = fault.Args.model_validate({"tokens": 50})
            fault.inject(fault.prepare("ledger", args, lab), args, lab, Random(seed))
            return tokens

        assert len(set(sent(1))) == 50
        assert sent(1) == sent(1)
        assert not set(sent(1)) & set(sent(2))
        assert all(token.count(".") == 2 for token in sent(1))

    def test_only_what_verifies_tokens_can_be_flooded(self) -> None:
        with pytest.raises(FaultNotPossible, match="verifies no tokens"):
            hit(without_verifier(FakeLab()), "jwks-kid-flood", "ledger")


class TestClaims:
    def test_at_an_idp_all_tokens_are_for_somebody_else(self) -> None:
        lab, fault = FakeLab(), registry.get("audience-mismatch")
        record = hit(lab, "audience-mismatch", "idp", audience="them")
        assert "for them; ledger refuses it: bad_audience" in str(fault.observe(record, lab))
        assert fault.healed(record, lab) is None
        fault.undo(record, lab)
        assert fault.healed(record, lab)
        assert lab.the_idp.flags["audience"] == ""

    def test_at_an_idp_workloads_cannot_be_singled_out(self) -> None:
        with pytest.raises(FaultNotPossible, match="cannot single out"):
            hit(FakeLab(), "audience-mismatch", "idp", workloads=["orders"])

    @pytest.mark.parametrize(
        ("workloads", "audiences"), [(["billing"], ["vault"]), (["orders"], []), (["orders"], ["somebody-else"])]
    )
    def test_at_a_vault_without_a_role_that_could_be_bound_otherwise(
        self, workloads: list[str], audiences: list[str]
    ) -> None:
        lab = FakeLab()
        jwt_method(lab)
        lab.the_vault.tree[ROLE]["bound_audiences"] = audiences
        with pytest.raises(FaultNotPossible, match="no role of a workload"):
            hit(lab, "audience-mismatch", "vault", workloads=workloads)
        assert lab.writes == []

    def test_a_vault_that_takes_the_token_all_the_same_is_no_proof(self) -> None:
        lab = FakeLab()
        jwt_method(lab)
        record = hit(lab, "audience-mismatch", "vault")
        lab.the_vault.on_write["auth/jwt/login"] = lambda values: {}
        assert registry.get("audience-mismatch").observe(record, lab) is None

    def test_a_verifier_that_minds_no_issuer_is_no_proof(self) -> None:
        lab = FakeLab()
        record = hit(lab, "issuer-changed", "idp")
        lab.the_ledger.verdict = lambda token: ""
        assert registry.get("issuer-changed").observe(record, lab) is None

    def test_an_issuer_that_it_goes_by_already_is_no_change(self) -> None:
        lab = FakeLab()
        lab.the_idp.flags["issuer"] = "https://idp-moved:8443"
        with pytest.raises(FaultNotPossible, match="already"):
            hit(lab, "issuer-changed", "idp")


class TestClientRefused:
    def test_a_client_that_asks_for_nothing_is_no_proof_and_others_are_none_either(self) -> None:
        lab, fault = FakeLab(), registry.get("idp-client-refused")
        record = hit(lab, "idp-client-refused", "idp", workloads=["orders"])
        assert fault.observe(record, lab) is None
        lab.the_idp.journal.append(IdpAsked("token", "client-billing", 401, "invalid_client"))
        assert fault.observe(record, lab) is None

    def test_what_was_refused_before_is_no_proof(self) -> None:
        lab = FakeLab()
        lab.the_idp.journal.append(IdpAsked("token", "client-orders", 401, "invalid_client"))
        record = hit(lab, "idp-client-refused", "idp", workloads=["orders"])
        assert registry.get("idp-client-refused").observe(record, lab) is None

    def test_whom_somebody_else_disabled_stays_disabled(self) -> None:
        lab = FakeLab()
        lab.the_idp.disabled.add("client-billing")
        record = hit(lab, "idp-client-refused", "idp")
        registry.get("idp-client-refused").undo(record, lab)
        assert lab.the_idp.disabled == {"client-billing"}
        with pytest.raises(FaultNotPossible, match="refused already"):
            hit(lab, "idp-client-refused", "idp", workloads=["billing"])


class TestRefreshTokenReuse:
    def test_nobody_who_uses_one_twice_is_no_proof(self) -> None:
        lab = FakeLab()
        lab.the_idp.revoked.add("family-of-before")
        record = hit(lab, "refresh-token-reuse", "idp")
        assert registry.get("refresh-token-reuse").observe(record, lab) is None

    def test_what_was_revoked_before_stays_revoked(self) -> None:
        lab = FakeLab()
        lab.the_idp.revoked.add("family-of-before")
        record = hit(lab, "refresh-token-reuse", "idp")
        lab.the_idp.revoked.add("family-1")
        registry.get("refresh-token-reuse").undo(record, lab)
        assert lab.the_idp.revoked == {"family-of-before"}

    def test_without_grace_there_is_nothing_to_take_away(self) -> None:
        lab = FakeLab()
        lab.the_idp.flags["refresh_leeway"] = 0.0
        with pytest.raises(FaultNotPossible, match="no second use"):
            hit(lab, "refresh-token-reuse", "idp")


class TestDownCold:
    def test_a_verifier_that_kept_its_keys_is_no_proof(self) -> None:
        lab = FakeLab()  # whose ledger goes by the keys as they are
        assert registry.get("idp-down-cold").observe(hit(lab, "idp-down-cold", "idp"), lab) is None

    def test_the_verifier_is_one_that_runs_and_can_be_asked(self) -> None:
        with pytest.raises(FaultNotPossible, match="there are: ledger"):
            hit(FakeLab(), "idp-down-cold", "idp", verifier="postgres")

    def test_it_is_gone_only_when_the_verifier_takes_tokens_again(self) -> None:
        lab, fault = FakeLab(), registry.get("idp-down-cold")
        caches_keys(lab)
        record = hit(lab, "idp-down-cold", "idp")
        fault.undo(record, lab)
        by_the_keys = lab.the_ledger.verdict
        lab.the_ledger.verdict = lambda token: "keys_unavailable"
        assert fault.healed(record, lab) is None
        lab.the_ledger.verdict = by_the_keys
        assert fault.healed(record, lab)

    def test_it_holds_both_containers(self) -> None:
        fault = registry.get("idp-down-cold")
        args = fault.Args.model_validate({"verifier": "ledger-2"})
        assert fault.holds("idp", args) == {"idp/container", "ledger-2/container"}


class TestAnswers:
    @pytest.mark.parametrize("name", ["idp-429", "idp-5xx", "idp-html", "idp-malformed", "idp-slow"])
    def test_only_the_named_endpoint_and_workloads_are_hit(self, name: str) -> None:
        lab, fault = FakeLab(), registry.get(name)
        record = hit(lab, name, "idp", endpoint="token", workloads=["orders"])
        lab.the_proxy.request("idp", "orders", "GET", "/jwks")
        lab.the_proxy.request("idp", "billing", "POST", "/token")
        assert fault.observe(record, lab) is None
        lab.the_proxy.request("idp", "orders", "POST", "/token")
        assert fault.observe(record, lab)

    @pytest.mark.parametrize(
        ("endpoint", "path"), [("jwks", "/jwks"), ("discovery", "/.well-known/openid-configuration")]
    )
    def test_the_other_endpoints_can_be_named_too(self, endpoint: str, path: str) -> None:
        lab = FakeLab()
        record = hit(lab, "idp-html", "idp", endpoint=endpoint)
        lab.the_proxy.request("idp", "orders", "POST", "/token")
        assert registry.get("idp-html").observe(record, lab) is None
        lab.the_proxy.request("idp", "orders", "GET", path)
        assert registry.get("idp-html").observe(record, lab)

    def test_requests_within_the_limit_prove_no_limit(self) -> None:
        lab = FakeLab()
        record = hit(lab, "idp-429", "idp", requests=5)
        in_force = next(iter(lab.the_proxy.rules.values()))
        in_force.seen = in_force.seen.model_copy(update={"passed": 5})
        assert registry.get("idp-429").observe(record, lab) is None


class TestFlood:
    def test_a_burst_is_over_soon(self) -> None:
        """Nothing else on the timeline happens meanwhile."""
        args = registry.get("jwks-kid-flood").Args
        assert args.model_validate({"tokens": 300, "per_second": 10.0})
        with pytest.raises(ValidationError, match="400 tokens take 40 s; 30 s are the most"):
            args.model_validate({"tokens": 400, "per_second": 10.0})


def test_what_a_jwt_role_is_told_again_includes_how_its_claims_are_matched() -> None:
    """Vault would go back to its default."""
    lab = FakeLab()
    jwt_method(lab)
    lab.the_vault.tree[ROLE]["bound_claims_type"] = "glob"
    told: list[Mapping[str, object]] = []
    lab.the_vault.on_write[ROLE] = lambda values: told.append(values) or {}
    record = hit(lab, "audience-mismatch", "vault")
    registry.get("audience-mismatch").undo(record, lab)
    assert [values["bound_claims_type"] for values in told] == ["glob", "glob"]


def test_an_idp_that_lockout_cannot_administer_is_refused_before_anything_is_killed() -> None:
    lab = FakeLab()
    caches_keys(lab)

    def no_admin() -> str:
        raise FaultNotPossible("'idp' declares no admin_port in x-lockout, so lockout cannot drive it")

    lab.the_idp.active_key = no_admin  # type: ignore[method-assign]
    fault = registry.get("idp-down-cold")
    with pytest.raises(FaultNotPossible, match="no admin_port"):
        fault.prepare("idp", fault.Args(), lab)
