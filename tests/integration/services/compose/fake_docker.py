# ruff: noqa: T201 - it is a command, and prints its answers
"""A `docker` with the compose plugin, for machines that have none: the tests put it on the PATH under that name.

It starts nothing: its services are servers that run anyway, on the ports that `state.json` beside it names. What it
writes has the form of what docker writes: `compose ps` of compose 2.26 and, as an array without labels, of 2.12;
`inspect` of the Engine API 1.44; the complaints of a client 28.2 without the plugin, and without an engine.
"""

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

STATE = Path(__file__).with_name("state.json")
NO_ENGINE = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
WARNING = 'time="2026-11-22T18:00:00Z" level=warning msg="the attribute `version` is obsolete, it will be ignored"'


def fail(message: str, code: int = 1) -> NoReturn:
    sys.stderr.write(f"{message}\n")
    sys.exit(code)


def main(arguments: list[str]) -> None:
    state = json.loads(STATE.read_text())
    with STATE.with_name("called").open("a") as called:
        called.write(f"{' '.join(arguments)}\n")
    if arguments[0] == "compose" and not state["plugin"]:
        if arguments[1:] in ([], ["version"]):
            fail("docker: unknown command: docker compose\n\nRun 'docker --help' for more information")
        fail("unknown flag: --format\n\nUsage:  docker [OPTIONS] COMMAND [ARG...]", 125)
    if arguments[:2] == ["compose", "version"]:
        print("Docker Compose version v2.26.1")
    elif arguments[:2] == ["compose", "config"]:
        configuration(state)
    elif not state["engine"]:
        fail(f"{WARNING}\n{NO_ENGINE}")
    elif arguments[0] == "inspect":
        print(json.dumps([inspected(*each) for each in state["services"].items() if each[1]["id"] in arguments[1:]]))
    else:
        compose(state, *arguments[1:])
        STATE.write_text(json.dumps(state))


def configuration(state: dict[str, Any]) -> None:
    import yaml  # type: ignore[import-untyped]  # it ships no type information; and is slow to load

    file = next(Path.cwd().glob("*compose.y*ml"), None)
    if file is None:
        fail("no configuration file provided: not found")
    try:
        print(json.dumps({"name": "fake", "services": yaml.safe_load(file.read_text())["services"]}))
    except yaml.YAMLError:
        fail("yaml: line 3: mapping values are not allowed in this context", 15)


def compose(state: dict[str, Any], command: str, *arguments: str) -> None:
    services = state["services"]
    match command:
        case "ps":
            shown = [container(name, service) for name, service in services.items() if service["up"]]
            if state["array"]:
                without_labels = [{k: v for k, v in each.items() if k != "Labels"} for each in shown]
                print(json.dumps(without_labels))
            else:
                sys.stdout.writelines(f"{json.dumps(each)}\n" for each in shown)
        case "up":
            for name in arguments[1:]:
                services[name]["up"] = True
            sys.stderr.write(" Container fake-postgres-1  Started\n")
        case "down":
            for service in services.values():
                service["up"] = False
        case "rm":
            for name in arguments[3:]:
                services[name]["up"] = False
        case "logs":
            print(services[arguments[-1]]["log"])
        case _:
            fail(f'unknown docker command: "compose {command}"')


def container(name: str, service: dict[str, Any]) -> dict[str, Any]:
    """A line of `compose ps`; each time that it is asked for, the service comes a step nearer to its last health."""
    health = service["health"].pop(0) if len(service["health"]) > 1 else service["health"][0]
    target = service["target"]
    publisher = {"URL": service["host"], "TargetPort": target, "PublishedPort": service["port"], "Protocol": "tcp"}
    unpublished = {"URL": "", "TargetPort": target, "PublishedPort": 0, "Protocol": "tcp"}
    return {
        "Command": '"docker-entrypoint.s…"',
        "CreatedAt": "2026-11-22 12:21:53 +0400 +04",
        "ExitCode": 0,
        "Health": health,
        "ID": service["id"],
        "Image": "postgres:18-alpine",
        "Labels": f"isofuzz.service={service['kind']},com.docker.compose.service={name}",
        "LocalVolumes": "0",
        "Mounts": "",
        "Name": f"fake-{name}-1",
        "Names": f"fake-{name}-1",
        "Networks": "fake_default",
        "Ports": f"{service['host']}:{service['port']}->{target}/tcp",
        "Project": "fake",
        "Publishers": [publisher if service["host"] else unpublished],
        "RunningFor": "5 seconds ago",
        "Service": name,
        "Size": "0B",
        "State": "running",
        "Status": f"Up 5 seconds ({health})",
    }


def inspected(name: str, service: dict[str, Any]) -> dict[str, Any]:
    label = {"isofuzz.service": service["kind"]} if service["kind"] else {}
    return {
        "Id": service["id"] + "0" * 52,
        "Name": f"/fake-{name}-1",
        "State": {"Status": "running", "Running": True, "Health": {"Status": "healthy", "FailingStreak": 0, "Log": []}},
        "HostConfig": {"Tmpfs": service["tmpfs"], "NetworkMode": "fake_default"},
        "Mounts": service.get("mounts", []),
        "Config": {
            "Env": [f"{variable}={value}" for variable, value in service["environment"].items()],
            "Labels": {"com.docker.compose.service": name, **label},
        },
    }


if __name__ == "__main__":
    main(sys.argv[1:])
