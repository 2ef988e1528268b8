"""What loomkin takes between a model's answer and its next request, over a session that grows."""

import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from benchmarks.edits import block
from benchmarks.figures import Figure, middle
from benchmarks.model import Place, place
from benchmarks.process import Floor, run
from benchmarks.start import command

STEPS = 60
SESSIONS = 3
LINES = 120
EDGE = 10


def measure(floor: Floor) -> Iterator[Figure]:
    """Each session reads another file in every step, then ends; the server's clock times it."""
    files = {f"module_{number}.py": _source(number) for number in range(STEPS)}
    steps: list[Mapping[str, Any]] = [
        {"text": f"I look at part {number}.", "calls": [_read(name)]} for number, name in enumerate(files)
    ]
    gaps: list[list[float]] = []
    echoes: list[list[float]] = []
    cpu: list[float] = []
    words = [*command(), "ask", "--max-turns", str(STEPS + 5), "Read all modules."]
    for _ in range(SESSIONS):
        floor.sample(3)
        with place([*steps, {"text": "All read."}], files) as here:
            cpu.append(run(words, environ=here.environ, cwd=here.project).cpu)
            calls = here.calls()
        gaps.append(_gaps(calls))
        with place([{"text": "So.", "repeat": True}], {"a": ""}) as here:
            echoes.append(_echo(here, [call["body"] for call in calls]))
    every = [gap for session in gaps for gap in session]
    alone = median(gap for session in echoes for gap in session) * 1000
    note = f"{STEPS} reads a session; a client that only sends the same bytes: {alone:.1f} ms"
    yield middle("own time per step", every, "< 15", note)
    first, last = _ends(gaps)
    before, after = (1000 * one for one in _ends(echoes))
    grown = len(json.dumps(calls[-1]["body"])) / 1000
    note = (
        f"{first * 1000:.1f} ms in the first {EDGE}, {last * 1000:.1f} ms in the last, of {grown:.0f} kB; "
        f"{before:.1f} and {after:.1f} ms for a client that only sends"
    )
    yield Figure("own time, last steps over first", last / first, "x", "about 1", note=note)
    yield middle("processor time of a session, a step", [one / STEPS for one in cpu])
    yield Figure(
        "own words kept at the front of the next", _repeated(calls), "%", ">= 95", note="least of all"
    )
    yield from _fixed_part(calls[0]["body"])


def _source(number: int) -> str:
    return "".join(map(block, range(number, number + LINES // 10)))


def _read(name: str) -> dict[str, Any]:
    return {"name": "file_read", "arguments": {"path": name}}


def _gaps(calls: Sequence[Mapping[str, Any]]) -> list[float]:
    """Seconds from the end of each answer to the arrival of the next request."""
    return [after["started"] - before["ended"] for before, after in pairwise(calls)]


def _ends(sessions: Sequence[Sequence[float]]) -> tuple[float, float]:
    """The median gaps of all first and of all last steps."""
    first = median(gap for session in sessions for gap in session[:EDGE])
    return first, median(gap for session in sessions for gap in session[-EDGE:])


def _echo(here: Place, bodies: Sequence[Mapping[str, Any]]) -> list[float]:
    """The same gaps for a client that has nothing to think about: what the measurement itself costs."""
    connection = http.client.HTTPConnection("127.0.0.1", here.port)
    for data in [json.dumps(body).encode() for body in bodies]:
        connection.request("POST", "/v1/chat/completions", data, {"content-type": "application/json"})
        connection.getresponse().read()
    connection.close()
    return _gaps(here.calls())


def _repeated(calls: Sequence[Mapping[str, Any]]) -> float:
    """The least share of a request, in percent, with which the next one begins.

    Providers cache tools, system and messages in this order, whatever the order of the keys on the wire.
    """
    shares = []
    for before, after in pairwise([_cached(call["body"]) for call in calls]):
        same = next((at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before))
        shares.append(100 * min(same, len(after)) / len(before))
    return min(shares)


def _cached(body: Mapping[str, Any]) -> str:
    front = json.dumps([body.get("tools", ()), body.get("system", "")])
    # without the bracket that ends the list of messages
    return front + json.dumps(body["messages"])[:-1]


def _fixed_part(body: Mapping[str, Any]) -> Iterator[Figure]:
    system = sum(
        len(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode())
        for message in body["messages"]
        if message["role"] in ("system", "developer")
    )
    tools = len(json.dumps(body.get("tools", ()), ensure_ascii=False, separators=(",", ":")).encode())
    note = f"system {system:,} bytes, {len(body.get('tools', ()))} tools {tools:,} bytes"
    yield Figure("fixed part of a request", (system + tools) / 1000, "kB", "<= 10", note=note)
