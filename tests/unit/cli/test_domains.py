"""``lockout domains``: what is told, drawn and refused, and with which exit code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.cli.commands import domains as command
from harness.cli.main import cli, guarded
from harness.cli.options import complete_topology
from harness.lab import plugins
from harness.run import prepare
from harness.topology.compose_output import parse_config
from harness.topology.model import Topology

SOUND = """\
services:
  vault: {x-lockout: {role: vault, initialise: {}}}
  postgres: {x-lockout: {role: database}}
  proxy: {x-lockout: {role: proxy, routes: {vault: 'vault:1'}}}
  helper: {image: x}
  orders:
    x-lockout:
      role: workload
      probe: {tcp: {port: 1}}
      access:
        primary: {needs: [vault, postgres]}
        cached: {needs: [postgres], lasts: 10s}
"""
DEADLOCK = SOUND.replace(
    "  vault: {x-lockout: {role: vault, initialise: {}}}",
    "  vault: {x-lockout: {role: vault, initialise: {}, needs_to_start: [seal]}}\n"
    "  seal: {x-lockout: {role: vault, initialise: {}, needs_to_start: [vault]}}",
)
SHARED = "x-lockout: {places: {zone: [vault, vault-b]}}\n" + SOUND.replace(
    "  postgres:", "  vault-b: {x-lockout: {role: vault, initialise: {}}}\n  postgres:"
).replace("        cached:", "        secondary: {needs: [vault-b, postgres]}\n        cached:")


@pytest.fixture(autouse=True)
def without_compose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and a Compose that prints a file as it is."""

    def read(files: tuple[Path, ...], compose: object, environ: Mapping[str, str]) -> tuple[str, Topology]:
        text = files[-1].read_text(encoding="utf-8")
        return text, parse_config(text, files)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(plugins, "ensure_compose", lambda progress: None)
    monkeypatch.setattr(prepare, "read_topology", read)
    (tmp_path / "compose").mkdir()
    for name, text in {"sound": SOUND, "deadlock": DEADLOCK, "shared": SHARED}.items():
        (tmp_path / "compose" / f"{name}.yaml").write_text(text, encoding="utf-8")


def lockout(*args: str) -> int:
    return guarded(lambda: cli.main(["domains", *args], prog_name="lockout", standalone_mode=False))


def test_what_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout("sound") == 0
    assert capsys.readouterr().out == (
        "sound.yaml: 3 components, 1 workload with access paths\n"
        "\n"
        "single points of lockout\n"
        "  postgres (database)\n"
        "    locked out  orders\n"
        "  vault (vault)\n"
        "    locked out after 10s  orders\n"
        "\n"
        "minimal cut sets\n"
        "  orders\n"
        "    1  postgres; vault\n"
        "\n"
        "dependency cycles\n"
        "  none\n"
        "\n"
        "paths declared apart that fall together\n"
        "  none\n"
    )


@pytest.mark.parametrize(
    ("topology", "said"),
    [
        ("deadlock", "deadlock.yaml:2:69: services.vault.x-lockout.needs_to_start: vault needs seal to start"),
        ("shared", "primary and secondary, with  zone"),
    ],
)
def test_what_is_to_be_put_right_is_exit_code_1(topology: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout(topology) == 1
    assert said in capsys.readouterr().out
    assert lockout(topology, "--json") == 1
    assert json.loads(capsys.readouterr().out)["topology"] == f"{topology}.yaml"


def test_cycles_have_their_places_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    lockout("deadlock", "--json")
    (cycle,) = json.loads(capsys.readouterr().out)["cycles"]
    assert [(edge["source"], edge["line"], edge["column"]) for edge in cycle["edges"]] == [
        ("seal", 3, 68),
        ("vault", 2, 69),
    ]


@pytest.mark.parametrize("width", [60, 80])
def test_lines_fit_the_terminal(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "columns", lambda: width)
    assert lockout("shared") == 1
    assert max(map(len, capsys.readouterr().out.splitlines())) <= width


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--lost", "vault"), "lost: vault\n  locked out after 10s  orders\n"),
        (("--lost", "vault", "--for", "10s"), "lost: vault; for 10s\n  degraded, by cached  orders\n"),
        (("--lost", "vault", "--lost", "postgres"), "lost: postgres, vault\n  locked out  orders\n"),
        (("--lost", "vault,postgres"), "lost: postgres, vault\n  locked out  orders\n"),
        (("--restarted", "vault"), "lost: nothing; restarted: vault\n  safe  orders\n"),
    ],
)
def test_a_prediction(args: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout("sound", *args) == 0
    assert capsys.readouterr().out == told


def test_a_restart_while_what_is_needed_to_start_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout("deadlock", "--lost", "seal", "--restarted", "vault", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "lost": ["seal"],
        "restarted": ["vault"],
        "for_seconds": None,
        "workloads": {"orders": {"fate": "locked-out", "by": None, "holds_seconds": 10.0}},
        "undeclared": [],
    }


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("sond",), "unknown topology 'sond', did you mean 'sound'?"),
        (("nowhere.yaml",), "no such file: nowhere.yaml"),
        (("sound", "--lost", "vualt"), "unknown component 'vualt', did you mean 'vault'?"),
        (("sound", "--restarted", "vualt"), "unknown component 'vualt', did you mean 'vault'?"),
        (("sound", "--lost", "proxy"), "'proxy' is no part of the estate: the fault proxy is lockout's own"),
        (("sound", "--lost", "helper"), "'helper' is no part of the estate: nothing is said to need it"),
        (("sound", "--for", "10s"), "--for goes with --lost"),
        (("sound", "--lost", "vault", "--for", "10"), "'10' is not a duration"),
        (("sound", "--lost", "vault", "--map", "m.html"), "leave out --lost and --restarted"),
        (("sound", "--map", "m.png"), "m.png: write a name that ends in .html or .svg"),
        (("sound", "--order", "0"), "0 is not in the range x>=1"),
        ((), "Missing argument 'TOPOLOGY...'"),
    ],
)
def test_bad_usage(args: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout(*args) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_topology_that_cannot_be_is_told_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.yaml").write_text(SOUND.replace("[vault, postgres]", "[vualt]"))
    assert lockout("bad.yaml") == 2
    assert capsys.readouterr().err == (
        "bad.yaml:11:27: services.orders.x-lockout.access.primary.needs.0: unknown service 'vualt', did you mean "
        "'vault'?\n"
    )


def test_the_order_is_a_limit(capsys: pytest.CaptureFixture[str]) -> None:
    assert lockout("shared", "--order", "1", "--json") == 1
    cuts = json.loads(capsys.readouterr().out)["cut_sets"]["orders"]
    assert (cuts["sets"], cuts["complete"], cuts["exact_up_to"]) == ([["postgres"], ["zone"]], False, 1)
    assert lockout("shared", "--order", "2", "--json") == 1
    cuts = json.loads(capsys.readouterr().out)["cut_sets"]["orders"]
    assert (cuts["sets"][2:], cuts["complete"]) == ([["vault", "vault-b"]], True)


@pytest.mark.parametrize(("ending", "begins"), [("html", "<!doctype html>"), ("svg", "<?xml")])
def test_a_map_is_drawn_into_a_file(
    ending: str, begins: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lockout("shared", "--map", f"it.{ending}") == 1
    drawn = (tmp_path / f"it.{ending}").read_text()
    assert drawn.startswith(begins)
    assert "Failure domains of shared.yaml" in drawn
    assert "Losing postgres or zone alone locks out the only workload." in drawn
    assert capsys.readouterr().out.endswith(f"\nmap: it.{ending}\n")
    assert lockout("shared", "--map", f"nowhere/it.{ending}") == 4
    assert f"nowhere/it.{ending}: No such file or directory" in capsys.readouterr().err


def test_names_for_the_shell() -> None:
    import click

    argument = next(one for one in command.command.params if isinstance(one, click.Argument))
    assert complete_topology(click.Context(command.command), argument, "s") == ["shared", "sound"]
