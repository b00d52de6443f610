"""The compose file that isofuzz ships: as compose programs read it, and as the tests of compose expect it to be."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no type information

from isofuzz.services.compose.running import LABEL, POSTGRES, VALKEY
from isofuzz.services.postgres.url import is_loopback

Read: TypeAlias = Callable[..., "subprocess.CompletedProcess[str]"]

FILE = Path(__file__).parents[4] / "docker-compose.yml"
PORTS = {POSTGRES: "5432", VALKEY: "6379"}


def podman_compose(folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Installed with the other tools of development. It asks podman for its version even to read a file."""
    podman = folder / "podman"
    podman.write_text("#!/bin/sh\necho podman version 5.4.2\n")
    podman.chmod(0o755)
    program = Path(sys.executable).with_name("podman-compose")
    path = os.pathsep.join([str(folder), os.environ["PATH"]])
    return read_by([str(program)], PATH=path, **variables)


def docker_compose(folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    return read_by(["docker", "compose"], **variables)


def docker_compose_1(folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    return read_by(["docker-compose"], **variables)


def read_by(program: list[str], **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [*program, "-f", str(FILE), "config"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ISOFUZZ_")} | variables
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def installed() -> list[Read]:
    """The compose programs that this machine has; the first of them it always has."""
    found: list[Read] = [podman_compose]
    if shutil.which("docker"):
        asked = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        found += [docker_compose] if asked.returncode == 0 else []
    return found + ([docker_compose_1] if shutil.which("docker-compose") else [])


@pytest.fixture(params=installed(), ids=lambda read: str(read.__name__))
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """The services of the file, as a compose program reads them."""

    def services(**variables: str) -> dict[str, Any]:
        done = request.param(tmp_path, **variables)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = yaml.safe_load(done.stdout)["services"]
        return found

    return services


def published(service: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Address, port of this machine and port of the container, of the short or the long form."""
    return [
        (port["host_ip"], str(port["published"]), str(port["target"]))
        if isinstance(port, dict)
        else tuple(port.removesuffix("/tcp").split(":"))
        for port in service["ports"]
    ]


def test_both_services_are_for_tests_alone(read: Callable[..., dict[str, Any]]) -> None:
    services = read()

    assert {service["labels"][LABEL] for service in services.values()} == {POSTGRES, VALKEY}
    for name, service in services.items():
        [(address, _, port)] = published(service)
        assert is_loopback(address)
        assert port == PORTS[service["labels"][LABEL]]
        assert name == service["labels"][LABEL]
        assert service["tmpfs"]
        assert "volumes" not in service
        assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
        assert "alpine" in service["image"]


def test_the_data_are_in_memory_and_need_not_survive(read: Callable[..., dict[str, Any]]) -> None:
    services = read()
    postgres, valkey = services[POSTGRES], services[VALKEY]

    in_memory = postgres["tmpfs"] if isinstance(postgres["tmpfs"], str) else postgres["tmpfs"][0]
    assert postgres["environment"]["PGDATA"].startswith(f"{in_memory}/")
    for setting in ("fsync=off", "synchronous_commit=off", "full_page_writes=off"):
        assert setting in words(postgres["command"])
    assert words(valkey["command"])[:5] == ["valkey-server", "--save", "", "--appendonly", "no"]


def test_the_password_that_isofuzz_reads_is_the_one_that_is_set(read: Callable[..., dict[str, Any]]) -> None:
    valkey = read()[VALKEY]

    assert words(valkey["command"])[-2:] == ["--requirepass", valkey["environment"]["VALKEY_PASSWORD"]]


def test_ports_and_images_can_be_chosen(read: Callable[..., dict[str, Any]]) -> None:
    services = read(
        ISOFUZZ_POSTGRES_PORT="5001",
        ISOFUZZ_VALKEY_PORT="5002",
        ISOFUZZ_POSTGRES_IMAGE="postgres:15-alpine",
        ISOFUZZ_VALKEY_IMAGE="valkey/valkey:8-alpine",
    )

    assert [published(services[name])[0][1] for name in (POSTGRES, VALKEY)] == ["5001", "5002"]
    assert [services[name]["image"] for name in (POSTGRES, VALKEY)] == ["postgres:15-alpine", "valkey/valkey:8-alpine"]


def words(command: str | list[str]) -> list[str]:
    return shlex.split(command) if isinstance(command, str) else command
