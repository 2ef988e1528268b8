"""`loomkin ask`: one job, then exit."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from loomkin.cli.ask_input import Requests, prompt_of
from loomkin.cli.ask_run import Run, Shape, many, one
from loomkin.cli.command_line import Form, Typed
from loomkin.cli.flag_table import OF_ASK, SHARED, InputFormat, OutputFormat
from loomkin.cli.flags import Flags, options_from
from loomkin.errors import LoomkinError, UsageError
from loomkin.records.dataclass import replace
from loomkin.ui.jsonl import line_of
from loomkin.ui.plain import Detail
from loomkin.ui.result import Account, Ending, result_message
from loomkin.ui.terminal import Writer, hold_standard_streams
from loomkin.workspace.answer_schema import AnswerSchema
from loomkin.workspace.options import Options

STDOUT, STDERR = 1, 2
FORM = Form(
    "loomkin ask",
    "Do one job and exit: the answer goes to standard output, everything else to standard error.\n"
    "  PROMPT is what to do; `-` and a pipe are standard input.",
    OF_ASK + SHARED,
    "[PROMPT]",
)


def run(typed: Typed) -> int:
    """Carry out `loomkin ask` and return its exit code; raises LoomkinError."""
    given = dict(typed.values)
    own = {row.field: given.pop(row.field, None) for row in OF_ASK}
    detail = Detail.NOTHING if own["quiet"] else Detail.ACTIVITY if own["verbose"] else Detail.WARNINGS
    shape = Shape(own["output"] or OutputFormat.TEXT, bool(own["partial"]), detail)
    return _carry_out(Flags(**given), shape, own["schema"], typed.words, own["input"] or InputFormat.TEXT)


def tell_failure(words: Sequence[str], error: LoomkinError) -> None:
    """Give the result that a program waits for where the run failed before, or outside, its own telling.

    `words` are those typed: their flags may be what could not be read.
    """
    form = ""
    for word, after in zip(words, (*words[1:], ""), strict=True):
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if name == "--output-format":
            form = value if equals else after
    if form in (OutputFormat.JSON, OutputFormat.STREAM):
        hold_standard_streams()
        Writer(STDOUT).write(line_of(result_message(Ending.failed(error), Account(), 0.0)))


def _carry_out(
    flags: Flags, shape: Shape, schema: Path | None, words: Sequence[str], input_format: InputFormat
) -> int:
    hold_standard_streams()
    out = Writer(STDOUT)
    try:
        options = _options(flags, shape)
        if schema is not None:
            answer = AnswerSchema(schema.expanduser().absolute())
            shape, options = replace(shape, schema=answer), _with_schema(options, answer)
        if input_format is InputFormat.TEXT:
            requests = one(prompt_of(words, _warn if shape.detail else lambda text: None))
        elif words or shape.format is not OutputFormat.STREAM:
            raise UsageError(
                "--input-format stream-json goes with --output-format stream-json, and without a prompt.",
                hint="The requests come from standard input, the results go to standard output.",
            )
        else:
            requests = many(Requests())
    except LoomkinError as error:
        if shape.format is not OutputFormat.TEXT:
            out.write(line_of(result_message(Ending.failed(error), Account(), 0.0)))
        raise
    run = Run(shape, out, Writer(STDERR))
    return asyncio.run(run(options, lambda opened: requests, several=input_format is InputFormat.STREAM))


def _options(flags: Flags, shape: Shape) -> Options:
    options = options_from(flags, attended=False)
    if shape.partial and shape.format is not OutputFormat.STREAM:
        raise UsageError("--include-partial-messages goes with --output-format stream-json.")
    return options


def _with_schema(options: Options, schema: AnswerSchema) -> Options:
    asked = [options.append_system_prompt, schema.instruction]
    return replace(options, append_system_prompt="\n\n".join(filter(None, asked)))


def _warn(text: str) -> None:
    sys.stderr.write(f"loomkin: {text}\n")
