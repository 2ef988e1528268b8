"""`loomkin graph` for a part of the graph in which nothing is."""

import json
from pathlib import Path

import pytest

from tests.cli.project import loomkin, repository

NOTHING = "no decision fits what was asked for"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one decision."""
    top = repository(tmp_path / "top")
    monkeypatch.chdir(top)
    assert loomkin("graph", "add", "decision", "Use SQLite").code == 0
    return top


@pytest.mark.parametrize("form", ["diff", "export --format json", "export --format svg"])
def test_an_empty_part_is_written_with_a_warning(project: Path, form: str) -> None:
    empty = loomkin("graph", *form.split(), "--branch", "nosuch")
    assert (empty.code, empty.err.count(NOTHING)) == (0, 1)
    assert "Use SQLite" not in empty.out
    whole = loomkin("graph", *form.split())
    assert (whole.code, whole.err, "SQLite" in whole.out) == (0, "", True)


def test_an_empty_part_has_no_story_and_no_write_up(project: Path) -> None:
    for form in ("tree", "narrative", "writeup"):
        assert loomkin("graph", form, "--branch", "nosuch").out.lower() == f"{NOTHING}.\n"
    told = json.loads(loomkin("graph", "writeup", "--branch", "nosuch", "--json").out)
    assert told["markdown"].lower() == f"{NOTHING}."
