"""prepare-commit-msg: drafts a message where there is none yet, and names the decisions behind the files."""

import asyncio

from loomkin.codemap.commit_draft import draft
from loomkin.config.load import Loaded
from loomkin.errors import LoomkinError
from loomkin.githooks.hook import Call, Git, Hook, Verdict
from loomkin.githooks.message_file import MessageFile, read_message
from loomkin.githooks.staged import Staged, against, staged
from loomkin.githooks.texts import file_changes
from loomkin.project.commit_style import read_style
from loomkin.project.git_marks import in_progress
from loomkin.records.regex import pattern

_GIVEN = ("merge", "squash", "commit")
_AUTOMATIC = pattern(r"(?:fixup|squash|amend)! ")
_NOBODY = ":"
"""What git names as the editor where none will be opened."""
_SKIPS = """\
case "${2-}" in merge|squash|commit) exit 0;; esac
for doing in rebase-merge rebase-apply MERGE_HEAD CHERRY_PICK_HEAD REVERT_HEAD; do
    [ -e "${1%/*}/$doing" ] && exit 0
done
if [ "${2-}" = message ] || [ "${GIT_EDITOR-}" = : ]; then
    [ -f .loomkin/loomkin.db ] || exit 0
fi
"""


def run(call: Call) -> Verdict:
    """Write into git's message file; what the person gave stays as it is."""
    if not call.arguments:
        return Verdict(("prepare-commit-msg: git named no message file.",))
    source = (call.arguments[1:] or (call.environ.get("PRE_COMMIT_COMMIT_MSG_SOURCE", ""),))[0]
    if source in _GIVEN or in_progress(call.root):
        return Verdict()
    git = call.git
    before = read_message(call.root.path / call.arguments[0], git)
    if _AUTOMATIC.match(before.text):
        return Verdict()
    files = staged(git, against(git), renames=True)
    message = before
    lines: tuple[str, ...] = ()
    if not before.text:
        if not files or not _may_draft(call, source):
            return Verdict()
        message, lines = _drafted(call, git, before, files)
    trailers = _trailers(call, files)
    message = message.ended(trailers) if message.text else message
    if message.whole != before.whole:
        message.save()
    return Verdict(lines)


def _may_draft(call: Call, source: str) -> bool:
    """Whether somebody will see the message before it counts, and nobody gave one."""
    seen = call.environ.get("GIT_EDITOR", "") != _NOBODY
    return call.settings.draft != "off" and source in ("", "template") and seen


def _drafted(
    call: Call, git: Git, message: MessageFile, files: list[Staged]
) -> tuple[MessageFile, tuple[str, ...]]:
    """The file with a model's words, else with what the symbols say, and what to tell of it."""
    style = asyncio.run(read_style(call.root.path, call.loaded.settings.git.commit_style))
    plain = draft(file_changes(git, files), style)
    if call.settings.draft != "model" or not call.model:
        return message.begun(plain), ()
    from loomkin.githooks.wording import worded  # heavy: late on purpose

    try:
        said = worded(call, git, style, plain)
    except LoomkinError as error:
        why = " ".join(error.message.split())
        return message.begun(plain), (f"no model drafted the message, the symbols did: {why}",)
    return message.begun(said or plain), ()


def _trailers(call: Call, files: list[Staged]) -> tuple[str, ...]:
    """The lines that this commit is to carry: decisions and models behind what it changes."""
    git, file = call.loaded.settings.git, call.database
    if file is None or not files or not (git.trailers or git.attribution != "none"):
        return ()
    from loomkin.githooks.trailing import due  # heavy: late on purpose

    return due(call, file, [name for one in files for name in (one.path, one.earlier)])


def _wanted(loaded: Loaded) -> bool:
    settings = loaded.settings
    named = settings.git.trailers or settings.git.attribution != "none"
    return settings.githooks.draft != "off" or named


HOOK = Hook(
    "prepare-commit-msg",
    "drafts the message, names the decisions behind it",
    _wanted,
    "`githooks.draft`, `git.trailers` and `git.attribution` are off",
    run,
    skips=_SKIPS,
)
