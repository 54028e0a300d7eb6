"""A build context as one tar file, the same bytes for the same content."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

IGNORED = frozenset({"__pycache__"})
_EPOCH = 946684800  # 2000-01-01: a fixed time keeps equal contexts equal; some tools dislike 1970


def write_context(target: Path, folder: Path, extra: Mapping[str, Path]) -> None:
    """Write `folder` and, under the given names, the files or folders of `extra` into a tar file.

    Owners, times and modes are made uniform (0755 or 0644). From `folder`, hidden files and bytecode stay out, and
    a name of `extra` replaces what the folder has under it; from `extra`, all is taken.
    """
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
        for name, path in _folder_entries(folder, frozenset(extra)):
            _add(tar, name, path)
        for prefix, source in sorted(extra.items()):
            for name, path in _all_entries(source, prefix):
                _add(tar, name, path)


def _folder_entries(folder: Path, replaced: frozenset[str]) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if parts[0] in replaced or any(part in IGNORED or part.startswith(".") for part in parts):
            continue
        yield "/".join(parts), path


def _all_entries(source: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    yield prefix, source
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            yield f"{prefix}/{path.relative_to(source).as_posix()}", path


def _add(tar: tarfile.TarFile, name: str, path: Path) -> None:
    info = tar.gettarinfo(str(path), arcname=name)
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = _EPOCH
    if info.isdir() or info.mode & 0o100:
        info.mode = 0o755
    elif not info.issym():
        info.mode = 0o644
    # a hard link would name a file outside the archive's own order: store the content instead
    if info.islnk():
        info.type = tarfile.REGTYPE
        info.size = path.stat().st_size
    if info.isreg():
        with path.open("rb") as handle:
            tar.addfile(info, handle)
    else:
        tar.addfile(info)
