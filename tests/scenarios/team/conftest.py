"""What team scenarios share: the requests of one agent, and the words in them."""

from typing import Any

from tests.fakes.model_server import ModelServer
from tests.scenarios.conftest import bench as bench
from tests.scenarios.conftest import said


def asked(server: ModelServer, agent: str) -> list[dict[str, Any]]:
    """The requests of one agent, oldest first."""
    return [entry.body for entry in server.chats if entry.agent == agent]


def last(server: ModelServer, agent: str) -> str:
    """The newest request of an agent, as text."""
    return said(asked(server, agent)[-1])
