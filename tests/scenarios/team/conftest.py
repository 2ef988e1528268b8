"""What team scenarios share: the requests of one agent, and the words in them."""

from typing import Any

from loomkin.records.message import ToolResult
from loomkin.store import sessions
from loomkin.store.database import Database
from tests.fakes.model_server import ModelServer
from tests.scenarios.conftest import Bench, said
from tests.scenarios.conftest import bench as bench


def asked(server: ModelServer, agent: str) -> list[dict[str, Any]]:
    """The requests of one agent, oldest first."""
    return [entry.body for entry in server.chats if entry.agent == agent]


def last(server: ModelServer, agent: str) -> str:
    """The newest request of an agent, as text."""
    return said(asked(server, agent)[-1])


def closing(bench: Bench, agent: str) -> str:
    """The result of the call that ended the last turn of an agent, which was asked nothing after it."""
    database = Database(bench.root / ".loomkin" / "loomkin.db")
    try:
        session = sessions.latest(database)
        assert session is not None
        newest = sessions.messages(database, session.id, agent)[-1]
    finally:
        database.close()
    results = [part for part in newest.parts if isinstance(part, ToolResult)]
    assert results, f"{agent} said last: {newest.text}"
    return results[-1].text
