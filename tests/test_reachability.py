"""Nothing is an orphan: every tool, fact, setting, command and flag is reached, read and documented."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from loomkin.agent.roles import load_roles
from loomkin.cli.help import COMMANDS
from loomkin.config.catalogue import SETTINGS
from loomkin.records.event import FACTS
from loomkin.runtime.plugins import discover
from loomkin.store.projections import PROJECTIONS, TABLES

TOP = Path(__file__).parents[1]
ROOT = TOP / "loomkin"


@cache
def source(*packages: str) -> str:
    """All code of some packages, or of all but the records and settings tables."""
    files = [
        path
        for path in sorted(ROOT.rglob("*.py"))
        if (path.relative_to(ROOT).parts[0].removesuffix(".py") in packages if packages else True)
    ]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


@cache
def documents() -> str:
    files = [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md"))]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def tools() -> dict[str, type]:
    return {module.TOOL.name: module.TOOL for module in discover("loomkin.tools") if hasattr(module, "TOOL")}


def test_every_tool_is_in_a_role_and_every_roles_tool_exists() -> None:
    known = tools()
    roles = load_roles([], known).by_name.values()
    used = {name for role in roles for name in (*role.tools, *role.more_tools)}
    assert used == set(known)


def test_every_tool_has_a_description_and_describes_only_its_parameters() -> None:
    for name in tools():
        found = list(ROOT.glob(f"tools/*/{name}.md"))
        assert len(found) == 1, name
    from loomkin.tooling.tool import parse_description

    for kind in tools().values():
        file = next(ROOT.glob(f"tools/*/{kind.name}.md"))
        words, docs = parse_description(file.read_text(encoding="utf-8"))
        assert words, kind.name
        assert set(docs) <= set(kind.params_type.__dataclass_fields__), kind.name


@pytest.mark.parametrize("name", sorted(FACTS))
def test_every_fact_has_a_producer_and_a_consumer(name: str) -> None:
    made = re.findall(rf"\b{name}\(", source())
    declared = len(re.findall(rf"class {name}\(", source()))
    assert len(made) > declared, f"nothing records {name}"
    readers = source("ui", "cli", "commands", "workspace")
    shown = re.search(rf"\b{name}\b(?!\()", re.sub(r"import .*|from .*", "", readers))
    assert FACTS[name] in PROJECTIONS or shown, f"nobody reads {name}"


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_a_reader(table: str) -> None:
    assert re.search(rf"FROM {table}\b", source("store"))


@pytest.mark.parametrize("key", [setting.key for setting in SETTINGS])
def test_every_setting_is_read(key: str) -> None:
    part = key.rsplit(".", 1)[-1]
    packages = tuple(
        path.name.removesuffix(".py") for path in ROOT.iterdir() if path.name not in ("config", "__pycache__")
    )
    text = source(*packages)
    if key in ("permissions.allow", "permissions.ask", "permissions.deny", "permissions.preset"):
        text = source("config")
        assert re.search(rf'["\'.]{part}\b', text)
        return
    assert re.search(rf"\.{part}\b", text), f"nobody reads {key}"


def test_every_command_of_the_help_is_a_module_with_words_of_its_own() -> None:
    modules = {
        path.stem
        for path in (ROOT / "cli").glob("*.py")
        if re.search(r"^app = typer\.Typer\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert modules - {"repl"} == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_documented(name: str) -> None:
    assert re.search(rf"`?loomkin {name}\b", documents()), name


@pytest.mark.parametrize("name", sorted(tools()))
def test_every_tool_is_documented(name: str) -> None:
    assert f"`{name}`" in documents()


@pytest.mark.parametrize("key", [setting.key for setting in SETTINGS])
def test_every_setting_is_documented(key: str) -> None:
    assert f"`{key}`" in documents()


def test_every_slash_command_is_documented() -> None:
    names = {module.COMMAND.name for module in discover("loomkin.commands") if hasattr(module, "COMMAND")}
    assert names
    assert [name for name in sorted(names) if f"`/{name.removeprefix('/')}" not in documents()] == []


def flags_of(file: Path) -> set[str]:
    """The option names in a command's source."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.update(re.findall(r"^--[a-z][a-z-]+$", node.value))
    return found


@pytest.mark.parametrize("file", ["ask", "flags", "repl"])
def test_every_flag_is_documented(file: str) -> None:
    path = ROOT / "cli" / f"{file}.py"
    flags = flags_of(path) if path.exists() else set()
    assert [flag for flag in sorted(flags) if flag not in documents()] == []
