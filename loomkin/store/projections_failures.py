"""From facts about failures to their tables."""

from sqlite3 import Connection

from loomkin.records import failure_event as facts
from loomkin.records.codec import dump
from loomkin.records.event import Event
from loomkin.store.projecting import projects

FAILURE_TABLES = ("failures", "failure_fixes", "failure_shows", "failure_forgets")


@projects(facts.FailureSeen)
def _seen(db: Connection, project: str, event: Event, fact: facts.FailureSeen) -> None:
    failure = fact.failure
    named = (failure.signature, failure.command, failure.error)
    db.execute(
        "INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (event.seq, project, event.session, event.agent, event.at, *named, dump(failure)),
    )


@projects(facts.FailureFixed)
def _fixed(db: Connection, project: str, event: Event, fact: facts.FailureFixed) -> None:
    fix = fact.fix
    db.execute(
        "INSERT INTO failure_fixes VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)",
        (event.seq, project, event.session, event.agent, event.at, fix.signature, fix.key, dump(fix)),
    )


@projects(facts.FixFailed)
def _no_help(db: Connection, project: str, event: Event, fact: facts.FixFailed) -> None:
    db.execute(
        "INSERT INTO failure_fixes VALUES (?, ?, ?, ?, ?, ?, ?, 0, '')",
        (event.seq, project, event.session, event.agent, event.at, fact.signature, fact.key),
    )


@projects(facts.FailureShown)
def _shown(db: Connection, project: str, event: Event, fact: facts.FailureShown) -> None:
    db.execute(
        "INSERT INTO failure_shows VALUES (?, ?, ?, ?, ?, ?)",
        (event.seq, project, event.session, event.agent, fact.signature, fact.how),
    )


@projects(facts.FailureForgotten)
def _forgotten(db: Connection, project: str, event: Event, fact: facts.FailureForgotten) -> None:
    db.execute(
        "INSERT INTO failure_forgets VALUES (?, ?, ?, ?)",
        (event.seq, project, event.session, fact.signature),
    )
