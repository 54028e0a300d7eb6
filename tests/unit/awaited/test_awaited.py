"""Each observation on moments made by hand: exactly at the limit first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from harness.awaited import registry
from harness.awaited.args import AwaitedArgs, Kind
from harness.awaited.view import Access, Login, Over, StepSoFar, View

NOW = 20.0
SEALED = StepSoFar("vault-sealed", "vault", "vault answers that it is sealed")
UNSEEN = StepSoFar("vault-slow", "vault")
UNDONE = StepSoFar("vault-sealed", "vault", "it was sealed", undone=True)
LET_IN = Login(12.0, "vault", True, "login at vault")
REFUSED = Login(12.0, "vault", False, "login at vault (permission denied)")


def view(
    access: Mapping[str, Access] | None = None,
    over: Mapping[tuple[Kind, str | None], Over] | None = None,
    logins: tuple[Login, ...] = (),
    steps: Mapping[str, StepSoFar] | None = None,
    since: float = 10.0,
) -> View:
    return View(
        NOW,
        since,
        access or {},
        lambda kind, workload: (over or {}).get((kind, workload)),
        lambda workload: logins if workload == "orders" else (),
        steps or {},
    )


def seen(name: str, args: object, moment: View) -> str | None:
    kind: Any = registry.get(name)
    return kind.seen(moment, kind.Args.model_validate(args))


def orders(up: bool, since: float, failed: float | None = None) -> View:
    return view({"orders": Access(up, since, failed)})


def ended(kind: Kind, t: float, workload: str | None = "orders") -> View:
    return view(over={(kind, workload): Over(t, "vault knows of none any more")})


FOR_3 = {"workload": "orders", "for": "3s"}
AT_VAULT = {"workload": "orders", "at": "vault"}
NONE_ANY_MORE = "vault knows of none any more"


@pytest.mark.parametrize(
    ("name", "args", "moment", "evidence"),
    [
        ("workload-down", "orders", view(), None),
        ("workload-down", "orders", orders(True, 5.0), None),
        ("workload-down", "orders", orders(False, 20.0, 20.0), "orders has had no access since 20.0 s"),
        ("workload-down", FOR_3, orders(False, 17.001, 19.0), None),
        ("workload-down", FOR_3, orders(False, 17.0, 19.0), "orders has had no access since 17.0 s"),
        ("workload-down", "billing", orders(False, 5.0, 19.0), None),
        ("workload-up", "orders", view(), None),
        ("workload-up", "orders", orders(False, 15.0, 19.0), None),
        ("workload-up", "orders", orders(True, 0.5), None),  # it never was down
        ("workload-up", "orders", orders(True, 9.9, 9.8), None),  # or before anybody waited
        ("workload-up", "orders", orders(True, 10.1, 10.0), "orders has had access again since 10.1 s"),
        ("workload-up", FOR_3, orders(True, 17.001, 16.9), None),
        ("workload-up", FOR_3, orders(True, 17.0, 16.9), "orders has had access again since 17.0 s"),
        ("token-expired", "orders", view(), None),
        ("token-expired", "orders", ended("lease", 12.0), None),
        ("token-expired", "orders", ended("token", 20.0), f"the last token of orders ended at 20.0 s: {NONE_ANY_MORE}"),
        ("token-expired", FOR_3, ended("token", 17.001), None),
        ("token-expired", FOR_3, ended("token", 17.0), f"the last token of orders ended at 17.0 s: {NONE_ANY_MORE}"),
        ("token-expired", {}, ended("token", 12.0), None),
        (
            "token-expired",
            {},
            ended("token", 12.0, None),
            f"the last token of all workloads ended at 12.0 s: {NONE_ANY_MORE}",
        ),
        ("lease-expired", "orders", ended("token", 12.0), None),
        ("lease-expired", FOR_3, ended("lease", 17.001), None),
        ("lease-expired", FOR_3, ended("lease", 17.0), f"the last lease of orders ended at 17.0 s: {NONE_ANY_MORE}"),
        ("logged-in", "orders", view(), None),
        ("logged-in", "orders", view(logins=(REFUSED,)), None),
        ("logged-in", "orders", view(logins=(LET_IN,), since=12.0), None),  # that of before
        ("logged-in", "orders", view(logins=(REFUSED, LET_IN)), "orders was let in at 12.0 s: login at vault"),
        ("logged-in", AT_VAULT, view(logins=(LET_IN,)), "orders was let in at 12.0 s: login at vault"),
        ("logged-in", {"workload": "orders", "at": "idp"}, view(logins=(LET_IN,)), None),
        ("logged-in", "billing", view(logins=(LET_IN,)), None),
        ("login-refused", "orders", view(logins=(LET_IN,)), None),
        ("login-refused", "orders", view(logins=(REFUSED,), since=12.0), None),
        (
            "login-refused",
            AT_VAULT,
            view(logins=(LET_IN, REFUSED)),
            "orders was refused at 12.0 s: login at vault (permission denied)",
        ),
        ("login-refused", {"workload": "orders", "at": "idp"}, view(logins=(REFUSED,)), None),
        ("fault-observed", 0, view(), None),
        ("fault-observed", 0, view(steps={"timeline.0": UNSEEN, "timeline.1": SEALED}), None),
        (
            "fault-observed",
            1,
            view(steps={"timeline.0": UNSEEN, "timeline.1": SEALED}),
            "vault-sealed on vault is seen to bite: vault answers that it is sealed",
        ),
        ("fault-undone", "timeline.0", view(steps={"timeline.0": SEALED}), None),
        ("fault-undone", "timeline.0", view(steps={"timeline.0": UNDONE}), "vault-sealed on vault is undone"),
        ("fault-undone", "vault-sealed", view(steps={"timeline.0": UNDONE}), "vault-sealed on vault is undone"),
        ("fault-undone", "vault-slow", view(steps={"timeline.0": UNDONE}), None),
    ],
)
def test_when_it_is_seen(name: str, args: object, moment: View, evidence: str | None) -> None:
    assert seen(name, args, moment) == evidence


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("workload-down", {}),
        ("workload-down", ""),
        ("workload-down", 5),
        ("workload-down", {"workload": "orders", "for": "11m"}),
        ("workload-up", {"workload": "orders", "for": 3}),
        ("token-expired", {"for": "3s", "at": "vault"}),
        ("lease-expired", ""),
        ("logged-in", {"at": "vault"}),
        ("login-refused", {"workload": "orders", "at": ""}),
        ("fault-observed", {}),
        ("fault-undone", 1.5),
    ],
)
def test_arguments_that_make_no_sense(name: str, args: object) -> None:
    with pytest.raises(ValidationError):
        registry.get(name).Args.model_validate(args)


@pytest.mark.parametrize("name", registry.names())
def test_what_is_written_alone_is_short_for_the_argument_of_that_name(name: str) -> None:
    kind: type[AwaitedArgs] = registry.get(name).Args
    assert kind.model_validate("orders") == kind.model_validate({kind.alone: "orders"})


def test_each_is_in_a_file_of_its_own_and_explains_itself() -> None:
    assert {"token-expired", "lease-expired", "workload-down", "workload-up", "logged-in"} <= set(registry.names())
    for name in registry.names():
        kind = registry.get(name)
        assert kind.seen.__module__ == f"harness.awaited.{name.replace('-', '_')}"
        assert kind.summary.endswith(".")


def test_what_names_a_step_says_what_has_to_have_happened_to_it() -> None:
    for name in registry.names():
        args = registry.get(name).Args
        assert (args.moment is not None) == ("step" in args.model_fields), name


def test_two_of_one_name_are_a_mistake() -> None:
    def other(moment: View, args: AwaitedArgs) -> str | None:
        return None

    with pytest.raises(ValueError, match="two observations are called 'token-expired'"):
        registry.observation("token-expired", AwaitedArgs)(other)
