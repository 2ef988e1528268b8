"""One question to a model from a git hook: to one that was named, on the books, and never for long."""

import asyncio
import time
from pathlib import Path
from threading import Thread

from loomkin.errors import LoomkinError
from loomkin.githooks.hook import Call, HookError
from loomkin.llm.catalogue import Catalogue
from loomkin.llm.discovery_http import probe_http
from loomkin.llm.registry import open_wire
from loomkin.project.root import ensure_state_dir, state_dir
from loomkin.records.event import Fact, UsageRecorded
from loomkin.records.ids import MessageId, SessionId
from loomkin.records.message import Message, Role, Text
from loomkin.records.role import Tier
from loomkin.runtime.clock import SystemClock
from loomkin.runtime.recorder import Recorder, Scribe
from loomkin.store.database import FILE_NAME, Database
from loomkin.store.journal import Journal
from loomkin.workspace.models import ModelChooser, Reach, build_client, build_lanes
from loomkin.workspace.money import build_books

SESSION = SessionId("git-hooks")
"""Whose calls these are in `loomkin cost`."""


class _OnlyCosts:
    """Keeps what a call cost; its words are nobody's answer to the person."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def record(self, fact: Fact, session: SessionId, agent: str = "", task: str = "") -> None:
        """Take a fact, or pass it over."""
        if isinstance(fact, UsageRecorded):
            self._recorder.record(fact, session, agent, task)

    async def flush(self) -> None:
        """Wait until everything recorded is on disk."""
        await self._recorder.flush()


def ask_model(call: Call, system: str, text: str, longest: int) -> str:
    """The model's answer.

    Raises HookError where none comes in time, and the model's own failures. Whatever hangs, a name that is
    looked up included, is left behind: the process ends without it.
    """
    seconds = call.settings.model_timeout
    found: list[str | LoomkinError] = []

    def ask() -> None:
        try:
            found.append(asyncio.run(_ask(call, system, text, longest)))
        except LoomkinError as error:
            found.append(error)
        except OSError as error:
            found.append(HookError(str(error)))

    thread = Thread(target=ask, name="model", daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
        how = "did not answer" if thread.is_alive() else "could not be asked"
        raise HookError(f"{call.model} {how} in {seconds:g} s (`githooks.model_timeout`).")
    if isinstance(found[0], LoomkinError):
        raise found[0]
    return found[0]


async def _ask(call: Call, system: str, text: str, longest: int) -> str:
    settings, clock = call.loaded.settings, SystemClock()
    chooser = ModelChooser(settings, call.environ, False, Catalogue.packaged(), probe_http)
    chosen = await chooser.choose("", Tier.FAST)
    database = await asyncio.to_thread(_books, call.root.path)
    journal = Journal(database, lambda event: None, clock.now)
    try:
        meter = build_books(settings.budget, database, SESSION).meter(call.name)
        client = build_client(chosen, settings, Reach(open_wire, build_lanes(settings)), meter)
        scribe = Scribe(_OnlyCosts(journal), SESSION, call.name)
        asked = Message(MessageId("git-hook"), Role.USER, (Text(text),), "loomkin", time.time())
        try:
            said = await client.complete(system, (asked,), (), longest, scribe, "git-hook")
        finally:
            await client.aclose()
        await journal.flush()
        return said.text
    finally:
        await journal.aclose()
        database.close()


def _books(root: Path) -> Database:
    """The project's database, made where there is none: what a model costs is always on the books."""
    return Database(ensure_state_dir(state_dir(root).parent) / FILE_NAME)
