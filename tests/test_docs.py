"""Pages that are made from the code say what the code says; `python -m tests.test_docs` writes them anew."""

from pathlib import Path

from loomkin.agent.roles import load_roles
from loomkin.config.catalogue import SETTINGS
from loomkin.records.permission import Access
from loomkin.runtime.plugins import discover
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
        where = f"In sight of: {', '.join(having)}." if having else f"Found by: {', '.join(finding)}."
        lines += [
            f"## `{name}`",
            "",
            f"It {_ACCESS[kind.access]}. {where}",
            "",
            *(f"> {line}" for line in words.split("\n")),
        ]
        lines += ["", *(f"- `{key}`: {text}" for key, text in docs.items()), ""] if docs else [""]
    return "\n".join(lines).replace("It nothing.", "It touches nothing.")


PAGES = {"settings.md": settings_page, "tools.md": tools_page}


def test_the_pages_made_from_code_are_up_to_date() -> None:
    for name, make in PAGES.items():
        assert (DOCS / name).read_text(encoding="utf-8") == make(), f"run: python -m tests.test_docs ({name})"


if __name__ == "__main__":
    for page, write in PAGES.items():
        (DOCS / page).write_text(write(), encoding="utf-8")
