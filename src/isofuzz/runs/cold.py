"""The last word on a finding: a fresh process, on fresh services. Run as a module, this is that process."""

import json
import subprocess
import sys
from pathlib import Path

from isofuzz.cases.case import HitRate
from isofuzz.runs.replay import ReplayVerdict, replay
from isofuzz.runs.reproduction import tries_for
from isofuzz.services.sources import EMBEDDED, Sources

_SECONDS = 120


def confirmed_cold(case: Path, hit_rate: HitRate, sources: Sources) -> bool | None:
    """Does the case show its violation in a process of its own? None: that process could not tell."""
    tries = tries_for(hit_rate) if hit_rate.seen else 1
    request = {
        "case": str(case),
        "path": sys.path,
        "times": tries,
        "database_url": sources.database_url,
        "allow_hosts": sources.allow_hosts,
        "project": str(sources.project) if sources.project else None,
    }
    try:
        answered = subprocess.run(
            [sys.executable, "-m", "isofuzz.runs.cold"],
            input=json.dumps(request),  # not in its arguments: the URL may hold a password
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
        return bool(json.loads(answered.stdout.splitlines()[-1])["seen"])
    except (OSError, subprocess.SubprocessError, ValueError, LookupError):
        return None


def main() -> None:
    """Replay the case that standard input names; answer on standard output."""
    request = json.loads(sys.stdin.read())
    sys.path[:] = request["path"]  # the target is found where the run found it
    [replayed] = replay(
        [Path(request["case"])],
        times=request["times"],
        sources=Sources(
            database_url=request["database_url"],
            valkey_url=EMBEDDED,  # the run that waits for this answer still holds the other one
            allow_hosts=tuple(request["allow_hosts"]),
            project=Path(request["project"]) if request["project"] else None,
        ),
    )
    if replayed.verdict is ReplayVerdict.CANNOT_RUN:
        sys.exit(replayed.reason)
    sys.stdout.write(json.dumps({"seen": replayed.hit_rate.seen, "runs": replayed.hit_rate.runs}) + "\n")


if __name__ == "__main__":
    main()
