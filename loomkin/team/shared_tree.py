"""Nobody takes the tree back over what others work on in it, or have left there uncommitted."""

from collections.abc import Callable
from pathlib import Path

from loomkin.project.regions_watch import uncommitted
from loomkin.records.permission import ToolUse
from loomkin.team.footprints import Footprints
from loomkin.team.team import Team

MOST_NAMED = 5
_HOW = (
    "Take back only your own files, by name (`git restore -- PATH`). To see how something was before: "
    "`git show HEAD:PATH`, or `git worktree add` to a folder outside (there: `git -C FOLDER`)."
)


class SharedTree:
    """Knows whose changes a git command would undo; `undoes` finds such a command in a line."""

    def __init__(
        self, team: Team, footprints: Footprints, root: Path, undoes: Callable[[ToolUse], str]
    ) -> None:
        self._team = team
        self._footprints = footprints
        self._root = root
        self._undoes = undoes

    async def refusal(self, agent: str, use: ToolUse) -> str:
        """Why a command must not run now: it would undo what others have not committed yet."""
        found = self._undoes(use) if "git" in use.command else ""
        if not found:
            return ""
        others = [one.name for one in self._team.members if one.name != agent and one.active]
        if others:
            at_work = f"{', '.join(others)} {'is' if len(others) == 1 else 'are'} at work in the same tree"
            return f"`{found}` would undo changes of others that are not committed: {at_work}. {_HOW}"
        owned = await self._owned(agent, found)
        if not owned:
            return ""
        whose = "; ".join(f"{name} ({_names(paths)})" for name, paths in owned.items())
        return (
            f"`{found}` would undo changes of others that are not committed: {whose}. {_HOW} "
            "Or have them committed first."
        )

    async def _owned(self, agent: str, command: str) -> dict[str, list[str]]:
        """The uncommitted files that others changed and that a command of this kind takes back."""
        words = command.split()
        tracked, new = await uncommitted(self._root)
        paths = new if "clean" in words else (*tracked, *new) if "stash" in words else tracked
        owned: dict[str, list[str]] = {}
        for path in paths:
            for author in self._footprints.authors(path):
                if author != agent:
                    owned.setdefault(author, []).append(path)
        return owned


def _names(paths: list[str]) -> str:
    more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
    return f"{', '.join(paths[:MOST_NAMED])}{more}"
