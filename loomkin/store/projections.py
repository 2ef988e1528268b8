"""From facts to tables: one function a fact class, found by the class it takes."""

import json
from sqlite3 import Connection

from loomkin.records import event as facts
from loomkin.records.codec import dump
from loomkin.records.event import Event
from loomkin.records.message import RAN, Text
from loomkin.store.packing import pack
from loomkin.store.projecting import PROJECTIONS as PROJECTIONS
from loomkin.store.projecting import projects
from loomkin.store.projections_carried import CARRIED_TABLES
from loomkin.store.projections_decisions import DECISION_TABLES
from loomkin.store.projections_failures import FAILURE_TABLES
from loomkin.store.projections_keepers import KEEPER_TABLES
from loomkin.store.projections_team import TEAM_TABLES

TITLE_LENGTH = 72
TABLES = (
    "sessions", "messages", "turns", "calls", "changes", "usage", "verdicts", "grants", "questions",
    "surveys", *TEAM_TABLES, *KEEPER_TABLES, *DECISION_TABLES,
    *FAILURE_TABLES, *CARRIED_TABLES,
)  # fmt: skip


def apply(connection: Connection, project: str, event: Event) -> None:
    """Bring the tables up to date with one event; facts without a table only live in the log."""
    projection = PROJECTIONS.get(type(event.fact))
    if projection is not None:
        projection(connection, project, event, event.fact)


@projects(facts.SessionStarted)
def _session_started(db: Connection, project: str, event: Event, fact: facts.SessionStarted) -> None:
    db.execute(
        "INSERT INTO sessions VALUES (?, ?, ?, '', ?, ?, ?, ?, ?, ?, 0, 0)",
        (event.session, project, fact.name, fact.cwd, fact.model, fact.mode, fact.parent, event.at, event.at),
    )


@projects(facts.SessionRenamed)
def _session_renamed(db: Connection, project: str, event: Event, fact: facts.SessionRenamed) -> None:
    db.execute("UPDATE sessions SET name = ? WHERE id = ?", (fact.name, event.session))


@projects(facts.ModelChanged)
def _model_changed(db: Connection, project: str, event: Event, fact: facts.ModelChanged) -> None:
    db.execute("UPDATE sessions SET model = ? WHERE id = ?", (fact.model, event.session))


@projects(facts.ModeChanged)
def _mode_changed(db: Connection, project: str, event: Event, fact: facts.ModeChanged) -> None:
    db.execute("UPDATE sessions SET mode = ? WHERE id = ?", (fact.mode, event.session))


@projects(facts.WindowCleared)
def _window_cleared(db: Connection, project: str, event: Event, fact: facts.WindowCleared) -> None:
    db.execute("UPDATE sessions SET cleared = ? WHERE id = ?", (event.seq, event.session))


@projects(facts.MessageAdded)
def _message_added(db: Connection, project: str, event: Event, fact: facts.MessageAdded) -> None:
    message = fact.message
    db.execute(
        "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?)",
        (event.seq, event.session, event.agent, message.id, message.role, message.sender, message.at),
    )
    # what was attached to the words stands in parts of its own
    words = next((part.text for part in message.parts if isinstance(part, Text)), "")
    if words.startswith(RAN):
        words = "!" + words.removeprefix(RAN).partition("\n")[0]
    title = " ".join(words.split())[:TITLE_LENGTH] if message.sender == "person" else ""
    db.execute(
        "UPDATE sessions SET updated = ?, title = CASE WHEN ? != '' AND (title = '' OR title LIKE '!%') "
        "THEN ? ELSE title END WHERE id = ?",
        (event.at, title, title, event.session),
    )


@projects(facts.TurnStarted)
def _turn_started(db: Connection, project: str, event: Event, fact: facts.TurnStarted) -> None:
    db.execute(
        "INSERT INTO turns VALUES (?, ?, ?, ?, ?, NULL, '', '', 0)",
        (event.session, event.agent, fact.number, fact.woke, event.at),
    )
    db.execute("UPDATE sessions SET updated = ?, turns = turns + 1 WHERE id = ?", (event.at, event.session))


@projects(facts.TurnEnded)
def _turn_ended(db: Connection, project: str, event: Event, fact: facts.TurnEnded) -> None:
    db.execute(
        "UPDATE turns SET ended = ?, outcome = ?, detail = ?, steps = ?"
        " WHERE session = ? AND agent = ? AND number = ?",
        (event.at, fact.outcome, fact.detail, fact.steps, event.session, event.agent, fact.number),
    )


@projects(facts.CallStarted)
def _call_started(db: Connection, project: str, event: Event, fact: facts.CallStarted) -> None:
    db.execute(
        "INSERT OR REPLACE INTO calls VALUES (?, ?, ?, ?, ?, ?, 'running', 0, '')",
        (event.session, event.agent, fact.call_id, fact.tool, pack(fact.arguments), event.at),
    )


@projects(facts.CallFinished)
def _call_finished(db: Connection, project: str, event: Event, fact: facts.CallFinished) -> None:
    db.execute(
        "INSERT INTO calls VALUES (?, ?, ?, ?, '', ?, ?, ?, ?)"
        " ON CONFLICT (session, agent, call_id) DO UPDATE"
        " SET state = excluded.state, seconds = excluded.seconds, output_id = excluded.output_id",
        (
            event.session,
            event.agent,
            fact.call_id,
            fact.tool,
            event.at,
            fact.state,
            fact.seconds,
            fact.output_id,
        ),
    )


@projects(facts.FileChanged)
def _file_changed(db: Connection, project: str, event: Event, fact: facts.FileChanged) -> None:
    db.execute(
        "INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.seq,
            event.session,
            event.agent,
            fact.call_id,
            event.at,
            fact.path,
            fact.before,
            fact.after,
            fact.added,
            fact.removed,
            pack(fact.diff),
        ),
    )


@projects(facts.UsageRecorded)
def _usage_recorded(db: Connection, project: str, event: Event, fact: facts.UsageRecorded) -> None:
    usage = fact.usage
    db.execute(
        "INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.seq,
            project,
            event.session,
            event.agent,
            event.task,
            fact.model,
            event.at,
            usage.input,
            usage.output,
            usage.cache_read,
            usage.cache_write,
            usage.reasoning,
            fact.cost,
            fact.price_source,
            fact.milliseconds,
            fact.woke,
        ),
    )


@projects(facts.PermissionDecided)
def _permission_decided(db: Connection, project: str, event: Event, fact: facts.PermissionDecided) -> None:
    db.execute(
        "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.seq,
            project,
            event.session,
            event.agent,
            event.at,
            fact.call_id,
            fact.tool,
            fact.target,
            fact.decision,
            fact.reason,
            fact.rule,
            fact.source,
            fact.by,
        ),
    )


@projects(facts.GrantAdded)
def _grant_added(db: Connection, project: str, event: Event, fact: facts.GrantAdded) -> None:
    db.execute(
        "INSERT INTO grants VALUES (?, ?, ?, ?, ?, ?, 0)",
        (event.seq, project, event.session, event.at, fact.rule, fact.scope),
    )


@projects(facts.GrantRevoked)
def _grant_revoked(db: Connection, project: str, event: Event, fact: facts.GrantRevoked) -> None:
    db.execute("UPDATE grants SET revoked = 1 WHERE seq = ?", (fact.grant,))


@projects(facts.QuestionAsked)
def _question_asked(db: Connection, project: str, event: Event, fact: facts.QuestionAsked) -> None:
    db.execute(
        "INSERT OR REPLACE INTO questions VALUES (?, ?, ?, ?, ?, ?, NULL, 0)",
        (event.session, fact.call_id, event.agent, event.at, fact.question, json.dumps(fact.options)),
    )


@projects(facts.QuestionAnswered)
def _question_answered(db: Connection, project: str, event: Event, fact: facts.QuestionAnswered) -> None:
    db.execute(
        "UPDATE questions SET answer = ?, assumed = ? WHERE session = ? AND agent = ? AND call_id = ?",
        (fact.answer, int(fact.assumed), event.session, event.agent, fact.call_id),
    )


def row_of(event: Event, project: str) -> tuple[float, str, str, str, str, str, str]:
    """An event as a row of the log, without its sequence number and not packed yet."""
    kind = type(event.fact).__name__
    return (event.at, project, event.session, event.agent, event.task, kind, dump(event.fact))
