"""`loomkin init`."""

import os
import re
import tomllib
from pathlib import Path

import pytest

from loomkin.config.catalogue import SINGLE, spell
from loomkin.config.load import load
from loomkin.project import rules
from tests.cli.project import loomkin, repository


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = repository(tmp_path / "project")
    monkeypatch.chdir(root)
    return root


def commands(root: Path) -> dict[str, str]:
    """The commands that a fresh LOOMKIN.md names."""
    text = (root / "LOOMKIN.md").read_text()
    return dict(re.findall(r"^- ([A-Z][\w ]+): `(.+)` \(from", text, re.M))


FILES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "make": (
        {"Makefile": "X := 1\n.PHONY: test\nbuild: a b\n\tcc\ntest:\n\tpytest\nlint-all:\n\truff\n"},
        {"Build": "make build", "Test": "make test"},
    ),
    "just": (
        {"justfile": "version := '1'\n@test args='':\n  x\nlint: test\n  y\n"},
        {"Test": "just test", "Lint": "just lint"},
    ),
    "python": (
        {
            "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\n[dependency-groups]\n'
            'dev = ["pytest>=8", "ruff"]\n[tool.mypy]\nstrict = true\n'
        },
        {
            "Build": "python -m build",
            "Test": "pytest",
            "Lint": "ruff check .",
            "Format": "ruff format .",
            "Type check": "mypy .",
        },
    ),
    "a lone test": (
        {"calc.py": "", "test_calc.py": "from calc import mean\n\n\ndef test_mean():\n    pass\n"},
        {"Test": "python3 -m pytest"},
    ),
    "a lone case": (
        {"test_calc.py": "import unittest\n\n\nclass MeanTest(unittest.TestCase):\n    pass\n"},
        {"Test": "python3 -m unittest"},
    ),
    "tests in a folder": (
        {"tests/test_calc.py": "from unittest import TestCase\n"},
        {"Test": "python3 -m unittest discover tests"},
    ),
    "uv": (
        {"pyproject.toml": "[tool.pytest.ini_options]\n", "uv.lock": ""},
        {"Test": "uv run pytest"},
    ),
    "node": (
        {"package.json": '{"scripts": {"build": "tsc", "test": "vitest", "lint": "eslint ."}}'},
        {"Build": "npm run build", "Test": "npm run test", "Lint": "npm run lint"},
    ),
    "pnpm": (
        {"package.json": '{"scripts": {"test": "vitest", "typecheck": "tsc"}}', "pnpm-lock.yaml": ""},
        {"Test": "pnpm run test", "Type check": "pnpm run typecheck"},
    ),
    "npm's own placeholder": (
        {"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'},
        {},
    ),
    "rust": (
        {"Cargo.toml": "[package]\n"},
        {
            "Build": "cargo build",
            "Test": "cargo test",
            "Lint": "cargo clippy --all-targets",
            "Format": "cargo fmt",
        },
    ),
    "go": (
        {"go.mod": "module x\n"},
        {"Build": "go build ./...", "Test": "go test ./...", "Lint": "go vet ./...", "Format": "gofmt -w ."},
    ),
    "make before others": (
        {"Makefile": "test:\n\tgo test ./...\n", "go.mod": "module x\n"},
        {
            "Build": "go build ./...",
            "Test": "make test",
            "Lint": "go vet ./...",
            "Format": "gofmt -w .",
        },
    ),
    "files that cannot be read": ({"package.json": "{", "pyproject.toml": "= ["}, {}),
    "scripts of another shape": ({"package.json": '{"scripts": ["test"]}'}, {}),
    "nothing": ({}, {}),
}


@pytest.mark.parametrize("name", FILES)
def test_the_commands_of_a_project_are_found(project: Path, name: str) -> None:
    files, expected = FILES[name]
    for file, text in files.items():
        (project / file).parent.mkdir(exist_ok=True)
        (project / file).write_text(text)
    done = loomkin("init")
    assert done.code == 0
    assert commands(project) == expected
    for command in expected.values():
        assert command in done.out
    if not expected:
        assert "Found no build, test or lint command" in done.out


def test_it_says_what_it_wrote_and_the_files_change_nothing_yet(project: Path) -> None:
    done = loomkin("init")
    assert f"Wrote {project / 'LOOMKIN.md'}." in done.lines
    assert f"Wrote {project / '.loomkin.toml'}." in done.lines
    found = rules.load(project, project, {})
    assert [file.path.name for file in found.files] == ["LOOMKIN.md"]
    assert found.files[0].operations == ()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LOOMKIN__")}
    loaded = load(project, environ, trusted=False)
    assert loaded.warnings == ()
    assert {len(origins) for origins in loaded.provenance.values()} == {1}
    assert loomkin("permissions", "list").out.endswith("No rules: the mode alone decides.\n")


def test_every_commented_setting_may_be_uncommented(project: Path) -> None:
    loomkin("init")
    file = project / ".loomkin.toml"
    file.write_text(re.sub(r"^# (\w+ = )", r"\1", file.read_text(), flags=re.M))
    set_here = {
        f"{section}.{key}" for section, table in tomllib.loads(file.read_text()).items() for key in table
    }
    assert set_here == {spell(path) for path in SINGLE}
    loaded = load(project, os.environ, trusted=True)
    assert loaded.warnings == ()


def test_the_commented_operations_may_be_uncommented(project: Path) -> None:
    (project / "Makefile").write_text("test:\n\ttrue\n")
    loomkin("init")
    file = project / "LOOMKIN.md"
    file.write_text(file.read_text().replace("<!-- ", "").replace("-->", ""))
    loomkin("trust")
    listed = loomkin("permissions", "list", "--json").json["rules"]
    assert {(rule["decision"], rule["rule"]) for rule in listed} == {
        ("allow", "shell(make test)"),
        ("deny", "file_edit(.github/**)"),
    }


def test_nothing_is_overwritten(project: Path) -> None:
    (project / "LOOMKIN.md").write_text("mine")
    (project / ".loomkin.toml").symlink_to("nowhere")
    done = loomkin("init")
    assert done.code == 0
    assert done.out.count("Left alone") == 2
    assert "Wrote" not in done.out
    assert (project / "LOOMKIN.md").read_text() == "mine"
    assert not (project / "nowhere").exists()


def test_the_other_place_for_settings_and_other_rules_files_are_respected(project: Path) -> None:
    (project / ".loomkin").mkdir()
    (project / ".loomkin" / "config.toml").write_text("")
    (project / "AGENTS.md").write_text("Be kind.")
    done = loomkin("init")
    assert not (project / ".loomkin.toml").exists()
    assert "@AGENTS.md" in done.out


def test_below_the_root_the_root_gets_the_files(project: Path) -> None:
    (project / "src").mkdir()
    assert loomkin("init", "-C", project / "src").code == 0
    assert (project / "LOOMKIN.md").exists()
    assert list((project / "src").iterdir()) == []
