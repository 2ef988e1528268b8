"""The settings as the program reads them: frozen, typed, complete; defaults come from the catalogue."""

from collections.abc import Mapping
from typing import Any, TypeVar

from loomkin.config.catalogue import NAME, SETTINGS, Path
from loomkin.records.dataclass import dataclass, fields, replace
from loomkin.records.permission import Mode

Section = TypeVar("Section")


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which models work, as provider/name; an empty tier means the default."""

    default: str
    fast: str
    strong: str
    local: str
    fallback: tuple[str, ...]
    max_output: int | None
    num_ctx: int | None
    stream: bool
    attempts: int
    silence: float


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """Where one provider is reached; empty means its own address and its usual variable."""

    base_url: str
    api_key_env: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the person knows better than the catalogue about one model; prices in USD a million tokens."""

    window: int | None
    max_output: int | None
    input_usd_per_million: float | None
    output_usd_per_million: float | None
    cache_read_usd_per_million: float | None
    cache_write_usd_per_million: float | None
    caller: str


@dataclass(frozen=True, slots=True)
class PermissionSettings:
    """The mode, with a preset already turned into one; the rules with their lines are `Loaded.rules`."""

    mode: Mode
    preset: str
    require_trust: bool
    allow: tuple[str, ...]
    ask: tuple[str, ...]
    deny: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BudgetSettings:
    """Most dollars, or tokens; None is no limit."""

    session_usd: float | None
    team_usd: float | None
    agent_usd: float | None
    task_usd: float | None
    day_usd: float | None
    call_usd: float | None
    session_tokens: int | None


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """Most model calls and seconds for one request; None is no limit."""

    max_turns: int
    timeout: float | None


@dataclass(frozen=True, slots=True)
class ContextSettings:
    """When a window is emptied, and how far: parts of the model's window."""

    offload_at: float
    offload_to: float


@dataclass(frozen=True, slots=True)
class DecisionSettings:
    """When a decision is in doubt (percent) or stale (days), and the most tokens told of them at first."""

    threshold: int
    stale_days: int
    brief_tokens: int


@dataclass(frozen=True, slots=True)
class TeamSettings:
    """How large a team may grow: agents of a team, of a session; levels and spawns; idle seconds."""

    max_agents: int
    session_agents: int
    max_depth: int
    max_per_role: int
    retire_after: float
    spawns_per_turn: int
    orient: bool
    verify: str
    protect: tuple[str, ...]
    large_change: int
    check_timeout: float
    escalate: bool


@dataclass(frozen=True, slots=True)
class ShellSettings:
    """Seconds until a command goes to the background, and the most a call may ask for."""

    timeout: float
    max_timeout: float


@dataclass(frozen=True, slots=True)
class GitSettings:
    """How commits are made: when, in which style, what they carry, and how many seconds they may take."""

    trailers: bool
    attribution: str
    auto_commit: str
    commit_style: str
    timeout: float


@dataclass(frozen=True, slots=True)
class GitHookSettings:
    """What our git hooks do, and how many seconds they, the model and the project's tests may take."""

    strict: bool
    timeout: float
    model_timeout: float
    draft: str
    check_message: bool
    secrets: bool
    conflicts: bool
    rules: str
    review: str
    link: bool
    tests: bool
    test_timeout: float
    refresh: bool


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """Whether a conversation watches the files, and whether AI comments in them are orders from the start."""

    enabled: bool
    comments: bool


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What the person changed about a language server, or a server of their own."""

    command: tuple[str, ...]
    extensions: tuple[str, ...]
    enabled: bool
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LspSettings:
    """Language servers: whether, how many seconds an edit waits for them, and how large one may grow."""

    enabled: bool
    wait: float
    memory_mb: int
    servers: Mapping[str, ServerSettings]


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Hosts that are fetched without a question."""

    allow_hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HookSettings:
    """One command of the person for one event; `timeout` in seconds, `source` as `file:line`."""

    event: str
    command: str
    matcher: str = ""
    timeout: float = 60.0
    fail_closed: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class UiSettings:
    """What the screen does."""

    color: str
    live: bool
    history: bool


@dataclass(frozen=True, slots=True)
class RateSettings:
    """An account's limits at one provider, a minute."""

    requests_per_minute: int | None
    tokens_per_minute: int | None


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one run."""

    model: ModelSettings
    providers: Mapping[str, ProviderSettings]
    models: Mapping[str, ModelFacts]
    permissions: PermissionSettings
    budget: BudgetSettings
    limits: LimitSettings
    context: ContextSettings
    decisions: DecisionSettings
    team: TeamSettings
    shell: ShellSettings
    git: GitSettings
    githooks: GitHookSettings
    watch: WatchSettings
    lsp: LspSettings
    web: WebSettings
    hooks: tuple[HookSettings, ...]
    ui: UiSettings
    rate: Mapping[str, RateSettings]


def build(values: Mapping[Path, Any]) -> Settings:
    """The settings of checked values by path; what is missing takes the catalogue's default."""
    flat = {setting.parts: setting.default for setting in SETTINGS} | {
        path: value for path, value in values.items() if value is not None
    }

    def section(kind: type[Section], *base: str) -> Section:
        star = base if len(base) == 1 else (base[0], NAME)
        names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
        return kind(**{name: flat.get((*base, name), flat.get((*star, name))) for name in names})

    def named(kind: type[Section], base: str) -> dict[str, Section]:
        names = dict.fromkeys(str(path[1]) for path in values if path[0] == base)
        return {name: section(kind, base, name) for name in names}

    flat[("permissions", "mode")] = Mode(str(flat[("permissions", "mode")]))
    flat[("providers", NAME, "headers")] = {}
    return Settings(
        model=section(ModelSettings, "model"),
        providers=named(ProviderSettings, "providers"),
        models=named(ModelFacts, "models"),
        permissions=section(PermissionSettings, "permissions"),
        budget=section(BudgetSettings, "budget"),
        limits=section(LimitSettings, "limits"),
        context=section(ContextSettings, "context"),
        decisions=section(DecisionSettings, "decisions"),
        team=section(TeamSettings, "team"),
        shell=section(ShellSettings, "shell"),
        git=section(GitSettings, "git"),
        githooks=section(GitHookSettings, "githooks"),
        watch=section(WatchSettings, "watch"),
        lsp=replace(section(LspSettings, "lsp"), servers=_servers(values)),
        web=section(WebSettings, "web"),
        hooks=_hooks(values),
        ui=section(UiSettings, "ui"),
        rate=named(RateSettings, "rate"),
    )


def _hooks(values: Mapping[Path, Any]) -> tuple[HookSettings, ...]:
    entries: dict[int, dict[str, Any]] = {}
    for path, value in values.items():
        if path[0] == "hooks" and isinstance(path[1], int):
            entries.setdefault(path[1], {})[str(path[2])] = value
    return tuple(HookSettings(**entries[index]) for index in sorted(entries))


def _servers(values: Mapping[Path, Any]) -> dict[str, ServerSettings]:
    defaults = {"command": (), "extensions": (), "enabled": True, "options": {}}
    entries: dict[str, dict[str, Any]] = {}
    for path, value in values.items():
        if path[:2] == ("lsp", "servers") and value is not None:
            entries.setdefault(str(path[2]), dict(defaults))[str(path[3])] = value
    return {name: ServerSettings(**entry) for name, entry in entries.items()}
