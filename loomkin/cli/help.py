"""What `loomkin --help` prints, made without importing any command."""

COMMANDS: dict[str, str] = {
    "ask": "one job, then exit; `loomkin -p PROMPT` is the same",
    "demo": "the whole job on a sample repository, offline, with recorded model answers",
    "init": "write LOOMKIN.md and .loomkin.toml for this repository",
    "doctor": "what is found, what is missing, how to mend it",
    "models": "known models, prices and windows; `models probe MODEL` tries its tool calling",
    "config": "list, get, set, path, explain: every setting, its value, where it came from",
    "sessions": "list, show, export, import, fork, replay, rename, delete, check, repair",
    "ps": "what every agent of the running session does: state, step, tokens, money, task, claims",
    "tasks": "list, show, add, edit, cancel: the plan of a session",
    "graph": "show, add, link, edit, undo, tree, export, diff, apply, writeup: what was decided, and why",
    "watch-files": "wait for `AI!` and `AI?` comments in the files that you save, and work on them",
    "commit": "commit with a message in the repository's own style, drafted or given",
    "review": "a reviewer reads a change: staged, work tree, branch, commit; findings with file:line",
    "pr": "title and text for a pull request, out of what was decided on the branch",
    "why": "why a line is there: the decision behind it, what was rejected, what was said",
    "failures": "list, show, forget: what failed here, and what mended it",
    "keepers": "list, show, search, ask, archive, restore: what left the windows of models",
    "map": "the files that matter for some words, with outlines, within a budget of tokens",
    "lsp": "the language servers for the files here: which are known, found, trusted, running",
    "recall": "what was said here before, in any session, by its words",
    "permissions": "list, explain, revoke: what may be done, and which rule says so",
    "audit": "every decision on a tool call, with the rule that decided",
    "hook": "install, uninstall, status, run: git hooks that draft messages and look at what is staged",
    "cost": "what was spent, by agent, model, task, session or day",
    "trust": "trust this folder's own settings, hooks and roles",
    "completion": "print a completion script for bash, zsh or fish",
}


def module_of(name: str) -> str:
    """The module that carries a command out."""
    return f"loomkin.cli.{name.replace('-', '_')}"


def help_text() -> str:
    """Usage, commands and the flags that one needs first."""
    width = max(map(len, COMMANDS))
    rows = "\n".join(f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items())
    return _TEXT.format(rows=rows)


_TEXT = """\
loomkin: a local-first coding assistant for the terminal

Usage: loomkin [FLAGS]                the conversation in the current repository
       loomkin ask [FLAGS] [PROMPT]   one job, then exit
       loomkin COMMAND --help

Commands:
{rows}

Flags to begin with (all of them: `loomkin ask --help`):
  -c, --continue            go on with the session used last
  -r, --resume ID           go on with a session by id or name
  -m, --model ID            provider/name, e.g. anthropic/claude-sonnet-4-5 or ollama/qwen3-coder
  --permission-mode MODE    ask, edits, plan, auto or yolo
  -C DIR                    work in that folder
  -V, --version             print the version
  -h, --help                print this

Without a configured model loomkin uses the first it finds: LOOMKIN_MODEL, a provider's key in the
environment (ANTHROPIC_API_KEY, OPENAI_API_KEY, ...), or a server on this machine (Ollama, llama.cpp, ...).
"""
