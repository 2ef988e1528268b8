"""`loomkin audit`."""

from pathlib import Path

import pytest

from loomkin.records.event import PermissionDecided
from tests.cli.project import database, loomkin, repository
from tests.store.facts import fill


def decided(target: str, decision: str, rule: str, source: str, by: str = "rule") -> PermissionDecided:
    return PermissionDecided("c1", "shell", target, decision, "because", rule, source, by)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = repository(tmp_path / "project")
    with database(root) as db:
        fill(db, decided("git push", "deny", "shell(git push *)", "project LOOMKIN.md:4"))
        fill(db, decided("make\ntest \x1b[2J", "allow", "", "person", "person"), session="s-2")
    monkeypatch.chdir(root)
    return root


def test_every_verdict_names_the_rule_that_decided(project: Path) -> None:
    lines = loomkin("audit").lines
    assert lines[0].split() == ["WHEN", "AGENT", "ANSWER", "TOOL", "TARGET", "DECIDED", "BY"]
    assert "deny    shell  git push" in lines[1]
    assert lines[1].endswith("rule: shell(git push *) (project LOOMKIN.md:4)")
    assert lines[2].endswith("person: person")
    assert "make test ?[2J" in lines[2]


def test_one_session_and_the_newest_can_be_asked_for(project: Path) -> None:
    assert [row["session"] for row in loomkin("audit", "--session", "s-2", "--json").json] == ["s-2"]
    assert [row["session"] for row in loomkin("audit", "--limit", 1, "--json").json] == ["s-2"]
    row = loomkin("audit", "--session", "s-1", "--json").json[0]
    assert (row["decision"], row["rule"], row["source"]) == (
        "deny",
        "shell(git push *)",
        "project LOOMKIN.md:4",
    )
    assert loomkin("audit", "--limit", 0).code == 2


def test_what_was_refused_can_be_asked_for_alone(project: Path) -> None:
    lines = loomkin("audit", "--denied").lines
    assert len(lines) == 2
    assert "deny    shell  git push" in lines[1]
    newest = loomkin("audit", "--denied", "--limit", 1, "--json").json
    assert [(row["session"], row["decision"]) for row in newest] == [("s-1", "deny")]
    assert loomkin("audit", "--denied", "--session", "s-2", "--json").json == []
    assert loomkin("audit", "--denied", "--session", "s-2").out.startswith("Nothing was refused in ")


def test_a_repository_without_runs_has_no_verdicts(tmp_path: Path) -> None:
    root = repository(tmp_path / "new")
    assert "No tool was called" in loomkin("audit", "-C", root).out
    assert loomkin("audit", "-C", root, "--json").json == []
    assert loomkin("audit", "-C", root, "--session", "x").code == 2
    assert not (root / ".loomkin").exists()
