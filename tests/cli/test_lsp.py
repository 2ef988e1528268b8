"""`loomkin lsp` and doctor: which servers there are for a repository, and whose programs count."""

import os
from pathlib import Path

import pytest

from tests.cli.project import loomkin, repository


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = repository(tmp_path / "shop")
    for name in ("a.py", "b.py", "c.go", "notes.txt"):
        (root / name).write_text("")
    tool(root / ".venv/bin/ruff", "echo ruff 9.8.7")
    tool(tmp_path / "bin/gopls", '[ "$1" = version ] && echo "gopls v0.20.1" || exit 2')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("LOOMKIN__LSP__ENABLED", "true")
    return root


def tool(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.feature("D3")
def test_servers_of_the_languages_here_are_listed_and_the_folders_own_only_where_trusted(root: Path) -> None:
    before = loomkin("lsp", "-C", root)
    assert "trust this folder" in before.out
    assert ".venv" not in before.out
    loomkin("trust", "-C", root)
    rows = {row["name"]: row for row in loomkin("lsp", "--json", "-C", root).json["servers"]}
    assert (rows["ruff"]["version"], rows["ruff"]["state"], rows["ruff"]["files"]) == ("9.8.7", "found", 2)
    assert rows["ruff"]["command"] == [str(root / ".venv/bin/ruff"), "server"]
    assert rows["gopls"]["version"] == "0.20.1"
    assert rows["pyright"]["state"] == "not installed"
    assert "clangd" not in rows
    shown = loomkin("lsp", "-C", root).out
    assert "For basedpyright: pip install basedpyright" in shown
    (check,) = [
        one
        for one in loomkin("doctor", "--json", "-C", root).json["checks"]
        if one["name"] == "language servers"
    ]
    assert check["seen"] == "ruff 9.8.7, gopls 0.20.1"


def test_settings_change_add_and_switch_off_servers(root: Path) -> None:
    (root / ".loomkin.toml").write_text(
        "[lsp.servers.gopls]\nenabled = false\n"
        '[lsp.servers.notes]\ncommand = ["sh", "-c", "cat"]\nextensions = ["txt"]\n'
    )
    loomkin("trust", "-C", root)
    rows = {row["name"]: row for row in loomkin("lsp", "--json", "-C", root).json["servers"]}
    assert "gopls" not in rows
    assert rows["notes"]["extensions"] == [".txt"]
    assert rows["notes"]["state"] == "found"


def test_settings_that_name_a_server_in_vain_are_named(root: Path) -> None:
    (root / "plain").write_text("no program")
    (root / ".loomkin.toml").write_text(
        '[lsp.servers.gopls]\ncommand = ["./plain"]\n[lsp.servers.pyriht]\nenabled = false\n'
    )
    loomkin("trust", "-C", root)
    for told in (loomkin("lsp", "-C", root).out, loomkin("doctor", "-C", root).out):
        assert "`lsp.servers.gopls.command`: ./plain is not there, or is no program." in told
        assert "`lsp.servers.pyriht` does nothing" in told
