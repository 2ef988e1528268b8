"""What a slash command is, what it may use, and how commands are found by name."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from loomkin.records.dataclass import dataclass
from loomkin.runtime.plugins import discover

if TYPE_CHECKING:  # the screen is up before these are loaded
    from loomkin.runtime.recorder import Scribe
    from loomkin.store.database import Database
    from loomkin.workspace.models import ModelChooser
    from loomkin.workspace.session import Session

PACKAGE = "loomkin.commands"


class Look(StrEnum):
    """How a result wants to be shown."""

    PLAIN = "plain"
    MARKDOWN = "markdown"
    DIFF = "diff"


class Then(StrEnum):
    """What the screen should do after a command; it alone can."""

    STAY = "stay"
    QUIT = "quit"
    RESUME = "resume"
    COPY = "copy"
    EDIT = "edit"
    SEND = "send"
    DRAFT = "draft"
    FOCUS = "focus"


@dataclass(frozen=True, slots=True)
class CommandResult:
    """Words for the person, and what the screen does next.

    `argument` is the id to resume, the text to copy, the words for the session's own agent or for the
    input line, or the agent whose stream to show. `told` is what the session's own agent then knows of it.
    """

    text: str = ""
    look: Look = Look.PLAIN
    then: Then = Then.STAY
    argument: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """The session that a command is about, and the services it may call."""

    session: "Session"
    database: "Database"
    scribe: "Scribe"
    chooser: "ModelChooser"
    commands: "Mapping[str, Command]"


class Command(ABC):
    """Base of all slash commands; `idle` ones wait until no turn runs, `more` is said by /help NAME.

    After one that `wakes`, the session's own agent hears its teammates again, as after the person's words.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    usage: ClassVar[str] = ""
    more: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    idle: ClassVar[bool] = False
    wakes: ClassVar[bool] = False

    @abstractmethod
    async def run(self, context: Context, argument: str) -> CommandResult:
        """Carry it out. Raises LoomkinError leaves with what to do."""

    def choices(self, context: Context) -> tuple[str, ...]:
        """Arguments to offer for completion."""
        return ()


def load_commands() -> dict[str, Command]:
    """All commands by name, in the order of their names; raises PluginError for a file that cannot load."""
    found = [module.COMMAND for module in discover(PACKAGE) if hasattr(module, "COMMAND")]
    return {command.name: command for command in sorted(found, key=lambda command: command.name)}


def find(commands: Mapping[str, Command], name: str) -> Command | None:
    """The command of a name or an alias."""
    named = commands.get(name)
    return named or next((command for command in commands.values() if name in command.aliases), None)


def unknown(commands: Mapping[str, Command], name: str) -> str:
    """What to say of a command that does not exist: the nearest ones, and that nothing was sent."""
    from difflib import get_close_matches  # heavy: late on purpose

    names = [*commands, *(alias for command in commands.values() for alias in command.aliases)]
    close = [word for word in names if name and word.startswith(name)] or get_close_matches(name, names, 2)
    near = f" Did you mean {' or '.join('/' + word for word in close[:3])}?" if close else ""
    return f"There is no command /{name}.{near} /help lists them; nothing was sent to the model."
