"""Commits, reviews and the text of pull requests through the real commands, with real git."""

import subprocess
from typing import Any

import pytest

from tests.fakes.model_server import ModelServer
from tests.scenarios.conftest import Bench, bodies, call, said

YOLO = ("--permission-mode", "yolo")
READ = {"calls": [call("file_read", path="calc.py")]}
TURN = {"calls": [call("file_edit", path="calc.py", old="return value * 2", new="return 2 * value")]}
REFUSES = '#!/bin/sh\nfor number in 1 2 3; do echo "line $number: unused import" >&2; done\nexit 1\n'
DECIDE = {
    "calls": [
        call(
            "decision_log",
            kind="decision",
            title="Multiply from the left",
            confidence=80,
            rejected=[{"title": "Add it to itself", "reason": "wrong for text"}],
        )
    ]
}


def git(operation: str, args: str) -> dict[str, Any]:
    """One planned call of the git tool, in a step of its own."""
    return {"calls": [call("git", operation=operation, args=args)]}


def heard(server: ModelServer, number: int) -> str:
    """What the model was told last in a request."""
    return said({"messages": bodies(server)[number]["messages"][-1:]})


def hook(bench: Bench, name: str, text: str) -> None:
    """Put a git hook into the repository."""
    path = bench.root / ".git" / "hooks" / name
    path.write_text(text)
    path.chmod(0o755)


@pytest.mark.feature("C5")
async def test_an_agent_commits_its_own_files_alone_and_the_person_stays_the_author(bench: Bench) -> None:
    bench.write("mine.txt", "half an idea\n")
    bench.git("add", "mine.txt")
    bench.write("mine.txt", "half an idea, and more\n")
    bench.write("loose.txt", "x\n")
    tries = [git("add", "-A"), git("commit", "-m 'Turn it'"), git("add", "calc.py")]
    steps = (READ, TURN, *tries, tries[1], git("commit", "-m 'Turn it' -- calc.py"), {"text": "Done."})
    async with bench.model(*steps) as server:
        assert (await bench.run("ask", "turn it", *YOLO)).code == 0
        assert "would take along what you did not change: mine.txt, loose.txt" in heard(server, 3)
        assert "mine.txt was staged by the person, not by you" in heard(server, 4)
        assert "Name your files behind `--`: calc.py" in heard(server, 4)
        assert "Still staged, and not in this commit: mine.txt" in heard(server, 7)
    person = bench.git("config", "user.name").strip()
    assert bench.git("log", "-1", "--format=%an %cn") == f"{person} {person}\n"
    assert bench.git("log", "-1", "--format=%B").strip() == (
        "Turn it\n\nAssisted-by: loomkin:openai/fake-model"
    )
    assert bench.git("show", "--format=", "--name-only") == "calc.py\n"
    assert bench.git("status", "--porcelain") == "AM mine.txt\n?? loose.txt\n"


@pytest.mark.feature("C5")
async def test_a_hook_that_refuses_is_shown_to_the_model_in_full_and_never_passed_by(bench: Bench) -> None:
    hook(bench, "pre-commit", REFUSES)
    bench.write("new.py", "import os\n")
    steps = (git("commit", "-m 'New' -- new.py"), git("commit", "--no-verify -m 'New' -- new.py"),
             {"text": "The hook wants it mended."})  # fmt: skip
    async with bench.model(*steps) as server:
        assert (await bench.run("ask", "commit new.py", *YOLO)).code == 0
        told = heard(server, 1)
        assert "line 1: unused import\\nline 2: unused import\\nline 3: unused import" in told
        assert "mend what it says, then commit again" in told
        assert "the option --no-verify is not offered here" in heard(server, 2)
    assert bench.git("log", "--format=%s") == "First\n"
    assert bench.git("status", "--porcelain") == "?? new.py\n"


@pytest.mark.feature("C5")
async def test_an_agent_is_told_once_how_commits_are_worded_here(bench: Bench) -> None:
    for subject in ("feat(calc): add mean", "fix(calc): mend mean", "docs(calc): say it"):
        bench.git("commit", "-q", "--allow-empty", "-m", subject)
    steps = (
        READ,
        TURN,
        git("commit", "-m 'Turn it.' -- calc.py"),
        git("commit", "-m 'fix(calc): turn it' -- calc.py"),
    )
    async with bench.model(*steps, {"text": "Done."}) as server:
        assert (await bench.run("ask", "turn it", *YOLO)).code == 0
        told = heard(server, 3)
        assert "The subject does not begin with a type, as in `fix(area): …`" in told
        assert "Latest subjects:\\n- docs(calc): say it" in told
    assert bench.git("log", "-1", "--format=%s") == "fix(calc): turn it\n"


@pytest.mark.feature("C5")
async def test_commit_takes_what_agents_changed_and_words_it_in_the_repositorys_style(bench: Bench) -> None:
    for subject in ("feat(calc): add mean", "fix(calc): mend mean", "docs(calc): say it"):
        bench.git("commit", "-q", "--allow-empty", "-m", subject)
    bench.write("mine.txt", "x\n")
    async with bench.model(
        DECIDE, READ, TURN, {"text": "Done."}, {"text": "Turned it around."},
        {"text": "```\nfix(calc): multiply from the left\n\nIt reads as it is said.\n```"},
        {"text": "docs(mine): say where"},
    ) as server:  # fmt: skip
        assert (await bench.run("ask", "turn it", *YOLO)).code == 0
        shown = await bench.run("commit", "--dry-run", "--no-model")
        assert shown.code == 0, shown.err
        assert "1 file (what agents changed):\n  changed: calc.py\nNot in it: mine.txt" in shown.out
        done = await bench.run("commit", "--json", "--about", "say that it reads better")
        assert done.code == 0, done.err
        first, second = (said(body) for body in bodies(server)[-2:])
        for name, text in (
            (".env", "PASS_PHRASE=correct-horse"),
            ("a.pem", "x y z"),
            ("b.txt", "correct-horse"),
        ):
            bench.write(name, f"{text}\n")
        assert (await bench.run("commit", "a.pem", "b.txt", "mine.txt", "--dry-run")).code == 0
        third = said(bodies(server)[-1])
        (bench.root / ".env").unlink()
    assert "[redacted:PASS_PHRASE in .env]" in third
    assert "correct-horse" not in third
    assert "x y z" not in third
    assert "type(scope): words" in first
    assert "The person wants: say that it reads better" in first
    assert "Multiply from the left. Not taken: Add it to itself (wrong for text)" in first
    assert "The subject does not begin with a type" in second
    message = bench.git("log", "-1", "--format=%B")
    assert message.startswith("fix(calc): multiply from the left\n\nIt reads as it is said.\n\nAssisted-by: ")
    assert "\nLoomkin-Decision: d1 " in message
    assert done.json["message"] == message.strip()
    assert done.json["left"] == ["mine.txt"]
    for words, why in (((), "Nothing is staged, and no agent"), (("--all",), "Git knows none of the")):
        told = await bench.run("commit", *words)
        assert told.code == 2
        assert why in told.err
        assert "Name them: a.pem, b.txt, mine.txt." in told.err


@pytest.mark.feature("C5")
@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("co-authored-by", "Co-authored-by: loomkin (openai/fake-model) <noreply@loomkin.invalid>\n"),
        ("none", ""),
    ],
)
async def test_attribution_is_as_the_person_wants_it_in_commits_and_in_the_text_of_a_pull_request(
    bench: Bench, setting: str, line: str
) -> None:
    bench.git("branch", "-M", "main")
    bench.git("switch", "-qc", "turn-it-around")
    wanted = {"LOOMKIN__GIT__ATTRIBUTION": setting, "LOOMKIN__GIT__TRAILERS": "false"}
    async with bench.model(DECIDE, READ, TURN, git("commit", "-m 'Turn it' -- calc.py"), {"text": "Done."}):
        assert (await bench.run("ask", "turn it", *YOLO, environ=wanted)).code == 0
    end = f"\n\n{line}" if line else "\n"
    assert bench.git("log", "-1", "--format=%B").rstrip("\n") == f"Turn it{end}".rstrip("\n")
    made = await bench.run("pr", environ=wanted)
    assert made.code == 0, made.err
    assert made.out.startswith("Turn it\n\n## What\n- Turn it\n\n1 file changed")
    assert "- **Multiply from the left** (confidence 80 %)" in made.out
    assert "## Options not taken\n- Add it to itself: wrong for text\n" in made.out
    assert (line in made.out) if line else ("loomkin" not in made.out and "fake-model" not in made.out)
    assert (await bench.run("pr", "--title")).out == "Turn it\n"
    assert "has every commit of this branch" in (await bench.run("pr", "turn-it-around")).err


@pytest.mark.feature("C5")
async def test_a_review_reads_what_is_meant_in_a_window_of_its_own_and_names_places(bench: Bench) -> None:
    bench.write("calc.py", (bench.root / "calc.py").read_text().replace("value * 2", "value * 3"))
    bench.write("new.py", "import os\n")
    found = "Changes needed.\n\n- `calc.py:7`: doubles wrongly, 2 gives 6; multiply by 2\n- new.py:1: unused"
    async with bench.model({"text": found}, {"text": "Approve. No faults found."}) as server:
        ended = await bench.run("review", "--json", "--strict")
        assert ended.code == 1, ended.err
        asked = said(bodies(server)[0])
        assert "You are coder/reviewer" in asked
        assert "+    return value * 3" in asked
        assert "New files, not in the diff; file_read shows them: new.py" in asked
        told = ended.json
        assert told["findings"] == [
            {"path": "calc.py", "line": 7, "text": "doubles wrongly, 2 gives 6; multiply by 2"},
            {"path": "new.py", "line": 1, "text": "unused"},
        ]
        bench.git("add", "new.py")
        ended = await bench.run("review", "staged", "--strict")
        assert (ended.code, ended.out) == (0, "Review of what is staged:\n\nApprove. No faults found.\n")
        assert "value * 3" not in said(bodies(server)[1])
    assert bench.git("status", "--porcelain") == " M calc.py\nA  new.py\n"
    shown = await bench.run("review", "HEAD", "--dry-run")
    assert shown.out.startswith("Would review commit HEAD.\n")
    assert "There is no commit or branch 'nowhere'" in (await bench.run("review", "nowhere")).err


@pytest.mark.feature("C5")
async def test_without_a_model_a_commit_is_worded_from_the_definitions_that_changed(bench: Bench) -> None:
    bench.git("config", "commit.template", ".gitmessage")
    bench.write(".gitmessage", "# say why\nTicket: none\n")
    text = (bench.root / "calc.py").read_text()
    bench.write("calc.py", f"{text}\n\ndef median(values):\n    return sorted(values)[len(values) // 2]\n")
    offline = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "none"}
    assert "The message is empty" in (await bench.run("commit", "calc.py", "-m", " ", environ=offline)).err
    for flags in (
        ("--no-model",),
        ("-m", "Add the median", "-m", "It was missing."),
        ("--signoff", "--no-model"),
    ):
        done = await bench.run("commit", "calc.py", *flags, environ=offline)
        assert done.code == 0, done.err
        bench.write("calc.py", (bench.root / "calc.py").read_text() + "\nx = 1\n")
    signed, given, drafted = bench.git("log", "-3", "--format=%B%x00").split("\0")[:3]
    assert drafted.strip() == "Add median to calc\n\nTicket: none"
    assert given.strip() == "Add the median\n\nIt was missing."
    assert "\nSigned-off-by: " in signed
    lost = await bench.run(
        "commit", "calc.py", environ={**offline, "LOOMKIN_MODEL": "openai/x", "LOOMKIN__MODEL__ATTEMPTS": "1"}
    )
    assert lost.code == 0
    assert "No model answered (127.0.0.1:9 cannot be reached" in lost.err


@pytest.mark.feature("C5")
async def test_a_merge_keeps_the_words_that_git_has_ready_for_it(bench: Bench) -> None:
    bench.git("switch", "-q", "-c", "side")
    for branch, text in (("side", "1\n"), ("main", "2\n")):
        bench.git("switch", "-q", branch)
        bench.write("both.txt", text)
        bench.git("add", "both.txt")
        bench.git("commit", "-qm", f"On {branch}")
    bench.git("switch", "-q", "main")
    with pytest.raises(subprocess.CalledProcessError):
        bench.git("merge", "side")
    told = await bench.run("commit", "--no-model")
    assert "both.txt: added by both" in told.err
    bench.write("both.txt", "3\n")
    bench.git("add", "both.txt")
    assert (await bench.run("commit", "--no-model")).code == 0
    assert bench.git("log", "-1", "--format=%s").strip() == "Merge branch 'side'"
