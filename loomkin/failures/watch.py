"""Watches one agent's calls: what fails, what then works, and what is already known of it."""

from collections.abc import Callable

from loomkin.failures import commands
from loomkin.failures.commands import CommandLine
from loomkin.failures.folding import shortened, signature
from loomkin.failures.lines import before_line, prompt_line, result_line
from loomkin.failures.matching import spoken_of
from loomkin.failures.telling import MISSING, Cause, telling
from loomkin.project.output import ERROR, HARMLESS
from loomkin.records.dataclass import dataclass, field
from loomkin.records.event import Fact
from loomkin.records.failure import Failure, FailureKind, Fix, Lesson, Showing
from loomkin.records.failure_event import FailureFixed, FailureSeen, FailureShown, FixFailed
from loomkin.records.permission import ToolUse
from loomkin.store import failures as store
from loomkin.store.database import Database

EDITS = frozenset(("file_edit", "file_patch", "file_write"))
REFUSALS = frozenset(
    ("not_found", "ambiguous", "blank_old", "placeholder", "malformed", "not_text", "unencodable")
)
"""How an edit can be refused so that it says something; stale, unread, forbidden ones do not."""
MOST_OPEN, MOST_STEPS, PATIENCE, MOST_TOLD, MOST_NEWEST = 6, 4, 40, 3, 300
"""Failures that wait for their fix, steps of one, calls until it is too late for one, lines with a
prompt, and failures that are looked for in its words."""
EDITED = "an edit of "


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended: its text, whether it failed, by which exit code or refusal, what it changed."""

    text: str
    failed: bool
    code: int | None = None
    refusal: str = ""
    changed: tuple[str, ...] = ()
    shape: str = ""


@dataclass(slots=True)
class Open:
    """A failure that waits for its fix; it is not `recorded` as long as it may be a fault under repair."""

    failure: Failure
    line: CommandLine | None
    missing: str = ""
    recorded: bool = True
    steps: dict[str, None] = field(default_factory=dict)
    calls: int = 0


class Watch:
    """One agent's failures and fixes; `shown` names a path as the repository does."""

    def __init__(
        self,
        database: Database,
        record: Callable[[Fact], None],
        session: str,
        agent: str,
        shown: Callable[[str, str], str],
        redact: Callable[[str], str],
    ) -> None:
        self._database = database
        self._record = record
        self._shown = shown
        self._redact = redact
        self._open: list[Open] = []
        told = store.shown(database, session, agent)
        self._told: dict[str, Fix | None] = {one.signature: None for one in told}
        self._done: set[str] = set()

    def before(self, call_id: str, use: ToolUse) -> str:
        """What to say instead of running a command that never worked here, once; else nothing."""
        if not use.command or use.writes:
            return ""
        line = self._line(use)
        for lesson in store.of_command(self._database, self._redact(line.key)):
            if not self._would_fail_again(lesson, line):
                continue
            failure = lesson.failure
            missing = failure.error.partition(":")[0] if failure.code in MISSING else ""
            self._open.append(Open(failure, line, missing))
            self._tell(lesson, Showing.BEFORE, call_id)
            return before_line(lesson)
        return ""

    def after(self, call_id: str, use: ToolUse, ended: Ended) -> list[str]:
        """Take a call that ran; the answer is what is already known of its failure."""
        for one in self._open:
            one.calls += 1
        self._open = [one for one in self._open if one.calls <= PATIENCE]
        if use.tool in EDITS:
            return self._edited(call_id, use, ended)
        if use.command:
            return self._ran(call_id, self._line(use), use, ended)
        if not ended.failed and self._open:
            for path in use.reads:
                self._step(f"reading {self._shown(use.cwd, path)}", edits_of=self._shown(use.cwd, path))
        return []

    def prompt(self, text: str) -> list[str]:
        """What is known of commands or error lines in the person's words."""
        found: list[str] = []
        for named in spoken_of(store.newest(self._database, MOST_NEWEST), text):
            known = [] if named in self._told else store.lessons(self._database, named)
            for lesson in known:
                if lesson.fix is not None and len(found) < MOST_TOLD:
                    self._tell(lesson, Showing.PROMPT, "")
                    found.append(prompt_line(lesson))
        return found

    def _would_fail_again(self, lesson: Lesson, line: CommandLine) -> bool:
        """Whether only something else worked, and the agent does not know it from this session."""
        failure, fix = lesson.failure, lesson.fix
        if fix is None or not fix.how or failure.command != self._redact(line.key):
            return False
        sure = failure.kind is FailureKind.COMMAND or lesson.seen > 1
        return sure and failure.signature not in self._told

    def _edited(self, call_id: str, use: ToolUse, ended: Ended) -> list[str]:
        path = self._shown(use.cwd, use.writes[0]) if use.writes else ""
        if ended.failed:
            if ended.refusal not in REFUSALS or not path:
                return []
            error = self._redact(shortened(ended.text.partition("\n")[0]))
            named = signature("edit", error, path)
            failure = Failure(
                named, FailureKind.EDIT, use.tool, error, path, f"{use.tool} of {path}", "", call_id
            )
            return self._failed(Open(failure, None))
        for one in [one for one in self._open if one.line is None and one.failure.path in ended.changed]:
            self._fixed(one, ended.shape or use.tool, call_id)
        for changed in ended.changed:
            self._step(f"{EDITED}{changed}")
        return []

    def _ran(self, call_id: str, line: CommandLine, use: ToolUse, ended: Ended) -> list[str]:
        if ended.failed and ended.code is None:
            return []
        found = telling(line, ended.code or 1, ended.text) if ended.failed else None
        if found is None or found.cause is Cause.CODE:
            self._worked(call_id, line, ended, red=found is not None)
            return []
        if found.cause is Cause.NOTHING:
            return []
        kind = FailureKind.COMMAND if found.cause is Cause.COMMAND else FailureKind.OTHER
        tool = "shell" if kind is FailureKind.COMMAND else f"shell {line.intent}"
        path = self._shown(use.cwd, found.path) if found.path else ""
        error, tried = self._redact(shortened(found.line)), self._redact(shortened(line.text))
        key = self._redact(line.key)
        named = signature(tool, error, path)
        failure = Failure(named, kind, use.tool, error, path, tried, key, call_id, ended.code)
        return self._failed(Open(failure, line, found.missing, recorded=kind is FailureKind.COMMAND))

    def _failed(self, new: Open) -> list[str]:
        """Note a failure; say once what is known of it."""
        failure = new.failure
        known = store.lessons(self._database, failure.signature)
        earlier = next((one for one in self._open if one.failure.signature == failure.signature), None)
        if known or new.recorded:
            new.recorded = True
            self._record(FailureSeen(failure))
        fix = self._told.get(failure.signature)
        if fix is not None and self._was_tried(fix, failure):
            self._record(FixFailed(failure.signature, fix.key, failure.call_id))
            self._told[failure.signature] = None
        if earlier is not None:
            self._open.remove(earlier)
            new.steps = earlier.steps
        self._open = [*self._open, new][-MOST_OPEN:]
        if failure.signature in self._told:
            return []
        if not known:
            self._told[failure.signature] = None
            return []
        self._tell(known[0], Showing.RESULT, failure.call_id)
        return [result_line(known[0])]

    def _was_tried(self, fix: Fix, failure: Failure) -> bool:
        """Whether the agent did what the fix says before it failed again."""
        return fix.how == failure.tried if fix.how else set(fix.steps) <= self._done and bool(fix.steps)

    def _worked(self, call_id: str, line: CommandLine, ended: Ended, *, red: bool) -> None:
        """A command did its work, though perhaps on something red: that may be what was waited for."""
        hidden = line.piped and any(
            ERROR.search(one) and not HARMLESS.search(one) for one in ended.text.splitlines()
        )
        asks = all(run.asks or run.looks for run in line.runs)
        for one in list(self._open):
            if one.line is None or (red and one.failure.kind is FailureKind.OTHER) or (hidden and not red):
                continue
            same = one.line.key == line.key
            fix = self._told.get(one.failure.signature)
            advised = fix is not None and fix.how == self._redact(shortened(line.text))
            replaced = bool(one.missing) and line.replaces(one.line, one.missing)
            if same or advised or replaced or (not asks and one.line.like(line)):
                self._fixed(one, "" if same else self._redact(shortened(line.text)), call_id)
        if not line.looks and not red:
            self._step(self._redact(shortened(line.text)))

    def _fixed(self, one: Open, how: str, call_id: str) -> None:
        """What was waited for: write down what did it, unless it was a fault of the code that was mended."""
        self._open.remove(one)
        steps = tuple(one.steps)[-MOST_STEPS:]
        if not one.recorded:
            if (not how and not steps) or any(step.startswith(EDITED) for step in steps):
                return
            self._record(FailureSeen(one.failure))
        key = signature("fix", how, "\0".join(steps if not how else ()))
        self._record(FailureFixed(Fix(one.failure.signature, steps, how, key, call_id)))

    def _step(self, step: str, edits_of: str | None = None) -> None:
        """Something that may be part of a fix was done: what changes things, for an edit reads."""
        self._done.add(step)
        for one in self._open:
            if (one.line is None) == (edits_of is not None) and edits_of in (None, one.failure.path):
                one.steps.pop(step, None)
                one.steps[step] = None

    def _tell(self, lesson: Lesson, how: Showing, call_id: str) -> None:
        self._told[lesson.failure.signature] = lesson.fix
        self._record(FailureShown(lesson.failure.signature, how, call_id))

    def _line(self, use: ToolUse) -> CommandLine:
        return commands.read(use.command, self._shown(use.cwd, "."))
