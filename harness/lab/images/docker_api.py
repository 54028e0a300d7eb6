"""The few engine calls that images need, behind a Protocol so that decisions can be tested without an engine.

Images are built with the engine's classic builder (`POST /build` through the SDK). Engines from 20.10 to 29 have
it, with either image store, and it needs no plugin: `docker build` with BuildKit on a 20.10 engine would need buildx,
which Debian 12 does not package. Our Dockerfiles keep to the common subset, and all that benefits from BuildKit
(compiling, downloading) happens outside Docker with lockout's own cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import docker
import docker.errors
import docker.utils
import requests.exceptions

LineSink = Callable[[str], None]


class ApiError(Exception):
    """The engine refused or failed; the message is what it said, one line or several."""


class ImageApi(Protocol):
    def image_id(self, ref: str) -> str | None: ...
    def pull(self, ref: str, line: LineSink) -> str: ...
    def import_tar(self, tar: Path, tag: str, changes: tuple[str, ...]) -> str: ...
    def build(
        self, context: Path, tag: str, args: Mapping[str, str], labels: Mapping[str, str], line: LineSink
    ) -> str: ...
    def tags(self, repository_prefix: str, label: str) -> dict[str, float]: ...
    def remove(self, ref: str) -> bool: ...


class DockerImages:
    """ImageApi on a real engine. `client` is a docker.DockerClient."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._api: Any = client.api  # the stubs leave most of it untyped

    def image_id(self, ref: str) -> str | None:
        """The id (sha256:…) of a local image, None if there is none of that name."""
        try:
            return str(self._api.inspect_image(ref)["Id"])
        except docker.errors.ImageNotFound:
            return None
        except (docker.errors.APIError, requests.exceptions.RequestException) as err:
            raise ApiError(_words(err)) from err

    def pull(self, ref: str, line: LineSink) -> str:
        repository, tag = docker.utils.parse_repository_tag(ref)
        self._follow(lambda: self._api.pull(repository, tag=tag or "latest", stream=True, decode=True), line)
        return self._id_after(ref)

    def import_tar(self, tar: Path, tag: str, changes: tuple[str, ...]) -> str:
        repository, _, version = tag.rpartition(":")
        try:
            answer = self._api.import_image_from_file(
                str(tar), repository=repository, tag=version, changes=list(changes)
            )
        except (docker.errors.APIError, requests.exceptions.RequestException) as err:
            raise ApiError(_words(err)) from err
        if '"error"' in str(answer):
            raise ApiError(str(answer).strip())
        return self._id_after(tag)

    def build(self, context: Path, tag: str, args: Mapping[str, str], labels: Mapping[str, str], line: LineSink) -> str:
        """Build from a tar file that holds the Dockerfile and all it copies."""
        with context.open("rb") as handle:
            self._follow(
                lambda: self._api.build(
                    fileobj=handle,
                    custom_context=True,
                    tag=tag,
                    buildargs=dict(args),
                    labels=dict(labels),
                    rm=True,
                    forcerm=True,
                    pull=False,
                    decode=True,
                    timeout=600,
                ),
                line,
            )
        return self._id_after(tag)

    def tags(self, repository_prefix: str, label: str) -> dict[str, float]:
        """Local tags that begin so, of labelled images, with the time (epoch seconds) at which these were made."""
        found: dict[str, float] = {}
        try:
            images = self._api.images(filters={"reference": f"{repository_prefix}*", "label": label})
        except (docker.errors.APIError, requests.exceptions.RequestException) as err:
            raise ApiError(_words(err)) from err
        for image in images:
            for tag in image.get("RepoTags") or []:
                if tag.startswith(repository_prefix):
                    found[tag] = float(image["Created"])
        return found

    def remove(self, ref: str) -> bool:
        """Remove a tag; False if a container uses it or it is gone already."""
        try:
            self._api.remove_image(ref, noprune=False)
        except docker.errors.APIError:
            return False
        return True

    def _follow(self, start: Callable[[], Iterator[dict[str, Any]]], line: LineSink) -> None:
        try:
            for message in start():
                if error := message.get("error"):
                    raise ApiError(str(error))
                text = str(message.get("stream") or _pull_text(message)).strip()
                if text:
                    line(text)
        except (docker.errors.DockerException, requests.exceptions.RequestException) as err:
            raise ApiError(_words(err)) from err

    def _id_after(self, ref: str) -> str:
        image_id = self.image_id(ref)
        if image_id is None:
            raise ApiError(f"the engine reported success, but has no image {ref}")
        return image_id


def _pull_text(message: dict[str, Any]) -> str:
    return " ".join(str(message[key]) for key in ("id", "status", "progress") if message.get(key))


def _words(err: Exception) -> str:
    explanation = getattr(err, "explanation", None)
    return str(explanation) if explanation else str(err)
