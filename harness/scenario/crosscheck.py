"""Does a scenario fit its topology? Pure; every problem is placed in the scenario file."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from harness.awaited.args import AwaitedArgs
from harness.checks.args import AboutRun, Around, ExpectationArgs, Reach
from harness.plan.forecast import forecast
from harness.scenario.base import StrictModel, format_duration
from harness.scenario.loader import LoadedScenario
from harness.scenario.model import Scenario
from harness.scenario.order import spans
from harness.scenario.problems import Loc, Problem, unknown
from harness.scenario.vocabulary import Vocabulary
from harness.stops.view import MOST_PROBES
from harness.topology.model import Topology
from harness.topology.needs import names, stands
from harness.topology.workload import VaultIdentity


def cross_check(loaded: LoadedScenario, topology: Topology, vocabulary: Vocabulary) -> list[Problem]:
    """What in the scenario does not fit *topology*, in the order of the file. Empty when all is well.

    Arguments refer to the topology by their names: ``workload``, ``workloads`` and ``only`` name workloads,
    ``database`` a service of role database, ``to`` and ``at`` a Vault or an identity provider. ``fault`` in an
    expectation names a step of the timeline, by its position, its id (``timeline.0``) or the name of its fault.
    """
    checker = _Checker(loaded.scenario, topology, vocabulary)
    problems = [loaded.problem(loc, message) for loc, message in checker.all()]
    return sorted(problems, key=lambda problem: (problem.line, problem.column, problem.where))


Issue = tuple[Loc, str]


class _Checker:
    def __init__(self, scenario: Scenario, topology: Topology, vocabulary: Vocabulary) -> None:
        self.scenario = scenario
        self.topology = topology
        self.vocabulary = vocabulary
        self.started = topology.started_with(scenario.services)

    def all(self) -> Iterator[Issue]:
        loc: Loc
        yield from self._services()
        for index, step in enumerate(self.scenario.timeline):
            yield from self._target(("timeline", index, "on"), step.on, step.name)
            yield from self._args(("timeline", index, "with"), step.args)
            yield from self._open_long_enough(index)
            for key, awaited in (("when", step.when), ("until", step.until)):
                if awaited is not None:
                    loc = ("timeline", index, key, awaited.name)
                    yield from self._args(loc, awaited.args)
                    yield from self._has_what_ends(loc, awaited.args)
        for index, condition in enumerate(self.scenario.stop_if):
            loc = ("stop_if", index, condition.name)
            yield from self._args(loc, condition.args)
            yield from self._can_be_counted((*loc, "over"), getattr(condition.args, "over", None))
        for index, claims in enumerate(self.scenario.expect):
            if claims.workload:
                yield from self._of_role(("expect", index, "workload"), claims.workload, "workload")
            for one in claims.expectations:
                loc = ("expect", index, one.name)
                yield from self._args(loc, one.args)
                yield from self._anchor((*loc, "fault"), getattr(one.args, "fault", None))
                yield from self._watched_long_enough((*loc, "within"), one.args)
                yield from self._can_be_settled(loc, one.name, one.args)
                if isinstance(one.args, AboutRun):
                    for key, why in one.args.pointless(self._around()):
                        yield ((*loc, key) if key else loc), why

    def _around(self) -> Around:
        probed = tuple(name for name in self.topology.workloads if name in self.started)
        told = forecast(self.scenario.timeline, self.topology, self.started, self.vocabulary.faults).workloads
        why = next((f"{one.workload}: {one.why}" for one in told), "")
        return Around(probed, "" if any(one.fate for one in told) else why)

    def _can_be_settled(self, loc: Loc, name: str, args: StrictModel) -> Iterator[Issue]:
        if not isinstance(args, ExpectationArgs):
            return
        steps = self.scenario.timeline
        if args.needs_step and not any(step.name == args.needs_step for step in steps):
            yield loc, f"{name!r} needs a step {args.needs_step!r} in the timeline, and there is none"
        known = spans(steps)
        ends = max(span.ends_by for span in known) + self.scenario.observe_for
        meant = self._meant(getattr(args, "fault", None))
        reaches = [Reach(steps[index].longest, ends - known[index].begins) for index in meant]
        reasons = [reason for reach in reaches if (reason := args.out_of_reach(reach))]
        if reasons and len(reasons) == len(meant):
            yield loc, f"can never be settled: {reasons[0]}"
        to = getattr(args, "to", None)
        if isinstance(to, str) and to in {steps[index].on for index in meant}:
            yield (*loc, "to"), f"{to!r} is what fails; name the one to go over to"

    def _meant(self, fault: object) -> list[int]:
        """The positions of the steps that a claim is about; all faults when it names none."""
        steps = enumerate(self.scenario.timeline)
        if fault is None:
            return [index for index, step in steps if step.fault]
        return [index for index, step in steps if fault in (index, step.name, f"timeline.{index}")]

    def _has_what_ends(self, loc: Loc, args: AwaitedArgs) -> Iterator[Issue]:
        """Credentials of a Vault, whose end is awaited, are there only with a Vault, and for who is known to it."""
        if args.of_vault is None:
            return
        workload = getattr(args, "workload", None)
        if not any(vault.name in self.started for vault in self.topology.by_role("vault")):
            yield loc, f"no Vault is started, so nobody has a {args.of_vault} of one"
        elif workload in self.topology.workloads:
            known = self.topology.workload(workload).identity
            if known and not any(isinstance(identity, VaultIdentity) for identity in known):
                yield loc, f"{workload!r} has no identity with a Vault (x-lockout: identity), and so no {args.of_vault}"

    def _open_long_enough(self, index: int) -> Iterator[Issue]:
        """An operator's act that ends by itself before its step does."""
        step = self.scenario.timeline[index]
        at_most = getattr(step.args, "at_most", None)
        if isinstance(at_most, float) and at_most < step.longest:
            loc: Loc = ("timeline", index, "with", "at_most")
            longest = format_duration(step.longest)
            yield loc, f"ends by itself after {format_duration(at_most)}, before {longest} are over"

    def _watched_long_enough(self, loc: Loc, args: StrictModel) -> Iterator[Issue]:
        """A limit after undo that ends after the run could not be judged."""
        within = getattr(args, "within", None)
        if getattr(args, "after", None) == "undo" and within is not None and within > self.scenario.observe_for:
            watched = format_duration(self.scenario.observe_for)
            yield loc, f"the run ends {watched} after the last undo; write a longer 'observe_for', or a shorter limit"

    def _can_be_counted(self, loc: Loc, over: object) -> Iterator[Issue]:
        """A span with more probes than are remembered would never be full."""
        most = MOST_PROBES * self.scenario.sampling.every
        if isinstance(over, float) and over > most:
            every, longest = format_duration(self.scenario.sampling.every), format_duration(most)
            yield loc, f"with a probe every {every}, {MOST_PROBES} of which are remembered, {longest} at most"

    def _services(self) -> Iterator[Issue]:
        for index, name in enumerate(self.scenario.services or ()):
            if name not in self.topology.services:
                yield ("services", index), unknown("service", name, self.topology.services)
        if not any(name in self.started for name in self.topology.workloads):
            yield ("services",), f"starts no workload; workloads: {', '.join(self.topology.workloads)}"
        for name in self.topology.workloads:
            if name not in self.started:
                continue
            primary = self.topology.paths(name).get("primary")
            there = self.started | self.topology.places.keys()
            if primary is None or stands(primary.need, there.__contains__):
                continue
            for need in dict.fromkeys(names(primary.need)):
                if need not in there:
                    message = f"{name!r} needs {need!r} for its primary access path, and it is not started; add it"
                    yield ("services",), message

    def _exists(self, loc: Loc, name: str, known: tuple[str, ...] = (), what: str = "service") -> Iterator[Issue]:
        if name not in self.topology.services:
            yield loc, unknown(what, name, known or self.topology.services)
        elif name not in self.started:
            yield loc, f"service {name!r} is not started by this scenario; add it to 'services'"

    def _of_role(self, loc: Loc, name: str, *roles: str) -> Iterator[Issue]:
        names = tuple(service.name for role in roles for service in self.topology.by_role(role))
        role = " or ".join(roles)
        missing = list(self._exists(loc, name, names, role))
        yield from missing
        if not missing and name not in names:
            its = self.topology.services[name].role
            is_now = f"has the role {its!r}" if its else "has no x-lockout block"
            those = f"{role}s" if len(roles) == 1 else "those there are"
            there_are = f"{those}: {', '.join(names)}" if names else f"this topology has no {role}"
            yield loc, f"service {name!r} {is_now}, a {role} is needed; {there_are}"

    def _target(self, loc: Loc, name: str, fault: str) -> Iterator[Issue]:
        missing = list(self._exists(loc, name))
        yield from missing
        kind = self.vocabulary.faults.get(fault)
        if missing or kind is None or self.topology.services[name].role in kind.roles:
            return
        fitting = [other.name for role in sorted(kind.roles) for other in self.topology.by_role(role)]
        roles = " or ".join(repr(role) for role in sorted(kind.roles))
        role = self.topology.services[name].role
        is_now = f"has the role {role!r}" if role else "has no x-lockout block"
        there_are = f"such as {', '.join(fitting)}" if fitting else "of which this topology has none"
        yield loc, f"{fault!r} needs a target of role {roles}, {there_are}; {name!r} {is_now}"

    def _args(self, loc: Loc, args: BaseModel) -> Iterator[Issue]:
        for key, field in type(args).model_fields.items():
            value = getattr(args, key)
            at: Loc = (*loc, field.alias or key)
            if key in ("workloads", "only") and isinstance(value, tuple):
                for index, name in enumerate(value):
                    yield from self._of_role((*at, index), name, "workload")
            elif key in ("workload", "database") and isinstance(value, str):
                yield from self._of_role(at, value, key)
            elif key in ("to", "at") and isinstance(value, str):
                yield from self._of_role(at, value, "vault", "idp")

    def _anchor(self, loc: Loc, fault: object) -> Iterator[Issue]:
        steps = self.scenario.timeline
        if isinstance(fault, int) and not 0 <= fault < len(steps):
            yield loc, f"there is no timeline.{fault}; the last step is timeline.{len(steps) - 1}"
        elif isinstance(fault, str):
            ids = [f"timeline.{index}" for index in range(len(steps))]
            names = {step.name for step in steps}
            if fault not in names and fault not in ids:
                yield loc, unknown("step of the timeline", fault, names)
