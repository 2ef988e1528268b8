"""`loomkin models`: known models with prices, windows and keys; servers on this machine; the tool probe."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from loomkin.cli.place import AsJson, Folder, Group, Place, group, look, say
from loomkin.cli.tables import dollars, table, to_json
from loomkin.config.catalogue import spell
from loomkin.config.paths import Layer, files
from loomkin.config.write import set_value
from loomkin.errors import ConfigError, ProviderError
from loomkin.llm.catalogue import Catalogue, Facts
from loomkin.llm.discovery_http import probe_http
from loomkin.llm.models import ModelSettings, base_url_of, key_of
from loomkin.llm.models_providers import PROVIDERS, is_loopback
from loomkin.llm.probe import ProbeReport, probe
from loomkin.llm.registry import open_wire
from loomkin.records.dataclass import dataclass
from loomkin.records.usage import Price
from loomkin.workspace.models import ModelChooser, model_settings

LOCAL_SECONDS = 0.5
MILLION = 1_000_000


class _ListFirst(Group):
    """A group whose words mean `list` unless they name a subcommand."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        at = 0
        while at < len(args) and args[at].startswith("-"):
            at += 2 if args[at] == "-C" else 1
        helps = any(word in ("-h", "--help") for word in args[:at])
        if not helps and (at >= len(args) or args[at] not in self.commands):
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = group("Models that can be used.", cls=_ListFirst)
Offline = Annotated[bool, typer.Option("--offline", help="Only what is on this machine.")]


@dataclass(frozen=True, slots=True)
class Row:
    """One model as lists show it; `window` in tokens, 0 unknown; `key` says what calling it takes."""

    id: str
    window: int
    price: Price | None
    tools: bool | None
    key: str
    ready: bool


@app.command("list")
def list_models(
    context: typer.Context,
    words: Annotated[str, typer.Argument(metavar="[FILTER]", help="Only ids that hold this.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also models whose key is not set.")] = False,
    as_json: AsJson = False,
    offline: Offline = False,
    folder: Folder = None,
) -> None:
    """Show models with window and price per million tokens.

    Without FILTER these are the ones that can be called now.
    """
    place = look(folder, context)
    known = model_settings(place.settings().settings, offline)
    local, silent = asyncio.run(_local(place, known))
    listed = [] if offline else list(_listed(Catalogue.packaged(), place.environ, known))
    wanted = [row for row in (*local, *listed) if words.lower() in row.id.lower()]
    shown = wanted if every or words else [row for row in wanted if row.ready]
    if as_json:
        say(to_json([_plain(row) for row in shown]))
        return
    if shown:
        headings = ("MODEL", "WINDOW", "IN $/M", "OUT $/M", "TOOLS", "KEY")
        say(table(headings, map(_line, shown), headings[1:4]))
    elif words:
        say(f"No known model holds {words!r}; any provider/name can still be tried with --model.")
    else:
        say("No model can be called now: no provider's key is set and no server answers on this machine.")
    hidden = len(wanted) - len(shown)
    if hidden:
        say(f"\n{hidden} more need a key: `loomkin models --all`, or a word to look for.")
    for line in silent if not words else ():
        say(line)


@app.command("probe")
def probe_model(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="As provider/name.")],
    save: Annotated[bool, typer.Option(help="Remember the result in your settings.")] = True,
    as_json: AsJson = False,
    offline: Offline = False,
    folder: Folder = None,
) -> None:
    """Try how a model calls tools, in three small calls.

    The result is remembered in your settings for later runs.
    """
    place = look(folder, context)
    spec_id, report = asyncio.run(_probe(place, model, offline))
    answered = report.checks[0].passed
    saved = ""
    if save and answered:
        file = files(place.root, place.environ)[Layer.USER]
        key = spell(("models", spec_id, "caller"))
        set_value(file, key, report.level.value)
        saved = f"{key} = {report.level.value} in {file}"
    if as_json:
        checks = [{"title": one.title, "passed": one.passed, "seen": one.seen} for one in report.checks]
        plain = {"model": spec_id, "caller": report.level.value, "parallel": report.parallel}
        say(to_json({**plain, "checks": checks, "saved": saved}))
    else:
        say(f"{spec_id}\n{report.text}")
        if saved:
            say(f"Remembered: {saved}. Later runs call it that way; probe again or change the line to undo.")
    if not answered:
        if not as_json:
            say("It gave no plain answer, so nothing was remembered.")
        raise typer.Exit(1)


async def _probe(place: Place, model: str, offline: bool) -> tuple[str, ProbeReport]:
    settings = place.settings().settings
    chooser = ModelChooser(settings, place.environ, offline, Catalogue.packaged(), probe_http)
    spec = await chooser.spec(model)
    wire = open_wire(spec.wire, spec.endpoint)
    try:
        return str(spec.id), await probe(wire, spec.name, spec.options)
    finally:
        await wire.aclose()


def _listed(catalogue: Catalogue, environ: Mapping[str, str], known: ModelSettings) -> Iterator[Row]:
    """The catalogue under the ids that `--model` takes; providers without a row go by litellm."""
    by_tag = {row.tag: (name, row) for name, row in PROVIDERS.items() if row.tag}
    keys = {name: key_of(name, row, environ, known)[0] for name, row in PROVIDERS.items()}
    seen: set[str] = set()
    for facts in catalogue.every():
        provider, row = by_tag.get(facts.provider, ("", None))
        if row is None:
            identity, key, ready = facts.name, _unlisted_key(facts, environ), False
        else:
            identity = f"{provider}/{facts.name.removeprefix(row.prefix)}"
            ready = bool(keys[provider])
            key = f"{keys[provider]} is set" if ready else f"needs {row.keys[0]}"
        if identity not in seen:
            seen.add(identity)
            yield Row(identity, facts.window, facts.price, facts.tools, key, ready)


def _unlisted_key(facts: Facts, environ: Mapping[str, str]) -> str:
    variable = f"{facts.provider.upper().replace('-', '_').replace('.', '_')}_API_KEY"
    return f"{variable} is set (by litellm)" if environ.get(variable) else "by litellm"


async def _local(place: Place, known: ModelSettings) -> tuple[list[Row], list[str]]:
    """The models of the servers on this machine, and a line for each that did not answer."""
    rows: list[Row] = []
    silent: list[str] = []
    asked: list[tuple[str, str, asyncio.Task[list[str]]]] = []
    async with asyncio.TaskGroup() as tasks:
        for name, url in _servers(place, known, silent):
            asked.append((name, url, tasks.create_task(_names(name, url))))
    for name, url, task in asked:
        free = Price(0, 0, 0, 0, "local")
        rows += [Row(f"{name}/{model}", 0, free, None, f"at {url}", True) for model in task.result()]
        if not task.result():
            silent.append(f"{name} at {url}: no answer, or no models")
    return rows, silent


def _servers(place: Place, known: ModelSettings, silent: list[str]) -> Iterator[tuple[str, str]]:
    for name, row in PROVIDERS.items():
        try:
            url = base_url_of(name, row, place.environ, known)
        except ConfigError as error:
            silent.append(f"{name}: {error.message}")
            continue
        if (row.local or is_loopback(url)) and (is_loopback(url) or not known.offline):
            yield name, url


async def _names(provider: str, url: str) -> list[str]:
    path, at, key = ("/api/tags", "models", "name") if provider == "ollama" else ("/models", "data", "id")
    try:
        answer = await probe_http(url + path, timeout=LOCAL_SECONDS)
    except ProviderError:
        return []
    entries = answer.get(at) if isinstance(answer, dict) else None
    found = [entry.get(key) for entry in entries or () if isinstance(entry, dict)]
    return [name for name in found if isinstance(name, str) and name]


def _line(row: Row) -> tuple[object, ...]:
    prices = ("?", "?")
    if row.price is not None:
        prices = dollars(row.price.input * MILLION), dollars(row.price.output * MILLION)
    tools = {True: "yes", False: "no", None: "?"}[row.tools]
    return row.id, row.window or "?", *prices, tools, row.key


def _plain(row: Row) -> dict[str, object]:
    price = row.price
    return {
        "id": row.id,
        "window": row.window or None,
        "input_usd_per_million": price and dollars(price.input * MILLION),
        "output_usd_per_million": price and dollars(price.output * MILLION),
        "tools": row.tools,
        "key": row.key,
        "ready": row.ready,
    }
