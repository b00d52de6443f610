"""The services that a project's compose file runs for isofuzz: those labelled `isofuzz.service`.

What is said of a service is read from its running container, not from the file: that may have been edited since.
"""

import json
import os
import posixpath
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from isofuzz.services.postgres.url import DatabaseUrl, is_loopback
from isofuzz.services.valkey.url import ValkeyUrl

POSTGRES: Final = "postgres"
VALKEY: Final = "valkey"
LABEL: Final = "isofuzz.service"

FILES: Final = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_PORTS: Final = {POSTGRES: 5432, VALKEY: 6379}
_DATA: Final = {POSTGRES: "/var/lib/postgresql/data", VALKEY: "/data"}
"""Where the official images keep their data; those of Postgres say in PGDATA that it is elsewhere."""
_SECONDS_TO_ANSWER: Final = 10
_SECONDS_TO_UP: Final = 600
"""The first time it downloads images."""


class ComposeFailed(Exception):
    """Compose cannot be asked; the message says why, in a few words."""


@dataclass(frozen=True)
class ComposeService:
    """A running service that is labelled for isofuzz."""

    kind: str
    """`POSTGRES` or `VALKEY`."""
    name: str
    """As the compose file calls it."""
    state: str
    """`healthy`, `starting` or `unhealthy`; without a health check `running`."""
    host: str | None
    """The address of this machine that its port is published at; None when it is at none."""
    port: int
    environment: Mapping[str, str] = field(repr=False)
    keeps_data: bool
    """Whether its data are on disk: they are not in memory only."""

    @property
    def problem(self) -> str | None:
        """Why it cannot be used, and what mends that, in a few words."""
        port = _PORTS[self.kind]
        if self.state not in {"healthy", "running"}:
            return f"compose service {self.name!r} is {self.state}: `isofuzz services up` waits until it is healthy"
        if self.host is None:
            return (
                f"compose service {self.name!r} publishes no port {port}: write under its `ports`"
                f' "127.0.0.1:{port}:{port}"'
            )
        if not is_loopback(self.host):
            return (
                f"compose service {self.name!r} is published at {self.host}, where other machines reach it:"
                f' write the port as "127.0.0.1:{self.port}:{port}"'
            )
        return None

    @property
    def url(self) -> DatabaseUrl | ValkeyUrl:
        """How to log in, as the official images read it from their environment."""
        assert self.host is not None, "it has no problem"
        given = self.environment
        if self.kind == VALKEY:
            password = given.get("VALKEY_PASSWORD") or given.get("REDIS_PASSWORD")
            return ValkeyUrl(self.host, self.port, 0, password=password)
        user = given.get("POSTGRES_USER") or "postgres"
        return DatabaseUrl(
            user, given.get("POSTGRES_PASSWORD") or None, self.host, self.port, given.get("POSTGRES_DB") or user
        )

    @property
    def place(self) -> str:
        """In words that hold no credential."""
        return f"compose service {self.name!r} at {self.host}:{self.port}"


def running_services(project: Path) -> list[ComposeService]:
    """The labelled services that run; raises ComposeFailed when nobody can say."""
    containers = [container for container in _listed(compose(project, "ps", "--format", "json")) if container.get("ID")]
    if not containers:
        return []
    told = _run(["docker", "inspect", *(container["ID"] for container in containers)], project).stdout
    try:
        both = zip(containers, json.loads(told), strict=True)
        found = [_service(container, inspected) for container, inspected in both]
    except (ValueError, LookupError, TypeError) as error:
        raise ComposeFailed("docker inspect answered something that isofuzz does not know") from error
    return [service for service in found if service]


def labelled_services(project: Path) -> tuple[dict[str, str], bool]:
    """The kinds of the services that the file labels, by their names, and whether it has no others."""
    services = json.loads(compose(project, "config", "--format", "json").stdout)["services"]
    kinds = {name: _pairs(service.get("labels") or {}).get(LABEL) for name, service in services.items()}
    labelled = {name: kind for name, kind in kinds.items() if kind in _PORTS}
    return labelled, len(labelled) == len(services)


def start_services(project: Path, names: Sequence[str]) -> None:
    """Start services, with compose's own progress on standard error; raises ComposeFailed."""
    command = ["docker", "compose", "up", "--detach", *names]
    try:
        done = subprocess.run(  # noqa: S603 - names of the project's own file
            command, cwd=_home(project), stdin=subprocess.DEVNULL, timeout=_SECONDS_TO_UP, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ComposeFailed(f"docker compose up did not end within {_SECONDS_TO_UP} seconds") from error
    if done.returncode:
        raise ComposeFailed("docker compose up failed, as it says above")


def remove_services(project: Path) -> tuple[str, ...]:
    """Stop and remove the labelled services, but no volume; returns their names. Raises ComposeFailed.

    Whose data are in memory needs no volume; what another one keeps on disk was never adopted, and is not isofuzz's.
    """
    labelled, no_others = labelled_services(project)
    names = tuple(labelled)
    if no_others:
        compose(project, "down", seconds=_SECONDS_TO_UP)  # the network goes too
    elif names:
        compose(project, "rm", "--force", "--stop", *names, seconds=_SECONDS_TO_UP)
    return names


def last_log_lines(project: Path, name: str) -> str:
    """The end of a service's log, for a message."""
    try:
        return compose(project, "logs", "--no-color", "--no-log-prefix", "--tail", "10", name).stdout.rstrip()
    except ComposeFailed as failure:
        return str(failure)


def compose_file(project: Path) -> Path | None:
    """The project's compose file, if it has one: in its folder or the nearest above, where compose looks too."""
    folders = (project.absolute(), *project.absolute().parents)
    return next((folder / name for folder in folders for name in FILES if (folder / name).is_file()), None)


def compose(project: Path, *arguments: str, seconds: float | None = None) -> "subprocess.CompletedProcess[str]":
    """Run `docker compose` beside its file to its end; raises ComposeFailed when it cannot be or fails."""
    return _run(["docker", "compose", *arguments], _home(project), seconds)


def _home(project: Path) -> Path:
    """The folder of the compose file; raises ComposeFailed when there is none."""
    file = compose_file(project)
    if file is None:
        raise ComposeFailed(f"there is no compose file in {project} or above")
    return file.parent


def _run(command: Sequence[str], project: Path, seconds: float | None = None) -> "subprocess.CompletedProcess[str]":
    seconds = seconds or _SECONDS_TO_ANSWER
    if shutil.which("docker") is None:
        raise ComposeFailed("docker is not installed")
    try:
        done = subprocess.run(  # noqa: S603 - docker on the ids and services of the project
            command,
            cwd=project,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
            env={**os.environ, "DOCKER_CLI_HINTS": "false"},
        )
    except subprocess.TimeoutExpired as error:
        raise ComposeFailed(f"{' '.join(command[:3])} did not answer within {seconds:g} seconds") from error
    except OSError as error:
        raise ComposeFailed(f"docker cannot be run: {error.strerror}") from error
    if done.returncode:
        raise ComposeFailed(_why(done.stderr, project) or f"{' '.join(command[:3])} failed")
    return done


def _why(said: str, project: Path) -> str:
    """The first complaint in what docker says; but a client without the plugin only complains of the arguments."""
    try:
        version = subprocess.run(
            ["docker", "compose", "version"],  # noqa: S607 - the same docker
            cwd=project,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS_TO_ANSWER,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if version.returncode:
        return "docker has no compose plugin: install docker-compose-v2 or docker-compose-plugin"
    lines = (line.strip() for line in said.splitlines())
    return next((line for line in lines if line and "level=warning" not in line), "")


def _listed(done: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    """What `--format json` lists: one JSON array before compose 2.21, one JSON object a line since."""
    try:
        if done.stdout.lstrip().startswith("["):
            listed: list[dict[str, Any]] = json.loads(done.stdout)
            return listed
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    except ValueError as error:
        raise ComposeFailed("docker compose ps answered something else than JSON") from error


def _service(container: Mapping[str, Any], inspected: Mapping[str, Any]) -> ComposeService | None:
    kind = _pairs(inspected["Config"]["Labels"] or {}).get(LABEL)
    environment = _pairs(inspected["Config"]["Env"] or [])
    if kind not in _PORTS or container.get("State", "running") != "running":
        return None
    published = dict(_published(container, _PORTS[kind]))
    # One that other machines reach comes first: it is told, whatever else there is.
    host = next((host for host in published if not is_loopback(host)), next(iter(published), None))
    return ComposeService(
        kind=kind,
        name=container["Service"],
        state=container.get("Health") or "running",
        host=host,
        port=published[host] if host else 0,
        environment=environment,
        keeps_data=not _in_memory(_data_folder(kind, environment), _mounts(inspected)),
    )


def _published(container: Mapping[str, Any], port: int) -> Iterator[tuple[str, int]]:
    for publisher in container.get("Publishers") or []:
        if publisher.get("TargetPort") == port and publisher.get("PublishedPort"):
            yield publisher.get("URL") or "0.0.0.0", publisher["PublishedPort"]  # noqa: S104 - what an empty address means


def _data_folder(kind: str, environment: Mapping[str, str]) -> PurePosixPath:
    said = environment.get("PGDATA") if kind == POSTGRES else None
    return _in_container(said or _DATA[kind])


def _mounts(inspected: Mapping[str, Any]) -> dict[PurePosixPath, bool]:
    """Where something is mounted in the container, and whether that is memory."""
    in_memory = {_in_container(place): True for place in inspected["HostConfig"].get("Tmpfs") or {}}
    others = inspected.get("Mounts") or []
    return in_memory | {_in_container(mount["Destination"]): mount.get("Type") == "tmpfs" for mount in others}


def _in_memory(data: PurePosixPath, mounts: Mapping[PurePosixPath, bool]) -> bool:
    """Whether the mount that holds the data is memory, and so is whatever is mounted within them."""
    holder = next((place for place in (data, *data.parents) if place in mounts), None)
    within = [is_memory for place, is_memory in mounts.items() if data in place.parents]
    return holder is not None and mounts[holder] and all(within)


def _in_container(path: str) -> PurePosixPath:
    return PurePosixPath(posixpath.normpath(path))


def _pairs(given: Mapping[str, Any] | Sequence[str]) -> dict[str, str]:
    """Labels or environment, which come as an object or as `name=value`."""
    if isinstance(given, Mapping):
        return {name: str(value) for name, value in given.items()}
    return dict(entry.partition("=")[::2] for entry in given)
