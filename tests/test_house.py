"""The laws of the house that a reader of the source can check: who imports whom, and what may stand where."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

# one worker parses the whole source once for all that read it
pytestmark = pytest.mark.xdist_group("source")
ROOT = Path(__file__).parents[1] / "loomkin"
FREE = {"errors", "records"}
LADDER: dict[str, set[str]] = {
    "errors": set(),
    "records": set(),
    "config": set(),
    "runtime": set(),
    "store": set(),
    "project": {"runtime", "config"},
    "llm": {"runtime", "config"},
    "keepers": {"runtime", "store", "llm"},
    "decisions": {"runtime", "store"},
    "failures": {"runtime", "store", "project"},
    "provenance": {"runtime", "config", "store", "project", "decisions"},
    "permissions": {"runtime", "project", "config", "store"},
    "codemap": {"runtime", "store", "project"},
    "lsp": {"runtime", "config", "project"},
    "tooling": {"runtime", "permissions", "project"},
    "agent": {"runtime", "llm", "tooling", "permissions"},
    "team": {"runtime", "store", "project", "llm", "tooling", "agent"},
    "practices": {
        "runtime", "config", "store", "decisions", "provenance", "project", "llm", "agent", "team",
    },
    "workspace": {
        "runtime", "config", "store", "decisions", "failures", "project", "provenance", "codemap", "llm",
        "permissions", "tooling", "agent", "team", "keepers", "lsp",
    },
    "tools": {
        "runtime", "config", "store", "decisions", "failures", "project", "provenance", "codemap", "llm",
        "permissions", "tooling", "agent", "team", "lsp",
    },
    "commands": {
        "runtime", "config", "store", "decisions", "failures", "project", "provenance", "llm",
        "permissions", "agent", "team", "workspace", "keepers", "lsp",
    },
    "githooks": {
        "runtime", "config", "store", "decisions", "project", "provenance", "codemap", "llm", "permissions",
        "workspace",
    },
    "ui": {"runtime", "config", "project", "permissions", "team", "workspace", "commands"},
    "app": {
        "runtime", "config", "store", "decisions", "keepers", "project", "llm", "permissions", "tooling",
        "agent", "team", "practices", "workspace", "tools", "commands",
    },
    "cli": {
        "runtime", "config", "store", "decisions", "failures", "project", "provenance", "llm",
        "permissions", "agent", "team", "workspace", "commands", "githooks", "ui", "app", "keepers",
        "codemap", "lsp",
    },
    "__main__": {"cli"},
}  # fmt: skip
HEAVY = {
    "litellm", "httpx2", "httpcore2", "tree_sitter", "tree_sitter_bash", "tree_sitter_python",
    "tree_sitter_javascript", "tree_sitter_typescript", "tree_sitter_go", "tree_sitter_rust",
    "tree_sitter_java", "tree_sitter_c", "tree_sitter_cpp", "tree_sitter_ruby", "tree_sitter_php",
    "tree_sitter_c_sharp", "tree_sitter_elixir", "tree_sitter_kotlin", "tree_sitter_lua",
    "charset_normalizer", "rich", "prompt_toolkit", "pathspec", "tomlkit", "tomllib", "jsonschema",
    "ssl", "difflib", "watchdog", "logging", "typer", "truststore", "multiprocessing", "sqlite3", "idna",
    "urllib.request",
}  # fmt: skip
HEAVY_OWN = {
    "loomkin.project.web_text", "loomkin.project.web", "loomkin.project.edit", "loomkin.project.patch",
    "loomkin.codemap.touched", "loomkin.codemap.atlas", "loomkin.project.search",
    "loomkin.project.look_words", "loomkin.tooling.seen_before",
    "loomkin.workspace.teamwork", "loomkin.workspace.watching",
    "loomkin.permissions.shell_policy", "loomkin.permissions.harden", "loomkin.decisions",
    "loomkin.decisions.answers", "loomkin.decisions.drafts", "loomkin.failures.watch",
    "loomkin.keepers.memory", "loomkin.store.archive", "loomkin.provenance.committed",
    "loomkin.provenance.promoting", "loomkin.provenance.checks", "loomkin.provenance.why",
    "loomkin.githooks.linked", "loomkin.githooks.wording", "loomkin.githooks.trailing",
    "loomkin.githooks.drafting", "loomkin.githooks.denying", "loomkin.store.touched",
    "loomkin.provenance.words", "loomkin.provenance.reasons", "loomkin.provenance.trailers",
    "loomkin.codemap.commit_draft", "loomkin.workspace.change_text", "loomkin.workspace.wording",
    "loomkin.workspace.committing", "loomkin.provenance.pull_request", "loomkin.agent.sub_agents",
    "loomkin.llm.aside", "loomkin.workspace.review_order", "loomkin.project.git_base",
    "loomkin.tools.git.recording", "loomkin.lsp.service", "loomkin.lsp.table",
}  # fmt: skip
BROAD_EXCEPTS = {"tooling/runner.py", "cli/main.py"}
LONGEST_FILE, LONGEST_FUNCTION, LONGEST_CLASS = 300, 50, 250


@cache
def sources() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(ROOT.rglob("*.py"))
    }


def package_of(file: str) -> str:
    return file.split("/")[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno


def test_imports_go_down_the_ladder_only() -> None:
    wrong = []
    for file, tree in sources().items():
        package = package_of(file)
        if package == "__init__":
            continue
        assert package in LADDER, f"{file}: package {package} has no place on the ladder"
        allowed = LADDER[package] | FREE | {package}
        for module, line in imports(tree):
            parts = module.split(".")
            if parts[0] == "loomkin" and len(parts) > 1 and parts[1] not in allowed:
                wrong.append(f"{file}:{line} imports {module}")
    assert wrong == []


def test_imports_inside_functions_are_the_named_heavy_ones() -> None:
    wrong = []
    for file, tree in sources().items():
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for module, line in imports(function):
                top = module.split(".")[0]
                door = package_of(file) in ("cli", "app", "__main__", "llm") and top == "loomkin"
                if not {top, module} & HEAVY and module not in HEAVY_OWN and not door:
                    wrong.append(f"{file}:{line} imports {module} late")
    assert wrong == []


def test_sql_stands_in_the_store_only() -> None:
    sql = re.compile(r"\b(SELECT\s.+\sFROM|INSERT INTO|UPDATE\s+\w+\s+SET|DELETE FROM|CREATE TABLE)\b")
    words = re.compile(r"SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE")
    wrong = []
    for file, tree in sources().items():
        if package_of(file) == "store" or not words.search((ROOT / file).read_text(encoding="utf-8")):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and sql.search(node.value):
                wrong.append(f"{file}:{node.lineno}")
    assert wrong == []


def test_tasks_are_created_by_the_supervisor_only() -> None:
    wrong = []
    for file, tree in sources().items():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and node.attr in ("create_task", "ensure_future")
                and isinstance(node.value, ast.Name)
                and node.value.id in ("asyncio", "loop")
                and file != "runtime/supervisor.py"
            ):
                wrong.append(f"{file}:{node.lineno}")
    assert wrong == []


def test_queues_outside_the_runtime_are_bounded() -> None:
    wrong = []
    for file, tree in sources().items():
        for node in ast.walk(tree):
            queue = isinstance(node, ast.Call) and ast.unparse(node.func).endswith("asyncio.Queue")
            if queue and not node.args and not node.keywords and package_of(file) != "runtime":
                wrong.append(f"{file}:{node.lineno}")
    assert wrong == []


def test_broad_excepts_stand_at_the_named_boundaries_only() -> None:
    wrong = []
    for file, tree in sources().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            broad = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
            reraises = any(isinstance(item, ast.Raise) and item.exc is None for item in ast.walk(node))
            if broad and not reraises and file not in BROAD_EXCEPTS:
                wrong.append(f"{file}:{node.lineno}")
    assert wrong == []


def test_records_are_frozen() -> None:
    wrong = []
    for file, tree in sources().items():
        if package_of(file) != "records":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name not in ("Fact", "pattern"):
                marks = [ast.unparse(mark) for mark in node.decorator_list]
                bases = [ast.unparse(base) for base in node.bases]
                if "dataclass(frozen=True, slots=True)" not in marks and "StrEnum" not in bases:
                    wrong.append(f"{file}:{node.lineno} {node.name}")
    assert wrong == []


def test_files_functions_and_classes_stay_small() -> None:
    wrong = []
    for file, tree in sources().items():
        lines = len((ROOT / file).read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_FILE:
            wrong.append(f"{file}: {lines} lines")
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            most = LONGEST_CLASS if isinstance(node, ast.ClassDef) else LONGEST_FUNCTION
            length = (node.end_lineno or 0) - node.lineno + 1
            if length > most:
                wrong.append(f"{file}:{node.lineno} {node.name}: {length} lines")
    assert wrong == []


def test_modules_and_public_classes_open_with_a_sentence() -> None:
    wrong = []
    for file, tree in sources().items():
        if ast.get_docstring(tree) in (None, "TBD."):
            wrong.append(file)
        for node in tree.body:
            if (
                isinstance(node, ast.ClassDef)
                and not node.name.startswith("_")
                and not ast.get_docstring(node)
            ):
                wrong.append(f"{file}:{node.lineno} {node.name}")
    assert wrong == []


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "manager"])
def test_nothing_is_named_after_nothing(name: str) -> None:
    assert [file for file in sources() if name in Path(file).with_suffix("").parts] == []


def test_tests_use_no_mocks_and_no_sleeps() -> None:
    wrong = []
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                name = ast.unparse(node)
                if name in ("time.sleep", "unittest.mock") or name.endswith("monkeypatch.setattr"):
                    wrong.append(f"{path.name}:{node.lineno} {name}")
    assert wrong == []


def test_the_project_names_no_machine() -> None:
    wrong = re.compile("/wo" + "rk/|/ro" + r"ot/|\.libr" + "ary/")
    top = ROOT.parent
    files = [path for pattern in ("*.md", "*.toml", "Makefile", ".ci/run") for path in top.glob(pattern)]
    files += [
        path for folder in ("loomkin", "tests", "docs", "benchmarks") for path in (top / folder).rglob("*")
    ]
    texts = [
        path
        for path in files
        if path.suffix in (".py", ".md", ".toml", ".json", ".txt", "") and path.is_file()
    ]
    assert [
        str(path) for path in texts if wrong.search(path.read_text(encoding="utf-8", errors="replace"))
    ] == []
