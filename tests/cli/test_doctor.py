"""`loomkin doctor`."""

import os
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.project import Result, database, loomkin, repository
from tests.store.facts import fill

DEAD = "http://127.0.0.1:9"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = repository(tmp_path / "project")
    monkeypatch.chdir(root)
    for provider in ("llamacpp", "lmstudio", "vllm"):
        loomkin("config", "set", f"providers.{provider}.base_url", DEAD)
    monkeypatch.setenv("OLLAMA_HOST", DEAD)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-very-secret")
    return root


def checks(result: Result) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in result.json["checks"]}


def states(result: Result) -> dict[str, str]:
    return {name: one["state"] for name, one in checks(result).items()}


def test_a_healthy_place_passes_and_creates_nothing(project: Path) -> None:
    result = loomkin("doctor", "--json")
    assert result.code == 0
    assert result.json["ok"] is True
    assert "fail" not in states(result).values()
    found = checks(result)
    assert found["model"]["seen"].startswith("anthropic/")
    assert "ANTHROPIC_API_KEY is set" in found["model"]["seen"]
    assert found["git"]["seen"].startswith("git version")
    assert found["database"]["seen"] == "none yet"
    assert "loomkin trust" in found["trust"]["mend"]
    assert "sk-very-secret" not in result.out
    assert [path.name for path in project.iterdir()] == [".git"]


def test_hooks_that_another_program_put_aside_are_told(project: Path) -> None:
    assert "`loomkin hook install` adds them" in checks(loomkin("doctor", "--json"))["git hooks"]["seen"]
    loomkin("hook", "install")
    assert "pre-commit, prepare-commit-msg" in checks(loomkin("doctor", "--json"))["git hooks"]["seen"]
    hooks = project / ".git/hooks"
    os.replace(hooks / "pre-commit", hooks / "pre-commit.old")
    (hooks / "pre-commit").write_text("#!/bin/sh\n# lefthook\n")
    found = checks(loomkin("doctor", "--json"))["git hooks"]
    assert (found["state"], found["seen"]) == ("note", "1 hook of ours does not run any more")
    assert found["mend"].startswith("pre-commit: replaced since by lefthook: install again\n")


def test_the_words_for_people_end_with_the_sum(project: Path) -> None:
    shown = loomkin("doctor").out
    assert shown.endswith("All is well.\n")
    assert "ok    Python: 3." in shown


def test_without_a_model_it_says_what_was_looked_for_and_how_to_go_on(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    result = loomkin("doctor")
    assert result.code == 1
    assert "fail  model: No model is configured and none was found." in result.out
    assert DEAD in result.out
    assert "export ANTHROPIC_API_KEY" in result.out
    assert result.out.endswith("1 check failed.\n")


def test_a_database_with_sessions_is_looked_through(project: Path) -> None:
    with database(project) as db:
        fill(db)
    assert "1 session, all tables as the log says" in checks(loomkin("doctor", "--json"))["database"]["seen"]
    with database(project) as db:
        db.writer.execute("DELETE FROM sessions")
    result = loomkin("doctor", "--json")
    assert result.code == 1
    assert "sessions: 0 rows, 1 by the log" in checks(result)["database"]["seen"]


def test_a_database_that_cannot_be_used_fails_with_the_mend(project: Path) -> None:
    with database(project):
        pass
    raw = sqlite3.connect(project / ".loomkin" / "loomkin.db")
    raw.execute("PRAGMA user_version=999")
    raw.close()
    one = checks(loomkin("doctor", "--json"))["database"]
    assert one["state"] == "fail"
    assert "Upgrade" in one["mend"]


def test_settings_that_cannot_be_read_fail_with_file_and_line(project: Path) -> None:
    (project / ".loomkin.toml").write_text("[limits]\nmax_turns = 'many'\n")
    result = loomkin("doctor", "--json")
    assert result.code == 1
    assert checks(result)["settings"]["seen"].startswith(".loomkin.toml:2")
    assert states(result)["model"] == "note"


def test_a_rule_that_cannot_be_read_fails_with_its_line(project: Path) -> None:
    (project / "LOOMKIN.md").write_text("# P\n\n## Denied Operations\n\n- no idea what\n")
    one = checks(loomkin("doctor", "--json"))["rules"]
    assert one["state"] == "fail"
    assert "LOOMKIN.md:5" in one["seen"]


def test_a_missing_git_fails_with_the_mend(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project))
    one = checks(loomkin("doctor", "--json"))["git"]
    assert (one["state"], one["seen"]) == ("fail", "not found on PATH")
    assert "Install git" in one["mend"]
    (project / "git").write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    (project / "git").chmod(0o755)
    assert "broken" in checks(loomkin("doctor", "--json"))["git"]["seen"]


def test_outside_a_repository_it_still_works(tmp_path: Path, project: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    result = loomkin("-C", folder, "doctor", "--json")
    assert result.code == 0
    assert states(result)["git"] == "note"


def test_a_state_folder_that_is_none_fails(project: Path) -> None:
    assert states(loomkin("doctor", "--json"))["state folder"] == "ok"
    (project / ".loomkin").write_text("")
    result = loomkin("doctor", "--json")
    assert result.code == 1
    one = checks(result)["state folder"]
    assert (one["state"], one["mend"]) == ("fail", "Move it away.")
    (project / ".loomkin").unlink()
    (project / ".loomkin").mkdir()
    assert "is writable" in checks(loomkin("doctor", "--json"))["state folder"]["seen"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_state_folder_of_another_user_fails_and_the_rest_is_looked_at(
    tmp_path: Path, project: Path
) -> None:
    (tmp_path / "plain" / ".loomkin").mkdir(parents=True)
    os.chown(tmp_path / "plain" / ".loomkin", 65534, 65534)
    result = loomkin("doctor", "--json", "-C", tmp_path / "plain")
    assert result.code == 1
    assert {name for name, state in states(result).items() if state == "fail"} == {"state folder", "database"}
    assert "belongs to another user" in checks(result)["state folder"]["seen"]


def test_a_database_that_git_tracks_fails_with_the_mend(project: Path) -> None:
    with database(project) as db:
        fill(db)
    assert states(loomkin("doctor", "--json"))["database"] == "ok"
    subprocess.run(["git", "add", "-f", ".loomkin/loomkin.db"], check=True)
    result = loomkin("doctor", "--json")
    assert states(result)["database"] == "fail"
    assert "git rm --cached" in checks(result)["database"]["mend"]
