"""Nothing is an orphan: every tool, fact, setting, command and flag is reached, read and documented."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from typer.main import get_command

from loomkin import errors
from loomkin.agent.roles import load_roles
from loomkin.cli.help import COMMANDS, module_of
from loomkin.commands.command import Command
from loomkin.config.catalogue import SETTINGS
from loomkin.records.facts import FACTS
from loomkin.runtime.plugins import discover
from loomkin.store.projecting import PROJECTIONS
from loomkin.store.projections import TABLES
from loomkin.tooling.tool import parse_description

# one worker parses the whole source once for all that read it
pytestmark = pytest.mark.xdist_group("source")
TOP = Path(__file__).parents[1]
ROOT = TOP / "loomkin"
MADE = ("settings.md", "tools.md")
FLAG = re.compile(r"(?<![\w-])--[a-zA-Z][a-zA-Z-]+")
ALWAYS = ("--help", "--version")
OF_OTHERS = {"--oneline", "--amend", "--fixup", "--staged"}
"""Flags in the pages that are git's."""


@cache
def trees() -> dict[str, ast.Module]:
    """All modules by their path below the package."""
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(ROOT.rglob("*.py"))
    }


@cache
def source(*packages: str) -> str:
    """All code of some packages."""
    return "\n".join(ast.unparse(tree) for file, tree in trees().items() if package_of(file) in packages)


def package_of(file: str) -> str:
    return file.split("/")[0].removesuffix(".py")


def name_of(node: ast.AST) -> str:
    """`Text` for both `Text` and `message.Text`."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@cache
def documents() -> str:
    files = [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md"))]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def tools() -> dict[str, type]:
    return {module.TOOL.name: module.TOOL for module in discover("loomkin.tools") if hasattr(module, "TOOL")}


def test_every_tool_is_in_a_role_and_every_roles_tool_exists() -> None:
    known = tools()
    roles = load_roles([], known).by_name.values()
    used = {name for role in roles for name in role.all_tools}
    assert used == set(known)


def test_every_tool_has_a_description_and_describes_only_its_parameters() -> None:
    for name in tools():
        found = list(ROOT.glob(f"tools/*/{name}.md"))
        assert len(found) == 1, name
    for kind in tools().values():
        file = next(ROOT.glob(f"tools/*/{kind.name}.md"))
        words, docs = parse_description(file.read_text(encoding="utf-8"))
        assert words, kind.name
        assert set(docs) <= set(kind.params_type.__dataclass_fields__), kind.name


@cache
def made() -> frozenset[str]:
    """The names of all that is called."""
    nodes = (node for tree in trees().values() for node in ast.walk(tree))
    return frozenset(name_of(node.func) for node in nodes if isinstance(node, ast.Call))


@cache
def told() -> frozenset[str]:
    """The names that clients match on or compare with; imports and calls do not count."""
    found = set()
    for file, tree in trees().items():
        if package_of(file) in ("ui", "cli", "commands", "workspace"):
            called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
            found.update(name_of(node) for node in ast.walk(tree) if id(node) not in called)
    return frozenset(found)


@pytest.mark.parametrize("name", sorted(FACTS))
def test_every_fact_has_a_producer_and_a_consumer(name: str) -> None:
    assert name in made(), f"nothing records {name}"
    assert FACTS[name] in PROJECTIONS or name in told(), f"nobody reads {name}"


@cache
def queries() -> tuple[tuple[str, str, str], ...]:
    """File, name and code of every function of the store that may ask a table."""
    return tuple(
        (file, node.name, ast.unparse(node))
        for file, tree in trees().items()
        if package_of(file) == "store"
        and not file.endswith(
            ("projections.py", "projections_team.py", "projections_decisions.py", "rebuild.py", "transfer.py")
        )
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    )


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_a_reader(table: str) -> None:
    found = [(file, name) for file, name, code in queries() if re.search(rf"\b(FROM|JOIN) {table}\b", code)]
    assert found, f"no query reads {table}"
    asked = source(
        "ui",
        "cli",
        "commands",
        "workspace",
        "app",
        "llm",
        "permissions",
        "agent",
        "team",
        "decisions",
        "failures",
        "keepers",
    )
    assert any(re.search(rf"\b{name}\b", asked) for _, name in found), f"nobody asks {found}"


@pytest.mark.parametrize("key", [setting.key for setting in SETTINGS])
def test_every_setting_is_read(key: str) -> None:
    part = key.rsplit(".", 1)[-1]
    readers = [
        name for name in {package_of(file) for file in trees()} if name not in ("config", "records", "errors")
    ]
    if key in ("permissions.allow", "permissions.ask", "permissions.deny", "permissions.preset"):
        readers = ["config"]  # rules are gathered with their origin, a preset is a mode by another name
        assert re.search(rf"['\".]{part}\b", source(*readers))
        return
    assert re.search(rf"\.{part}\b", source(*readers)), f"nobody reads {key}"


def test_every_command_of_the_help_is_a_module_with_words_of_its_own() -> None:
    modules = {
        path.stem.replace("_", "-")
        for path in (ROOT / "cli").glob("*.py")
        if re.search(r"^(app|FORM) = ", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert modules - {"repl"} == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(tools()))
def test_every_tool_is_documented(name: str) -> None:
    assert f"`{name}`" in documents()


@pytest.mark.parametrize("key", [setting.key for setting in SETTINGS])
def test_every_setting_is_documented(key: str) -> None:
    assert f"`{key}`" in documents()


def slash_commands() -> list[Command]:
    return [module.COMMAND for module in discover("loomkin.commands") if hasattr(module, "COMMAND")]


@pytest.mark.parametrize("command", slash_commands(), ids=lambda command: command.name)
def test_every_slash_command_is_documented_with_its_other_names(command: Command) -> None:
    for name in (command.name, *command.aliases):
        assert re.search(rf"`/{name}[` ]", documents()), name


def options(name: str) -> dict[str, set[str]]:
    """A command and its subcommands, as they are typed, with their options as their tables know them."""
    module = import_module(module_of(name))
    if hasattr(module, "FORM"):
        return {name: {flag for row in module.FORM.flags for flag in row.names if flag.startswith("--")}}
    top = get_command(module.app)
    below = getattr(top, "commands", {})
    found: dict[str, set[str]] = {}
    for words, command in [(name, top), *((f"{name} {verb}", below[verb]) for verb in below)]:
        spelled = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
        found[words] = {option for option in spelled if option.startswith("--")}
    return found


@pytest.mark.parametrize("name", ["repl", *COMMANDS])
def test_every_command_is_documented_with_its_flags(name: str) -> None:
    known = set(re.findall(FLAG, documents()))
    for words, flags in options(name).items():
        assert name == "repl" or re.search(rf"`loomkin {words}\b", documents()), words
        assert sorted(flags - known) == [], words


def test_what_the_documents_name_exists() -> None:
    """No page may promise a flag, a command, a slash command or a setting that is not there."""
    pages = [page for page in [TOP / "README.md", *(TOP / "docs").glob("*.md")] if page.name not in MADE]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    usages = " ".join(command.usage for command in slash_commands())
    own = [flags for name in ("repl", *COMMANDS) for flags in options(name).values()]
    real = {*ALWAYS, *re.findall(FLAG, usages)}.union(*own)
    assert set(re.findall(FLAG, text)) - real == OF_OTHERS
    slashes = {name for command in slash_commands() for name in (command.name, *command.aliases)}
    assert set(re.findall(r"`/([a-z][a-z-]*)[` ]", text)) - slashes == set()
    assert set(re.findall(r"`loomkin ([a-z][a-z-]*)\b", text)) - set(COMMANDS) == set()
    known = {re.sub(r"\*|\[\]", "", setting.key).replace("..", ".") for setting in SETTINGS}
    sections = "|".join(sorted({key.split(".")[0] for key in known}))
    named = {
        re.sub(r"\.(NAME|PROVIDER)\.", ".", key) for key in re.findall(rf"`((?:{sections})\.[\w.]+)`", text)
    }
    assert named - known == set()


def test_every_exit_code_of_the_readme_is_real_and_none_is_missing() -> None:
    rows = re.findall(r"^\| (\d+(?:, \d+)*) \|", (TOP / "README.md").read_text(encoding="utf-8"), re.M)
    told = {int(code) for row in rows for code in row.split(", ")}
    own = {kind.exit_code for kind in vars(errors).values() if isinstance(kind, type)}
    assert told == {0, 130, 143} | own


def test_every_error_happens_but_those_that_the_readme_keeps_for_later() -> None:
    kinds = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
    parents = {base.__name__ for kind in kinds.values() for base in kind.__bases__}
    named = {name for file in trees() if file != "errors.py" for name in outside_excepts(file)}
    silent = {name for name in kinds if name not in named | parents}
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| ([\d, ]+) \| kept for later", readme, re.M)
    assert {kinds[name].exit_code for name in silent} == {int(code) for code in row.split(", ")}


def outside_excepts(file: str) -> Iterator[str]:
    """The names in a module, without those that only say what an `except` waits for."""
    nodes = list(ast.walk(trees()[file]))
    kinds = [node.type for node in nodes if isinstance(node, ast.ExceptHandler) and node.type is not None]
    waited_for = {id(node) for kind in kinds for node in ast.walk(kind)}
    return (name_of(node) for node in nodes if id(node) not in waited_for)


def features() -> list[str]:
    """The ids in the list of features that this version has."""
    return [line.split()[0] for line in (TOP / "tests" / "features.txt").read_text().splitlines() if line]


def marks() -> set[str]:
    """The ids that tests are marked with."""
    texts = [path.read_text(encoding="utf-8") for path in (TOP / "tests").rglob("test_*.py")]
    return {
        mark for text in texts for mark in re.findall(r'^ *@pytest\.mark\.feature\("(\w+)"\)', text, re.M)
    }


def test_every_feature_has_a_test_and_every_mark_is_a_feature() -> None:
    assert marks() == set(features())
    assert len(features()) == len(set(features()))
