"""The composition root: the only module that knows the whole house; it builds, wires and closes it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from loomkin.agent.agent import Agent, Parts
from loomkin.agent.prompt import system_prompt
from loomkin.agent.roles import load_roles
from loomkin.agent.transcript import Transcript
from loomkin.config.load import Loaded, load
from loomkin.config.settings import ShellSettings
from loomkin.errors import UntrustedError
from loomkin.llm.catalogue import Catalogue
from loomkin.llm.client import ModelClient, OpenWire
from loomkin.llm.discovery_http import probe_http
from loomkin.llm.registry import opener
from loomkin.llm.steady import steadily
from loomkin.permissions.gate import Asker, Gate
from loomkin.permissions.grant_book import GrantBook
from loomkin.permissions.hooks import Hooks
from loomkin.permissions.policy import Policy
from loomkin.project import rules as project_rules
from loomkin.project.environment import ChildEnvironment, child_environment
from loomkin.project.jobs import JobTable
from loomkin.project.nested import NestedRules
from loomkin.project.root import find_root
from loomkin.project.rules import ProjectRules
from loomkin.project.secrets import Redactor, secret_values, secrets_of
from loomkin.project.sight import Sight
from loomkin.project.trust import is_trusted
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.event import SessionStarted
from loomkin.records.ids import CallId
from loomkin.records.message import ToolCall
from loomkin.records.role import Role
from loomkin.runtime.bus import Bus
from loomkin.runtime.clock import Clock, CountingClock, SystemClock
from loomkin.runtime.plugins import discover
from loomkin.runtime.recorder import Recorder, Scribe
from loomkin.store.database import Database
from loomkin.store.journal import Journal
from loomkin.store.lock import SessionLock
from loomkin.store.sessions import SessionRow
from loomkin.tooling.injection import build_tool
from loomkin.tooling.runner import Runner
from loomkin.tooling.tool import Call
from loomkin.tooling.toolbox import Toolbox
from loomkin.tools.files.changing import Editing
from loomkin.tools.meta.tool_search import found_before
from loomkin.tools.person.ask_person import Person
from loomkin.workspace.first_words import Opening
from loomkin.workspace.mentions import Mentions
from loomkin.workspace.models import Chosen, ModelChooser, build_client, wanted_model
from loomkin.workspace.money import build_meter
from loomkin.workspace.opening import Opened, earlier, fork, open_new, reopen
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
from loomkin.workspace.session import Session, SessionFacts
from loomkin.workspace.state_folder import open_database, settle, state_folder, tracked_note


@dataclass(frozen=True, slots=True)
class House:
    """An open repository: what sessions are made of."""

    options: Options
    workplace: Workplace
    trusted: bool
    loaded: Loaded
    rules: ProjectRules
    database: Database
    journal: Journal
    bus: Bus
    clock: Clock
    redactor: Redactor
    chooser: ModelChooser
    state: Path
    notes: tuple[str, ...]


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
        journal = Journal(database, bus.publish, clock.now)
        stack.push_async_callback(journal.aclose)
        extra = tuple(path.resolve() for path in options.add_dirs)
        workplace = Workplace(root.path, extra, state / "outputs")
        found = None if options.bare else project_rules.load(root.path, options.cwd, options.environ)
        rules = found or ProjectRules((), ())
        catalogue = Catalogue.packaged()
        replay = options.replay is not None
        chooser = ModelChooser(
            loaded.settings, options.environ, options.offline, catalogue, probe_http, replay
        )
        redactor = Redactor({**secrets_of(root.path), **secret_values(options.environ)})
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
    options, loaded = house.options, house.loaded
    tools = {module.TOOL.name: module.TOOL for module in discover("loomkin.tools") if hasattr(module, "TOOL")}
    folders = [house.workplace.root / ".loomkin" / "roles"] if house.trusted and not options.bare else []
    roles = load_roles(folders, tools)
    role = roles.get(options.role)
    async with AsyncExitStack() as stack:

        def hold(session: str) -> None:
            if options.persist:
                stack.callback(SessionLock(house.state, session).release)

        row = earlier(house.database, options.wish, hold)
        chosen = await house.chooser.choose(wanted_model(loaded, row.model if row else ""), role.tier)
        wires = _wires(house)
        rules = all_rules(loaded, house.rules.files, house.trusted)
        rule_notes = misnamed(rules, tools)
        policy = build_policy(rules, loaded, house.workplace, _home(options))
        await asyncio.to_thread(settle, options, house.state, house.database)
        opened = _open(house, row, str(chosen.chain[0].id))
        if row is None or opened.id != row.id:
            hold(opened.id)
        if opened.mended:
            await house.journal.flush()  # it is of the past: who looks on from now on hears nothing of it
        jobs = await stack.enter_async_context(JobTable())
        scribe = Scribe(house.journal, opened.id, role.name)
        gate, grant_notes = _gate(house, policy, asker, opened.id)
        mode_notes = resume_mode(gate, row.mode if row else "", loaded, options.attended, scribe)
        toolbox, sight = Toolbox(role.tools, role.more_tools, denied_tools(rules)), Sight()
        child = _child_environment(options, loaded, opened.id, role.name)
        services = _services(house, toolbox, jobs, sight, person, gate, child)
        for tool in tools.values():
            toolbox.know(build_tool(tool, services))
        toolbox.show(found_before(opened.messages))
        meter = build_meter(loaded.settings.budget, house.database, opened.id)
        model = build_client(chosen, loaded.settings, wires, meter)
        stack.push_async_callback(model.aclose)
        hooks = Hooks(() if options.bare else loaded.settings.hooks, house.workplace.root, child)
        agent = _agent(house, opened, role, toolbox, gate, hooks, model, scribe)
        session = _session(house, opened, agent, gate, hooks, scribe, sight, role)
        await session.start()
        yield Open(
            house, session, chosen, (*house.notes, *roles.notes, *rule_notes, *mode_notes, *grant_notes)
        )
        await session.close("end")


def _wires(house: House) -> OpenWire:
    options, redact = house.options, house.redactor.redact
    steady = steadily(redact, (str(options.cwd), str(house.workplace.root)))
    return opener(options.record, options.replay, options.strict_replay, redact, steady)


def _gate(house: House, policy: Policy, asker: Asker | None, session: str) -> tuple[Gate, tuple[str, ...]]:
    book = GrantBook(house.workplace.root, house.options.environ)
    held = held_grants(house.database, session, book)
    return Gate(policy, asker, held.in_force, book if house.options.persist else None), held.notes


def _services(
    house: House,
    toolbox: Toolbox,
    jobs: JobTable,
    sight: Sight,
    person: Person,
    gate: Gate,
    child: dict[str, str],
) -> dict[type, Any]:
    workplace = house.workplace
    return {
        Workplace: workplace,
        Sight: sight,
        Editing: Editing(workplace, sight),
        NestedRules: NestedRules(workplace.root, house.rules.files),
        JobTable: jobs,
        Toolbox: toolbox,
        Recorder: house.journal,
        Person: person,
        Gate: gate,
        Redactor: house.redactor,
        ShellSettings: house.loaded.settings.shell,
        ChildEnvironment: ChildEnvironment(child),
    }


def _home(options: Options) -> Path:
    return Path(options.environ.get("HOME") or "~").expanduser()


def _open(house: House, row: SessionRow | None, model: str) -> Opened:
    options = house.options
    name = options.wish.name
    if row is None:
        mode = house.loaded.settings.permissions.mode.value
        start = SessionStarted(str(options.cwd), model, mode, name)
        return open_new(house.clock, house.journal, name, start)
    if options.wish.fork:
        return fork(house.database, row, options.role, house.clock, house.journal, name, model)
    return reopen(house.database, row, options.role, house.clock, house.journal, name, model)


def _child_environment(options: Options, loaded: Loaded, session: str, agent: str) -> dict[str, str]:
    keys = [row.api_key_env for row in loaded.settings.providers.values() if row.api_key_env]
    return child_environment(options.environ, session_id=session, agent=agent, secret_names=keys)


def _agent(
    house: House,
    opened: Opened,
    role: Role,
    toolbox: Toolbox,
    gate: Gate,
    hooks: Hooks,
    model: ModelClient,
    scribe: Scribe,
) -> Agent:
    cwd = house.options.cwd

    def call_of(call: ToolCall) -> Call:
        return Call(CallId(call.id), opened.id, role.name, cwd)

    runner = Runner(toolbox, gate, hooks, house.clock, house.redactor.redact, call_of)
    transcript = Transcript(scribe, house.clock, opened.messages)
    project = house.workplace.root.name
    system = system_prompt(role.name, role, "solo", project, house.options.append_system_prompt)
    return Agent(Parts(system, model, runner, transcript, hooks, scribe, house.clock), opened.turns)


def _session(
    house: House,
    opened: Opened,
    agent: Agent,
    gate: Gate,
    hooks: Hooks,
    scribe: Scribe,
    sight: Sight,
    role: Role,
) -> Session:
    options, workplace = house.options, house.workplace
    where, fixed = (str(options.cwd), str(workplace.root)), mode_fixed_by(house.loaded)
    facts = SessionFacts(opened.id, *where, role.name, house.clock.now(), opened.resumed, fixed)
    mentions = Mentions(workplace, options.cwd, lambda path, sha: sight.saw(role.name, path, sha))
    return Session(
        facts,
        opened.name,
        agent,
        gate,
        hooks,
        scribe,
        Opening(options, workplace, house.rules, gate, house.clock),
        mentions,
    )
