"""The one table of settings: key, type, default, range, and why one would change it."""

from enum import StrEnum

from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Mode

Path = tuple[str | int, ...]
Value = str | int | float | bool | tuple[str, ...] | dict[str, str] | None

NAME = "*"
INDEX = "[]"
NEAR = 0.7
"""How much of a mistyped name is right, from 0 to 1, where another one is suggested."""


class Kind(StrEnum):
    """The types a setting can have, named as people read them in an error."""

    TEXT = "a string"
    INTEGER = "a whole number"
    NUMBER = "a number"
    SWITCH = "true or false"
    LIST = "a list of strings"
    TABLE = "a table of strings"
    PATTERN = "a regular expression"
    URL = "a URL that begins with http:// or https://"
    VARIABLE = "the name of an environment variable (never the key itself)"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; `*` in its key stands for any name, `[]` for the entries of an array of tables.

    `trusted_only` keys, and the `trusted_values` of others, count in a repository's own file only once
    its folder is trusted. `merges` lists add up over the layers instead of replacing each other.
    """

    key: str
    kind: Kind
    default: Value
    why: str
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    trusted_only: bool = False
    trusted_values: tuple[str, ...] = ()
    merges: bool = False
    secret: bool = False
    required: bool = False
    flag: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The key as a path of names."""
        return tuple(self.key.replace(INDEX, f".{INDEX}").split("."))

    @property
    def expected(self) -> str:
        """What a value must be, for people."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.least is None:
            return self.kind
        if self.most is None:
            return f"{self.kind}, at least {self.least:g}"
        return f"{self.kind} from {self.least:g} to {self.most:g}"


HOOK_EVENTS = ("PreToolUse", "PostToolUse", "UserPromptSubmit", "Stop", "SessionStart", "SessionEnd")
PRESETS = {"strict": Mode.ASK, "balanced": Mode.EDITS, "autonomous": Mode.AUTO, "full": Mode.YOLO}
_LOOSE_MODES = (Mode.EDITS, Mode.AUTO, Mode.YOLO)
_LOOSE_PRESETS = ("balanced", "autonomous", "full")

_TEXT, _INTEGER, _NUMBER, _SWITCH = Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.SWITCH
_LIST, _TABLE = Kind.LIST, Kind.TABLE


def _money(key: str, why: str, flag: str = "") -> Setting:
    return Setting(f"budget.{key}", _NUMBER, None, why, least=0, trusted_only=True, flag=flag)


def _price(key: str, what: str) -> Setting:
    key = f"models.*.{key}_usd_per_million"
    return Setting(key, _NUMBER, None, f"dollars for a million {what}", least=0, trusted_only=True)


def _rules(key: str, why: str, flag: str = "", *, trusted_only: bool = False) -> Setting:
    return Setting(f"permissions.{key}", _LIST, (), why, merges=True, trusted_only=trusted_only, flag=flag)


def _hook(key: str, kind: Kind, default: Value, why: str, *, required: bool = False) -> Setting:
    return Setting(f"hooks[].{key}", kind, default, why, trusted_only=True, required=required)


# fmt: off
SETTINGS: tuple[Setting, ...] = (
    Setting("model.default", _TEXT, "", "the model that does the work, as provider/name", flag="--model"),
    Setting("model.fast", _TEXT, "", "a cheap model for small jobs; empty: the default"),
    Setting("model.strong", _TEXT, "", "the model for what the default failed at; empty: the default"),
    Setting("model.local", _TEXT, "", "a model on this machine, for what must not leave it"),
    Setting("model.fallback", _LIST, (), "models tried in turn when one is overloaded or gone"),
    Setting("model.max_output", _INTEGER, None, "longest answer in tokens; unset: its own", least=256),
    Setting("model.num_ctx", _INTEGER, None, "window that Ollama is asked for, in tokens", least=8192),
    Setting("model.stream", _SWITCH, True, "off: whole answers at once, for servers that cannot stream"),
    Setting("model.attempts", _INTEGER, 5, "how often a call that failed for a while is tried", 1, 20),
    Setting("model.silence", _NUMBER, 60.0, "seconds of silence until an answer counts as stalled", 1, 3600),
    Setting("providers.*.base_url", Kind.URL, "", "a proxy or a server of your own", trusted_only=True),
    Setting("providers.*.api_key_env", Kind.VARIABLE, "", "where its key is", trusted_only=True),
    Setting("providers.*.headers", _TABLE, None, "added to every call", trusted_only=True, secret=True),
    Setting("models.*.window", _INTEGER, None, "window in tokens, where the catalogue errs", least=1024),
    Setting("models.*.max_output", _INTEGER, None, "longest answer of this model in tokens", least=256),
    _price("input", "input tokens"),
    _price("output", "output tokens"),
    _price("cache_read", "tokens read from the provider's cache"),
    _price("cache_write", "tokens written to the provider's cache"),
    Setting("models.*.caller", _TEXT, "", "how this model calls tools; unset: found out",
            choices=("native", "rescue", "text")),
    Setting("permissions.mode", _TEXT, Mode.ASK.value, "how much passes without a question",
            choices=tuple(mode.value for mode in Mode),
            trusted_values=_LOOSE_MODES, flag="--permission-mode"),
    Setting("permissions.preset", _TEXT, "", "a mode by trust: strict asks, full asks nothing",
            choices=tuple(PRESETS), trusted_values=_LOOSE_PRESETS),
    Setting("permissions.require_trust", _SWITCH, False, "refuse to work in a folder that is not trusted",
            trusted_only=True),
    _rules("allow", "calls that need no question", "--allowed-tools", trusted_only=True),
    _rules("ask", "calls that always ask"),
    _rules("deny", "calls that never pass", "--disallowed-tools"),
    _money("session_usd", "most money for one session", "--max-budget-usd"),
    _money("team_usd", "most money for one team of a session"),
    _money("agent_usd", "most money for one agent of a session"),
    _money("task_usd", "most money for one task of a plan that has no budget of its own"),
    _money("day_usd", "most money for one day in this repository"),
    _money("call_usd", "most money for one model call"),
    Setting("budget.session_tokens", _INTEGER, None, "most tokens for one session, where no price is known",
            least=1, trusted_only=True),
    Setting("limits.max_turns", _INTEGER, 200, "model calls for one request", least=1, flag="--max-turns"),
    Setting("limits.timeout", _NUMBER, None, "most seconds for one request", least=1, flag="--timeout"),
    Setting("context.offload_at", _NUMBER, 0.7, "part of a window above which old turns move out", 0.1, 0.95),
    Setting("context.offload_to", _NUMBER, 0.4, "part of the window that this leaves in use", 0.05, 0.9),
    Setting("decisions.threshold", _INTEGER, 50, "confidence (%) below which doubt spreads", 0, 100),
    Setting("decisions.stale_days", _INTEGER, 14, "days after which what nobody touched is stale", 1),
    Setting("decisions.brief_tokens", _INTEGER, 600, "most tokens on decisions at the first words", 0),
    Setting("team.max_agents", _INTEGER, 12, "most agents of one team at a time", 1, 1000),
    Setting("team.session_agents", _INTEGER, 100, "most agents of one session at a time", 1, 2000),
    Setting("team.max_depth", _INTEGER, 3, "how many levels deep agents may spawn agents", 1, 8),
    Setting("team.max_per_role", _INTEGER, 4, "most agents of one role that the plan hires", 1, 100),
    Setting("team.retire_after", _NUMBER, 600.0, "seconds after which an idle agent leaves", 1, 86400),
    Setting("team.spawns_per_turn", _INTEGER, 4, "most agents, or sub-agents, an agent starts a turn", 1, 50),
    Setting("team.orient", _SWITCH, True, "at the first words an orienter reads the project for all"),
    Setting("team.escalate", _SWITCH, True, "after two failures at a task a stronger model goes on with it"),
    Setting("team.verify", _TEXT, "checks", "what proves a task: nothing, its checks, or all that there is",
            choices=("off", "checks", "all"), trusted_values=("off",)),
    Setting("team.protect", _LIST, (), "files whose changes are tested and reviewed, as globs", merges=True),
    Setting("team.large_change", _INTEGER, 400, "changed lines above which the project's tests run, too", 0),
    Setting("team.check_timeout", _NUMBER, 600.0, "seconds after which a check is stopped", 1, 600),
    Setting("shell.timeout", _NUMBER, 120.0, "seconds until a command goes on in the background", 1, 86400),
    Setting("shell.max_timeout", _NUMBER, 600.0, "most seconds that a call may ask for", 1, 86400),
    Setting("git.trailers", _SWITCH, True, "agents' commits name the decisions behind them"),
    Setting("git.attribution", _TEXT, "assisted-by", "how commits name the model that helped",
            choices=("assisted-by", "co-authored-by", "none")),
    Setting("git.auto_commit", _TEXT, "never", "commit the files of each task that is done",
            choices=("never", "task"), trusted_values=("task",)),
    Setting("git.commit_style", _TEXT, "auto", "how subjects are worded; auto: as the latest ones",
            choices=("auto", "conventional", "plain")),
    Setting("git.timeout", _NUMBER, 300.0, "seconds that a commit with its hooks may take", 1, 3600),
    Setting("githooks.strict", _SWITCH, False, "a git hook that cannot do its work stops git"),
    Setting("githooks.timeout", _NUMBER, 15.0, "seconds that one of our git hooks may take", 0.5, 600),
    Setting("githooks.model_timeout", _NUMBER, 8.0, "seconds that git waits for a model", 0.5, 600),
    Setting("githooks.draft", _TEXT, "model", "who drafts commit messages; without a model the symbols do",
            choices=("model", "symbols", "off"), trusted_values=("model",)),
    Setting("githooks.check_message", _SWITCH, False, "messages that break `git.commit_style` are refused"),
    Setting("githooks.secrets", _SWITCH, True, "staged keys, tokens and secret files stop a commit"),
    Setting("githooks.conflicts", _SWITCH, True, "staged conflict markers stop a commit"),
    Setting("githooks.rules", _TEXT, "warn", "what a commit against denials of LOOMKIN.md comes to",
            choices=("off", "warn", "stop")),
    Setting("githooks.review", _TEXT, "off", "a model reads what is staged, and warns or stops",
            choices=("off", "warn", "stop"), trusted_values=("warn", "stop")),
    Setting("githooks.link", _SWITCH, True, "commits and the decisions behind them know each other"),
    Setting("githooks.tests", _SWITCH, False, "the project's tests run before a push", trusted_only=True),
    Setting("githooks.test_timeout", _NUMBER, 600.0, "seconds that those tests may take", 1, 7200),
    Setting("githooks.refresh", _SWITCH, True, "what depends on the commit is renewed after a checkout"),
    Setting("watch.enabled", _SWITCH, True, "a conversation watches the files of the repository"),
    Setting("watch.comments", _SWITCH, False, "`AI!` comments that you save are orders from the start",
            trusted_only=True),
    Setting("lsp.enabled", _SWITCH, True, "language servers that are installed look at every edit"),
    Setting("lsp.wait", _NUMBER, 3.0, "seconds that an edit waits for them", 0, 60),
    Setting("lsp.memory_mb", _INTEGER, 3000, "memory above which a language server is ended", 64),
    Setting("lsp.servers.*.command", _LIST, None, "program and arguments, of your own or instead of ours",
            trusted_only=True),
    Setting("lsp.servers.*.extensions", _LIST, None, "the files it is for, as `.py`", trusted_only=True),
    Setting("lsp.servers.*.enabled", _SWITCH, True, "off: never started", trusted_only=True),
    Setting("lsp.servers.*.options", _TABLE, None, "what it is told: settings by dotted name",
            trusted_only=True),
    Setting("web.allow_hosts", _LIST, (), "hosts fetched without a question", trusted_only=True, merges=True),
    Setting("hooks[].event", _TEXT, None, "when your command runs", choices=HOOK_EVENTS,
            trusted_only=True, required=True),
    _hook("command", _TEXT, None, "what runs, through sh", required=True),
    _hook("matcher", Kind.PATTERN, "", "regular expression on the tool's name; empty: all tools"),
    Setting("hooks[].timeout", _NUMBER, 60.0, "seconds until it is ended", 0.1, 3600, trusted_only=True),
    _hook("fail_closed", _SWITCH, False, "a hook that fails blocks, where it would else be passed over"),
    Setting("ui.color", _TEXT, "auto", "colours on the screen", choices=("auto", "always", "never")),
    Setting("ui.live", _SWITCH, True, "the live view while the agent works; off: plain lines"),
    Setting("ui.history", _SWITCH, True, "keep what you typed for the arrow keys"),
    Setting("rate.*.requests_per_minute", _INTEGER, None, "your account's limit at this provider", least=1),
    Setting("rate.*.tokens_per_minute", _INTEGER, None, "your account's limit at this provider", least=1),
)
# fmt: on

SINGLE: dict[Path, Setting] = {
    setting.parts: setting for setting in SETTINGS if NAME not in setting.key and INDEX not in setting.key
}
_PARTS = tuple((setting.parts, setting) for setting in SETTINGS)


def _fits(part: str, name: str | int) -> bool:
    return isinstance(name, int) if part == INDEX else isinstance(name, str) and part in (NAME, name)


def _under(path: Path) -> list[tuple[tuple[str, ...], Setting]]:
    return [
        (parts, setting)
        for parts, setting in _PARTS
        if len(parts) >= len(path) and all(map(_fits, parts, path))
    ]


def find(path: Path) -> Setting | None:
    """The setting at a path such as `("models", "openai/gpt-5", "window")`, or None."""
    return next((setting for parts, setting in _under(path) if len(parts) == len(path)), None)


def is_section(path: Path) -> bool:
    """Whether settings lie below the path."""
    return any(len(parts) > len(path) for parts, _ in _under(path))


def is_list(path: Path) -> bool:
    """Whether the path is an array of tables (`[[hooks]]`)."""
    return any(parts[len(path) : len(path) + 1] == (INDEX,) for parts, _ in _under(path))


def spell(path: Path) -> str:
    """The path as one writes it: `models."openai/gpt-5".window`, `hooks[0].event`."""
    text = ""
    for name in path:
        if isinstance(name, int):
            text += f"[{name}]"
        else:
            bare = bool(name) and name.isascii() and name.replace("-", "").replace("_", "").isalnum()
            quoted = name if bare else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
            text += f".{quoted}" if text else quoted
    return text


def nearest(path: Path) -> str:
    """The known key that an unknown one most likely means, or an empty string.

    Names are compared one by one, so that a key of another section is not near for sounding alike.
    """
    from difflib import SequenceMatcher  # heavy: late on purpose

    best: tuple[float, str] = (0.0, "")
    for parts, _ in _PARTS:
        likeness = [
            1.0 if part in (NAME, INDEX) else SequenceMatcher(None, part, str(name)).ratio()
            for part, name in zip(parts, path, strict=False)
        ]
        if len(parts) < len(path) or min(likeness) < NEAR:
            continue
        meant = tuple(
            name if part in (NAME, INDEX) else part for part, name in zip(parts, path, strict=False)
        )
        score = sum(likeness) + (len(parts) == len(path))
        if meant != path and score > best[0]:
            best = (score, spell(meant))
    return best[1]
