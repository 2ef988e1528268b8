"""/lsp on a real session with the fake server."""

import json
import sys
from pathlib import Path

import pytest

from loomkin.errors import UsageError
from loomkin.project.trust import trust
from tests.commands.test_commands import git, talk
from tests.lsp.desk import SERVER, until

READ = {"calls": [{"name": "file_read", "arguments": {"path": "a.fake"}}]}


async def test_lsp_shows_restarts_and_stops_the_servers(own_machine: Path, tmp_path: Path) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q")
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"log": str(tmp_path / "heard")}))
    (root / "a.fake").write_text("word\n")
    command = json.dumps([sys.executable, str(SERVER), str(plan)])
    (root / ".loomkin.toml").write_text(f'[lsp.servers.fake]\ncommand = {command}\nextensions = [".fake"]\n')
    trust(root, {"HOME": str(own_machine)})
    async with talk(root, own_machine, READ, {"text": "Done."}) as one:
        assert "was needed yet" in await one.run("lsp")
        await one.say("go")
        languages = one.context.session.languages
        assert languages is not None
        assert languages.started is not None
        (berth,) = languages.started.servers.berths.values()
        await until(lambda: berth.server is not None and len(berth.server.open) == 1)
        assert berth.server is not None
        first = berth.server.process.pid
        assert (await one.run("lsp")).startswith(f"fake running, pid {first}, ")
        assert await one.run("lsp restart fake") == "Starting anew: fake."
        assert (await berth.ready()).process.pid != first
        assert await one.run("lsp stop") == "Ended: fake. The next edit or question starts them again."
        assert (await one.run("lsp")).startswith("fake ended")
        with pytest.raises(UsageError):
            await one.run("lsp stop nothing")
