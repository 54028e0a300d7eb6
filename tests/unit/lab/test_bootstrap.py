"""scripts/bootstrap with stand-in Pythons: what it makes, when it does nothing, and what it says when it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TOOLS = (
    "sh",
    "id",
    "true",
    "cat",
    "cut",
    "mkdir",
    "rm",
    "grep",
    "find",
    "sleep",
    "tail",
    "sed",
    "dirname",
    "sha256sum",
    "touch",
)

# answers as bootstrap asks: its version, whether it can make a venv, venv itself, pip
PYTHON = """\
#!/bin/sh
case "$*" in
*"sys.version_info < (3, 11)"*) exit @OLD@ ;;
*"import ensurepip"*) exit @NO_VENV@ ;;
*"print("*) echo "3.12" ;;
"-m venv "*)
    mkdir -p "$3/bin"
    cp "$0" "$3/bin/python"
    echo venv >>"$LOG" ;;
"-m pip --version") echo pip ;;
"-m pip "*)
    echo "$*" >>"$LOG"
    [ ! -e "$LOG.fail" ] || { echo "no matching distribution"; exit 1; } ;;
*) exit 0 ;;
esac
"""


@dataclass
class Machine:
    clone: Path
    bin: Path
    log: Path

    def python(self, name: str, old: bool = False, no_venv: bool = False) -> None:
        program = self.bin / name
        program.write_text(PYTHON.replace("@OLD@", str(int(old))).replace("@NO_VENV@", str(int(no_venv))))
        program.chmod(0o755)

    def program(self, name: str, script: str) -> None:
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.bin / name).chmod(0o755)

    def bootstrap(
        self, *arguments: str, below: str | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Start it by its absolute path or, from a folder *below* the clone, by its relative one."""
        script = self.clone / "scripts" / "bootstrap"
        return subprocess.run(
            [str(script) if below is None else "../scripts/bootstrap", *arguments],
            cwd=self.clone / (below or ""),
            env={"PATH": str(self.bin), "LOG": str(self.log), "HOME": str(self.clone), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def done(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    clone = tmp_path / "clone"
    (clone / "scripts").mkdir(parents=True)
    shutil.copy2(ROOT / "scripts" / "bootstrap", clone / "scripts" / "bootstrap")
    (clone / "pyproject.toml").write_text("[project]\n")
    (clone / "requirements.lock").write_text("a==1 \\\n")
    (clone / "requirements-dev.lock").write_text("a==1 \\\nb==2 \\\n")
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in (*TOOLS, "cp"):
        found = shutil.which(tool)
        assert found is not None, tool
        (tools / tool).symlink_to(found)
    return Machine(clone, tools, tmp_path / "log")


def test_first_start_makes_the_environment_and_the_second_does_nothing(machine: Machine) -> None:
    machine.python("python3.12")
    first = machine.bootstrap()
    assert first.returncode == 0, first.stderr
    assert machine.done[0] == "venv"
    assert "--require-hashes -r requirements.lock" in machine.done[1]
    assert "--editable ." in machine.done[2]
    machine.log.unlink()
    second = machine.bootstrap()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert machine.done == []


def test_changed_lock_installs_again_but_keeps_the_environment(machine: Machine) -> None:
    machine.python("python3.12")
    machine.bootstrap()
    machine.log.unlink()
    (machine.clone / "requirements.lock").write_text("a==2 \\\n")
    assert machine.bootstrap().returncode == 0
    assert "venv" not in machine.done
    assert len(machine.done) == 2


def test_development_set_serves_the_user_too(machine: Machine) -> None:
    machine.python("python3.12")
    assert machine.bootstrap("--dev").returncode == 0
    assert "-r requirements-dev.lock" in machine.done[1]
    machine.log.unlink()
    assert machine.bootstrap().returncode == 0
    assert machine.bootstrap("--dev").returncode == 0
    assert machine.done == []


def test_failed_installation_is_explained_and_taken_up_again(machine: Machine) -> None:
    machine.python("python3.12")
    Path(f"{machine.log}.fail").touch()
    failed = machine.bootstrap()
    assert failed.returncode == 4
    assert "no matching distribution" in failed.stderr
    assert "PIP_INDEX_URL" in failed.stderr
    Path(f"{machine.log}.fail").unlink()
    assert machine.bootstrap().returncode == 0
    assert machine.done.count("venv") == 1


def test_broken_environment_is_made_again(machine: Machine) -> None:
    machine.python("python3.12")
    (machine.clone / ".venv" / "bin").mkdir(parents=True)
    (machine.clone / ".venv" / "bin" / "python").symlink_to("/nowhere/python3")
    assert machine.bootstrap().returncode == 0
    assert machine.done[0] == "venv"


def test_moved_clone_is_set_up_again(machine: Machine) -> None:
    machine.python("python3.12")
    machine.bootstrap()
    machine.log.unlink()
    moved = machine.clone.rename(machine.clone.with_name("elsewhere"))
    assert Machine(moved, machine.bin, machine.log).bootstrap().returncode == 0
    assert any("--editable" in line for line in machine.done)


def test_old_pythons_are_passed_over(machine: Machine) -> None:
    machine.python("python3.11", old=True)  # a shim that fails, as pyenv's do
    machine.python("python3", old=False)
    assert machine.bootstrap().returncode == 0


def test_no_python_says_what_is_needed(machine: Machine) -> None:
    machine.python("python3", old=True)
    result = machine.bootstrap()
    assert result.returncode == 4
    assert "Python 3.11 or newer" in result.stderr
    assert "LOCKOUT_PYTHON" in result.stderr
    assert not (machine.clone / ".venv").exists()
    assert not (machine.clone / ".venv.lock").exists()


def test_python_without_venv_names_the_package(machine: Machine) -> None:
    machine.python("python3", no_venv=True)
    machine.program("apt-get", 'echo "$*" >>"$LOG"')
    result = machine.bootstrap(LOCKOUT_INSTALL_ENGINE="never")
    assert result.returncode == 4
    assert "apt-get install python3.12-venv" in result.stderr
    assert machine.done == []


def test_root_on_debian_gets_the_missing_package(machine: Machine) -> None:
    machine.python("python3", no_venv=True)
    machine.python("whole")
    machine.program("id", "echo 0")
    machine.program("apt-get", 'echo "$*" >>"$LOG"; cp "${0%/*}/whole" "${0%/*}/python3"')
    result = machine.bootstrap()
    assert result.returncode == 0, result.stderr
    assert "installing Debian's python3.12-venv" in result.stderr
    assert machine.done[0].endswith("python3.12-venv")
    assert machine.done[1] == "venv"


def test_others_are_not_helped_behind_their_back(machine: Machine) -> None:
    machine.python("python3", no_venv=True)
    machine.program("id", "echo 1000")
    machine.program("apt-get", 'echo "$*" >>"$LOG"')
    assert machine.bootstrap().returncode == 4
    assert machine.done == []


def test_lock_of_a_killed_start_does_not_block(machine: Machine) -> None:
    machine.python("python3.12")
    lock = machine.clone / ".venv.lock"
    lock.mkdir()
    gone = subprocess.Popen(["true"])
    gone.wait()
    (lock / "pid").write_text(str(gone.pid))
    assert machine.bootstrap().returncode == 0
    assert not lock.exists()


def test_second_start_waits_for_the_first(machine: Machine) -> None:
    machine.python("python3.12")
    lock = machine.clone / ".venv.lock"
    lock.mkdir()
    (lock / "pid").write_text(str(os.getpid()))
    process = subprocess.Popen(
        [str(machine.clone / "scripts" / "bootstrap")],
        env={"PATH": str(machine.bin), "LOG": str(machine.log)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert "waiting" in process.stderr.readline()
    assert machine.done == []
    shutil.rmtree(lock)
    assert process.wait(timeout=30) == 0
    assert machine.done[0] == "venv"
    process.stderr.close()


def test_unknown_argument_is_refused(machine: Machine) -> None:
    assert machine.bootstrap("--prod").returncode == 2


@pytest.mark.parametrize("arguments", [(), ("--dev",)])
def test_it_can_be_started_from_anywhere(machine: Machine, arguments: tuple[str, ...]) -> None:
    machine.python("python3.12")
    (machine.clone / "docs").mkdir()
    first = machine.bootstrap(*arguments, below="docs")
    assert (first.returncode, "No such file" in first.stderr) == (0, False), first.stderr
    machine.log.unlink()
    assert machine.bootstrap(*arguments).returncode == 0
    assert machine.done == [], "from wherever it is started, it is the same environment"
