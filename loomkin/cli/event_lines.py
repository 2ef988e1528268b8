"""An event of the log in one line: its number, time, agent, and what happened."""

import time

from loomkin.cli.tables import flat
from loomkin.records import event as facts
from loomkin.records import team_event as team
from loomkin.records.codec import to_plain
from loomkin.records.decision_event import DecisionLogged
from loomkin.records.event import Event, Fact
from loomkin.records.keeper_event import KeeperMade
from loomkin.records.message import Message, Text, ToolCall, ToolResult

_LONGEST = 100


def event_line(event: Event) -> str:
    """The line; what is in it cannot command a terminal."""
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(event.at))
    agent = flat(event.agent) or "-"
    return f"{event.seq:>6}  {at}  {agent}  {flat(_words(event.fact), _LONGEST)}"


def _words(fact: Fact) -> str:
    told = _of_one(fact) or _of_many(fact)
    if told:
        return told
    plain = {name: value for name, value in to_plain(fact).items() if name != "_"}
    return f"{type(fact).__name__} " + ", ".join(f"{name}={value}" for name, value in plain.items())


def _of_one(fact: Fact) -> str:
    told = ""
    match fact:
        case facts.MessageAdded(message):
            told = f"{message.id}  {message.sender}: {_said(message)}"
        case facts.TurnStarted(number, woke):
            told = f"turn:{number} begins ({woke})"
        case facts.TurnEnded(number, outcome):
            told = f"turn:{number} ends ({outcome})"
        case facts.CallStarted(call_id, tool):
            told = f"{tool} starts ({call_id})"
        case facts.CallFinished(call_id, tool, state, seconds):
            told = f"{tool} ends ({call_id}): {state} after {seconds:.1f} s"
        case facts.FileChanged(path=path, added=added, removed=removed):
            told = f"changed {path} +{added} -{removed}"
        case KeeperMade(keeper, before, after):
            told = f"{keeper.id} is made: {len(keeper.messages)} messages, {before} % -> {after} %"
        case facts.WindowCleared():
            told = "the window is cleared"
    return told


def _of_many(fact: Fact) -> str:
    told = ""
    match fact:
        case DecisionLogged(node):
            told = f"{node.id} {node.kind}: {node.title}"
        case team.TaskAdded(task):
            told = f"task {task.id}: {task.title}"
        case team.TaskMoved(task, before, after):
            told = f"task {task}: {before} -> {after}"
        case team.AgentJoined(name, role):
            told = f"{name} ({role}) joins"
    return told


def _said(message: Message) -> str:
    told = []
    for part in message.parts:
        match part:
            case Text(text):
                told.append(text)
            case ToolCall(identity, name):
                told.append(f"> {name} ({identity})")
            case ToolResult(identity, name):
                told.append(f"result of {name} ({identity})")
    return " ".join(told) or "(no words)"
