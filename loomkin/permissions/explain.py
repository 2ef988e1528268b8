"""Reads a call written as a rule, and tells in words how the policy decides about it."""

from pathlib import Path

from loomkin.errors import UsageError
from loomkin.permissions.policy import Policy
from loomkin.permissions.rules import ALIASES, EDITING, READING
from loomkin.permissions.simple import names
from loomkin.project.meant_path import meant_path
from loomkin.records.permission import Access, ToolUse

_NONE = names("decision_log decision_query decision_update ask_person tool_search load_skill")
_EXAMPLE = "Write it as `shell(git push)`, `file_edit(src/x.py)` or `web_fetch(https://example.org)`."


def parse_call(text: str, cwd: str, top: str = "") -> ToolUse:
    """Turn `tool(argument)` into the call it stands for in `cwd`, a folder of the project at `top`.

    Raises UsageError for any other text.
    """
    text = text.strip()
    tool, bracket, rest = text.partition("(")
    if not tool or (bracket and not rest.endswith(")")) or any(letter.isspace() for letter in tool):
        raise UsageError(f"`{text}` is not a call.", hint=_EXAMPLE)
    tool, argument = ALIASES.get(tool, tool), rest[:-1].strip()
    if tool == "shell":
        if not argument:
            raise UsageError("The shell call names no command.", hint=_EXAMPLE)
        return ToolUse(tool, Access.EXECUTE, cwd, command=argument)
    if tool == "git":
        return ToolUse(tool, Access.EXECUTE, cwd, command=f"git {argument.removeprefix('git ')}".rstrip())
    paths = (str(meant_path(Path(cwd), argument, Path(top or cwd))),) if argument else ()
    if tool in EDITING:
        return ToolUse(tool, Access.WRITE, cwd, writes=paths)
    if tool in READING:
        return ToolUse(tool, Access.READ, cwd, reads=paths)
    if tool == "web_fetch":
        host = argument.removeprefix("domain:")
        return ToolUse(tool, Access.NETWORK, cwd, url=host if "://" in host else f"https://{host}/")
    arguments: dict[str, object] = {"argument": argument} if argument else {}
    return ToolUse(tool, Access.NONE if tool in _NONE else Access.EXECUTE, cwd, arguments=arguments)


def explain(policy: Policy, use: ToolUse) -> str:
    """Several lines: the answer, why, what decided about each piece, and what could be saved."""
    verdict = policy.decide(use)
    lines = [f"{verdict.decision}: {verdict.reason}", f"decided by {verdict.rule} ({verdict.source})"]
    pieces = [
        f"  {one.verdict.decision:<5}  {' '.join(one.subject.split())}\n"
        f"         {one.verdict.rule} ({one.verdict.source})"
        for one in policy.findings(use)
    ]
    different = list(dict.fromkeys(pieces))
    if len(different) > 1:
        lines += ["", *different]
    if verdict.offers:
        lines += ["", "rules that would settle it:", *(f"  {offer}" for offer in verdict.offers)]
    lines += ["", f"mode: {policy.mode}"]
    return "\n".join(lines)
