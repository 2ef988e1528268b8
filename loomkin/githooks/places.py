"""Where the hooks of a repository live, and where ours stand: beside them, or in a folder in front."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from loomkin.errors import UsageError
from loomkin.githooks.hook import Git
from loomkin.githooks.shim import is_ours
from loomkin.project.root import Root, inside
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

FOLDER = "loomkin-hooks"
"""In the repository's own folder: the hooks of one whose hooks are somebody else's to change."""
# a hook that asks under which name it was started does something else under another one
_ASKS_NAME = pattern(
    r"basename[^\n]{0,40}\$\{?0|\$\{0##|File\.basename|\$PROGRAM_NAME|__file__|argv\[0\]|BASH_SOURCE"
)
_LARGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Setting:
    """What `core.hooksPath` says, where it says so, and that value; all empty where it is not set."""

    value: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where our hooks go. With `behind`, a folder as git would call it, they stand in front of its hooks."""

    root: Root
    folder: Path
    behind: str = ""
    setting: Setting = Setting()
    why: str = ""

    @property
    def common(self) -> Path:
        """The repository's own folder, which its worktrees share."""
        return common(self.root)

    @property
    def own(self) -> Path:
        """Our own folder in it."""
        return self.common / FOLDER


def common(root: Root) -> Path:
    """The folder of the repository that its worktrees share; raises UsageError where there is none."""
    if root.common_dir is None:
        raise UsageError(f"{root.path} is not in a git repository.", hint="`git init` makes one.")
    return root.common_dir


def plain_git(root: Root, environ: Mapping[str, str]) -> Git:
    """Git as the person calls it, with `core.hooksPath` as it is."""
    return Git(root.path, environ, ("--no-pager",))


def hooks_path(git: Git) -> Setting:
    """The setting as it counts here."""
    said = git.text("config", "--show-scope", "--type=path", "--get", "core.hooksPath", codes=(0, 1))
    scope, _, value = said.rstrip("\n").partition("\t")
    return Setting(value, scope) if value else Setting()


def place(root: Root, environ: Mapping[str, str], names: Iterable[str]) -> Place:
    """Where our hooks of these names go; raises UsageError where they cannot go anywhere.

    A folder that `core.hooksPath` names may be shared with other repositories, or be part of the work tree:
    it is never changed. Nor are hooks moved that would no longer know who they are.
    """
    shared, setting = common(root), hooks_path(plain_git(root, environ))
    own, usual = shared / FOLDER, shared / "hooks"
    if setting.scope == "command":
        raise UsageError(
            "core.hooksPath is set for this one command (git -c, or GIT_CONFIG_…).",
            hint="Set it in a file, or not at all, then install again.",
        )
    if setting.value and not _same(root.path / setting.value, usual):
        if _same(root.path / setting.value, own):
            return Place(root, own, "", setting)
        why = f"core.hooksPath is {setting.value} ({setting.scope})"
        return Place(root, own, setting.value, setting, why)
    if os.path.lexists(usual) and not inside(usual, [shared]):
        return Place(root, own, str(usual), setting, f"{usual} leads out of the repository")
    for name in names:
        if why := _stays(usual / name):
            return Place(root, own, str(usual), setting, f"{name} {why}")
    return Place(root, usual, "", setting)


def _stays(path: Path) -> str:
    """Why a hook must stay where it is, empty where it may be moved."""
    if path.is_symlink() and os.path.dirname(os.readlink(path)) in ("", "."):
        return f"is a link to {os.readlink(path)} beside it"
    try:
        data = path.read_bytes()[:_LARGEST]
    except OSError:
        return ""
    asks = not is_ours(data) and _ASKS_NAME.search(data.decode("utf-8", "replace"))
    return "asks under which name it is started" if asks else ""


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
