"""Records what models answered, and plays it back without a network: one JSON line a call."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from pathlib import Path

from loomkin.errors import ProviderError, ReplayDivergence, StoreError, StreamCutError
from loomkin.llm.cassette_lines import (
    delta_from_line,
    delta_to_line,
    error_from_line,
    error_to_line,
    redacted,
)
from loomkin.llm.fingerprint import Asked, asked, difference
from loomkin.llm.wire import Delta, Request, Wire
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

VERSION = 1
_SPEAKER = pattern(r"\s*You are ([^,\n]{1,80}), the ")


def agent_of(request: Request) -> str:
    """The agent's name in `You are NAME, the ROLE`, or `default`."""
    found = _SPEAKER.match(request.system)
    return found[1].strip() if found else "default"


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded call: what was asked, in short, and what came back."""

    agent: str
    step: int
    asked: Asked
    deltas: tuple[Delta, ...]
    error: ProviderError | None


class RecordingWire:
    """Passes calls on to a wire and appends each, secrets redacted, to a file that only its owner can read.

    Steps are counted by agent over the life of `Steps`, which several wires of one run share.
    """

    def __init__(
        self,
        inner: Wire,
        path: Path,
        redact: Callable[[str], str],
        steps: "Steps",
        steady: Callable[[str], str] | None = None,
    ) -> None:
        """`steady` takes out of requests what no two runs share; without it they only are redacted."""
        self._inner = inner
        self._path = path
        self._redact = redact
        self._steady = steady or redact
        self._steps = steps

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """The inner wire's answer, unchanged; it is written down when it has ended, however it ended."""
        agent = agent_of(request)
        step = self._steps.next(agent)
        deltas: list[Delta] = []
        error: ProviderError | None = StreamCutError("The recorded call was cancelled here.")
        answer = self._inner.stream(request)
        try:
            async for delta in answer:
                deltas.append(delta)
                yield delta
            error = None
        except ProviderError as failure:
            error = failure
            raise
        finally:
            if isinstance(answer, AsyncGenerator):
                await answer.aclose()
            await asyncio.to_thread(self._write, agent, step, request, deltas, error)

    async def aclose(self) -> None:
        """Release the inner wire's connections."""
        await self._inner.aclose()

    def _write(
        self, agent: str, step: int, request: Request, deltas: list[Delta], error: ProviderError | None
    ) -> None:
        short = asked(request, self._steady)
        line = {
            "cassette": VERSION,
            "agent": agent,
            "step": step,
            "fingerprint": short.fingerprint,
            "request": short.outline,
            "texts": self._steps.untold(short.texts),
            "deltas": [delta_to_line(delta) for delta in redacted(deltas, self._redact)],
            "error": error_to_line(error, self._redact),
        }
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"
        append(self._path, text.encode("utf-8", "surrogatepass"))


def append(path: Path, data: bytes) -> None:
    """Put bytes at the end of a recording, made where there is none; blocks.

    Raises StoreError where the file cannot take them.
    """
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(opened, "ab") as file:
            file.write(data)
    except OSError as error:
        raise StoreError(
            f"The recording {path} cannot be written: {error.strerror}.",
            hint="Name another file with --record, or leave it out.",
        ) from error


class Steps:
    """Counts the calls of each agent, from 1."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._told: set[str] = set()

    def next(self, agent: str) -> int:
        """The number of the agent's next call."""
        self._counts[agent] = self._counts.get(agent, 0) + 1
        return self._counts[agent]

    def untold(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Those of the texts, by digest, that no earlier call of the run had."""
        new = {digest: text for digest, text in texts.items() if digest not in self._told}
        self._told.update(new)
        return new


class ReplayWire:
    """Plays a cassette: the answer to an agent's n-th call is the recorded one, if the same was asked.

    Has no connection of any kind. `redact` must be the one of the recording.
    """

    def __init__(
        self,
        entries: dict[tuple[str, int], Entry],
        redact: Callable[[str], str],
        steps: Steps,
        strict: bool = True,
    ) -> None:
        """Unless `strict`, answers are played by agent and step whatever is asked."""
        self._entries = entries
        self._strict = strict
        self._redact = redact
        self._steps = steps

    @classmethod
    def load(cls, path: Path, redact: Callable[[str], str], strict: bool = True) -> "ReplayWire":
        """Read a cassette; raises ReplayDivergence with the line when it is none."""
        return cls(read_cassette(path), redact, Steps(), strict)

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """The recorded answer or failure; raises ReplayDivergence when something else is asked."""
        agent = agent_of(request)
        step = self._steps.next(agent)
        entry = self._entries.get((agent, step))
        if entry is None:
            raise ReplayDivergence(
                self._no_entry(agent, step), hint="Record the session again with --record FILE."
            )
        now = await asyncio.to_thread(asked, request, self._redact)
        if self._strict and entry.asked.fingerprint != now.fingerprint:
            raise ReplayDivergence(
                f"Call {step} of {agent} differs from the recording.\n{difference(entry.asked, now)}",
                hint="The run asked something else than the recording; record it again with --record FILE.",
            )
        for delta in entry.deltas:
            yield delta
        if entry.error is not None:
            raise entry.error

    async def aclose(self) -> None:
        """Nothing to release."""

    def _no_entry(self, agent: str, step: int) -> str:
        agents = sorted({name for name, _ in self._entries})
        if agent not in agents:
            return f"{agent} asks a model, and the recording knows only: {', '.join(agents) or 'nobody'}."
        most = max(number for name, number in self._entries if name == agent)
        return f"{agent} asks a model for the {step}. time, and the recording holds {most} of its calls."


def read_cassette(path: Path) -> dict[tuple[str, int], Entry]:
    """All calls of a cassette by agent and step; blocking.

    Raises ReplayDivergence with the line that is none.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogatepass").split("\n")
    except OSError as error:
        raise ReplayDivergence(f"The recording {path} cannot be read: {error.strerror}.") from error
    entries: dict[tuple[str, int], Entry] = {}
    texts: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                entry = _entry(json.loads(line), texts)
            except (ValueError, KeyError, TypeError) as error:
                raise ReplayDivergence(
                    f"{path}:{number} is not a line of a recording ({error}).",
                    hint="Record the session again with --record FILE.",
                ) from error
            entries[entry.agent, entry.step] = entry
    return entries


def _entry(line: dict[str, object], texts: dict[str, str]) -> Entry:
    if line["cassette"] != VERSION:
        raise ValueError(f"version {line['cassette']}, this loomkin reads {VERSION}")
    deltas, shown, step = line["deltas"], line["request"], line["step"]
    if not isinstance(deltas, list) or not isinstance(shown, list) or not isinstance(step, int):
        raise TypeError("its fields have other types")
    told = line.get("texts")
    texts.update(told if isinstance(told, dict) else {})
    return Entry(
        agent=str(line["agent"]),
        step=step,
        asked=Asked(str(line["fingerprint"]), tuple(str(item) for item in shown), texts),
        deltas=tuple(delta_from_line(delta) for delta in deltas),
        error=error_from_line(line.get("error")),
    )
