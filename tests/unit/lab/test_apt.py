"""Reading the machine's own package sources and system name."""

from __future__ import annotations

from pathlib import Path

from harness.lab import apt

DEB822 = """\
Types: deb
# a comment between the fields
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.test/debian-security
Suites: bookworm-security
Components: main

Types: deb-src
URIs: http://sources.test/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://off.test/debian
Suites: bookworm
Components: main
Enabled: no

Types: deb
URIs:
 http://second.test/debian/
 http://mirror.test/debian
Suites: bookworm
Components: main
"""


def test_deb822_sources_give_the_main_archives_once(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "debian.sources").write_text(DEB822)
    assert apt.debian_uris(tmp_path) == ("http://mirror.test/debian", "http://second.test/debian/")


def test_one_line_sources_with_options_and_comments(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(
        "# deb http://old.test/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian bookworm main\n"
        "deb http://third.test/tool stable main\n"
        "deb-src http://sources.test/debian bookworm main\n"
        "deb http://contrib.test/debian bookworm contrib\n"
    )
    assert apt.debian_uris(tmp_path) == ("http://mirror.test/debian",)


def test_machine_without_debian_sources_has_none(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://mirror.test/ubuntu noble main\n")
    assert apt.debian_uris(tmp_path) == ()
    assert apt.debian_uris(tmp_path / "nothing") == ()


def test_system_and_its_family(tmp_path: Path) -> None:
    release = tmp_path / "os-release"
    release.write_text('ID=linuxmint\nID_LIKE="ubuntu debian"\nPRETTY_NAME="Linux Mint 22"\n')
    system = apt.read_system(release)
    assert system.is_debian_family
    assert system.name == "Linux Mint 22"
    release.write_text("ID=fedora\n")
    assert not apt.read_system(release).is_debian_family
    assert apt.read_system(tmp_path / "none").ids == frozenset()


def test_a_list_of_mirrors_stands_for_its_first_address(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "debian.list").write_text(
        "# of the cloud\nhttps://near.test/debian\tpriority:1\nhttp://far.test/debian\n"
    )
    (tmp_path / "debian-security.list").write_text("https://near.test/debian-security\n")
    (tmp_path / "sources.list.d" / "debian.sources").write_text(
        f"Types: deb deb-src\nURIs: mirror+file://{tmp_path}/debian.list\nSuites: bookworm\nComponents: main\n\n"
        f"Types: deb\nURIs: mirror+file://{tmp_path}/debian-security.list\nSuites: x\nComponents: main\n\n"
        f"Types: deb\nURIs: mirror+file://{tmp_path}/gone.list\nSuites: bookworm\nComponents: main\n"
    )
    (tmp_path / "sources.list").write_text(f"deb mirror+file://{tmp_path}/debian.list bookworm main\n")
    assert apt.debian_uris(tmp_path) == ("https://near.test/debian",)
