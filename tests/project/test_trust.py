"""The list of trusted folders."""

from pathlib import Path

import pytest

from loomkin.errors import StoreError
from loomkin.project.trust import is_trusted, trust, untrust


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home"), "XDG_STATE_HOME": str(tmp_path / "state")}


def test_nothing_is_trusted_until_it_was_said_and_it_can_be_taken_back(tmp_path: Path, environ):
    one, two = tmp_path / "one", tmp_path / "two"
    assert not is_trusted(one, environ)
    trust(one, environ)
    trust(two, environ)
    assert is_trusted(one, environ)
    untrust(one, environ)
    assert not is_trusted(one, environ)
    assert is_trusted(two, environ)


def test_folders_above_and_below_a_trusted_one_are_not_trusted(tmp_path: Path, environ):
    trust(tmp_path / "a/b", environ)
    assert not is_trusted(tmp_path / "a", environ)
    assert not is_trusted(tmp_path / "a/b/c", environ)


def test_a_link_is_trusted_as_what_it_leads_to(tmp_path: Path, environ):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    trust(tmp_path / "link", environ)
    assert is_trusted(tmp_path / "real", environ)
    (tmp_path / "link").unlink()
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to("other")
    assert not is_trusted(tmp_path / "link", environ)


def test_the_list_is_the_persons_alone_and_keeps_no_spare_files(tmp_path: Path, environ):
    trust(tmp_path, environ)
    state = tmp_path / "state/loomkin"
    assert [path.name for path in state.iterdir()] == ["trust.json"]
    assert (state / "trust.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"folders": 3}', b'{"folders": [1]}', b"\xff", b"null"]
)
def test_a_list_that_cannot_be_read_trusts_nothing_and_is_written_anew(
    tmp_path: Path, environ, content: bytes
):
    path = tmp_path / "state/loomkin/trust.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert not is_trusted(tmp_path, environ)
    trust(tmp_path, environ)
    assert is_trusted(tmp_path, environ)


def test_a_list_that_cannot_be_written_is_an_error_with_its_path(tmp_path: Path, environ):
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match=r"trust\.json"):
        trust(tmp_path, environ)
