"""What loomkin itself saw an agent do: files it changed, commands and how they ended, commits."""

import json
from collections.abc import Callable, Iterable, Iterator

from loomkin.records.dataclass import dataclass
from loomkin.records.event import CallStarted, Event, FileChanged, MessageAdded
from loomkin.records.mail import SYSTEM
from loomkin.records.message import ToolResult
from loomkin.records.regex import pattern
from loomkin.records.role import Role
from loomkin.records.team_event import EvidenceGathered, TaskMoved
from loomkin.team.matching import RUNS, changes_files
from loomkin.team.practice import Practice

KINDS = ("FileChanged", "CallStarted", "MessageAdded", "TaskMoved", "EvidenceGathered")
RUNNING = (*RUNS, "verify", "git")
_NAMES = ("command", "cmd", "script")
MOST_PATHS, MOST_COMMANDS, LONGEST = 12, 4, 120
_EXIT = pattern(r"(exit \d+(?: \(of the last command of the pipe\))?|ended by \w+)")
_VERIFIED = pattern(r"`(.+)`(?:: (exit \d+|ended by \w+)| (failed and passed))")
_COMMIT = pattern(r"\bgit\b[^|;&\n]*\bcommit\b")


@dataclass(frozen=True, slots=True)
class _Step:
    """A change of the file `path`, or a command that came to an end; a `check` loomkin ran for a task."""

    at: float
    path: str = ""
    added: int = 0
    removed: int = 0
    counted: bool = True
    diff: str = ""
    command: str = ""
    ending: str = ""
    check: bool = False


class Seen(Practice):
    """Keeps what each agent did, from facts and never from its words; `reads` knows harmless commands."""

    def __init__(self, reads: Callable[[str], bool]) -> None:
        self._reads = reads
        self._steps: dict[str, list[_Step]] = {}
        self._begun: dict[tuple[str, str], str] = {}
        self._owners: dict[str, str] = {}

    def restore(self, log: Iterable[Event]) -> None:
        """Go on with what an earlier process wrote down."""
        for event in sorted(log, key=lambda one: one.seq):
            self.happened(event)

    def happened(self, event: Event) -> None:
        """A file changed, or a command began or ended."""
        fact, agent = event.fact, event.agent
        if isinstance(fact, FileChanged):
            self._add(agent, _Step(event.at, fact.path, fact.added, fact.removed, diff=fact.diff))
        elif isinstance(fact, TaskMoved):
            self._owners[fact.task] = fact.owner
        elif isinstance(fact, EvidenceGathered):
            proof, owner = fact.evidence, self._owners.get(fact.task, "")
            if proof.by == SYSTEM and owner:
                ending = f"exit {proof.exit_code}"
                self._add(owner, _Step(event.at, command=proof.command, ending=ending, check=True))
        elif isinstance(fact, CallStarted) and fact.tool in RUNNING:
            self._begun[(agent, fact.call_id)] = _command(fact)
        elif isinstance(fact, MessageAdded) and self._begun:
            for result in fact.message.results:
                begun = self._begun.pop((agent, result.call_id), "")
                command, ending = _ended(begun, result) if begun else ("", "")
                if ending:
                    self._add(agent, _Step(event.at, command=command, ending=ending))

    def wrote(self, agent: str, path: str, at: float, lines: tuple[int, int] | None = None) -> None:
        """A command of an agent changed a file, in so many added and removed lines where that is known."""
        added, removed = lines or (0, 0)
        self._add(agent, _Step(at, path, added, removed, counted=lines is not None))

    def words(self, agent: str, role: Role, since: float, team: Iterable[str] = ()) -> str:
        """What it and its team did since then, in a line.

        Nothing where its role can neither change nor run anything and nobody did for it.
        """
        steps = self._since(agent, since)
        helped = [name for name in team if self._since(name, since)]
        if helped:
            steps = sorted(
                (step for name in (agent, *helped) for step in self._since(name, since)),
                key=lambda step: step.at,
            )
        writes = changes_files(role)
        if not steps and not writes:
            return ""
        last = max((at for at, step in enumerate(steps) if step.path), default=-1)
        ran = self._ran(steps[last + 1 :])
        if last < 0:
            parts = ["no file changed"] * writes
            parts.append(ran or "only reading")
        else:
            after = f"after the last edit: {ran}" if ran else "only reading after the last edit"
            committed = any(_committed(step) for step in steps[last + 1 :])
            parts = [f"changed {_changed(steps)}", after, "committed" if committed else "not committed"]
        whose = f" of its team ({', '.join(helped)})" if helped else ""
        return f"loomkin saw{whose}: {'; '.join(parts)}."

    def _since(self, agent: str, since: float) -> list[_Step]:
        return [step for step in self._steps.get(agent, ()) if step.at >= since]

    def _ran(self, steps: list[_Step]) -> str:
        """The checks that passed, which are the proof, then what else was run last."""
        checks = {step.command: step.ending for step in steps if step.check}
        passed = [f"`{_short(command)}`" for command, ending in checks.items() if ending == "exit 0"]
        ends = {
            step.command: step.ending
            for step in steps
            if step.command and not _committed(step) and not self._reads(step.command)
        }
        room = max(1, MOST_COMMANDS - len(passed))
        ends = {command: ending for command, ending in ends.items() if checks.get(command) != "exit 0"}
        shown = [f"`{_short(command)}` -> {ending}" for command, ending in ends.items()][-room:]
        more = f" and {len(passed) - MOST_COMMANDS} more" if len(passed) > MOST_COMMANDS else ""
        proof = f"checks passed: {', '.join(passed[:MOST_COMMANDS])}{more}" if passed else ""
        return "; ".join(part for part in (proof, ", ".join(shown)) if part)

    def _add(self, agent: str, step: _Step) -> None:
        self._steps.setdefault(agent, []).append(step)


class _Net:
    """How many lines of a file are new and gone after some changes: what was taken back counts no more."""

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}
        self._more = [0, 0]
        self.counted = True

    def add(self, step: _Step) -> None:
        """One more change; where its diff is not whole its numbers count as they are."""
        self.counted &= step.counted
        edits = [line for line in step.diff.splitlines() if line.startswith(("+", "-"))]
        if len(edits) != step.added + step.removed:
            self._more[0] += step.added
            self._more[1] += step.removed
            return
        for line in edits:
            self._lines[line[1:]] = self._lines.get(line[1:], 0) + (1 if line[0] == "+" else -1)

    @property
    def words(self) -> str:
        """The numbers; says so where a command changed the file and nobody knows how."""
        if not self.counted:
            return "(by a command)"
        added = sum(count for count in self._lines.values() if count > 0) + self._more[0]
        removed = sum(-count for count in self._lines.values() if count < 0) + self._more[1]
        return f"+{added} -{removed}"


def _changed(steps: list[_Step]) -> str:
    sums: dict[str, _Net] = {}
    for step in steps:
        if step.path:
            sums.setdefault(step.path, _Net()).add(step)
    return ", ".join(_paths(sums))


def _paths(sums: dict[str, _Net]) -> Iterator[str]:
    for path, net in list(sums.items())[:MOST_PATHS]:
        yield f"{path} {net.words}"
    if len(sums) > MOST_PATHS:
        yield f"and {len(sums) - MOST_PATHS} more"


def _command(fact: CallStarted) -> str:
    values = json.loads(fact.arguments)
    if fact.tool == "git":
        return f"git {values.get('operation', '')} {values.get('args', '')}".rstrip()
    return next((str(values[name]) for name in _NAMES if values.get(name)), fact.tool)


def _ended(command: str, result: ToolResult) -> tuple[str, str]:
    """A command and how it ended, as loomkin's own words in its result say; nothing while it runs."""
    if result.name == "git":
        return command, "" if result.is_error else "exit 0"
    for line in reversed(result.text.splitlines()):
        if result.name == "verify" and (proved := _VERIFIED.match(line)):
            return proved[1], proved[2] or proved[3]
        if result.name != "verify" and (found := _EXIT.match(line)):
            return command, found[1]
    return command, ""


def _committed(step: _Step) -> bool:
    return bool(_COMMIT.search(step.command)) and step.ending == "exit 0"


def _short(command: str) -> str:
    line = " ".join(command.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
