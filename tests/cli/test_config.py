"""`loomkin config`."""

import os
import shlex
import sys
from pathlib import Path

import pexpect
import pytest

from loomkin.config.catalogue import SINGLE, spell
from tests.cli.project import loomkin, repository


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = repository(tmp_path / "project")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def user_file(own_machine: Path) -> Path:
    return own_machine / ".config" / "loomkin" / "config.toml"


def test_the_list_has_every_setting_with_its_origin(project: Path) -> None:
    (project / ".loomkin.toml").write_text('[model]\ndefault = "fake/one"\n')
    rows = loomkin("config", "list", "--json").json
    assert set(rows) == {spell(path) for path in SINGLE}
    assert rows["model.default"] == {"value": "fake/one", "from": ".loomkin.toml:2"}
    assert rows["limits.max_turns"] == {"value": 200, "from": "built-in"}
    line = next(line for line in loomkin("config", "list").lines if line.startswith("model.default "))
    assert line.split() == ["model.default", "fake/one", "project", ".loomkin.toml:2"]
    assert set(loomkin("config", "list", "budget", "--json").json) < set(rows)


def test_secret_values_are_never_shown(project: Path, user_file: Path) -> None:
    user_file.parent.mkdir(parents=True)
    user_file.write_text(
        '[providers.mine]\nbase_url = "https://me:hunter2@example.org/v1"\n'
        'headers = { X-Key = "swordfish" }\n'
    )
    key = "providers.mine.headers"
    for words in (("list",), ("list", "--json"), ("get", key), ("get", key, "--json"), ("explain", key)):
        shown = loomkin("config", *words)
        assert shown.code == 0
        assert "swordfish" not in shown.out
        assert "hunter2" not in shown.out
        assert "(hidden)" in shown.out
    assert loomkin("config", "get", "providers.mine.base_url").out == "https://***@example.org/v1\n"


def test_get_prints_the_value_alone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOMKIN__MODEL__FALLBACK", "a/b,c/d")
    assert loomkin("config", "get", "model.fallback").out == "a/b\nc/d\n"
    assert loomkin("config", "get", "model.fallback", "--json").json == ["a/b", "c/d"]
    assert loomkin("config", "get", "model.stream").out == "true\n"
    assert loomkin("config", "get", "model.default").out == "\n"
    assert loomkin("config", "get", "budget.day_usd").out == "\n"
    assert loomkin("config", "get", 'models."x/y-4.1".window').out == "\n"


def test_an_unknown_key_is_met_with_the_nearest(project: Path) -> None:
    for command in ("get", "explain"):
        refused = loomkin("config", command, "model.defalt")
        assert refused.code == 1
        assert "Did you mean model.default?" in refused.err


def test_set_writes_to_the_file_of_its_scope_and_keeps_comments(project: Path, user_file: Path) -> None:
    (project / ".loomkin.toml").write_text("# ours\n[limits]\nmax_turns = 5  # few\n")
    done = loomkin("config", "set", "limits.max_turns", 9, "--project")
    assert (done.code, done.out) == (0, f"Set limits.max_turns to 9 in {project / '.loomkin.toml'}.\n")
    assert (project / ".loomkin.toml").read_text() == "# ours\n[limits]\nmax_turns = 9  # few\n"
    assert loomkin("config", "set", "limits.max_turns", 11, "--local").code == 0
    assert loomkin("config", "get", "limits.max_turns").out == "11\n"
    assert (project / ".loomkin" / ".gitignore").exists()
    shadowed = loomkin("config", "set", "limits.max_turns", 7)
    assert str(user_file) in shadowed.out
    assert "does not count now: .loomkin/config.local.toml:2 says 11" in shadowed.out


def test_set_says_when_a_value_waits_for_trust(project: Path) -> None:
    done = loomkin("config", "set", "permissions.mode", "yolo", "--project")
    assert "once this folder is trusted" in done.out
    assert "once this folder" not in loomkin("config", "set", "permissions.mode", "plan", "--project").out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("limits.max_turns", "many"), 52),
        (("limits.max_turns", "0"), 52),
        (("limits.maxturns", "5"), 1),
        (("model.default", "x", "--user", "--project"), 2),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(
    project: Path, user_file: Path, words: tuple[str, ...], code: int
) -> None:
    refused = loomkin("config", "set", *words)
    assert refused.code == code
    assert refused.err
    assert not user_file.exists()
    assert not (project / ".loomkin.toml").exists()


def test_path_names_the_file_of_every_layer(project: Path, own_machine: Path) -> None:
    (project / ".loomkin.toml").write_text("")
    rows = {row["layer"]: row for row in loomkin("config", "path", "--json").json}
    assert list(rows) == ["system", "user", "project", "local", "managed"]
    assert rows["project"] == {"layer": "project", "exists": True, "path": str(project / ".loomkin.toml")}
    assert rows["managed"]["path"].startswith(str(own_machine))
    assert len(loomkin("config", "path").lines) == 6


def test_explain_tells_every_say_on_a_key(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / ".loomkin.toml").write_text('[model]\ndefault = "fake/one"\n')
    monkeypatch.setenv("LOOMKIN_MODEL", "fake/two")
    shown = loomkin("config", "explain", "model.default").out
    assert "value     fake/two" in shown
    assert "flag      --model" in shown
    assert (
        shown.index("built-in: (empty)")
        < shown.index(".loomkin.toml:2: fake/one")
        < shown.index("LOOMKIN_MODEL: ")
    )
    assert "all are added up" not in shown


def test_a_file_that_is_wrong_ends_with_its_line(project: Path) -> None:
    (project / ".loomkin.toml").write_text("[limits]\nmax_turns = true\n")
    refused = loomkin("config", "list")
    assert refused.code == 52
    assert ".loomkin.toml:2" in refused.err


def test_warnings_do_not_disturb_the_output(project: Path) -> None:
    (project / ".loomkin.toml").write_text("[limits]\nmax_turn = 5\n")
    listed = loomkin("config", "list", "--json")
    assert listed.json["limits.max_turns"]["value"] == 200
    assert "did you mean limits.max_turns" in listed.err


def test_a_repositorys_settings_cannot_command_the_terminal(project: Path) -> None:
    (project / ".loomkin.toml").write_text(
        '"\\u001b]0;owned\\u0007" = 1\n[model]\ndefault = "\\u001b[31mx/y"\n'
    )
    program, environ = [sys.executable, "-m", "loomkin"], {**os.environ, "TERM": "xterm"}
    for words in (["config", "list"], ["config", "get", "model.default"], ["ask", "-q", "hi"], ["doctor"]):
        output, code = pexpect.run(
            shlex.join([*program, *words]), cwd=str(project), env=environ, withexitstatus=True
        )
        assert output
        assert b"\x1b" not in output, words
    (project / ".loomkin.toml").write_text('[limits]\nmax_turns = "\\u001b[31m"\n')
    output, code = pexpect.run(
        shlex.join([*program, "ask", "hi"]), cwd=str(project), env=environ, withexitstatus=True
    )
    assert (code, b"max_turns" in output, b"\x1b" in output) == (52, True, False)


def test_a_setting_that_is_taken_out_gives_way_to_the_layers_below(project: Path) -> None:
    loomkin("config", "set", "limits.max_turns", "50")
    loomkin("config", "set", "--project", "limits.max_turns", "60")
    done = loomkin("config", "unset", "--project", "limits.max_turns")
    assert done.code == 0
    assert "it is 50 now (user " in done.out
    assert "it is 200 now (built-in)" in loomkin("config", "unset", "limits.max_turns").out
    assert "is not set in" in loomkin("config", "unset", "limits.max_turns").out
    assert loomkin("config", "unset", "limits.max_turn").code == 1
    assert loomkin("config", "unset", "limits.max_turns", "--user", "--local").code == 2


def test_a_value_that_cannot_be_is_told_with_its_key_once(project: Path) -> None:
    refused = loomkin("config", "set", "limits.max_turns", "0")
    assert refused.code == 52
    assert refused.err.startswith("loomkin: limits.max_turns must be a whole number")


def test_what_is_wrong_with_a_settings_file_is_called_a_warning(project: Path) -> None:
    (project / ".loomkin.toml").write_text("[limits]\nmax_turn = 3\n")
    assert loomkin("config", "list").err.startswith("loomkin: warning: .loomkin.toml:2: there is no setting")
