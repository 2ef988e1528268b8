"""One question to a model from a git hook: to one that was named, on the books, and never for long."""

import asyncio
import time
from pathlib import Path
from threading import Thread

from loomkin.errors import LoomkinError
from loomkin.githooks.hook import Call, HookError
from loomkin.llm.aside import aside
from loomkin.llm.catalogue import Catalogue
from loomkin.llm.discovery_http import probe_http
from loomkin.llm.registry import open_wire
from loomkin.project.root import ensure_state_dir, state_dir
from loomkin.records.dataclass import replace
from loomkin.records.event import SessionStarted
from loomkin.records.ids import SessionId
from loomkin.records.role import Tier
from loomkin.runtime.clock import SystemClock
from loomkin.runtime.recorder import Scribe
from loomkin.store.database import FILE_NAME, Database
from loomkin.store.journal import Journal
from loomkin.store.sessions import all_sessions
from loomkin.workspace.models import ModelChooser, Reach, build_client, build_lanes
from loomkin.workspace.money import build_books

NAME = "git hooks"
"""The session that bears the cost of all of them."""
WOKE = "git-hook"


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
    asked, clock = call.loaded.settings, SystemClock()
    # somebody waits for git: who cannot be reached now, offline for example, is not tried again
    settings = replace(asked, model=replace(asked.model, attempts=1))
    chooser = ModelChooser(settings, call.environ, False, Catalogue.packaged(), probe_http)
    chosen = await chooser.choose("", Tier.FAST)
    database = await asyncio.to_thread(_books, call.root.path)
    journal = Journal(database, lambda event: None, clock.now)
    try:
        session = _session(call, database, journal, str(chosen.chain[0].id))
        meter = build_books(settings.budget, database, session).meter(call.name)
        client = build_client(chosen, settings, Reach(open_wire, build_lanes(settings)), meter)
        scribe = Scribe(journal, session, call.name)
        try:
            said = await aside(client, scribe, system, text, longest, WOKE, time.time())
        finally:
            await client.aclose()
        await journal.flush()
        return said
    finally:
        await journal.aclose()
        database.close()


def _books(root: Path) -> Database:
    """The project's database, made where there is none: what a model costs is always on the books."""
    return Database(ensure_state_dir(state_dir(root).parent) / FILE_NAME)


def _session(call: Call, database: Database, journal: Journal, model: str) -> SessionId:
    """The session of git hooks in this repository, begun where there is none yet."""
    known = next((row.id for row in all_sessions(database) if row.name == NAME), None)
    if known is not None:
        return SessionId(known)
    session = SessionId(SystemClock().session_id())
    mode = call.loaded.settings.permissions.mode.value
    journal.begin(SessionStarted(str(call.root.path), model, mode, NAME), session)
    return session
