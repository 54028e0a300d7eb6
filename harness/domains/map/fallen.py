"""What falls with what, as classes of the drawing: the page's style sheet shows those of the component chosen. Pure.

Component number 3 is ``n3``. What falls with it has the class ``x3``, who is only degraded ``d3``, and the path that
then counts ``k3``. What alone takes the access of workload number 5 has ``s5``.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.domains.model import Analysis, Estate, Fate, Need
from harness.domains.predict import standing
from harness.topology.needs import stands


class Fallen:
    """Of the loss of each of *drawn* alone."""

    def __init__(self, estate: Estate, analysis: Analysis, drawn: Iterable[str]) -> None:
        shown = frozenset(drawn)
        self._analysis = analysis
        self.numbers = {one.name: at for at, one in enumerate(estate.components) if one.name in shown}
        self._up = {name: standing(estate, {name}) for name in self.numbers}

    def of(self, name: str) -> str:
        """Classes of the component *name*."""
        found = [f"x{self.numbers[lost]}" for lost, up in self._up.items() if name not in up]
        for lost, number in self.numbers.items():
            prediction = self._analysis.domains[lost].get(name)
            if prediction is not None and prediction.fate is Fate.DEGRADED:
                found.append(f"d{number}")
        found += [f"s{self.numbers[one]}" for one in self._analysis.single_points.get(name, ()) if one in self.numbers]
        return " ".join(found)

    def of_need(self, need: Need) -> str:
        """Classes of a gate, or of an access path, that stands as long as *need* is met."""
        return " ".join(f"x{self.numbers[lost]}" for lost, up in self._up.items() if not stands(need, up.__contains__))

    def kept_by(self, workloads: Iterable[str], path: str) -> str:
        """Classes of an access path by which one of *workloads* lives on."""
        return " ".join(
            f"k{number}"
            for lost, number in self.numbers.items()
            if any(
                one in self._analysis.domains[lost] and self._analysis.domains[lost][one].by == path
                for one in workloads
            )
        )

    def with_it(self, name: str) -> tuple[str, ...]:
        """Components that fall with *name*, without itself."""
        return tuple(one for one in self.numbers if one != name and one not in self._up[name])


def chosen_rules(numbers: Iterable[int]) -> str:
    """Style rules that show what falls with the component that has the focus, else is linked to, else pointed at."""
    numbers = tuple(numbers)
    rules = []
    for prefix, look in (
        ("x", "--mark:var(--fail);--struck:line-through;opacity:1"),
        ("d", "--mark:var(--glass);--struck:underline dashed;opacity:1"),
        ("k", "opacity:1"),
        ("s", "--mark:var(--fail);opacity:1"),
        ("n", "opacity:1;--ring:var(--ink);--ring-width:2.6"),
    ):
        found = [_chosen(number, f"#n{number}" if prefix == "n" else f".{prefix}{number}") for number in numbers]
        rules += [f"{','.join(found)}{{{look}}}"] if found else []
    told = [_chosen(number, f"#t{number}") for number in numbers]
    return "\n".join([*rules, *([f"{','.join(told)}{{display:block}}"] if told else [])])


def _chosen(number: int, what: str) -> str:
    node = f"#n{number}"
    return ",".join(
        f":root{state} {what}"
        for state in (
            f":has({node}:focus)",
            f":not(:has(.node:focus)):has({node}:target)",
            f":not(:has(.node:focus,.node:target)):has({node}:hover)",
        )
    )
