"""`loomkin ask`: one job, then exit."""

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from loomkin.cli import flags_typed as typed
from loomkin.cli.ask_input import Requests, prompt_of
from loomkin.cli.ask_run import Format, Run, Shape, many, one
from loomkin.cli.flags import Flags, options_from
from loomkin.errors import LoomkinError, UsageError
from loomkin.records.dataclass import replace
from loomkin.ui.jsonl import line_of
from loomkin.ui.plain import Detail
from loomkin.ui.result import Account, Ending, result_message
from loomkin.ui.terminal import Writer, hold_standard_streams
from loomkin.workspace.answer_schema import AnswerSchema
from loomkin.workspace.options import Options

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
STDOUT, STDERR = 1, 2


class InputFormat(StrEnum):
    """What standard input carries."""

    TEXT = "text"
    STREAM = "stream-json"


Words = Annotated[
    list[str] | None, typer.Argument(metavar="[PROMPT]...", help="What to do; `-` is standard input.")
]
Print = Annotated[bool, typer.Option("-p", "--print", hidden=True, help="What `ask` does anyway.")]
OutputFormat = Annotated[Format, typer.Option("--output-format", help="What goes to standard output.")]
Input = Annotated[InputFormat, typer.Option("--input-format", help="What comes from standard input.")]
Partial = Annotated[
    bool, typer.Option("--include-partial-messages", help="With stream-json: answers as they grow, too.")
]
Schema = Annotated[
    Path | None, typer.Option("--json-schema", metavar="FILE", help="A JSON schema for the answer.")
]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Tell on standard error what happens.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Errors only on standard error.")]


@app.command(context_settings={"help_option_names": ["-h", "--help"]})
def ask(
    words: Words = None,
    printing: Print = False,
    output: OutputFormat = Format.TEXT,
    partial: Partial = False,
    input_format: Input = InputFormat.TEXT,
    schema: Schema = None,
    model: typed.Model = None,
    go_on: typed.GoOn = False,
    resume: typed.Resume = None,
    fork: typed.Fork = False,
    name: typed.Name = None,
    folder: typed.Folder = None,
    mode: typed.PermissionMode = None,
    allowed: typed.Allowed = None,
    disallowed: typed.Disallowed = None,
    max_turns: typed.MaxTurns = None,
    max_budget_usd: typed.MaxBudget = None,
    timeout: typed.Timeout = None,
    role: typed.RoleName = None,
    append_system_prompt: typed.Append = None,
    add_dirs: typed.AddDirs = None,
    settings: typed.SetOptions = None,
    record: typed.Record = None,
    replay: typed.Replay = None,
    no_persistence: typed.NoPersistence = False,
    trust: typed.Trust = False,
    bare: typed.Bare = False,
    offline: typed.Offline = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
    no_color: typed.NoColor = False,
) -> int:
    """Do one job and exit: the answer goes to standard output, everything else to standard error."""
    flags = Flags(
        model, go_on, resume, fork, name, folder, mode, allowed or (), disallowed or (), max_turns,
        max_budget_usd, timeout, role, append_system_prompt, add_dirs or (), settings or (), record, replay,
        not no_persistence, trust, bare, offline, no_color,
    )  # fmt: skip
    detail = Detail.NOTHING if quiet else Detail.ACTIVITY if verbose else Detail.WARNINGS
    shape = Shape(output, partial, detail, schema.expanduser().absolute() if schema else None)
    return _carry_out(flags, shape, words or [], input_format)


def _carry_out(flags: Flags, shape: Shape, words: list[str], input_format: InputFormat) -> int:
    hold_standard_streams()
    out = Writer(STDOUT)
    try:
        options = _options(flags, shape)
        if input_format is InputFormat.TEXT:
            requests = one(prompt_of(words, _warn if shape.detail else lambda text: None))
        elif words or shape.format is not Format.STREAM:
            raise UsageError(
                "--input-format stream-json goes with --output-format stream-json, and without a prompt.",
                hint="The requests come from standard input, the results go to standard output.",
            )
        else:
            requests = many(Requests())
    except LoomkinError as error:
        if shape.format is not Format.TEXT:
            out.write(line_of(result_message(Ending.failed(error), Account(), 0.0)))
        raise
    run = Run(shape, out, Writer(STDERR))
    return asyncio.run(run(options, requests, several=input_format is InputFormat.STREAM))


def _options(flags: Flags, shape: Shape) -> Options:
    options = options_from(flags, attended=False)
    if shape.partial and shape.format is not Format.STREAM:
        raise UsageError("--include-partial-messages goes with --output-format stream-json.")
    if shape.schema is None:
        return options
    asked = [options.append_system_prompt, AnswerSchema(shape.schema).instruction]
    return replace(options, append_system_prompt="\n\n".join(filter(None, asked)))


def _warn(text: str) -> None:
    sys.stderr.write(f"loomkin: {text}\n")
