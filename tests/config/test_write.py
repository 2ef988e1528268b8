"""Changing one setting in a file that people edit too."""

import os
import tomllib
from pathlib import Path

import pytest

from loomkin.config.load import load
from loomkin.config.write import locate, set_value, unset_value
from loomkin.errors import ConfigError, NotFoundError, UsageError

BEFORE = """# my settings
[model]  # who works
default = "a/b"   # the good one

# money
[budget]
session_usd = 2.5
"""


def test_comments_and_order_survive(tmp_path: Path):
    path = tmp_path / "config.toml"
    path.write_text(BEFORE)
    assert set_value(path, "model.default", "c/d") == "c/d"
    assert path.read_text() == BEFORE.replace('"a/b"', '"c/d"')
    set_value(path, "budget.day_usd", "10")
    assert path.read_text() == BEFORE.replace('"a/b"', '"c/d"') + "day_usd = 10.0\n"


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("model.fallback", "a/b, c/d", ["a/b", "c/d"]),
        ("permissions.deny", '["shell(rm *)", "web_fetch"]', ["shell(rm *)", "web_fetch"]),
        ("ui.live", "off", False),
        ("limits.max_turns", "12", 12),
        ("models.openai/gpt-4.1.window", "9000", 9000),
        ("providers.openai.headers", '{ "X-Team" = "a" }', {"X-Team": "a"}),
        ("ui.color", '"never"', "never"),
    ],
)
def test_a_file_is_made_and_the_loader_reads_back_what_was_set(tmp_path: Path, key, text, value):
    path = tmp_path / "new" / "config.toml"
    set_value(path, key, text)
    assert path.stat().st_mode & 0o777 == 0o600
    node = tomllib.loads(path.read_text())
    names = ["models", "openai/gpt-4.1", "window"] if key.startswith("models") else key.split(".")
    for name in names:
        node = node[name]
    assert node == value
    load(tmp_path, {"HOME": str(tmp_path), "LOOMKIN_SYSTEM_CONFIG_DIR": str(path.parent)}, trusted=True)


@pytest.mark.parametrize(
    "before",
    [
        'model = { default = "x" } # c\n',
        "model.fast = 'f' # c\n",
        "[model.extra] # c\nx = 1\n",
        "\ufeff# c\r\n[model]\r\n",
    ],
)
def test_unusual_but_valid_files_keep_their_words(tmp_path: Path, before: str):
    path = tmp_path / "config.toml"
    path.write_bytes(before.encode())
    set_value(path, "model.default", "new/one")
    after = path.read_bytes().decode("utf-8-sig")
    assert tomllib.loads(after)["model"]["default"] == "new/one"
    assert "# c" in after


@pytest.mark.parametrize(
    ("key", "text", "error"),
    [
        ("limits.max_turns", "many", ConfigError),
        ("limits.max_turns", "0", ConfigError),
        ("model.defualt", "x", NotFoundError),
        ("hooks", "x", ConfigError),
        ("providers.x.headers", "{", ConfigError),
    ],
)
def test_what_does_not_fit_leaves_the_file_as_it_was(tmp_path: Path, key, text, error):
    path = tmp_path / "config.toml"
    path.write_text(BEFORE)
    with pytest.raises(error):
        set_value(path, key, text)
    assert path.read_text() == BEFORE
    assert os.listdir(tmp_path) == ["config.toml"]


def test_an_unknown_key_is_answered_with_the_nearest(tmp_path: Path):
    with pytest.raises(NotFoundError, match=r"Did you mean model\.default\?"):
        set_value(tmp_path / "c.toml", "model.defualt", "x")


@pytest.mark.parametrize("broken", ["[model", "model = 3\n"])
def test_a_file_that_cannot_hold_the_key_is_refused_and_kept(tmp_path: Path, broken: str):
    path = tmp_path / "config.toml"
    path.write_text(broken)
    with pytest.raises(ConfigError):
        set_value(path, "model.default", "x")
    assert path.read_text() == broken


def test_a_linked_file_stays_a_link(tmp_path: Path):
    (tmp_path / "real.toml").write_text(BEFORE)
    (tmp_path / "config.toml").symlink_to("real.toml")
    set_value(tmp_path / "config.toml", "ui.live", "false")
    assert (tmp_path / "config.toml").is_symlink()
    assert "live = false" in (tmp_path / "real.toml").read_text()


def test_scopes_name_the_files_that_are_loaded(tmp_path: Path):
    environ = {"HOME": str(tmp_path), "LOOMKIN_SYSTEM_CONFIG_DIR": "/sys"}
    assert locate("user", tmp_path, environ) == tmp_path / ".config/loomkin/config.toml"
    assert locate("project", tmp_path, environ) == tmp_path / ".loomkin.toml"
    assert locate("local", tmp_path, environ) == tmp_path / ".loomkin/config.local.toml"
    assert locate("system", tmp_path, environ) == Path("/sys/config.toml")
    (tmp_path / ".loomkin").mkdir()
    (tmp_path / ".loomkin/config.toml").write_text("")
    assert locate("project", tmp_path, environ) == tmp_path / ".loomkin/config.toml"
    with pytest.raises(UsageError):
        locate("moon", tmp_path, environ)


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path):
    (tmp_path / "folder").write_text("a file where the folder should be")
    with pytest.raises(ConfigError, match="cannot be written"):
        set_value(tmp_path / "folder" / "config.toml", "limits.max_turns", "3")


def test_a_setting_is_taken_out_again_and_comments_survive(tmp_path: Path):
    path = tmp_path / "config.toml"
    assert not unset_value(path, "model.fast")
    assert not path.exists()
    path.write_text(BEFORE)
    set_value(path, "model.fast", "c/d")
    assert unset_value(path, "model.fast")
    assert path.read_text() == BEFORE
    assert not unset_value(path, "model.fast")
    assert unset_value(path, "budget.session_usd")
    assert path.read_text() == BEFORE.replace("session_usd = 2.5\n", "")
    with pytest.raises(NotFoundError):
        unset_value(path, "model.fats")


@pytest.mark.parametrize(
    "text", ['model = { default = "x" } # c\n', "model.default = 'f' # c\n", '["model"]\ndefault="f"\n']
)
def test_a_setting_is_taken_out_however_it_was_written(tmp_path: Path, text: str):
    path = tmp_path / "config.toml"
    path.write_text(text)
    assert unset_value(path, "model.default")
    assert tomllib.loads(path.read_text()).get("model", {}) == {}
