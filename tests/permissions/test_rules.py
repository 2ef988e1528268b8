"""Rules are read as people write them, matched as they are meant, and refused with their source."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomkin.errors import ConfigError
from loomkin.permissions.rules import exact_rule_text, host_of, parse_rule, path_matches, split_rules
from loomkin.records.permission import Decision, Rule


def matches(spec: str, command: str) -> bool:
    return parse_rule(Rule(Decision.ALLOW, f"shell({spec})", "user")).matches_command(command)


COMMANDS = [
    ("git diff *", "git diff", True),
    ("git diff *", "git diff a b", True),
    ("git diff *", "git difftool", False),
    ("git diff*", "git difftool", True),
    ("git push *", "git push", True),
    ("ls:*", "ls -la", True),
    ("ls:*", "ls", True),
    ("ls:*", "lsof", False),
    ("git * main", "git merge main", True),
    ("git * main", "git main", False),
    ("npm run build", "npm run build", True),
    ("npm run build", "npm run build x", False),
    ("*", "anything at all", True),
    ("rm \\*.pyc", "rm *.pyc", True),
    ("rm \\*.pyc", "rm a.pyc", False),
    ("make test", "make  test", False),
    ("git.x", "gitax", False),
    ("echo (a)", "echo (a)", True),
    ("git *", "git a\nb", True),
]


@pytest.mark.parametrize(("spec", "command", "expected"), COMMANDS)
def test_a_command_rule_matches(spec: str, command: str, expected: bool) -> None:
    assert matches(spec, command) is expected


@given(st.text(min_size=1).filter(str.strip), st.text())
def test_the_exact_rule_of_a_command_matches_it_and_nothing_longer(command: str, more: str) -> None:
    rule = parse_rule(Rule(Decision.ALLOW, exact_rule_text(command), "user"))
    assert rule.matches_command(command.strip()) == (not command.strip().endswith(":*") or rule.is_exact)
    if rule.is_exact and more:
        assert not rule.matches_command(command.strip() + more)


def test_tools_of_other_assistants_are_known_by_their_names() -> None:
    tools = [
        parse_rule(Rule(Decision.ALLOW, text, "user")).tool
        for text in ("Bash(ls)", "Read", "Edit(x)", "Write", "WebFetch(domain:x.org)", "file_edit")
    ]
    assert tools == ["shell", "file_read", "file_edit", "file_write", "web_fetch", "file_edit"]


def test_a_list_is_split_outside_brackets() -> None:
    assert split_rules("Bash(git diff *),Read") == ("Bash(git diff *)", "Read")
    assert split_rules(" Bash(git log:*) , Bash(echo (a, b)) Edit ") == (
        "Bash(git log:*)",
        "Bash(echo (a, b))",
        "Edit",
    )
    assert split_rules("") == ()


@pytest.mark.parametrize(
    "text", ["", "shell(", "shell(ls", "shell()", "(ls)", "a b", "shell(ls) x", "9x", "web_fetch(domain:)"]
)
def test_a_rule_that_cannot_be_read_is_refused_with_its_text_and_source(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_rule(Rule(Decision.DENY, text, "LOOMKIN.md:14"))
    assert "LOOMKIN.md:14" in str(caught.value)
    assert f"`{text}`" in str(caught.value)


ROOTS = ("/project",)
PATHS = [
    # spec, path, matches for an allowance, matches for a denial
    ("src/**", "/project/src/a/b.py", True, True),
    ("src/**", "/project/srcs/a", False, False),
    ("src/**", "/other/src/a", False, False),
    ("src/*", "/project/src/a", True, True),
    ("src/*", "/project/src/a/b", False, True),
    ("src", "/project/src/a", True, True),
    ("src/", "/project/src/a", True, True),
    ("./.env", "/project/.env", True, True),
    ("./.env", "/project/sub/.env", False, False),
    (".env", "/project/sub/.env", True, True),
    (".env", "/elsewhere/.env", False, True),
    ("*.pem", "/project/a/b.pem", True, True),
    ("*.pem", "/project/A/B.PEM", False, True),
    ("*", "/etc/passwd", False, True),
    ("**", "/project/a/b", True, True),
    ("/etc/**", "/etc/passwd", True, True),
    ("//etc/hosts", "/etc/hosts", True, True),
    ("~/notes/*.md", "/home/me/notes/a.md", True, True),
    ("../shared/**", "/shared/x", True, True),
    ("a/**/z.py", "/project/a/z.py", True, True),
    ("a/**/z.py", "/project/a/b/c/z.py", True, True),
    ("[ab].py", "/project/a.py", True, True),
    ("[!ab].py", "/project/a.py", False, False),
    ("a?.py", "/project/ab.py", True, True),
    ("a[", "/project/a[", True, True),
    ("config/**", "/project/config", True, True),
]


@pytest.mark.parametrize(("spec", "path", "narrow", "wide"), PATHS)
def test_a_file_rule_matches(spec: str, path: str, narrow: bool, wide: bool) -> None:
    assert path_matches(spec, path, ROOTS, "/home/me", wide=False) is narrow
    assert path_matches(spec, path, ROOTS, "/home/me", wide=True) is wide


@given(st.text(min_size=1), st.text())
def test_no_spec_of_a_file_rule_raises(spec: str, path: str) -> None:
    path_matches(spec, "/" + path, ROOTS, "/home/me", wide=True)


URLS = [
    ("domain:x.org", "https://x.org/a", True, True),
    ("domain:x.org", "https://X.ORG:443/a", True, True),
    ("domain:x.org", "https://a.x.org/", False, True),
    ("domain:*.x.org", "https://a.x.org/", True, True),
    ("domain:x.org", "https://x.org@evil.org/", False, False),
    ("domain:x.org", "https://evilx.org/", False, False),
    ("domain:x.org", "https://x.org.evil.org/", False, False),
    ("https://x.org/docs/*", "https://x.org/docs/a", True, True),
]


@pytest.mark.parametrize(("spec", "url", "allows", "denies"), URLS)
def test_an_address_rule_matches(spec: str, url: str, allows: bool, denies: bool) -> None:
    assert parse_rule(Rule(Decision.ALLOW, f"web_fetch({spec})", "user")).matches_url(url) is allows
    assert parse_rule(Rule(Decision.DENY, f"web_fetch({spec})", "user")).matches_url(url) is denies


def test_the_host_of_a_broken_address_is_nothing() -> None:
    assert host_of("http://[broken") == ""
