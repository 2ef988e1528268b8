"""commit-msg: holds the message against the repository's style, where the person asks for that."""

import asyncio

from loomkin.githooks.hook import Call, Hook, Verdict
from loomkin.githooks.message_file import read_message
from loomkin.project.commit_style import faults, read_style, taken_apart, written_by_git
from loomkin.project.git_marks import in_progress

_WORDS = (
    "add allow avoid bump change check clean correct create delete disable document drop enable ensure "
    "extend extract fix handle implement improve include introduce keep make mark merge move optimize "
    "prevent raise refactor remove rename replace restore return revert rewrite show simplify skip split "
    "stop support switch test update upgrade use validate write"
)
_VERBS = frozenset(_WORDS.split())
_ENDS = (("ing", ("", "e")), ("ed", ("", "e")), ("es", ("", "e")), ("s", ("",)), ("d", ("",)))
_IRREGULAR = {"made": "make", "wrote": "write", "kept": "keep", "showed": "show", "rewrote": "rewrite"}


def run(call: Call) -> Verdict:
    """The faults of the message; in the middle of a rebase, a merge or the like nothing is checked."""
    if not call.arguments or in_progress(call.root):
        return Verdict()
    message = read_message(call.root.path / call.arguments[0], call.git)
    text = message.text
    if not text or written_by_git(text.partition("\n")[0]):
        return Verdict()
    style = asyncio.run(read_style(call.root.path, call.loaded.settings.git.commit_style))
    found = [*faults(text, style), *mood(text.partition("\n")[0])]
    if not found:
        return Verdict()
    lines = (
        "commit-msg: the message breaks the repository's style (`githooks.check_message`):",
        *(f"  {one}" for one in found),
        f"commit-msg: nothing was committed. Mend it: git commit -e -F {call.arguments[0]}",
    )
    return Verdict(lines, True)


def mood(subject: str) -> list[str]:
    """A fault where the first word of a subject is no imperative: Added, Fixes, Removing."""
    word = next(iter(taken_apart(subject).words.split()), "")
    verb = _base(word.lower())
    return [f"`{word}`: subjects say what the commit does, as in `{verb}`."] if verb else []


def _base(word: str) -> str:
    """The verb of which a word is another form, empty where it is none of the usual ones."""
    if word in _VERBS:
        return ""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for end, instead in (
        ("ing", ("", "e")),
        ("ed", ("", "e")),
        ("es", ("", "e")),
        ("s", ("",)),
        ("d", ("",)),
    ):
        stem = word.removesuffix(end)
        if stem == word:
            continue
        for form in (*(stem + letters for letters in instead), stem[:-1] if stem[-2:-1] == stem[-1:] else ""):
            if form in _VERBS:
                return form
        if stem.endswith("i") and f"{stem[:-1]}y" in _VERBS:
            return f"{stem[:-1]}y"
    return ""


HOOK = Hook(
    "commit-msg",
    "refuses messages that break the repository's style",
    lambda loaded: loaded.settings.githooks.check_message,
    "`githooks.check_message` is off",
    run,
)
