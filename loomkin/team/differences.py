"""What a task changed in its files: from their state before it to now, or since a review."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from difflib import unified_diff
from pathlib import Path

from loomkin.project.diff_cut import Piece, fits, fitted
from loomkin.project.git import run_git
from loomkin.project.text import sha_of
from loomkin.project.workplace import Workplace
from loomkin.records.task import Task
from loomkin.team.authorship import Lines, Shares
from loomkin.team.footprints import MOST_CHARS, Footprints, Step

LARGEST = 1 << 20
KEPT_BYTES = 32 << 20


class Versions:
    """Earlier contents of files by their hash, the newest 32 MB of them."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._size = 0

    def keep(self, sha: str, text: str) -> None:
        """Remember what a file held."""
        if sha in self._texts or len(text) > LARGEST:
            return
        self._texts[sha] = text
        self._size += len(text)
        while self._size > KEPT_BYTES:
            self._size -= len(self._texts.popitem(last=False)[1])

    def get(self, sha: str) -> str | None:
        """The content of that hash, empty for no file, None where nobody remembers."""
        return self._texts.get(sha) if sha else ""


class Differences:
    """Compares the files of tasks with what they held before; `redact` takes secrets out of what is shown."""

    def __init__(
        self, footprints: Footprints, workplace: Workplace, versions: Versions, redact: Callable[[str], str]
    ) -> None:
        self._footprints = footprints
        self._workplace = workplace
        self._versions = versions
        self._redact = redact
        self._files = 0

    async def now(self, task: Task) -> dict[str, str | None]:
        """What the files of a task hold, None for those that are no text of a fair size."""
        paths = self._footprints.paths(task)
        return await asyncio.to_thread(lambda: {path: _text(self._workplace.root / path) for path in paths})

    async def whole(self, task: Task, now: Mapping[str, str | None]) -> str:
        """What a task changed in all of its files."""
        steps: dict[str, list[Step]] = {}
        for step in self._footprints.steps(task):
            steps.setdefault(step.change.path, []).append(step)
        parts = [
            Piece(path, await self._file(task, path, steps.get(path, []), now.get(path))) for path in now
        ]
        return self._shown(task, parts) or "No changed file is known."

    def since(self, task: Task, before: Mapping[str, str | None], now: Mapping[str, str | None]) -> str:
        """What is different from an earlier look at the files; one that was not among them is new."""
        parts = []
        for path, text in now.items():
            old = before.get(path, "")
            if old is None or text is None:
                parts.append(Piece(path, f"--- {path}: not a text of a fair size; read it."))
            elif old != text:
                parts.append(Piece(path, _diff(path, old, text, "")))
        return self._shown(task, parts)

    def only_others(
        self, task: Task, before: Mapping[str, str | None], now: Mapping[str, str | None], since: int
    ) -> str:
        """Who changed what since a look, `since` that many changes; empty where it concerns the task."""
        told = []
        for path in [path for path in {**before, **now} if before.get(path) != now.get(path)]:
            old, new = before.get(path), now.get(path)
            later = self._footprints.history(path, since)
            if old is None or new is None or any(step.agent == task.owner for step in later):
                return ""
            earlier = self._footprints.history(path, 0, since)
            base = self._versions.get(earlier[0].change.before) if earlier else old
            if base is None:
                return ""
            lines = Lines(base, lambda step: self._footprints.mine(task, step))
            if not lines.replay(earlier, self._versions.get, old):
                return ""
            lines.changed = lines.touched = False
            if not lines.replay(later, self._versions.get, new) or lines.changed or lines.touched:
                return ""
            told.append(f"{path} by {', '.join(dict.fromkeys(step.agent for step in later))}")
        return "; ".join(told)

    async def _file(self, task: Task, path: str, steps: list[Step], now: str | None) -> str:
        who = ", by " + ", ".join(dict.fromkeys(step.agent for step in steps)) if steps else ""
        base, since = await self._base(path, steps)
        if base is not None and now is not None and (base != now or steps):
            shares = await asyncio.to_thread(self._shares, task, path, steps, base, now)
            if shares is not None:
                return _diff(path, shares.without, now, f"{who}{since}{shares.words}")
            return _diff(path, base, now, f"{who}{since}")
        if not steps:
            return f"--- {path}: changed by other means, read it."
        told = (
            f"--- {path} (+{step.change.added} -{step.change.removed}, by {step.agent})\n{step.change.diff}"
            for step in steps
        )
        return "\n".join(told)

    def _shares(self, task: Task, path: str, steps: list[Step], base: str, now: str) -> Shares | None:
        """Who changed what since a task's first change; None where nobody else did, or it is unknown."""
        history = self._footprints.history(path)
        if steps and steps[0].change.call_id:
            history = history[history.index(steps[0]) :]
        if all(self._footprints.mine(task, step) for step in history):
            return None
        lines = Lines(base, lambda step: self._footprints.mine(task, step))
        return lines.shares() if lines.replay(history, self._versions.get, now) else None

    async def _base(self, path: str, steps: list[Step]) -> tuple[str | None, str]:
        """What a file held before the first of some changes, and words where that is the last commit."""
        first = steps[0] if steps else None
        if first is not None and first.change.call_id:
            known = self._versions.get(first.change.before)
            if known is not None:
                return known, ""
            committed = await self._committed(path)
            same = committed is not None and sha_of(committed.encode()) == first.change.before
            return (committed, "") if same else (None, "")
        committed = await self._committed(path)
        return committed, "" if committed is None else ", since the last commit"

    async def _committed(self, path: str) -> str | None:
        """What the last commit has of a file, empty where it has none; None where there is no commit."""
        root = self._workplace.root
        found = await run_git(["show", f"HEAD:./{path}"], root)
        if found.ok:
            return found.out
        return "" if (await run_git(["rev-parse", "--verify", "-q", "HEAD"], root)).ok else None

    def _shown(self, task: Task, parts: list[Piece]) -> str:
        """All parts, or as many as fit and how the others are seen."""
        parts = [Piece(part.path, self._redact(part.text)) for part in parts]
        if fits(parts, MOST_CHARS):
            return "\n".join(part.text for part in parts)
        path = self._write(task, "\n".join(part.text for part in parts))
        hint = f"See them before you judge: git_read diff -- PATH, file_read PATH, or all: file_read {path}."
        return fitted(parts, MOST_CHARS, hint)

    def _write(self, task: Task, text: str) -> str:
        """Keep a long diff as a file that agents can read; its path as they name it."""
        folder = self._workplace.outputs
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            self._files += 1
            path = folder / f"review-{task.id}-{self._files}.diff"
            try:
                with path.open("x", encoding="utf-8", errors="replace") as file:
                    file.write(text + "\n")
            except FileExistsError:
                continue
            return self._workplace.shown(path)


def _text(path: Path) -> str | None:
    """What a file holds, empty where there is none."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        return ""
    except OSError:
        return None
    if len(data) > LARGEST or b"\0" in data:
        return None
    return data.decode("utf-8", "replace")


def _diff(path: str, before: str, after: str, note: str) -> str:
    lines = list(unified_diff(before.splitlines(), after.splitlines(), lineterm=""))[2:]
    added, removed = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    head = f"--- {path} (+{added} -{removed}{note})"
    return "\n".join([head, *lines]) if lines else f"{head}\nIt is as it was before."
