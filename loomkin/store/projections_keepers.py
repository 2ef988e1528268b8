"""From facts about keepers to their tables."""

from sqlite3 import Connection

from loomkin.records import keeper_event as facts
from loomkin.records.codec import dump
from loomkin.records.event import Event
from loomkin.store.projecting import projects

KEEPER_TABLES = ("keepers", "keeper_messages", "keeper_files", "keeper_uses", "keeper_changes")


@projects(facts.KeeperMade)
def _keeper_made(db: Connection, project: str, event: Event, fact: facts.KeeperMade) -> None:
    keeper = fact.keeper
    db.execute(
        "INSERT OR REPLACE INTO keepers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.session,
            keeper.id,
            project,
            event.seq,
            event.at,
            keeper.agent,
            keeper.kind,
            keeper.tokens,
            keeper.card.title,
            len(keeper.messages),
            len(keeper.files),
            dump(keeper),
        ),
    )
    db.executemany(
        "INSERT OR REPLACE INTO keeper_messages VALUES (?, ?, ?, ?)",
        ((event.session, keeper.id, place, message) for place, message in enumerate(keeper.messages)),
    )
    db.executemany(
        "INSERT OR REPLACE INTO keeper_files VALUES (?, ?, ?, ?, ?, ?)",
        (
            (event.session, keeper.id, number, file.path, file.sha, event.at)
            for number, file in enumerate(keeper.files)
        ),
    )


@projects(facts.KeeperUsed)
def _keeper_used(db: Connection, project: str, event: Event, fact: facts.KeeperUsed) -> None:
    useful = None if fact.useful is None else int(fact.useful)
    db.execute(
        "INSERT INTO keeper_uses VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (event.seq, event.session, event.agent, event.at, fact.keeper, fact.how, useful, fact.reason),
    )


@projects(facts.KeeperMoved)
def _keeper_moved(db: Connection, project: str, event: Event, fact: facts.KeeperMoved) -> None:
    db.execute(
        "INSERT INTO keeper_changes VALUES (?, ?, ?, ?, ?, NULL)",
        (event.seq, event.session, event.at, fact.keeper, fact.state),
    )


@projects(facts.KeeperRevised)
def _keeper_revised(db: Connection, project: str, event: Event, fact: facts.KeeperRevised) -> None:
    db.execute(
        "INSERT INTO keeper_changes VALUES (?, ?, ?, ?, NULL, ?)",
        (event.seq, event.session, event.at, fact.keeper, dump(fact.card)),
    )
