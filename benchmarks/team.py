"""A team from inside: spawning, mail, a thousand who wait, a hundred who work."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.figures import Figure, middle, percentile
from benchmarks.model import place
from benchmarks.process import TOP, CommandFailed, Floor
from benchmarks.team_inside import BUSY, IDLE

FILES = {"calc.py": "def double(value):\n    return value * 2\n"}
LOOK = {"calls": [{"name": "file_read", "arguments": {"path": "calc.py"}}]}
SECONDS = 300


def measure(floor: Floor) -> Iterator[Figure]:
    """Each case in a process of its own, with a real session and a model on loopback."""
    floor.sample(3)
    seconds = _run("spawning")["seconds"]
    yield middle("spawn, p50", seconds)
    yield Figure("spawn, p99", percentile(seconds, 0.99) * 1000, "ms", "< 5", tuple(seconds))
    seconds = _run("writing")["seconds"]
    yield Figure("mail, p99", percentile(seconds, 0.99) * 1e6, "us", "< 100", tuple(seconds))
    idle = _run("idling")
    yield Figure(f"{IDLE} idle agents, memory", idle["bytes"] / 1e6, "MB", "< 100", note="above the session")
    yield Figure(f"{IDLE} idle agents, processor", idle["core"] * 100, "% of a core", "< 1")
    busy = _run("working")
    lags = busy["lags"]
    yield Figure(
        f"{BUSY} busy agents, loop lag p99", percentile(lags, 0.99) * 1000, "ms", "< 20", tuple(lags)
    )
    done = busy["states"].count("idle")
    note = f"{done} of {busy['spawned']} done, the session {busy['end']}, {busy['cpu']:.2f} s of processor"
    yield Figure(f"{BUSY} busy agents, wall", busy["wall"], "s", note=note)


def _run(case: str) -> dict[str, Any]:
    script: Mapping[str, Sequence[Mapping[str, Any]]] = {
        "concierge": [{"text": "Waiting.", "repeat": True}],
        **{f"worker-{number}": [LOOK, {"text": "It doubles."}] for number in range(BUSY)},
    }
    with place(script, FILES) as here:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.team_inside", case],
            cwd=here.project,
            env={**here.environ, "PYTHONPATH": str(TOP)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    if done.returncode:
        raise CommandFailed(done.stderr[-500:])
    found: dict[str, Any] = json.loads(done.stdout)
    return found
