"""Nobody takes the tree back while others work in the same one."""

from collections.abc import Callable

from loomkin.records.permission import ToolUse
from loomkin.team.team import Team


def undoing(team: Team, undoes: Callable[[ToolUse], str], agent: str, use: ToolUse) -> str:
    """Why a command must not run now: it would undo what others at work have not committed yet."""
    if "git" not in use.command:
        return ""
    others = [one.name for one in team.members if one.name != agent and one.active]
    found = undoes(use) if others else ""
    if not found:
        return ""
    at_work = f"{', '.join(others)} {'is' if len(others) == 1 else 'are'} at work"
    return (
        f"`{found}` would undo changes of others that are not committed: {at_work} in the same tree. "
        "Take back only your own files, by name (`git restore -- PATH`). To see how something was before: "
        "`git show HEAD:PATH`, or `git worktree add` to a folder outside (there: `git -C FOLDER`)."
    )
