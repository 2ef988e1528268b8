"""Pages that are made from the code say what the code says; `python -m tests.test_docs` writes them anew."""

from pathlib import Path

from loomkin.agent.roles import load_roles
from loomkin.config.catalogue import SETTINGS
from loomkin.records.permission import Access
from loomkin.records.task import ENDED
from loomkin.runtime.plugins import discover
from loomkin.team.transitions import TRANSITIONS
from loomkin.tooling.tool import parse_description

DOCS = Path(__file__).parents[1] / "docs"
ROOT = DOCS.parent / "loomkin"
_ACCESS = {
    Access.NONE: "nothing",
    Access.READ: "reads",
    Access.WRITE: "writes files",
    Access.EXECUTE: "runs programs",
    Access.NETWORK: "talks to the network",
}


def settings_page() -> str:
    """All settings, as a table."""
    lines = [
        "# Settings",
        "",
        "`loomkin config list` shows every value and where it came from; `loomkin config explain KEY` tells",
        "more. `*` stands for any name. Settings marked *trust* count in a repository's own file only once",
        "the folder is trusted (`loomkin trust`), and so do values marked there.",
        "",
        "| key | what it must be | default | why one would change it | |",
        "|---|---|---|---|---|",
    ]
    for setting in SETTINGS:
        default = "" if setting.default in (None, "", ()) else f"`{setting.default}`".replace("True", "true")
        loose = ", ".join(f"`{value}`" for value in setting.trusted_values)
        trust = "*trust*" if setting.trusted_only else f"*trust* for {loose}" if loose else ""
        lines.append(f"| `{setting.key}` | {setting.expected} | {default} | {setting.why} | {trust} |")
    return "\n".join(lines) + "\n"


def tools_page() -> str:
    """All tools with the text that models read, and the roles that have them."""
    modules = (module for module in discover("loomkin.tools") if hasattr(module, "TOOL"))
    tools = {module.TOOL.name: module.TOOL for module in modules}
    roles = load_roles([], tools).by_name
    lines = ["# Tools", "", "What a model is told of each tool, word for word.", ""]
    for name, kind in sorted(tools.items()):
        having = [role.name for role in roles.values() if name in role.tools]
        finding = [role.name for role in roles.values() if name in role.more_tools]
        words, docs = parse_description(next(ROOT.glob(f"tools/*/{name}.md")).read_text(encoding="utf-8"))
        in_teams = [role.name for role in roles.values() if name in role.team_tools]
        by_plan = [role.name for role in roles.values() if name in role.plan_tools]
        told = {
            "In sight of": having,
            "In a team, in sight of": in_teams,
            "With a task of the plan, in sight of": by_plan,
            "Found by": finding,
        }
        where = " ".join(f"{how}: {', '.join(names)}." for how, names in told.items() if names)
        lines += [
            f"## `{name}`",
            "",
            f"It {_ACCESS[kind.access]}. {where}",
            "",
            *(f"> {line}" for line in words.split("\n")),
        ]
        lines += ["", *(f"- `{key}`: {text}" for key, text in docs.items()), ""] if docs else [""]
    return "\n".join(lines).replace("It nothing.", "It touches nothing.")


def tasks_page() -> str:
    """The states of a task, and every way from one to another."""
    lines = [
        "# Tasks",
        "",
        "The plan is a set of tasks that agents, leads and the person may extend, revise, split and reassign",
        "while it runs. A task waits for what it needs, goes to an agent, is handed in, verified and perhaps",
        "reviewed. These are all the ways from one state to another; there are no others.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> proposed",
        *dict.fromkeys(f"    {row.before} --> {row.after}: {row.verb}" for row in TRANSITIONS),
        *(f"    {state} --> [*]" for state in sorted(ENDED)),
        "```",
        "",
        "| from | to | the task | who may say so | only where | event |",
        "|---|---|---|---|---|---|",
    ]
    for row in TRANSITIONS:
        guards = "; ".join(row.guards)
        who = ", ".join(row.actors)
        lines.append(f"| {row.before} | {row.after} | {row.verb} | {who} | {guards} | {row.event} |")
    return "\n".join(lines) + "\n"


PAGES = {"settings.md": settings_page, "tasks.md": tasks_page, "tools.md": tools_page}


def test_the_pages_made_from_code_are_up_to_date() -> None:
    for name, make in PAGES.items():
        assert (DOCS / name).read_text(encoding="utf-8") == make(), f"run: python -m tests.test_docs ({name})"


if __name__ == "__main__":
    for page, write in PAGES.items():
        (DOCS / page).write_text(write(), encoding="utf-8")
