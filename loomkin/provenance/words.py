"""The answer to why a line is there, for people and models, and as JSON for programs."""

import time
from collections.abc import Iterator

from loomkin.decisions.lines import marks
from loomkin.decisions.plain import Plain, plain_node
from loomkin.provenance.account import Account, Link, Reason, Stretch
from loomkin.provenance.blame import Commit
from loomkin.provenance.trailers import without
from loomkin.records.message import Message
from loomkin.records.task import Evidence
from loomkin.store.sessions import ChangeRow

LONGEST = 1_200
"""Characters of one message that are shown; the rest is read with its id."""
MOST_TEXTS = 3
_HOW = {
    Link.TRAILER: "sure: the commit names it",
    Link.COMMIT: "sure: recorded when this commit was made",
    Link.CHANGE: "likely: recorded when the line was written",
    Link.FILE: "it is about this file",
    Link.GUESS: "a guess: same file, about that time",
}


def in_words(account: Account) -> str:
    """The whole answer."""
    lines = [*account.notes]
    for stretch in account.stretches:
        if lines:
            lines.append("")
        lines += _stretch(account, stretch)
    return "\n".join(lines)


def _stretch(account: Account, stretch: Stretch) -> Iterator[str]:
    yield _heading(account, stretch)
    for text in stretch.texts[:MOST_TEXTS]:
        yield f"  | {text}"
    if len(stretch.texts) > MOST_TEXTS:
        yield f"  | ... {len(stretch.texts) - MOST_TEXTS} more"
    if stretch.commit:
        yield from _commit(stretch.commit, whole=not account.first)
    elif stretch.texts:
        yield "not committed yet"
    if stretch.change:
        yield f"{'' if stretch.certain else 'perhaps '}written by {_change(stretch.change)}"
    for reason in stretch.reasons:
        yield from _reason(reason)
    for one in stretch.unknown:
        yield f"decided: {one.words} (the commit names it, but the graph here does not have it)"
        yield "  whoever made the commit has it: `loomkin graph diff` there, `loomkin graph apply` here"
    if not stretch.reasons and not stretch.unknown:
        yield "decided: nothing is on record"
    known = {message.id for reason in stretch.reasons for message in reason.messages}
    words = [message for message in stretch.words if message.id not in known]
    if words and not known and stretch.link is not Link.FILE:
        yield "said before it, word for word:"
        for message in words:
            yield from _message(message)


def _heading(account: Account, stretch: Stretch) -> str:
    if not stretch.first:
        return account.path
    last = f"-{stretch.last}" if stretch.last > stretch.first else ""
    return f"{account.path}:{stretch.first}{last}"


def _commit(commit: Commit, *, whole: bool) -> Iterator[str]:
    said = without(commit.message).splitlines()
    newest = "last commit" if whole else "commit"
    yield f"{newest} {commit.id[:10]} by {commit.author}, {_when(commit.authored)}: {said[0] if said else ''}"
    yield from (f"  {line}" for line in said[1:] if line.strip())


def _change(change: ChangeRow) -> str:
    return (
        f"{change.agent}, {_when(change.at)}, in session {change.session} (+{change.added} -{change.removed})"
    )


def _reason(reason: Reason) -> Iterator[str]:
    node, origin = reason.node, reason.node.origin
    yield f"decided: {node.id} {node.title}{marks(node)} [{_HOW[reason.link]}]"
    for line in node.wording.description.splitlines():
        yield f"  {line}"
    if node.wording.reason:
        yield f"  {node.status}: {node.wording.reason}"
    for other in reason.instead:
        yield f"  superseded by {other.id} {other.title}{marks(other)}"
    for option in reason.options:
        why = f": {option.reason}" if option.reason else ""
        yield f"  {'chosen' if option.chosen else 'rejected'}: {option.node.id} {option.node.title}{why}"
    for goal in reason.above:
        yield f"  for the goal {goal.id} {goal.title}{marks(goal)}"
    session = f" in session {origin.session}" if origin.session else ""
    yield f"  by {origin.agent or origin.author.value}{session}, {_when(node.created)}"
    for task, title in reason.tasks:
        yield f"  task {task}: {title}"
    for outcome in reason.outcomes:
        about = outcome.wording.description.splitlines()
        yield f"  shown by {outcome.id} {outcome.title}{marks(outcome)}{f': {about[0]}' if about else ''}"
    for proof in reason.evidence:
        yield f"  shown by {_proof(proof)}"
    if reason.messages:
        yield "  said, word for word:"
        for message in reason.messages:
            yield from (f"  {line}" for line in _message(message))
    elif origin.prompt:
        yield "  asked, word for word (the rest of that session is not here):"
        yield from (f"    {line}" for line in _cut(origin.prompt).splitlines())


def _proof(proof: Evidence) -> str:
    flaky = ", at the second try" if proof.flaky else ""
    return f"`{proof.command}`: exit code {proof.exit_code}{flaky}, by {proof.by}, {_when(proof.at)}"


def _message(message: Message) -> Iterator[str]:
    text = message.text or ", ".join(f"calls {call.name}" for call in message.calls)
    yield f"  {message.sender} ({message.id}):"
    yield from (f"    {line}" for line in _cut(text).splitlines())


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text) - LONGEST} more characters)"


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def plain(account: Account) -> Plain:
    """The whole answer as one object."""
    return {
        "path": account.path,
        "first": account.first,
        "last": account.last,
        "notes": list(account.notes),
        "stretches": [_plain_stretch(stretch) for stretch in account.stretches],
    }


def _plain_stretch(stretch: Stretch) -> Plain:
    commit, change = stretch.commit, stretch.change
    return {
        "first": stretch.first,
        "last": stretch.last,
        "lines": list(stretch.texts),
        "committed": commit is not None,
        "commit": None
        if commit is None
        else {
            "id": commit.id,
            "author": commit.author,
            "email": commit.email,
            "at": commit.authored,
            "message": commit.message,
        },
        "change": None
        if change is None
        else {
            "session": change.session,
            "agent": change.agent,
            "call": change.call_id,
            "certain": stretch.certain,
            "at": change.at,
            "before": change.before,
            "after": change.after,
        },
        "link": stretch.link.value,
        "decisions": [_plain_reason(reason) for reason in stretch.reasons],
        "unknown": [{"id": one.number, "change_id": one.change} for one in stretch.unknown],
        "messages": [_plain_message(message) for message in stretch.words],
    }


def _plain_reason(reason: Reason) -> Plain:
    return {
        **plain_node(reason.node),
        "link": reason.link.value,
        "options": [
            {"id": one.node.id, "title": one.node.title, "chosen": one.chosen, "reason": one.reason}
            for one in reason.options
        ],
        "goals": [{"id": goal.id, "title": goal.title} for goal in reason.above],
        "superseded_by": [{"id": one.id, "title": one.title} for one in reason.instead],
        "outcomes": [plain_node(one) for one in reason.outcomes],
        "evidence": [
            {"command": one.command, "exit_code": one.exit_code, "by": one.by, "at": one.at}
            for one in reason.evidence
        ],
        "tasks": [{"id": task, "title": title} for task, title in reason.tasks],
        "said": [_plain_message(message) for message in reason.messages],
    }


def _plain_message(message: Message) -> Plain:
    return {
        "id": message.id,
        "sender": message.sender,
        "at": message.at,
        "text": message.text,
        "calls": [{"tool": call.name, "arguments": call.arguments} for call in message.calls],
    }
