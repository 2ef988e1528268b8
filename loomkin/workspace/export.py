"""A session as a Markdown page for people: all that was said and done, by agent, and what it cost."""

import re
import time
from collections.abc import Iterator

from loomkin.records.event import Event, FileChanged, MessageAdded, WindowCleared
from loomkin.records.keeper import Card
from loomkin.records.keeper_event import KeeperMade
from loomkin.records.message import Image, Message, Text, Thinking, ToolCall, ToolResult
from loomkin.records.session_event import SessionImported
from loomkin.records.usage import usd
from loomkin.store import event_log, ledger, sessions, tasks
from loomkin.store.database import Database
from loomkin.store.decisions_import import part_of
from loomkin.store.team import AgentRow, agents

_CARD = (("files", "Files"), ("symbols", "Symbols"), ("decisions", "Decided"), ("worked", "Worked"),
         ("failed", "Failed"))  # fmt: skip


def markdown(db: Database, row: sessions.SessionRow) -> Iterator[str]:
    """The page in pieces; tool calls are folded with their results and changes, thinking is left out."""
    yield _lines(f"# {row.name or row.title or row.id}", "", *_facts(row, ledger.total(db, row.id)), "")
    yield _lines(*(line for one in event_log.facts(db, row.id, SessionImported) for line in _names(one)))
    names = sessions.speakers(db, row.id)
    members = {one.name: one for one in agents(db, row.id)}
    for name in names:
        if len(names) > 1:
            yield _lines(f"## Agent {name}", "", *_member(members.get(name)))
        yield from _Page("###" if len(names) > 1 else "##").of(event_log.each_event_of(db, row.id, name))
    for part in (_tasks(db, row), _changes(db, row), _decisions(db, row), _costs(db, row)):
        yield _lines(*part)


def _lines(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


def _facts(row: sessions.SessionRow, spent: ledger.Spend) -> Iterator[str]:
    yield f"- Session: `{row.id}`"
    if row.parent:
        yield f"- Forked from: `{row.parent}`"
    yield f"- Begun: {_time(row.started)}; last used: {_time(row.updated)}"
    yield f"- Model: `{row.model}`; turns: {row.turns}"
    yield f"- Model calls: {spent.calls}; tokens: {spent.usage.total}; cost: {_money(spent)}"


def _names(fact: SessionImported) -> Iterator[str]:
    if fact.renamed:
        pairs = ", ".join(f"{one.before} is {one.now} here" for one in fact.renamed)
        yield from (f"*Imported from a session called {fact.original}. In its words: {pairs}.*", "")


def _member(row: AgentRow | None) -> Iterator[str]:
    if row is not None:
        yield f"- Role: {row.role}; asked for by {row.spawner}; model: `{row.model}`; {row.state}"
        yield from (f"- {line}" for line in (row.purpose, row.reason) if line)
        yield ""


class _Page:
    """One agent's part; a message with calls waits for their results, which come next."""

    def __init__(self, heading: str) -> None:
        self._heading = heading
        self._waiting: Message | None = None
        self._behind: list[Message] = []
        self._results: dict[str, ToolResult] = {}
        self._changes: dict[str, list[FileChanged]] = {}

    def of(self, events: Iterator[Event]) -> Iterator[str]:
        """What the events say."""
        for event in events:
            match event.fact:
                case MessageAdded(message):
                    yield from self._message(message)
                case FileChanged() as change:
                    self._changes.setdefault(change.call_id, []).append(change)
                case KeeperMade(keeper):
                    yield from self._flush()
                    title = f"{keeper.id}: {len(keeper.messages)} messages leave the window"
                    yield _lines(f"{self._heading} {title}", "", *_card(keeper.card))
                case WindowCleared():
                    yield from self._flush()
                    yield _lines("*(the window was cleared)*", "")
        yield from self._flush()

    def _message(self, message: Message) -> Iterator[str]:
        for result in message.results:
            self._results[result.call_id] = result
        if self._waiting and all(call.id in self._results for call in self._waiting.calls):
            yield from self._flush()
        if message.calls:
            yield from self._flush()
            self._waiting = message
        elif not message.results and self._waiting:
            self._behind.append(message)
        elif not message.results:
            yield from self._told(message)

    def _flush(self) -> Iterator[str]:
        waiting, self._waiting = self._waiting, None
        behind, self._behind = self._behind, []
        for message in [waiting, *behind] if waiting else behind:
            yield from self._told(message)
        self._results.clear()
        self._changes.clear()

    def _told(self, message: Message) -> Iterator[str]:
        blocks = [block for part in message.parts for block in self._part(part)]
        if blocks:
            yield _lines(f"{self._heading} {message.sender}, {_time(message.at)}", "", *blocks)

    def _part(self, part: object) -> Iterator[str]:
        match part:
            case Text(text=text) if text.strip():
                yield from (text.strip(), "")
            case Image(media_type=kind):
                yield from (f"*(a picture, {kind})*", "")
            case ToolCall():
                yield from _call(part, self._results.get(part.id), self._changes.get(part.id, []))
            case ToolResult() | Thinking() | _:
                return


def _call(call: ToolCall, result: ToolResult | None, changes: list[FileChanged]) -> Iterator[str]:
    state = "no result" if result is None else "failed" if result.is_error else "ok"
    yield from (f"<details><summary><code>{call.name}</code>: {state}</summary>", "")
    yield from _fenced(call.arguments, "json")
    if result is not None:
        yield from _fenced(result.text, "text")
    for change in changes:
        yield from (f"`{change.path}` +{change.added} −{change.removed}", "")
        if change.diff.strip():
            yield from _fenced(change.diff, "diff")
    yield from ("</details>", "")


def _card(card: Card) -> Iterator[str]:
    yield from (card.title, "")
    for name, heading in _CARD:
        if told := getattr(card, name):
            yield f"- {heading}: {'; '.join(told)}"
    yield ""


def _tasks(db: Database, row: sessions.SessionRow) -> Iterator[str]:
    known = tasks.tasks(db, row.id)
    if known:
        yield from ("## Plan", "")
    for task in known:
        owner = f" ({task.owner})" if task.owner else ""
        why = f": {task.reason}" if task.reason else ""
        yield f"- **{task.id}** {task.title}{owner}: {task.state.replace('_', ' ')}{why}"
        if task.handoff is not None:
            told = (("done", task.handoff.done), ("found", task.handoff.found), ("open", task.handoff.open))
            yield from (f"  - {name}: {' '.join(text.split())}" for name, text in told if text)
        yield from (f"  - `{proof.command}`: exit {proof.exit_code}" for proof in task.proofs)
        yield from (f"  - `{one.command}`: withdrawn by {one.by}" for one in task.withdrawn)
    if known:
        yield ""


def _changes(db: Database, row: sessions.SessionRow) -> Iterator[str]:
    changed = sessions.changed_files(db, row.id)
    if changed:
        yield from ("## Changes", "")
        yield from (f"- `{path}` +{added} −{removed}" for path, added, removed in changed)
        yield ""


def _decisions(db: Database, row: sessions.SessionRow) -> Iterator[str]:
    nodes, edges = part_of(db, row.id)
    if not nodes:
        return
    names = {node.change_id: node.id for node in nodes}
    yield from ("## Decisions", "")
    for node in nodes:
        sure = "" if node.confidence is None else f", {node.confidence} % sure"
        why = f": {node.wording.reason}" if node.wording.reason else ""
        yield f"- **{node.id}** {node.kind} ({node.status}{sure}) {node.title}{why}"
        yield from (f"  {line}" for line in node.wording.description.splitlines() if line.strip())
        for edge in edges:
            if edge.start == node.change_id:
                reason = f": {edge.reason}" if edge.reason else ""
                yield f"  - {edge.type.replace('_', ' ')} {names[edge.end]}{reason}"
    yield ""


def _costs(db: Database, row: sessions.SessionRow) -> Iterator[str]:
    parts = ledger.spend(db, "agent", row.id)
    if parts:
        yield from ("## Cost", "")
        yield from (
            f"- {one.group}: {one.calls} calls, {one.usage.total} tokens, {_money(one)}" for one in parts
        )


def _money(spent: ledger.Spend) -> str:
    unpriced = f"; calls of unknown price: {spent.unpriced}" if spent.unpriced else ""
    return f"${format(usd(spent.cost).normalize(), 'f') if spent.cost else '0'}{unpriced}"


def _fenced(text: str, language: str) -> Iterator[str]:
    """A code block whose fence is longer than any run of backquotes in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}{language}", text.rstrip("\n"), fence, "")


def _time(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
