"""pre-commit: looks at what is staged, not at the files on disk, for what must not be committed."""

from collections.abc import Sequence

from loomkin.config.load import Loaded
from loomkin.errors import LoomkinError
from loomkin.githooks.checking import conflicts, denials, secrets
from loomkin.githooks.hook import Call, Git, Hook, Verdict
from loomkin.githooks.staged import Added, Staged, added_lines, empty_tree, head, staged
from loomkin.project.git_marks import in_progress
from loomkin.records.dataclass import dataclass, field

MOST = 10
"""Findings of a sort that are shown."""
_SECRETS = "secrets are staged. Take them out: `git {} FILE`"
_UNSTAGE, _UNSTAGE_FIRST = "restore --staged", "rm --cached"
"""Git restores from a commit, so before the first one it has to be told otherwise."""
_FALSE = "a line that is none may say `pragma: allowlist secret`"
_CONFLICTS = "conflict markers are staged. Resolve them and `git add` the files"
_RULES = "the project's rules deny this"


@dataclass(slots=True)
class _Report:
    """Lines for the person, and whether the commit stops."""

    lines: list[str] = field(default_factory=list)
    stop: bool = False

    def add(self, what: str, found: Sequence[str], *, stops: bool) -> None:
        """Take findings of one sort."""
        if found:
            self.stop = self.stop or stops
            self.lines += [f"pre-commit: {what}:" if stops else f"pre-commit: note: {what}:"]
            self.lines += [f"  {one}" for one in found[:MOST]]
            self.lines += [f"  and {len(found) - MOST} more"] if len(found) > MOST else []


def run(call: Call) -> Verdict:
    """The findings; those that stop the commit say what to do."""
    settings, git, report = call.settings, call.git, _Report()
    base = head(git)
    files, lines = _new(git, base or empty_tree(git), merging=in_progress(call.root) == "merge")
    if not files:
        return Verdict()
    if settings.secrets:
        what = _SECRETS.format(_UNSTAGE if base else _UNSTAGE_FIRST)
        report.add(f"{what}; {_FALSE}", secrets(call, files, lines), stops=True)
    if settings.conflicts:
        report.add(_CONFLICTS, conflicts(lines), stops=True)
    if settings.rules != "off" and (rules := denials(call)):
        from loomkin.githooks.denying import denied  # heavy: late on purpose

        report.add(_RULES, denied(call, files, rules), stops=settings.rules == "stop" or bool(call.agent))
    if settings.review != "off" and not report.stop:
        review = _review(call, git)
        report.lines += review.lines
        report.stop = review.stop
    if report.stop:
        report.lines.append("pre-commit: nothing was committed; `git commit --no-verify` would do it.")
    return Verdict(tuple(report.lines), report.stop)


def _new(git: Git, base: str, *, merging: bool) -> tuple[list[Staged], list[Added]]:
    """What the commit brings; in a merge, what none of the merged commits has."""
    files, lines = staged(git, base), added_lines(git, base)
    if merging:
        theirs = {one.path for one in staged(git, "MERGE_HEAD")}
        known = {(one.path, one.number) for one in added_lines(git, "MERGE_HEAD")}
        files = [one for one in files if one.path in theirs]
        lines = [one for one in lines if (one.path, one.number) in known]
    return files, lines


def _review(call: Call, git: Git) -> Verdict:
    """A model's findings, where one was named and answers."""
    if not call.model:
        return Verdict(("review: passed over, as no model is named (`model.default`).",))
    from loomkin.githooks.wording import reviewed  # heavy: late on purpose

    try:
        return reviewed(call, git, stops=call.settings.review == "stop")
    except LoomkinError as error:
        why = " ".join(error.message.split())
        strict = call.settings.strict
        return Verdict((f"review: {why} {'It stops git.' if strict else 'Passed over.'}",), strict)


def _wanted(loaded: Loaded) -> bool:
    settings = loaded.settings.githooks
    return settings.secrets or settings.conflicts or settings.rules != "off" or settings.review != "off"


HOOK = Hook(
    "pre-commit",
    "looks for staged secrets, conflict markers and what the rules deny",
    _wanted,
    "all its checks are off",
    run,
    limit=lambda settings: settings.timeout + (settings.model_timeout if settings.review != "off" else 0),
)
