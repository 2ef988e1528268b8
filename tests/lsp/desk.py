"""A language service whose only server is the fake one, for files that end in `.fake`."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loomkin.config.settings import build
from loomkin.lsp.aim import Aim
from loomkin.lsp.berth import Berth
from loomkin.lsp.checking import Checking
from loomkin.lsp.service import LanguageService
from loomkin.project.workplace import Workplace

SERVER = Path(__file__).parents[1] / "fakes/language_server.py"


@dataclass(frozen=True, slots=True)
class Desk:
    """The service, and ways to see what the server heard."""

    root: Path
    service: LanguageService
    log: Path

    @property
    def checking(self) -> Checking:
        """What looks at edits."""
        return self.service.checking

    def write(self, name: str, text: str) -> Path:
        """Put a file into the folder."""
        path = self.root / name
        path.write_bytes(text.encode())
        return path

    async def edit(self, name: str, text: str, agent: str = "coder") -> list[str]:
        """Change a file as a tool does; what is said of it."""
        before = await self.checking.before([self.root / name])
        self.write(name, text)
        return await self.checking.after(agent, before)

    async def berth(self) -> Berth:
        """The server's place."""
        return (await self.service.berths(self.root / "a.fake"))[0]

    def aim(self, name: str, line: int, symbol: str = "", column: int = 0) -> Aim:
        """A spot in a file."""
        return Aim(self.root / name, line, symbol, column)

    def heard(self, method: str) -> list[dict[str, Any]]:
        """The messages of a method that the server got."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [message for message in map(json.loads, lines) if message.get("method") == method]

    def answers(self) -> dict[str, dict[str, Any]]:
        """What the server's own questions were answered with."""
        messages = map(json.loads, self.log.read_text().splitlines())
        return {str(one["id"]): one for one in messages if "method" not in one}


@asynccontextmanager
async def desk(
    folder: Path, *, wait: float = 8.0, memory_mb: int = 3000, files: str = ".fake", **plan: Any
) -> AsyncIterator[Desk]:
    """A service in a new folder, with a plan for the fake server."""
    root = folder / "project"
    root.mkdir()
    log, file = folder / "heard.jsonl", folder / "plan.json"
    file.write_text(json.dumps({"log": str(log), "files": files, **plan}))
    row = ("lsp", "servers", "fake")
    settings = build(
        {
            ("lsp", "wait"): wait,
            ("lsp", "memory_mb"): memory_mb,
            (*row, "command"): (sys.executable, "-I", str(SERVER), str(file)),
            (*row, "extensions"): (files,),
            (*row, "options"): {"fake.deep": '{"on": true}'},
        }
    )
    workplace = Workplace(root, (), root / ".loomkin/outputs")
    service = LanguageService(settings.lsp, workplace, os.environ, root / ".loomkin", trusted=True)
    try:
        yield Desk(root, service, log)
    finally:
        await service.aclose()


async def until(true: Callable[[], bool], seconds: float = 8.0) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - other processes tell nobody
            await asyncio.sleep(0.02)
