"""A command line falls apart into exactly the commands that bash would run, or is said to be unreadable."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from loomkin.permissions.commands import read_command_line
from loomkin.permissions.parts import read_parts
from loomkin.permissions.simple import CommandLine


def read(text: str) -> CommandLine:
    return read_command_line(text, "/project", "/home/me")


def commands(text: str) -> list[list[str]]:
    line = read(text)
    assert line.problem == ""
    return [list(command.texts) for command in line.commands if command.words]


SPLITS = [
    ("git status && rm -rf x", [["git", "status"], ["rm", "-rf", "x"]]),
    ("a || b; c | d & e", [["a"], ["b"], ["c"], ["d"], ["e"]]),
    ("a\nrm b", [["a"], ["rm", "b"]]),
    ("a # c; d\nb", [["a"], ["b"]]),
    ("(a; b) && { c; }", [["a"], ["b"], ["c"]]),
    ("! a", [["a"]]),
    ("echo $(rm a)", [["rm", "a"], ["echo", "$(rm a)"]]),
    ("echo `rm a`", [["rm", "a"], ["echo", "`rm a`"]]),
    ('echo "x $(rm a) `rm b`"', [["rm", "a"], ["rm", "b"], ["echo", "x $(rm a) `rm b`"]]),
    ("echo ${X:-$(rm a)}", [["rm", "a"], ["echo", "${X:-$(rm a)}"]]),
    ("echo ${x//a/$(rm b)}", [["rm", "b"], ["echo", "${x//a/$(rm b)}"]]),
    ("diff <(a) <(b)", [["a"], ["b"], ["diff", "<(a)", "<(b)"]]),
    ("x=$(rm a)", [["rm", "a"]]),
    ("x=$(rm a) y", [["rm", "a"], ["y"]]),
    ("a=(1 $(rm b))", [["rm", "b"]]),
    ("for i in $(a); do rm $i; done", [["a"], ["rm", "$i"]]),
    ("while a; do b; done", [["a"], ["b"]]),
    ("if a; then b; elif c; then d; else e; fi", [["a"], ["b"], ["c"], ["d"], ["e"]]),
    ("case $(a) in x) b;; *) c;; esac", [["a"], ["b"], ["c"]]),
    ("f() { rm x; }; f", [["rm", "x"], ["f"]]),
    ("cat <<EOF\n$(rm a)\nEOF", [["rm", "a"], ["cat"]]),
    ("cat <<'EOF'\n$(rm a)\nEOF", [["cat"]]),
    ("cat <<EOF && rm b\nx\nEOF", [["rm", "b"], ["cat"]]),
    ("cat <<EOF | sh\nx\nEOF", [["sh"], ["cat"]]),
    ("python - <<'E' && rm b\nx\nE", [["rm", "b"], ["python", "-"]]),
    ("python -<<E\n$(rm a)\nE", [["rm", "a"], ["python", "-"]]),
    ("cat - 2>&1", [["cat", "-"]]),
    ("cat <<< $(rm a)", [["rm", "a"], ["cat"]]),
    ("echo hi > a b", [["echo", "hi", "b"]]),
    ("[[ -n $(rm a) ]]", [["rm", "a"], ["[[", "-n", "$(rm a)", "]]"]]),
    ("export X=$(rm a)", [["rm", "a"], ["export"]]),
    ("a \\\n  b", [["a", "b"]]),
    ("", []),
]


@pytest.mark.parametrize(("text", "expected"), SPLITS)
def test_a_line_is_split_into_its_commands(text: str, expected: list[list[str]]) -> None:
    assert commands(text) == expected


WORDS = [
    ("r'm' x", ["rm", "x"]),
    ('"r"m x', ["rm", "x"]),
    ("\\rm x", ["rm", "x"]),
    ("r\\m x", ["rm", "x"]),
    ("$'rm' $'a\\tb'", ["rm", "a\tb"]),
    ("'a b'\\''c'", ["a b'c"]),
    ('"a\\$b \\"c\\" \\\\ \\n"', ['a$b "c" \\ \\n']),
    ('" "', [" "]),
    ("cat ~/x $HOME/y", ["cat", "/home/me/x", "/home/me/y"]),
    ("cat '~/x'", ["cat", "~/x"]),
    ("x a#b c", ["x", "a#b", "c"]),
]


@pytest.mark.parametrize(("text", "expected"), WORDS)
def test_quotes_are_resolved_as_the_shell_does(text: str, expected: list[str]) -> None:
    assert commands(text) == [expected]


@pytest.mark.parametrize("text", ["$X a", '"$(which rm)" a', "${X}m a", "a $1", "a ~other/x", "a $((1+2))"])
def test_a_word_that_is_known_only_at_run_time_is_marked(text: str) -> None:
    assert any(word.dynamic for command in read(text).commands for word in command.words)


@pytest.mark.parametrize(
    "text",
    [
        "ls 'unclosed",
        "echo $(ls",
        "x" * 10_001,
        "r\\\nm x",
        "echo a\x00b",
        "echo a\rrm b",
        "echo\u00a0rm",
        "cat <<EOF\n`rm x`\nEOF",
        "if true; then",
        "ls ;; rm x",
        "echo \ud800",
        "(" * 200 + "ls" + ")" * 200,
        "echo ab\u202ecd",
        "é=1 rm x",
        "cat <<é\nx\nzz\nrm a\né",
    ],
)
def test_what_cannot_be_read_for_certain_is_said_to_be_unreadable(text: str) -> None:
    assert read(text).problem


def test_characters_that_bring_the_grammar_down_do_no_harm() -> None:
    assert commands("{ echo '\U00031860'; }") == [["echo", "\U00031860"]]
    for first in "{([<$`":
        for point in range(0x1F000, 0x32000, 0x151):
            read(first + chr(point) + first)


def test_words_keep_their_letters() -> None:
    assert commands("cat 'é ü' ñ.txt \"日本\" && rm ß") == [["cat", "é ü", "ñ.txt", "日本"], ["rm", "ß"]]


def test_assignments_stand_apart_from_the_command() -> None:
    (command,) = read('A=1 B="x y" make test').commands
    assert [one.name for one in command.assignments] == ["A", "B"]
    assert command.texts == ("make", "test")
    assert command.source == 'A=1 B="x y" make test'


def test_redirections_say_what_is_read_and_written() -> None:
    (command,) = read("a < in > out 2>> err 2>&1 >| clob &> all").commands
    found = [(one.target.text, one.reads, one.writes) for one in command.redirections]
    assert found == [
        ("in", True, False),
        ("out", False, True),
        ("err", False, True),
        ("clob", False, True),
        ("all", False, True),
    ]


def test_a_redirection_of_a_group_is_kept() -> None:
    line = read("{ a; b; } > out")
    assert [one.target.text for command in line.commands for one in command.redirections] == ["out"]


def test_a_command_behind_a_pipe_is_fed() -> None:
    assert [command.fed for command in read("a | b | c").commands] == [False, True, True]


def test_a_change_of_folder_is_followed() -> None:
    places = [command.places for command in read("cd src && ls; cd ..; pwd").commands]
    assert places[1] == ("/project", "/project/src")
    assert places[3] == ("/project", "/project/src", "/")


@pytest.mark.parametrize(
    "text", ["cd $X; cat a", "cd -; cat a", "pushd b; cat a", "for i in 1; do cat a; cd ..; done"]
)
def test_a_folder_that_is_not_known_is_said_to_be_lost(text: str) -> None:
    assert any(command.lost for command in read(text).commands if command.name == "cat")


def test_doubtful_arithmetic_is_a_command_of_its_own() -> None:
    for text in ("echo $((x))", "((x++))", "echo ${!x}", "echo ${x@P}", "echo ${a[$x]}", "a[$x]=1"):
        assert ["(("] in [command[:1] for command in commands(text)], text
    assert ["rm", "a"] in commands("echo $((1 + $(rm a)))")
    for text in ("echo $((1+2))", "echo ${x:-a}", "echo ${#x}", "echo ${a[0]}"):
        assert ["(("] not in [command[:1] for command in commands(text)], text


def judged(text: str) -> list[tuple[str, bool]]:
    parts, problem = read_parts(text, "/project", "/home/me")
    assert problem == ""
    return [(part.command.source, part.judged) for part in parts]


WRAPPED = [
    ("timeout 5 git push", [("timeout 5 git push", False), ("git push", True)]),
    ("timeout -k 3 -s KILL 5 a b", [("timeout -k 3 -s KILL 5 a b", False), ("a b", True)]),
    ("nice -n 5 a", [("nice -n 5 a", False), ("a", True)]),
    ("nohup a", [("nohup a", False), ("a", True)]),
    ("stdbuf -oL a", [("stdbuf -oL a", False), ("a", True)]),
    ("command rm x", [("command rm x", False), ("rm x", True)]),
    ("command -v rm", [("command -v rm", True)]),
    ("time -p a", [("time -p a", False), ("a", True)]),
    ("sudo -u me rm x", [("sudo -u me rm x", True), ("rm x", True)]),
    ("ls | xargs -0 -n 1 rm", [("ls", True), ("xargs -0 -n 1 rm", True), ("rm {}", True)]),
    ("find . -exec rm {} ';'", [("find . -exec rm {} ';'", True), ("rm {}", True)]),
    ("env A=1 b", [("env A=1 b", False), ("A=1 b", True)]),
    ("env -u X b", [("env -u X b", False), ("b", True)]),
    ("env -S 'rm x'", [("env -S 'rm x'", True), ("rm x", True)]),
    ("bash -c 'a; rm b'", [("bash -c 'a; rm b'", False), ("a", True), ("rm b", True)]),
    ("bash -lc 'a'", [("bash -lc 'a'", False), ("a", True)]),
    ("eval 'rm x'", [("eval 'rm x'", False), ("rm x", True)]),
    ("ssh host 'rm x'", [("ssh host 'rm x'", True), ("rm x", True)]),
    ("ssh -p 22 host rm x", [("ssh -p 22 host rm x", True), ("rm x", True)]),
    ("uv run pytest -q", [("uv run pytest -q", True), ("pytest -q", False)]),
    ("watch -n 5 rm x", [("watch -n 5 rm x", True), ("rm x", True)]),
    ("trap 'rm x' EXIT", [("trap 'rm x' EXIT", True), ("rm x", True)]),
    ("bash script.sh", [("bash script.sh", True)]),
    (
        "bash -c \"bash -c 'rm x'\"",
        [("bash -c \"bash -c 'rm x'\"", False), ("bash -c 'rm x'", False), ("rm x", True)],
    ),
]


@pytest.mark.parametrize(("text", "expected"), WRAPPED)
def test_wrappers_are_seen_through(text: str, expected: list[tuple[str, bool]]) -> None:
    assert judged(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "$X a",
        'eval "$X"',
        'bash -c "$X"',
        "echo 'rm x' | sh",
        "sh <<E\nrm x\nE",
        "sh - <<'E'\nrm x\nE",
        "bash -s",
        "timeout --unknown 3 rm x",
        "timeout $X rm x",
        "sudo $X rm x",
        "find . $X",
        "bash -c 'ls ('",
        "parallel rm ::: x",
        "bash --rcfile x -c ls",
        "source /dev/stdin < x",
        "find . -exec",
        "coproc rm x",
    ],
)
def test_what_runs_something_unknown_says_so(text: str) -> None:
    parts, problem = read_parts(text, "/project", "/home/me")
    assert problem == ""
    assert any(part.problem for part in parts)


@pytest.mark.parametrize("text", ["ls; " * 200, "bash -c '" + "ls; " * 400 + "'", "cat " + "* " * 40])
def test_a_line_with_too_much_in_it_is_not_judged(text: str) -> None:
    assert read_parts(text, "/project", "/home/me")[1]


@given(st.text(alphabet="ab'\"\\ $\n;|&(){}<>`#~*=-!x1[]", max_size=40) | st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_no_text_raises(text: str) -> None:
    read_parts(text, "/project", "/home/me")


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash to compare with")
@given(st.text(alphabet="ab'\"\\ \t$#~=-{},x", min_size=1, max_size=14))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_words_said_to_be_known_are_what_bash_passes(text: str) -> None:
    line = read("probe " + text)
    if line.problem or len(line.commands) != 1:
        return
    command = line.commands[0]
    if any(word.dynamic or word.pattern for word in command.words) or command.name != "probe":
        return
    script = 'probe() { printf "%s\\0" "$@"; }\n' + "probe " + text
    done = subprocess.run(["bash", "-c", script], capture_output=True, env={"HOME": "/home/me"}, check=False)
    words = done.stdout.decode().split("\0")[:-1] if command.texts[1:] else []
    assert list(command.texts[1:]) == words


_TOKENS = (
    "p |p |a|'|\"|\\|  |\n|;|&&|#|$(|)|`|<<E\n|\nE\n|{ |; }|(|<|\t|$'|${a:-|}|$((|))|<<<|$a|=|if |then |fi|"
    'for a in |; do |done|case a in |a)|;;|esac|!|~|é|[|]|a() |<(|\\\n|-|$$|$"|<<-E\n|function a |[[ | ]]'
    "| - |2>&1"
)
TOKENS = _TOKENS.split("|")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the only program is `p`, which writes down how it was called."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "bin").mkdir()
    program = folder / "bin" / "p"
    program.write_text(
        f"#!/bin/bash\nprintf -v line '%s\\1' p \"$@\"; printf '%s\\0' \"$line\" >> {folder}/log\n"
    )
    program.chmod(0o755)
    return folder


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash to compare with")
@given(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=8).map("".join))
@example("p -p<<-E\nE\n")
@example("p { { <<E\nE\n")
@example("p - <<E\nE\n")
@example("p a - 2>&1")
@example('p a$"b"')
@example("if p; then p a; fi")
@settings(max_examples=250, deadline=None)
def test_bash_runs_nothing_that_was_not_seen(world: Path, text: str) -> None:
    parts, problem = read_parts(text, "/project", "/home/me")
    if problem or any(part.problem for part in parts) or not re.search("p", text):
        return
    log = world / "log"
    log.unlink(missing_ok=True)
    environment = {"PATH": str(world / "bin"), "HOME": "/home/me"}
    subprocess.run(
        [shutil.which("bash") or "bash", "-c", text],
        cwd=world,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=5,
    )
    ran = log.read_text().split("\0")[:-1] if log.exists() else []
    seen = [part.command for part in parts if part.command.name == "p"]
    for call in ran:
        words = tuple(call.split("\1")[:-1])
        assert any(
            one.texts == words or any(word.dynamic or word.pattern for word in one.words) for one in seen
        )
