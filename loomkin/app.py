"""The composition root: the only module that knows the whole house; it builds, wires and closes it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache, partial
from typing import Any

from loomkin.agent.agent import Agent
from loomkin.agent.roles import load_roles
from loomkin.agent.window import Overflow
from loomkin.config.load import load
from loomkin.config.settings import GitSettings, ShellSettings
from loomkin.errors import UntrustedError
from loomkin.llm.books import Books
from loomkin.llm.catalogue import Catalogue
from loomkin.llm.discovery_http import probe_http
from loomkin.llm.registry import opener
from loomkin.llm.shared import SharedConnections
from loomkin.llm.steady import steadily
from loomkin.permissions.gate import Asker, Gate
from loomkin.permissions.grant_book import GrantBook
from loomkin.permissions.policy import Policy
from loomkin.project import rules as project_rules
from loomkin.project.jobs import JobTable
from loomkin.project.nested import NestedRules
from loomkin.project.root import find_root
from loomkin.project.rules import ProjectRules
from loomkin.project.secrets import Redactor, secret_values, secrets_of
from loomkin.project.sight import Sight
from loomkin.project.trust import is_trusted
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.event import NoticeGiven, SessionStarted
from loomkin.runtime.bus import Bus
from loomkin.runtime.clock import Clock, CountingClock, SystemClock
from loomkin.runtime.recorder import Recorder, Scribe
from loomkin.runtime.supervisor import Supervisor
from loomkin.store import team as past
from loomkin.store.database import Database
from loomkin.store.journal import Journal
from loomkin.store.lock import SessionLock
from loomkin.store.sessions import SessionRow
from loomkin.tools.files.changing import Editing
from loomkin.tools.meta.tool_search import found_before
from loomkin.tools.person.ask_person import Person
from loomkin.workspace.crew import MAIN, SOLO, Berth, Crew
from loomkin.workspace.first_words import Opening
from loomkin.workspace.ground import Ground
from loomkin.workspace.house import House
from loomkin.workspace.mentions import Mentions
from loomkin.workspace.models import Chosen, ModelChooser, Reach, build_lanes, wanted_model
from loomkin.workspace.moments import open_desk
from loomkin.workspace.money import build_books, why_alone
from loomkin.workspace.opening import Opened, earlier, open_new, reopen
from loomkin.workspace.options import Options
from loomkin.workspace.policies import (
    all_rules,
    build_policy,
    denied_tools,
    held_grants,
    misnamed,
    mode_fixed_by,
    resume_mode,
)
from loomkin.workspace.recording import record
from loomkin.workspace.remembering import Remembering, known_before
from loomkin.workspace.services import Services
from loomkin.workspace.session import Session, SessionFacts
from loomkin.workspace.state_folder import open_database, settle, state_folder, tracked_note
from loomkin.workspace.tiers import Tiers
from loomkin.workspace.toolset import Toolset


@dataclass(frozen=True, slots=True)
class Open:
    """A session at work, with why its model was chosen and what the person should know."""

    house: House
    session: Session
    chosen: Chosen
    warnings: tuple[str, ...]


@asynccontextmanager
async def open_house(options: Options) -> AsyncIterator[House]:
    """Open the repository around a folder; everything is flushed and closed on the way out.

    Raises ConfigError, StoreError and UntrustedError with what to do.
    """
    root = find_root(options.cwd)
    trusted = options.trust or is_trusted(root.path, options.environ)
    loaded = load(root.path, options.environ, options.flags, options.set_options, trusted=trusted)
    if loaded.settings.permissions.require_trust and not trusted:
        raise UntrustedError(
            f"{root.path} is not trusted, and the settings require it.",
            hint="Look at the folder's own settings and hooks, then run `loomkin` there, or pass --trust.",
        )
    async with AsyncExitStack() as stack:
        state = state_folder(options, stack)
        database = open_database(options, state)
        stack.callback(database.close)
        bus = Bus()
        clock: Clock = CountingClock() if options.replay and options.strict_replay else SystemClock()
        redactor = Redactor({**secrets_of(root.path), **secret_values(options.environ)})
        journal = Journal(database, bus.publish, clock.now, redactor.redact)
        stack.push_async_callback(journal.aclose)
        extra = tuple(path.resolve() for path in options.add_dirs)
        workplace = Workplace(root.path, extra, state / "outputs")
        found = None if options.bare else project_rules.load(root.path, options.cwd, options.environ)
        rules = found or ProjectRules((), ())
        replay = options.replay is not None
        chooser = ModelChooser(
            loaded.settings, options.environ, options.offline, Catalogue.packaged(), probe_http, replay
        )
        notes = (*loaded.warnings, *rules.warnings, *await tracked_note(root, database))
        yield House(
            options, workplace, trusted, loaded, rules, database, journal, bus, clock, redactor, chooser,
            state, notes,
        )  # fmt: skip


@asynccontextmanager
async def open_session(house: House, asker: Asker | None, person: Person) -> AsyncIterator[Open]:
    """Open the session that the options ask for, with its agent; closes it in order.

    Raises NotFoundError, NoModelError and StoreError with what to do.
    """
    options, loaded, tools = house.options, house.loaded, Toolset()
    folders = [house.workplace.root / ".loomkin" / "roles"] if house.trusted and not options.bare else []
    roles = load_roles(folders, tools.names)
    async with AsyncExitStack() as stack:

        def hold(session: str) -> None:
            if options.persist:
                stack.callback(SessionLock(house.state, session).release)

        row = earlier(house.database, options.wish, hold)
        veterans = past.members(house.database, row.id) if row else []
        role = roles.get(veterans[0].role if veterans else options.role)
        chosen = await house.chooser.choose(wanted_model(loaded, row.model if row else ""), role.tier)
        rules = all_rules(loaded, house.rules.files, house.trusted)
        policy = build_policy(rules, loaded, house.workplace, options.home)
        rule_notes, reach = misnamed(rules, tools.names), _reach(house, stack)
        await asyncio.to_thread(settle, options, house.state, house.database)
        opened = _open(house, row, role.name, str(chosen.chain[0].id))
        if row is None or opened.id != row.id:
            hold(opened.id)
        if opened.mended or options.wish.fork:
            await house.journal.flush()  # it is of the past: who looks on from now on hears nothing of it
        scribe = Scribe(house.journal, opened.id, role.name)
        roles.tell = lambda text: scribe.record(NoticeGiven(text, "warning"))
        gate, grant_notes = _gate(house, policy, asker, opened.id)
        mode_notes = resume_mode(gate, row.mode if row else "", loaded, options.attended, scribe)
        books = build_books(loaded.settings.budget, house.database, opened.id)
        house = house if veterans else _alone(house, books, chosen, scribe)
        sight = Sight((jobs := await stack.enter_async_context(JobTable())).commands)
        services = stack.enter_context(Services(_services(house, jobs, sight, person, gate)))
        denied = frozenset(denied_tools(rules))
        crew = Crew(
            house, opened.id, gate, denied, reach, books, roles, tools, services, found_before, _shelf(house)
        )
        stack.push_async_callback(crew.aclose)
        team = MAIN if options.team or veterans else SOLO
        berth = Berth(
            role.name, role, team, opened.messages, opened.turns, hosted=True, keepers=opened.keepers
        )
        session = await _seat(crew, opened, berth, chosen, services, sight, stack)
        await session.start()
        back = await _come_back(services, opened, options) if veterans else ()
        notes = (*roles.notes, *rule_notes, *mode_notes, *grant_notes, *back)
        yield Open(house, session, chosen, (*house.notes, *notes))
        await session.close("end")


async def _seat(
    crew: Crew,
    opened: Opened,
    berth: Berth,
    chosen: Chosen,
    services: Services,
    sight: Sight,
    stack: AsyncExitStack,
) -> Session:
    """The session's own agent at work, and the ground for a team around it."""
    house = crew.house
    options, role = house.options, berth.role
    known = partial(known_before, crew)
    opening = Opening(options, house.workplace, house.rules, crew.gate, house.clock, known)
    supervisor = await stack.enter_async_context(Supervisor(lambda name, error: None, 0.0))
    replayed = options.replay is not None
    tiers = Tiers(house.chooser, house.loaded.settings.model, chosen, role.tier, replayed=replayed)
    memory = Remembering(crew, tiers)
    stack.callback(memory.close)
    services.ground = Ground(crew, tiers, supervisor, opening, open_desk(crew, role.name), memory)
    agent = crew.agent(berth, chosen)
    session = _session(house, opened, agent, crew, sight, opening)
    session.recall = partial(crew.recalled, agent.name)
    session.desk = services.ground.desk
    stack.push_async_callback(record(crew, session.desk, supervisor).aclose)
    session.memory, session.languages = memory, crew.languages
    session.git, session.person = services.ground.git(agent.name), services[Person]
    services.join(session, role)
    return session


async def _come_back(services: Services, opened: Opened, options: Options) -> tuple[str, ...]:
    note = await services.company().come_back(set(opened.interrupted), go_on=options.resume_run)
    return (note,) if note else ()


def _gate(house: House, policy: Policy, asker: Asker | None, session: str) -> tuple[Gate, tuple[str, ...]]:
    book = GrantBook(house.workplace.root, house.options.environ)
    held = held_grants(house.database, session, book)
    return Gate(policy, asker, held.in_force, book if house.options.persist else None), held.notes


def _alone(house: House, books: Books, chosen: Chosen, scribe: Scribe) -> House:
    """The house with nothing of teams in it where nobody asked for one and the money is too little."""
    options = house.options
    decided = options.attended or options.team or options.solo
    why = "" if decided else why_alone(books, chosen.chain[0].price)
    if not why:
        return house
    scribe.record(NoticeGiven(why))
    return replace(house, options=replace(options, solo=True))


def _reach(house: House, stack: AsyncExitStack) -> Reach:
    options, redact = house.options, house.redactor.redact
    places = (str(options.cwd), str(house.workplace.root))
    lanes = build_lanes(house.loaded.settings)
    shared = SharedConnections(lanes.heard)
    stack.push_async_callback(shared.aclose)
    steady = steadily(redact, places)
    wires = opener(options.record, options.replay, options.strict_replay, redact, steady, shared.open)
    return Reach(wires, lanes, house.redactor)


def _services(house: House, jobs: JobTable, sight: Sight, person: Person, gate: Gate) -> dict[type, Any]:
    workplace = house.workplace
    return {
        Workplace: workplace,
        Sight: sight,
        Editing: Editing(workplace, sight),
        NestedRules: NestedRules(workplace.root, house.rules.files),
        JobTable: jobs,
        Recorder: house.journal,
        Person: person,
        Gate: gate,
        Redactor: house.redactor,
        Database: house.database,
        ShellSettings: house.loaded.settings.shell,
        GitSettings: house.loaded.settings.git,
    }


def _shelf(house: House) -> Callable[[], Overflow]:
    """Who makes keepers; loaded when the first window overflows."""

    @cache
    def shelf() -> Overflow:
        from loomkin.keepers.shelf import Shelf

        return Shelf(house.journal, partial(house.workplace.seen, house.options.cwd))

    return shelf


def _open(house: House, row: SessionRow | None, role: str, model: str) -> Opened:
    options, name = house.options, house.options.wish.name
    if row is None:
        mode = house.loaded.settings.permissions.mode.value
        start = SessionStarted(str(options.cwd), model, mode, name)
        return open_new(house.clock, house.journal, name, start)
    if options.wish.fork:
        from loomkin.workspace.forking import fork

        return fork(house.database, row, house.clock, house.journal, name, model, role)
    return reopen(house.database, row, role, house.clock, house.journal, name, model)


def _session(
    house: House, opened: Opened, agent: Agent, crew: Crew, sight: Sight, opening: Opening
) -> Session:
    options, workplace, name = house.options, house.workplace, agent.name
    where, fixed = (str(options.cwd), str(workplace.root)), mode_fixed_by(house.loaded)
    facts = SessionFacts(opened.id, *where, name, house.clock.now(), opened.resumed, fixed)
    mentions = Mentions(workplace, options.cwd, partial(sight.saw, name))
    return Session(
        facts,
        opened.name,
        agent,
        crew.gate,
        crew.hooks(name),
        crew.scribe(name),
        opening,
        mentions,
        crew.books,
    )
