"""A session on a terminal: its header, what was said with tools folded, calls, changes, cost."""

import json
from collections.abc import Iterator, Mapping

from loomkin.agent.view import View
from loomkin.cli.tables import clean, count, flat, money, table, when
from loomkin.records.event import SessionStarted
from loomkin.records.message import Image, Message, Text, Thinking, ToolCall, ToolResult
from loomkin.records.session_event import SessionImported
from loomkin.store import event_log, ledger, sessions
from loomkin.store.database import Database
from loomkin.store.keepers import window_keepers
from loomkin.workspace.account import account

_LONGEST = 100


def show(db: Database, row: sessions.SessionRow, *, context: bool) -> str:
    """The session in plain text; `context` shows in full what is still in the model's window."""
    calls = {call.call_id: call for call in sessions.calls(db, row.id)}
    lines = [*_header(db, row), ""]
    if context:
        lines += _windows(db, row, calls)
    else:
        for message in sessions.messages(db, row.id):
            lines += _message(message, calls, full=False)
        lines += _calls(calls)
        lines += _changes(sessions.changed_files(db, row.id))
        lines += _turns(sessions.turns(db, row.id))
        lines += _questions(sessions.questions(db, row.id))
    lines += _cost(ledger.total(db, row.id))
    return "\n".join(lines)


def _header(db: Database, row: sessions.SessionRow) -> Iterator[str]:
    yield f"Session {row.id}" + (f" ({flat(row.name)})" if row.name else "")
    if row.title:
        yield f"  about    {flat(row.title)}"
    yield f"  begun    {when(row.started)}, last used {when(row.updated)}, {count(row.turns, 'turn')}"
    yield f"  model    {flat(row.model)}, mode {flat(row.mode)}"
    yield f"  folder   {flat(row.cwd)}"
    if row.parent:
        start = next(event_log.facts(db, row.id, SessionStarted), None)
        at = f" at event {start.parent_event}" if start and start.parent_event else ""
        yield f"  fork of  {row.parent}{at}"
    for one in event_log.facts(db, row.id, SessionImported):
        if one.renamed:
            pairs = ", ".join(f"{pair.before} is {pair.now} here" for pair in one.renamed)
            yield f"  from     a file, where it was {flat(one.original)}; in its words {flat(pairs)}"


def _windows(db: Database, row: sessions.SessionRow, calls: Mapping[str, sessions.CallRow]) -> Iterator[str]:
    """What each agent of the session has in its model's window, and that nothing is lost."""
    names = sessions.speakers(db, row.id)
    for name in names:
        # only the first agent's window is emptied by /clear
        after = row.cleared if name == names[0] else 0
        messages = sessions.messages(db, row.id, name, after)
        shown = View()(messages, window_keepers(db, row.id, name, after))
        if len(names) > 1:
            yield from (f"== window of {flat(name)} ==", "")
        for one in shown:
            yield from _message(one.message, calls, full=True)
        yield from (str(account(db, row.id, name, shown)), "")


def _message(message: Message, calls: Mapping[str, sessions.CallRow], *, full: bool) -> Iterator[str]:
    lines = [line for part in message.parts for line in _part(part, calls, full)]
    if lines:
        yield f"{flat(message.sender)}:"
        yield from (f"  {line}" for line in lines)
        yield ""


def _part(part: object, calls: Mapping[str, sessions.CallRow], full: bool) -> Iterator[str]:
    match part:
        case Text(text=text):
            yield from clean(text).strip("\n").split("\n")
        case Image(media_type=kind):
            yield f"[a picture, {kind}]"
        case Thinking(text=text) if full and text:
            yield from (f"| {line}" for line in clean(text).split("\n"))
        case ToolCall():
            yield f"> {flat(part.name)} {_arguments(part.arguments, full)}{_end(calls.get(part.id))}"
        case ToolResult() if full:
            yield from (f"| {line}" for line in clean(part.text).rstrip("\n").split("\n"))
        case ToolResult(is_error=True):
            yield f"! {flat(part.text, _LONGEST)}"
        case _:
            return


def _arguments(text: str, full: bool) -> str:
    """A single argument by its value alone, several by name."""
    try:
        values = json.loads(text)
    except ValueError:
        values = text
    if isinstance(values, dict):
        shown = ", ".join(f"{name}={value}" for name, value in values.items())
        text = str(next(iter(values.values()))) if len(values) == 1 else shown
    return flat(text, 0 if full else _LONGEST)


def _end(call: sessions.CallRow | None) -> str:
    return "" if call is None else f"  [{call.state}, {call.seconds:.1f} s]"


def _calls(calls: Mapping[str, sessions.CallRow]) -> Iterator[str]:
    tools: dict[str, list[sessions.CallRow]] = {}
    for call in calls.values():
        tools.setdefault(call.tool, []).append(call)
    if tools:
        rows = [
            (
                tool,
                len(made),
                sum(call.state != "ok" for call in made),
                f"{sum(call.seconds for call in made):.1f}",
            )
            for tool, made in sorted(tools.items())
        ]
        headings = ("TOOL", "CALLS", "NOT OK", "SECONDS")
        yield from (table(headings, rows, headings[1:]), "")


def _changes(changed: list[tuple[str, int, int]]) -> Iterator[str]:
    if changed:
        rows = [(path, f"+{added}", f"-{removed}") for path, added, removed in changed]
        yield from (table(("CHANGED FILE", "ADDED", "REMOVED"), rows, ("ADDED", "REMOVED")), "")


def _turns(turns: list[sessions.TurnRow]) -> Iterator[str]:
    """What `fork --at turn:N` can name."""
    if turns:
        rows = [
            (f"turn:{one.number}", one.agent, when(one.started), one.steps, one.outcome or "not ended")
            for one in turns
        ]
        yield from (table(("TURN", "AGENT", "BEGUN", "STEPS", "OUTCOME"), rows, ("STEPS",)), "")


def _questions(asked: list[sessions.QuestionRow]) -> Iterator[str]:
    for one in asked:
        yield f"Asked: {flat(one.question)}" + (f" ({flat(' | '.join(one.options))})" if one.options else "")
        if one.assumed:
            yield "  nobody was there; it went on with an assumption"
        else:
            yield "  not answered" if one.answer is None else f"  answer: {flat(one.answer)}"
    if asked:
        yield ""


def _cost(spent: ledger.Spend) -> Iterator[str]:
    unpriced = f", {count(spent.unpriced, 'call')} of unknown price" if spent.unpriced else ""
    tokens = f"{spent.usage.prompt} tokens in, {spent.usage.output} out"
    yield f"{count(spent.calls, 'model call')}, {tokens}, {money(spent.cost)}{unpriced}"
