"""/keepers: what left the windows of models, and how it stands."""

from typing import TYPE_CHECKING

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.errors import UsageError
from loomkin.records.keeper import KeeperState, named

if TYPE_CHECKING:  # the memory is loaded when it is asked for
    from loomkin.keepers.catalogue import Entry

HINT = (
    "/keepers · /keepers archived · /keepers archive ID · /keepers restore ID; "
    "/recall WORDS searches them, @k7 brings k7 along"
)
MOST = 30
MOVES = {"archive": KeeperState.ARCHIVED, "restore": KeeperState.ACTIVE}


class Keepers(Command):
    """Lists keepers, newest first; archives and restores them."""

    name = "keepers"
    summary = "what left the windows of models and is kept word for word; archive, restore"
    usage = "[archived]"
    more = HINT

    async def run(self, context: Context, argument: str) -> CommandResult:
        assert context.session.memory is not None
        memory = context.session.memory.memory
        verb, _, keeper = argument.strip().partition(" ")
        every = await memory.entries()
        keeper = named(keeper)
        if verb in MOVES:
            if not keeper:
                raise UsageError(f"Name the keeper to {verb}.", hint=HINT)
            if keeper not in {one.line.id for one in every}:
                raise UsageError(f"There is no keeper {keeper!r}.", hint=HINT)
            memory.move(keeper, MOVES[verb])
            return CommandResult(f"{keeper} is {'archived' if verb == 'archive' else 'back'}.")
        if verb not in ("", "archived"):
            raise UsageError(f"/keepers cannot do {verb!r}.", hint=HINT)
        those = [one for one in every if (one.now.state == "archived") == bool(verb)][::-1]
        if not those and every:
            hidden = "none is archived" if verb else "all are archived: /keepers archived"
            return CommandResult(f"No keeper fits; {hidden}.")
        if not those:
            return CommandResult("No keepers yet: a window that fills up makes them.")
        more = [f"… {len(those) - MOST} older: loomkin keepers list"] if len(those) > MOST else []
        return CommandResult("\n".join([*map(_line, those[:MOST]), *more]))

    def choices(self, context: Context) -> tuple[str, ...]:
        return ("archived", "archive", "restore")


def _line(one: "Entry") -> str:
    line = one.line
    files = "1 file" if len(one.changed) == 1 else f"{len(one.changed)} files"
    changed = f", {files} changed since" if one.changed else ""
    return (
        f"{line.id:<5} {one.now.state:<8} {line.title}  "
        f"({line.agent}, {line.messages} messages, {line.tokens:,} tokens{changed})"
    )


COMMAND = Keepers()
