"""prepare-commit-msg: drafts a message where there is none yet, and names the decisions behind the files."""

from loomkin.config.load import Loaded
from loomkin.githooks.hook import Call, Hook, Verdict
from loomkin.githooks.message_file import read_message
from loomkin.githooks.staged import Staged, against, staged
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
    models: tuple[str, ...] = ()
    if not before.text:
        if not files or not _may_draft(call, source):
            return Verdict()
        from loomkin.githooks.drafting import drafted  # heavy: late on purpose

        message, lines, models = drafted(call, git, before, files)
    trailers = _trailers(call, files, models)
    message = message.ended(trailers) if message.text else message
    if message.whole != before.whole:
        message.save()
    return Verdict(lines)


def _may_draft(call: Call, source: str) -> bool:
    """Whether somebody will see the message before it counts, and nobody gave one."""
    seen = call.environ.get("GIT_EDITOR", "") != _NOBODY
    return call.settings.draft != "off" and source in ("", "template") and seen


def _trailers(call: Call, files: list[Staged], models: tuple[str, ...]) -> tuple[str, ...]:
    """The lines that this commit is to carry: decisions and models behind what it changes, and its words."""
    git, file = call.loaded.settings.git, call.database
    if file is None or not files or not (git.trailers or git.attribution != "none"):
        return ()
    from loomkin.store.touched import ever_changed  # heavy: late on purpose

    paths = [name for one in files for name in (one.path, one.earlier) if name]
    if not models and not ever_changed(file, paths):
        return ()
    from loomkin.githooks.trailing import due  # heavy: late on purpose

    return due(call, file, paths, models)


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
    limit=lambda settings: settings.timeout + (settings.model_timeout if settings.draft == "model" else 0),
)
