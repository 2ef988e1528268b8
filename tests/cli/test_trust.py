"""`loomkin trust`."""

from pathlib import Path

from tests.cli.project import loomkin, repository


def test_trust_lets_the_folders_own_settings_count_and_says_which(tmp_path: Path) -> None:
    root = repository(tmp_path / "project")
    (root / ".loomkin.toml").write_text('[permissions]\nmode = "yolo"\n')
    assert loomkin("config", "-C", root, "get", "permissions.mode").out == "ask\n"
    done = loomkin("trust", "-C", root)
    assert f"{root} is trusted now" in done.out
    assert ".loomkin.toml: permissions.mode" in done.out
    assert loomkin("config", "-C", root, "get", "permissions.mode").out == "yolo\n"
    assert "already" in loomkin("trust", "-C", root).out


def test_trust_can_be_taken_back(tmp_path: Path) -> None:
    root = repository(tmp_path / "project")
    (root / "below").mkdir()
    loomkin("trust", "-C", root / "below")
    assert "no longer trusted" in loomkin("-C", root, "trust", "--revoke").out
    assert "is not trusted" in loomkin("-C", root, "trust", "--revoke").out
    assert {path.name for path in root.iterdir()} == {"below", ".git"}
