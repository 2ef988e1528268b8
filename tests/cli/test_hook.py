"""`loomkin hook` as people type it."""

import json
import subprocess
from pathlib import Path

import pytest

from loomkin.cli.main import run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def test_hooks_are_installed_told_and_taken_away(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["hook", "install", "-C", str(root)]) == 0
    assert "pre-commit: on. It looks for staged secrets" in capsys.readouterr().out
    assert run(["hook", "-C", str(root), "status", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["folder"] == str(root / ".git/hooks")
    assert {one["name"]: one["installed"] for one in told["hooks"]} == {
        "pre-commit": True, "prepare-commit-msg": True, "commit-msg": False, "post-commit": True,
        "post-rewrite": True, "pre-push": False, "post-checkout": True, "post-merge": True,
    }  # fmt: skip
    assert run(["hook", "uninstall", "post-merge", "-C", str(root)]) == 0
    assert run(["hook", "status", "-C", str(root)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "post-merge: taken away"
    assert "post-merge          not installed" in lines
    assert "commit-msg          off: `githooks.check_message` is off" in lines


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Say what to do with the hooks."),
        (["remove"], "'remove' is nothing that can be done with hooks."),
        (["run"], "Name a hook"),
        (["run", "pre-comit"], "There is no hook 'pre-comit'."),
        (["install", "post-receive"], "There are: pre-commit, prepare-commit-msg, commit-msg,"),
        (["status", "-C", "/nowhere"], "/nowhere is not a folder."),
    ],
)
def test_what_cannot_be_done_says_what_can(
    root: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["hook", "-C", str(root), *words]) == 2
    assert said in capsys.readouterr().err


def test_a_hook_runs_by_hand_and_ends_with_ten_where_it_stops_git(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["hook", "run", "pre-commit", "-C", str(root)]) == 0
    (root / "id_rsa").write_text("x")
    subprocess.run(["git", "add", "."], cwd=root, check=True)
    assert run(["hook", "run", "pre-commit", "-C", str(root)]) == 10
    assert "id_rsa: files of that name hold secrets" in capsys.readouterr().err
