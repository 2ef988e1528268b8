"""A session as a Markdown page for people: what was said, what was done, what it cost."""

import re
import time
from collections.abc import Iterator, Mapping

from loomkin.records.message import Image, Message, Text, Thinking, ToolCall, ToolResult
from loomkin.records.usage import usd
from loomkin.store import ledger, sessions
from loomkin.store.database import Database


def markdown(db: Database, row: sessions.SessionRow) -> str:
    """The whole transcript; tool calls are folded with their results, thinking is left out."""
    spent = ledger.total(db, row.id)
    transcript = sessions.messages(db, row.id)
    results = {str(result.call_id): result for message in transcript for result in message.results}
    lines = [f"# {row.name or row.title or row.id}", "", *_facts(row, spent), ""]
    for message in transcript:
        lines += _message(message, results)
    changes = sessions.changes(db, row.id)
    if changes:
        lines += ["## Changes", ""]
        lines += [f"- `{one.path}` +{one.added} −{one.removed}" for one in changes]
        lines.append("")
    return "\n".join(lines)


def _facts(row: sessions.SessionRow, spent: ledger.Spend) -> Iterator[str]:
    yield f"- Session: `{row.id}`"
    if row.parent:
        yield f"- Forked from: `{row.parent}`"
    yield f"- Begun: {_time(row.started)}; last used: {_time(row.updated)}"
    yield f"- Model: `{row.model}`; turns: {row.turns}"
    unpriced = f"; calls of unknown price: {spent.unpriced}" if spent.unpriced else ""
    cost = format(usd(spent.cost).normalize(), "f") if spent.cost else "0"
    yield f"- Model calls: {spent.calls}; tokens: {spent.usage.total}; cost: ${cost}{unpriced}"


def _message(message: Message, results: Mapping[str, ToolResult]) -> Iterator[str]:
    blocks = [block for part in message.parts for block in _part(part, results)]
    if blocks:
        yield from (f"## {message.sender}, {_time(message.at)}", "", *blocks)


def _part(part: object, results: Mapping[str, ToolResult]) -> Iterator[str]:
    match part:
        case Text(text=text) if text.strip():
            yield from (text.strip(), "")
        case Image(media_type=kind):
            yield from (f"*(a picture, {kind})*", "")
        case ToolCall():
            yield from _call(part, results.get(part.id))
        case ToolResult() | Thinking() | _:
            return


def _call(call: ToolCall, result: ToolResult | None) -> Iterator[str]:
    state = "no result" if result is None else "failed" if result.is_error else "ok"
    yield from (f"<details><summary><code>{call.name}</code>: {state}</summary>", "")
    yield from _fenced(call.arguments, "json")
    if result is not None:
        yield from _fenced(result.text, "text")
    yield from ("</details>", "")


def _fenced(text: str, language: str) -> Iterator[str]:
    """A code block whose fence is longer than any run of backquotes in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}{language}", text.rstrip("\n"), fence, "")


def _time(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
