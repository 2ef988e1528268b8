"""The flags of `ask` and of the conversation, a row each, for parsing, help and completion."""

from enum import StrEnum
from pathlib import Path

from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Mode


@dataclass(frozen=True, slots=True)
class FlagRow:
    """One flag: `field` takes its value; without `metavar` and `choices` it is a switch.

    `kind` makes the value from the typed word: int and float also check `least`. An `optional` value is
    empty where the flag stands last or before another one.
    """

    field: str
    names: tuple[str, ...]
    about: str
    metavar: str = ""
    kind: type[str] | type[int] | type[float] | type[Path] = str
    choices: type[StrEnum] | None = None
    least: int | None = None
    repeatable: bool = False
    hidden: bool = False
    optional: bool = False

    @property
    def takes_value(self) -> bool:
        """Whether a word follows it."""
        return bool(self.metavar or self.choices)


class OutputFormat(StrEnum):
    """What goes to standard output."""

    TEXT = "text"
    JSON = "json"
    STREAM = "stream-json"


class InputFormat(StrEnum):
    """What standard input carries."""

    TEXT = "text"
    STREAM = "stream-json"


SHARED = (
    FlagRow("model", ("-m", "--model"), "The model, as provider/name.", "ID"),
    FlagRow("go_on", ("-c", "--continue"), "Go on with the session used last."),
    FlagRow(
        "resume",
        ("-r", "--resume"),
        "Go on with a session, by id or name; without, pick one.",
        "ID",
        optional=True,
    ),
    FlagRow("fork", ("--fork-session",), "With -c or -r: leave that session as it is, go on in a copy."),
    FlagRow("name", ("-n", "--name"), "A name for the new session.", "NAME"),
    FlagRow("folder", ("-C",), "Work in that folder.", "DIR", Path),
    FlagRow("mode", ("--permission-mode",), "How much passes without a question.", choices=Mode),
    FlagRow(
        "allowed",
        ("--allowed-tools", "--allowedTools"),
        "Allow these calls; repeatable.",
        "RULE",
        repeatable=True,
    ),
    FlagRow(
        "disallowed",
        ("--disallowed-tools", "--disallowedTools"),
        "Never allow these calls; repeatable.",
        "RULE",
        repeatable=True,
    ),
    FlagRow("max_turns", ("--max-turns",), "Most model calls for a request.", "N", int, least=1),
    FlagRow("max_budget_usd", ("--max-budget-usd",), "Most dollars for the session.", "USD", float, least=0),
    FlagRow("timeout", ("--timeout",), "Most seconds for a request.", "SECONDS", float, least=1),
    FlagRow("role", ("--role",), "The role that does the work (coder).", "NAME"),
    FlagRow("team", ("--team",), "Work as a team of that name (default) from the start.", "NAME"),
    FlagRow("solo", ("--solo",), "Work alone: no team, no helpers."),
    FlagRow("resume_run", ("--resume-run",), "With -c or -r: let the team go on with what was interrupted."),
    FlagRow("append_system_prompt", ("--append-system-prompt",), "More for the system prompt.", "TEXT"),
    FlagRow(
        "add_dirs",
        ("--add-dir",),
        "One more folder to work in; repeatable.",
        "DIR",
        Path,
        repeatable=True,
    ),
    FlagRow("settings", ("--set",), "One setting for this run; repeatable.", "KEY=VALUE", repeatable=True),
    FlagRow("record", ("--record",), "Write all model answers to a file.", "FILE", Path),
    FlagRow("replay", ("--replay",), "Take all model answers from such a file.", "FILE", Path),
    FlagRow("no_persistence", ("--no-session-persistence",), "Keep nothing of this session on disk."),
    FlagRow("trust", ("--trust",), "Trust this folder's own settings for this run."),
    FlagRow("bare", ("--bare",), "Without project rules, hooks and own roles."),
    FlagRow("offline", ("--offline",), "Models on this machine only."),
    FlagRow("no_color", ("--no-color",), "No colours."),
)
OF_ASK = (
    FlagRow("output", ("--output-format",), "What goes to standard output (text).", choices=OutputFormat),
    FlagRow("partial", ("--include-partial-messages",), "With stream-json: answers as they grow, too."),
    FlagRow("input", ("--input-format",), "What comes from standard input (text).", choices=InputFormat),
    FlagRow("schema", ("--json-schema",), "A JSON schema for the answer.", "FILE", Path),
    FlagRow("verbose", ("-v", "--verbose"), "Tell on standard error what happens."),
    FlagRow("quiet", ("-q", "--quiet"), "Errors only on standard error."),
    FlagRow("printing", ("-p", "--print"), "What `ask` does anyway.", hidden=True),
)
VALUE_FLAGS = frozenset(name for row in (*OF_ASK, *SHARED) if row.takes_value for name in row.names)
