"""What the editing tools share: from what the applier answers to what the model reads."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from loomkin.errors import NotFoundError
from loomkin.project.edit_brief import brief, places
from loomkin.project.edit_result import Applied, Refused, RefusedKind, Target, Tier
from loomkin.project.listing import shown_path
from loomkin.project.sight import Sight
from loomkin.project.text import sha_of
from loomkin.project.workplace import Workplace
from loomkin.records.region import Region
from loomkin.tooling.tool import Call, Change, Fail, Ok

if TYPE_CHECKING:
    from loomkin.project.patch import PatchApplied, PatchedFile

BACK = "It had been deleted since you read it, not by you; now it is there again. Was that to be?"


class Editing:
    """Names targets as an agent sees them, and keeps account of what it changed."""

    def __init__(self, workplace: Workplace, sight: Sight) -> None:
        self._workplace = workplace
        self._sight = sight

    def target(self, path: str, call: Call) -> Target:
        """The file that a path means, with the version that the agent last saw."""
        full = self._workplace.resolve(call.cwd, path)
        if path.rstrip().endswith("/") and not full.exists():
            raise NotFoundError(
                f"{shown_path(path.strip())} names a folder by its last /.", hint="Name a file."
            )
        agent, sight = call.agent, self._sight
        return Target(full, self._workplace.roots, sight.seen(agent, full), sight.others(agent, full))

    def failures(self, target: Target, call: Call) -> int:
        """How often this agent failed to edit the file."""
        return self._sight.failures(call.agent, target.path)

    def changed_by(self, path: Path) -> str:
        """Who changed the file, in words; nothing where it was no agent."""
        try:
            now = sha_of(path.read_bytes())
        except OSError:
            now = ""
        return self._sight.changed_by(path, now)

    def seen_of(self, call: Call) -> "SeenBy":
        """The versions that the agent last saw."""
        return SeenBy(self._sight, call.agent)

    def refused(self, refused: Refused, path: Path, call: Call) -> Fail:
        """A refusal, counted where the old text was not found."""
        if refused.kind is RefusedKind.NOT_FOUND:
            self._sight.failed(call.agent, path)
        return Fail(refused.message, refusal=refused.kind)

    def applied(self, applied: Applied, call: Call) -> tuple[str, Change]:
        """The words for the model and the change for the log; the new version counts as seen."""
        back = applied.created and self._was_there(call.agent, applied.path)
        others = self._sight.others(call.agent, applied.path)
        self._sight.changed(call.agent, applied.path, applied.sha, applied.sha_before, applied.line_changes)
        if others is not None and others.lines and others.sha == applied.sha_before:
            self._sight.heard(call.agent, applied.path)  # the notes of the edit tell of those lines
        shown = self._workplace.shown(applied.path)
        lines = [*_told(applied, shown), BACK if back else ""]
        before = "" if applied.created else sha_of(applied.before.encode("utf-8", "surrogatepass"))
        if before:
            self._sight.keep(before, applied.before)
            self._sight.texts.keep(before, applied.before)
        self._sight.texts.keep(applied.sha, applied.after)
        change = Change(
            shown, before, applied.sha, applied.added, applied.removed, applied.diff, applied.line_changes
        )
        return "\n".join(line for line in lines if line), change

    def _was_there(self, agent: str, path: Path) -> bool:
        """Whether the agent knew the file, and heard nothing of its end so far."""
        return bool(self._sight.seen(agent, path)) and bool(self._sight.newest(path))

    def patched(self, answer: "PatchApplied | Refused", call: Call) -> Ok | Fail:
        """The tool's result for a patch."""
        if isinstance(answer, Refused):
            return Fail(answer.message, refusal=answer.kind)
        texts, changes = [], []
        for file in answer.files:
            text, change = self._patched_file(file, call)
            texts.append(text)
            changes.append(change)
        return Ok("\n".join(texts), tuple(changes))

    def _patched_file(self, file: "PatchedFile", call: Call) -> tuple[str, Change]:
        applied = file.applied
        shown = self._workplace.shown(applied.path)
        if not applied.sha:
            self._sight.changed(call.agent, applied.path, "")
            before = sha_of(applied.before.encode("utf-8", "surrogatepass"))
            self._sight.keep(before, applied.before)
            return f"Deleted {shown}.", Change(shown, before, "", 0, applied.removed, applied.diff)
        text, change = self.applied(applied, call)
        if file.moved_from is not None:
            self._sight.changed(call.agent, file.moved_from, "")
            text = f"Moved {self._workplace.shown(file.moved_from)} to {shown}.\n{text}"
        return text, change

    async def touched(self, answer: Applied | Refused) -> tuple[Region, ...]:
        """The regions that a planned change of one file touches; none where it was refused."""
        from loomkin.codemap.touched import touched  # heavy: late on purpose

        if isinstance(answer, Refused):
            return ()
        shown = self._workplace.shown(answer.path)
        if answer.created:
            return (Region(shown),)
        return await asyncio.to_thread(touched, shown, answer.before, answer.line_changes)

    async def touched_by_patch(self, answer: "PatchApplied | Refused") -> tuple[Region, ...]:
        """The regions that a planned patch touches: a file that comes, goes or moves is touched whole."""
        if isinstance(answer, Refused):
            return ()
        found: list[Region] = []
        for file in answer.files:
            if file.change == "updated":
                found += await self.touched(file.applied)
                continue
            found.append(Region(self._workplace.shown(file.applied.path)))
            if file.moved_from is not None:
                found.append(Region(self._workplace.shown(file.moved_from)))
        return tuple(found)

    def result(self, answer: Applied | Refused, target: Target, call: Call) -> Ok | Fail:
        """The tool's result for one file."""
        if isinstance(answer, Refused):
            return self.refused(answer, target.path, call)
        text, change = self.applied(answer, call)
        return Ok(text, (change,))


def _told(applied: Applied, shown: str) -> Iterator[str]:
    """A change in words for the model: at length only where it must look whether it is what it meant."""
    what = "Created" if applied.created else "Changed"
    size = f"{what} {shown}: +{applied.added} -{applied.removed}"
    if applied.created or (applied.tier == Tier.EXACT and applied.line_changes):
        spans = "" if applied.created else f"; edits at {places(applied.line_changes)}"
        yield f"{size}, hash {applied.sha}{spans}."
        yield from applied.notes
        yield brief(applied.diff)
        return
    first, last = applied.line_start, applied.line_end
    span = f"line {first}" if first == last else f"lines {first}-{last}"
    yield f"{size}, {span}, hash {applied.sha}."
    if applied.tier not in ("", Tier.EXACT):
        shifted = "; the new text was shifted to fit" if applied.tier == Tier.INDENT else ""
        yield f"The old text matched only allowing for {applied.tier}{shifted}. Check the result."
    yield from applied.notes
    yield applied.diff


class SeenBy:
    """The version of any file that one agent last saw."""

    def __init__(self, sight: Sight, agent: str) -> None:
        self._sight = sight
        self._agent = agent

    def __call__(self, path: Path) -> str | None:
        return self._sight.seen(self._agent, path)


def preview(answer: Applied | Refused) -> str:
    """What a person sees before allowing a change: the whole of it, not the model's shortened diff."""
    return answer.message if isinstance(answer, Refused) else whole_diff(answer)


def whole_diff(applied: Applied) -> str:
    """The complete change as a unified diff without file names."""
    import difflib  # heavy: late on purpose

    before, after = applied.before.splitlines(), applied.after.splitlines()
    return "\n".join(list(difflib.unified_diff(before, after, n=3, lineterm=""))[2:])
