"""The small parts of the conversation: footer, completion order, clipboard, editor, history."""

import base64
from pathlib import Path

import pytest

from loomkin.config.load import load
from loomkin.errors import LoomkinError
from loomkin.ui.agent_rows import doing_now
from loomkin.ui.clipboard import MOST_BYTES, keep, osc52
from loomkin.ui.completer import rank
from loomkin.ui.editor import edit, editor_command
from loomkin.ui.prompt_input import ProjectHistory
from loomkin.ui.repl_footer import Footing, footer_text
from loomkin.ui.repl_trust import withheld
from loomkin.ui.state import AgentView

FULL = Footing("ask", "openai/gpt", 12, 3400, 20_000_000_000, 0, 42.0, "thinking", 2, 3)


def test_the_footer_tells_everything_where_there_is_room() -> None:
    text = footer_text(FULL, 120)
    assert text == (
        "[3 waiting] · ask · thinking · openai/gpt · 12% of window · 3.4k tok · $0.0200 · 0:42 · 2 queued"
    )


@pytest.mark.parametrize("width", [10, 20, 40, 60, 80])
def test_a_narrow_footer_drops_what_tells_least(width: int) -> None:
    text = footer_text(FULL, width)
    assert len(text) <= width
    if width >= 40:
        assert "ask" in text
        assert "[3 waiting]" in text
        assert "tok" not in text or width >= 80


def test_a_wait_counts_down() -> None:
    agent = AgentView("coder", "retrying", "try 2 of 10 in 6.0 s: rate limited", since=100.0)
    assert doing_now(agent, 102.0) == "retrying in 4 s (try 2 of 10: rate limited)"
    assert doing_now(AgentView("coder", "thinking", streaming=True), 0.0) == "answering"


def test_files_are_ranked_by_name_before_path_before_scattered_letters() -> None:
    files = ["docs/app/x.md", "src/app.py", "a/p/p.txt", "tests/test_app.py", "other.py"]
    assert rank(files, "app") == ["src/app.py", "tests/test_app.py", "docs/app/x.md", "a/p/p.txt"]
    assert rank(files, "") == ["other.py", "src/app.py", "tests/test_app.py", "a/p/p.txt", "docs/app/x.md"]


def test_a_copied_text_is_wrapped_for_tmux_and_refused_when_too_long(tmp_path: Path) -> None:
    plain = osc52("héllo", {})
    assert base64.b64decode(plain.removeprefix("\x1b]52;c;").removesuffix("\x07")).decode() == "héllo"
    assert osc52("x", {"TMUX": "1"}) == "\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\"
    assert osc52("x" * (MOST_BYTES + 1), {}) == ""
    path = keep("héllo", tmp_path / "state")
    assert path.read_text() == "héllo"
    assert path.stat().st_mode & 0o077 == 0


def test_an_editor_that_fails_leaves_the_draft_and_none_is_named(tmp_path: Path) -> None:
    assert edit("draft", {"EDITOR": "false", "PATH": "/usr/bin:/bin"}) == "draft"
    assert editor_command({"VISUAL": "code --wait", "EDITOR": "vi"}) == ["code", "--wait"]
    with pytest.raises(LoomkinError, match="No editor"):
        editor_command({"PATH": str(tmp_path)})
    with pytest.raises(LoomkinError, match="cannot be started"):
        edit("draft", {"EDITOR": str(tmp_path / "missing")})


def test_history_survives_broken_lines_and_keeps_secrets_out(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text('"one"\nbroken\n17\n"two\\nlines"\n"one"\n')
    history = ProjectHistory(path, lambda text: text.replace("hunter2", "***"))
    assert list(history.load_history_strings()) == ["one", "two\nlines"]
    history.store_string("password hunter2")
    assert "hunter2" not in path.read_text()
    assert next(iter(history.load_history_strings())) == "password ***"


def test_what_asks_for_trust_is_named_and_nothing_else(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path / "home")}
    root = tmp_path / "project"
    (root / ".loomkin/roles").mkdir(parents=True)

    def things() -> list[str]:
        return withheld(root, root, environ, load(root, environ, trusted=False), False)

    (root / ".loomkin.toml").write_text("[permissions]\ndeny = ['shell(rm *)']\n")
    (root / "AGENTS.md").write_text("Be kind.\n")
    assert things() == []
    (root / ".loomkin/roles/own.md").write_text("---\n---\n")
    (root / "LOOMKIN.md").write_text("## Allowed Operations\n- Shell: `make *`\n")
    (root / ".loomkin.toml").write_text(
        '[permissions]\nmode = "yolo"\nallow = ["shell(npm *)"]\ndeny = ["shell(rm *)"]\n'
        '[providers.openai]\nbase_url = "http://there"\nheaders = { token = "s3cret" }\n'
        '[[hooks]]\nevent = "Stop"\ncommand = "sh ./own.sh"\n'
        '[[hooks]]\nevent = "PreToolUse"\nmatcher = "shell"\ncommand = "true"\n'
    )
    assert things() == [
        ".loomkin.toml:11: a PreToolUse hook on shell runs: true",
        ".loomkin.toml:2: permissions.mode = yolo",
        ".loomkin.toml:3: permissions.allow = shell(npm *)",
        ".loomkin.toml:6: providers.openai.base_url = http://there",
        ".loomkin.toml:7: providers.openai.headers = …",
        ".loomkin.toml:8: a Stop hook runs: sh ./own.sh",
        ".loomkin/roles: own.md",
        "LOOMKIN.md: allows Shell: `make *`",
    ]
