"""/lsp: the language servers of this session."""

from loomkin.commands.command import Command, CommandResult, Context
from loomkin.errors import UsageError


class Lsp(Command):
    """Shows the servers with their memory and troubles; ends them, or starts them anew."""

    name = "lsp"
    summary = "language servers: state, memory, open files; restart or stop them"
    usage = "[restart [NAME] | stop [NAME]]"
    more = "A server starts by itself when an agent first touches a file of its kind; after /lsp stop, again."

    async def run(self, context: Context, argument: str) -> CommandResult:
        verb, _, name = argument.strip().partition(" ")
        languages = context.session.languages
        service = languages.started if languages is not None else None
        if verb not in ("", "restart", "stop"):
            raise UsageError(
                f"/lsp cannot do {argument!r}.", hint="/lsp · /lsp restart [NAME] · /lsp stop [NAME]"
            )
        if service is None or not service.servers.berths:
            return CommandResult(
                "No language server was needed yet. `loomkin lsp` lists those for the files here."
            )
        if not verb:
            return CommandResult(
                "\n".join(line for one in service.servers.berths.values() for line in one.told())
            )
        name = name.strip()
        if name and name not in {one.name for one in service.servers.berths.values()}:
            raise UsageError(f"No server {name} belongs to this session.", hint="/lsp lists them.")
        ended = await service.servers.stop(name)
        if verb == "restart":
            again = service.servers.wake(name)
            return CommandResult(f"Starting anew: {', '.join(again)}.")
        names = ", ".join(one.name for one in ended)
        return CommandResult(
            f"Ended: {names}. The next edit or question starts them again." if names else "None runs."
        )

    def choices(self, context: Context) -> tuple[str, ...]:
        return ("restart", "stop")


COMMAND = Lsp()
