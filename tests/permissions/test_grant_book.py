"""The person's own list of grants."""

import os
from pathlib import Path

import pytest

from loomkin.errors import StoreError
from loomkin.permissions.grant_book import GrantBook

GRANT = ("shell(npm ci)", "project", "s-1")


def test_a_grant_counts_for_its_project_rule_scope_and_session_alone(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}
    (tmp_path / "link").symlink_to(tmp_path / "project")
    book = GrantBook(tmp_path / "project", environ)
    assert not book.has(*GRANT)
    book.add(*GRANT)
    book.add(*GRANT)
    assert book.has(*GRANT)
    assert GrantBook(tmp_path / "link", environ).has(*GRANT), "the real path counts"
    assert not GrantBook(tmp_path / "clone", environ).has(*GRANT)
    assert not book.has("shell(*)", "project", "s-1")
    assert not book.has("shell(npm ci)", "session", "s-1")
    assert not book.has("shell(npm ci)", "project", "s-2")
    folder = tmp_path / "state" / "loomkin" / "grants"
    assert [path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())] == [0o700, 0o600]
    book.drop(*GRANT)
    book.drop(*GRANT)
    assert not book.has(*GRANT)


def test_a_book_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    (tmp_path / "loomkin").write_text("")
    book = GrantBook(tmp_path, {"XDG_STATE_HOME": str(tmp_path)})
    with pytest.raises(StoreError, match="cannot be written"):
        book.add(*GRANT)
    assert not book.has(*GRANT)
    assert os.listdir(tmp_path) == ["loomkin"]
