"""The flags that `ask` and the conversation share, as typer reads them; `Flags` takes their values."""

from pathlib import Path
from typing import Annotated

import typer

from loomkin.records.permission import Mode

Model = Annotated[
    str | None, typer.Option("-m", "--model", metavar="ID", help="The model, as provider/name.")
]
GoOn = Annotated[bool, typer.Option("-c", "--continue", help="Go on with the session used last.")]
Resume = Annotated[
    str | None, typer.Option("-r", "--resume", metavar="ID", help="Go on with a session, by id or name.")
]
Fork = Annotated[
    bool, typer.Option("--fork-session", help="With -c or -r: leave that session as it is, go on in a copy.")
]
Name = Annotated[str | None, typer.Option("-n", "--name", help="A name for the new session.")]
Folder = Annotated[Path | None, typer.Option("-C", metavar="DIR", help="Work in that folder.")]
PermissionMode = Annotated[
    Mode | None, typer.Option("--permission-mode", help="How much passes without a question.")
]
Allowed = Annotated[
    list[str] | None,
    typer.Option("--allowed-tools", "--allowedTools", metavar="RULE", help="Allow these calls; repeatable."),
]
Disallowed = Annotated[
    list[str] | None,
    typer.Option(
        "--disallowed-tools", "--disallowedTools", metavar="RULE", help="Never allow these calls; repeatable."
    ),
]
MaxTurns = Annotated[int | None, typer.Option("--max-turns", min=1, help="Most model calls for a request.")]
MaxBudget = Annotated[
    float | None, typer.Option("--max-budget-usd", min=0, help="Most dollars for the session.")
]
Timeout = Annotated[
    float | None, typer.Option("--timeout", min=1, metavar="SECONDS", help="Most seconds for a request.")
]
RoleName = Annotated[str | None, typer.Option("--role", help="The role that does the work (coder).")]
Append = Annotated[
    str | None, typer.Option("--append-system-prompt", metavar="TEXT", help="More for the system prompt.")
]
AddDirs = Annotated[
    list[Path] | None,
    typer.Option("--add-dir", metavar="DIR", help="One more folder to work in; repeatable."),
]
SetOptions = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting for this run; repeatable.")
]
Record = Annotated[
    Path | None, typer.Option("--record", metavar="FILE", help="Write all model answers to a file.")
]
Replay = Annotated[
    Path | None, typer.Option("--replay", metavar="FILE", help="Take all model answers from such a file.")
]
NoPersistence = Annotated[
    bool, typer.Option("--no-session-persistence", help="Keep nothing of this session on disk.")
]
Trust = Annotated[bool, typer.Option("--trust", help="Trust this folder's own settings for this run.")]
Bare = Annotated[bool, typer.Option("--bare", help="Without project rules, hooks and own roles.")]
Offline = Annotated[bool, typer.Option("--offline", help="Models on this machine only.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours.")]
