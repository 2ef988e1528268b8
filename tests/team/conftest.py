"""A session with a team in this process, against a scripted model server."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from loomkin.app import open_house, open_session
from loomkin.workspace.options import Options
from loomkin.workspace.session import Session
from loomkin.workspace.teamwork import Teamwork
from tests.fakes.model_server import ModelServer
from tests.scenarios.conftest import Bench, environment
from tests.scenarios.conftest import bench as bench

Script = Mapping[str, Sequence[Mapping[str, Any]]]


class Absent:
    """The person of a session nobody sits at."""

    async def ask(self, question: str, options: tuple[str, ...], free: bool, agent: str) -> str | None:
        return None


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder without settings."""
    path = tmp_path / "home"
    path.mkdir()
    return path


@asynccontextmanager
async def at_work(
    bench: Bench, home: Path, script: Script, **options: Any
) -> AsyncIterator[tuple[Session, Teamwork, ModelServer]]:
    """An open session with a team, and the server that its agents think with."""
    async with ModelServer(script=script) as server:
        environ = {"HOME": str(home), "PATH": "/usr/bin:/bin", **environment(server, "openai")}
        chosen = Options(bench.root, environ, team="default", role="concierge", **options)
        async with open_house(chosen) as house, open_session(house, None, Absent()) as opened:
            company = opened.session.company
            assert isinstance(company, Teamwork)
            yield opened.session, company, server
