"""Commits of every kind with our hooks in the way: they never fail because of us, and never wait for long."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loomkin.store.database import Database
from tests.fakes.model_server import ModelServer
from tests.githooks.repository import SEEN, TOKEN, Repository, begin
from tests.scenarios.conftest import bodies, environment

ADDED = "def parse(text):\n    return text\n\n\ndef parse_duration(text):\n    return int(text)\n"
RULES = "# Rules\n\n## Denied Operations\n\n- File Write: `generated/**`\n- Shell: `git commit *`\n"
SAID = "```\nTeach utils to read durations\n\nSo that limits can be words.\n```"
GONE = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    made = begin(tmp_path / "a repository")
    # whoever imports litellm here is told
    poison = tmp_path / "poison/litellm.py"
    poison.parent.mkdir()
    poison.write_text("import sys\nsys.stderr.write('LITELLM WAS IMPORTED')\n")
    made.environ["PYTHONPATH"] = str(poison.parent)
    return made


@pytest.mark.feature("F4")
def test_a_message_is_drafted_where_there_is_none_and_only_there(repo: Repository, tmp_path: Path) -> None:
    repo.install("prepare-commit-msg")
    repo.add("utils.py", ADDED)
    done = repo.run("commit", "-v", environ={"GIT_EDITOR": SEEN})
    assert (done.code, done.err) == (0, "")
    assert repo.message() == "Add parse_duration to utils"
    seen = (tmp_path / "seen.txt").read_text()
    assert seen.startswith("Add parse_duration to utils\n\n# Please enter the commit message")
    assert "# ------------------------ >8 ------------------------" in seen
    for words, said in (
        (["-m", "My own words"], "My own words"),
        (["-F", "words.txt"], "From a file\n\nwith a body"),
        (["-C", "HEAD"], "From a file\n\nwith a body"),
        (["--amend", "--no-edit"], "From a file\n\nwith a body"),
        (["--fixup", "HEAD"], "fixup! From a file"),
    ):
        repo.write("words.txt", "From a file\n\nwith a body\n")
        repo.write("utils.py", f"{ADDED}# {words}\n")
        repo.git("commit", "-a", *words)
        assert repo.message() == said
    repo.write("template.txt", "Ticket: \n# say more\n")
    repo.git("config", "commit.template", "template.txt")
    repo.add("utils.py", "X = 1\n")
    # a template that nobody filled in is no message: git refuses it, as it did before
    assert repo.run("commit").code == 1
    repo.write("template.txt", "# nothing but a comment\n")
    repo.git("commit")
    assert repo.message() == "Remove parse and parse_duration from utils"


@pytest.mark.feature("F4")
def test_what_is_staged_counts_not_what_is_on_disk(repo: Repository) -> None:
    repo.install()
    repo.add("utils.py", ADDED)
    repo.write("utils.py", f"{ADDED}\nk = '{TOKEN}'\n")
    repo.git("commit")
    assert repo.message() == "Add parse_duration to utils"
    refused = repo.run("commit", "-a", "-m", "With a key")
    assert refused.code == 1
    assert "utils.py:8: github-token" in refused.err
    assert TOKEN not in refused.err
    repo.write("utils.py", ADDED.replace("int(text)", "float(text)"))
    repo.add("other.py", f"k = '{TOKEN}'\n")
    repo.git("commit", "--", "utils.py")  # a part: the other one stays staged
    assert repo.message() == "Change parse_duration in utils"
    assert repo.git("diff", "--cached", "--name-only") == "other.py\n"
    assert "Take them out: `git restore --staged FILE`;" in repo.run("commit", "-m", "With a key").err
    repo.git("restore", "--staged", "other.py")
    repo.git("switch", "-q", "--orphan", "fresh")
    repo.git("add", "other.py")
    assert "Take them out: `git rm --cached FILE`;" in repo.run("commit", "-m", "A first one").err
    repo.git("rm", "-q", "--cached", "other.py")


@pytest.mark.feature("F4")
def test_staged_secrets_conflict_markers_and_denied_files_are_found(repo: Repository) -> None:
    repo.write(
        "LOOMKIN.md",
        "# Rules\n\n## Denied Operations\n\n- File Write: `generated/**`\n- Shell: `git commit *`\n",
    )
    repo.write(".env", "DB_PASSWORD=correct-horse-battery\n")
    repo.write(".gitignore", ".env\n")
    repo.git("add", "LOOMKIN.md", ".gitignore")
    repo.git("commit", "-qm", "Rules")
    repo.install("pre-commit")
    repo.add("generated/a.py", "x = 1\n")
    noted = repo.run("commit", "-m", "Generated")
    assert noted.code == 0
    assert "note: the project's rules deny this:\nloomkin:   generated/a.py: LOOMKIN.md:5 denies" in noted.err
    repo.add("generated/a.py", "x = 2\n")
    by_agent = repo.run("commit", "-m", "Generated", environ={"LOOMKIN": "1", "LOOMKIN_AGENT": "coder"})
    assert by_agent.code == 1
    assert "git commit: LOOMKIN.md:6 denies shell(git commit *)" in by_agent.err
    repo.git("commit", "-qm", "Generated", "--no-verify")
    bad = {
        "line\nfeed.py": f"k = '{TOKEN}'\n",
        "a b/ü.py": "def f():\n<<<<<<< HEAD\n    return 1\n=======\n    return 2\n>>>>>>> other\n",
        "settings.py": "password = 'correct-horse-battery'\n",
        "key.pem": "nothing\n",
        "allowed.py": f"k = '{TOKEN}'  # pragma: allowlist secret\n",
        "text.md": "Heading\n=======\n",
    }
    for name, text in bad.items():
        repo.add(name, text)
    refused = repo.run("commit", "-m", "All of it")
    assert refused.code == 1
    told = [line.removeprefix("loomkin: ").strip() for line in refused.err.splitlines()]
    assert [line for line in told if not line.startswith("pre-commit:")] == [
        "key.pem: files of that name hold secrets",
        "line\\nfeed.py:1: github-token",
        "settings.py:1: DB_PASSWORD in .env",
        "a b/ü.py:2: <<<<<<<",
        "a b/ü.py:6: >>>>>>>",
    ]


@pytest.mark.feature("F4")
def test_rebase_amend_merge_and_cherry_pick_go_on_as_without_us(repo: Repository) -> None:
    """Also with a model that never answers, and with the checks of messages on."""
    repo.environ |= {
        "LOOMKIN_MODEL": "openai/x",
        "OPENAI_API_KEY": "k",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    }
    for number in range(3):
        repo.add(f"f{number}.py", "x = 1\n")
        repo.git("commit", "-qm", f"fixed it, number {number}.")
    repo.git("switch", "-q", "-c", "side", "HEAD~2")
    repo.add("f1.py", "x = 2\n")
    repo.add("old.py", f"k = '{TOKEN}'\n")  # what is in history already is no finding of a merge
    repo.git("commit", "-qm", "other f1.")
    repo.environ["LOOMKIN__GITHOOKS__CHECK_MESSAGE"] = "true"
    repo.install()
    repo.git("switch", "-q", "main")
    before = repo.git("log", "--format=%s")
    done = repo.run("rebase", "-i", "HEAD~2", environ={"GIT_SEQUENCE_EDITOR": "sed -i -e 2s/pick/reword/"})
    assert done.code == 0, done.err
    swapped = repo.run("rebase", "-i", "HEAD~2", environ={"GIT_SEQUENCE_EDITOR": "sed -i -e '1{h;d};2G'"})
    assert swapped.code == 0, swapped.err
    squashed = repo.run(
        "rebase", "-i", "HEAD~2", environ={"GIT_SEQUENCE_EDITOR": "sed -i -e 2s/pick/squash/"}
    )
    assert squashed.code == 0, squashed.err
    assert repo.message().splitlines()[0] == "fixed it, number 2."
    assert repo.run("merge", "side").code == 1  # the person's conflict, not ours
    repo.add("f1.py", "x = 3\n")
    repo.git("commit", "--no-edit")
    assert repo.message().startswith("Merge branch 'side'")
    repo.git("switch", "-q", "-c", "third", "HEAD^")
    repo.git("cherry-pick", "-x", "-m", "1", "main", environ={"GIT_EDITOR": "true"})
    repo.git("revert", "--no-edit", "HEAD")
    assert before.endswith("First\n")
    assert "LITELLM" not in done.err + swapped.err + squashed.err


@pytest.mark.feature("F4")
@pytest.mark.parametrize("wait", ["hangs", "refuses", "answers"])
async def test_a_model_drafts_in_its_time_or_the_symbols_do(repo: Repository, wait: str) -> None:
    faults = {"hangs": {"text": "Never", "fault": "stall"}, "refuses": {"fault": "status", "status": 503}}
    step = faults.get(wait, {"text": SAID})
    async with ModelServer(script=[step] * 3) as server:
        repo.environ |= {**environment(server, "openai"), "LOOMKIN__GITHOOKS__MODEL_TIMEOUT": "1.5"}
        told = repo.install("prepare-commit-msg")
        assert told[-1].startswith("openai/fake-model words messages: it is sent the diff, without secrets.")
        repo.write("LOOMKIN.md", "# Rules\n\n## Denied Operations\n\n- File Read: `plans/**`\n")
        repo.add("plans/next.md", "Buy the rival\n")
        repo.add("prod.pem", "not even a key\n")
        repo.write(".env", "PASS_PHRASE=correct-horse-battery\n")
        repo.add("utils.py", f"{ADDED}\n\nP = 'correct-horse-battery'\n")
        done = await asyncio.to_thread(repo.run, "commit")
        assert len(server.chats) == 1  # whoever waits for git waits for one attempt
        assert done.code == 0, done.err
        asked = str(bodies(server))
    if wait == "answers":
        assert repo.message() == (
            "Teach utils to read durations\n\nSo that limits can be words.\n\n"
            "Assisted-by: loomkin:openai/fake-model"
        )
        assert "Not shown: plans/next.md, prod.pem" in asked
        assert not any(word in asked for word in ("rival", "not even", "horse"))
        assert "+def parse_duration(text):" in asked
        assert done.err == ""
        spent = await asyncio.to_thread(repo.loomkin, "cost", "--by", "agent")
        assert "prepare-commit-msg" in spent
        assert "All tables are what the log says." in await asyncio.to_thread(
            repo.loomkin, "sessions", "check"
        )
    else:
        assert "Assisted-by" not in repo.message()
        assert "parse_duration" in repo.message()
        assert done.err.startswith("loomkin: no model drafted the message, the symbols did: ")
        assert len(done.err.splitlines()) == 1


@pytest.mark.feature("F4")
async def test_a_review_is_asked_for_and_stops_only_what_must_not_be_committed(repo: Repository) -> None:
    said = "NOTE: utils.py:6: int() refuses '1.5'\nBLOCK: utils.py:5: no test"
    async with ModelServer(script=[{"text": said}] * 2 + [{"text": "OK"}]) as server:
        repo.environ |= {**environment(server, "openai"), "LOOMKIN__GITHOOKS__REVIEW": "warn",
                         "LOOMKIN__GITHOOKS__DRAFT": "off"}  # fmt: skip
        repo.install("pre-commit")
        repo.add("utils.py", ADDED)
        run = asyncio.to_thread
        stopped = await run(repo.run, "commit", "-m", "x", environ={"LOOMKIN__GITHOOKS__REVIEW": "stop"})
        warned = await run(repo.run, "commit", "-m", "x")
        assert (stopped.code, warned.code) == (1, 0)
        assert "loomkin: review: BLOCK: utils.py:5: no test\n" in warned.err
        repo.add("utils.py", "")
        fine = await run(repo.run, "commit", "-m", "x")
        assert (fine.code, fine.err) == (0, "")


@pytest.mark.feature("F4")
def test_worktrees_with_spaces_in_their_paths_have_the_hooks_of_their_repository(
    repo: Repository, tmp_path: Path
) -> None:
    repo.git("worktree", "add", "-q", str(tmp_path / "a linked tree"), "-b", "linked")
    linked = Repository(tmp_path / "a linked tree", repo.environ)
    linked.install("pre-commit", "prepare-commit-msg")
    assert repo.standing("pre-commit") == "on"
    for one in (linked, repo):
        one.add("utils.py", ADDED)
        one.git("commit")
        assert one.message() == "Add parse_duration to utils"
        one.add("k.py", f"k = '{TOKEN}'\n")
        assert one.run("commit", "-m", "Keys").code == 1
        one.git("reset", "-q", "--hard")


@pytest.mark.feature("F4")
def test_a_submodule_has_hooks_of_its_own(repo: Repository, tmp_path: Path) -> None:
    outer = begin(tmp_path / "outer", **repo.environ)
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repo.root), "inner one")
    inner = Repository(outer.root / "inner one", repo.environ)
    assert inner.standing("pre-commit") == "not installed"
    inner.install()
    assert outer.standing("pre-commit") == "not installed"
    inner.add("utils.py", "def parse(text):\n    return text\n\n\nclass Span:\n    pass\n")
    inner.git("commit")
    assert inner.message() == "Add Span to utils"


@pytest.mark.feature("F4")
def test_a_repository_apart_from_its_files_is_the_one_that_git_dir_names(
    repo: Repository, tmp_path: Path
) -> None:
    """As people keep the files of their home folder."""
    home = Repository(tmp_path / "home", {"GIT_DIR": str(tmp_path / "dots"), "GIT_WORK_TREE": "."})
    home.root.mkdir()
    home.git("init", "-q")
    home.loomkin("hook", "install", "pre-commit")
    assert (tmp_path / "dots/hooks/pre-commit").exists()
    home.add(".profile", f"export K={TOKEN}\n")
    assert ".profile:1: github-token" in home.run("commit", "-m", "Keys").err


@pytest.mark.feature("F4")
def test_a_program_without_a_terminal_commits_as_ever(repo: Repository) -> None:
    repo.install()
    repo.add("utils.py", ADDED)
    repo.environ |= {"TERM": "dumb", "GIT_TERMINAL_PROMPT": "0"}
    reading, writing = os.pipe()  # an input that never ends and never says anything
    try:
        done = subprocess.run(
            ["git", "commit", "-F", "utils.py"], cwd=repo.root, stdin=reading, capture_output=True,
            start_new_session=True, timeout=30, env={**os.environ, **repo.environ},
        )  # fmt: skip
        assert done.returncode == 0
    finally:
        os.close(reading)
        os.close(writing)
    repo.add("utils.py", "x = 1\n")
    closed = subprocess.run(
        ["sh", "-c", "exec git commit <&- >&- 2>&-"], cwd=repo.root, timeout=30, start_new_session=True,
        env={**os.environ, **repo.environ, "GIT_EDITOR": "true"},
    )  # fmt: skip
    assert closed.returncode == 0
    assert repo.message() == "Remove parse and parse_duration from utils"


@pytest.mark.feature("F4")
def test_what_keeps_us_from_our_work_is_one_line_unless_it_is_strict(repo: Repository) -> None:
    repo.install()
    repo.add("utils.py", ADDED)
    repo.write(".loomkin.toml", "[githooks]\ntimeout = 'soon'\n")
    done = repo.run("commit", "-m", "x")
    assert done.code == 0
    assert len(done.err.splitlines()) == 1
    assert "timeout" in done.err
    assert done.err.endswith("Passed over: git goes on.\n")
    repo.write(".loomkin.toml", "[githooks]\nrules = 'stop'\nstrict = true\n")
    repo.write("LOOMKIN.md", "## Denied Operations\n\n- nonsense: `\n")
    repo.add("utils.py", "x = 1\n")
    strict = repo.run("commit", "-m", "x")
    assert strict.code == 1
    assert "as `githooks.strict` says" in strict.err
    (repo.root / ".loomkin.toml").unlink()
    # neither the program that installed the hooks nor another loomkin is there any more
    for name in ("pre-commit", "prepare-commit-msg"):
        path = repo.hooks / name
        path.write_text(path.read_text().replace(sys.executable, "/nowhere/python"))
    assert "another loomkin wrote it" in repo.standing("pre-commit")
    gone = repo.run("commit", environ=GONE)
    assert gone.code == 1  # no message, and an editor that writes none: git's own refusal
    assert gone.err.splitlines()[:2] == [
        f"loomkin: {name}: loomkin is not there any more. Passed over: git goes on."
        for name in ("pre-commit", "prepare-commit-msg")
    ]
    assert repo.run("commit", "-m", "x", environ=GONE).code == 0


@pytest.mark.feature("F4")
def test_a_hook_that_cannot_go_on_ends_when_its_time_is_up(repo: Repository) -> None:
    repo.install("post-commit")
    repo.environ["LOOMKIN__GITHOOKS__TIMEOUT"] = "0.5"
    state = repo.root / ".loomkin"
    state.mkdir()
    Database(state / "loomkin.db").close()
    held = sqlite3.connect(state / "loomkin.db", isolation_level=None)
    try:
        # whoever opens it waits, inside SQLite, for ten seconds
        held.execute("PRAGMA locking_mode=EXCLUSIVE")
        held.execute("BEGIN EXCLUSIVE")
        begun = time.monotonic()
        done = repo.run("commit", "--allow-empty", "-m", "Wait")
        took = time.monotonic() - begun
    finally:
        held.close()
    assert done.code == 0
    assert took < 9
    assert done.err.splitlines() == [
        "loomkin: post-commit: no end after 0.5 s (`githooks.timeout`). Passed over: git goes on."
    ]


@pytest.mark.feature("F4")
def test_a_repository_cannot_put_its_own_modules_before_ours(repo: Repository) -> None:
    repo.install()
    for name in ("json", "asyncio", "loomkin", "typing"):
        repo.add(f"{name}.py", "raise SystemExit('mine')\n")
    done = repo.run("commit", "-m", "Modules")
    assert (done.code, done.err) == (0, "")


@pytest.mark.feature("F4")
def test_messages_are_held_against_the_repositorys_style_where_that_is_asked(repo: Repository) -> None:
    for number in range(4):
        repo.git("commit", "-q", "--allow-empty", "-m", f"feat(core): add number {number}")
    repo.environ["LOOMKIN__GITHOOKS__CHECK_MESSAGE"] = "true"
    repo.install("commit-msg")
    repo.add("utils.py", ADDED)
    refused = repo.run("commit", "-m", "Added durations")
    assert refused.code == 1
    assert "does not begin with a type" in refused.err
    assert "`Added`: subjects say what the commit does, as in `add`." in refused.err
    assert refused.err.splitlines()[-1].endswith("git commit -e -F .git/COMMIT_EDITMSG")
    assert repo.run("commit", "-m", "feat(core): add durations").code == 0
    assert repo.run("commit", "--allow-empty", "-m", "fixup! Added x").code == 0


@pytest.mark.feature("F4")
def test_a_push_waits_for_the_projects_tests_where_that_is_asked(repo: Repository, tmp_path: Path) -> None:
    far = str(tmp_path / "far.git")
    repo.git("init", "-q", "--bare", far)
    # a test that uses git must not meet the repository that is pushed
    repo.write("LOOMKIN.md", '- Test: `test -z "$GIT_DIR$GIT_INDEX_FILE" && echo seen && test -e fine`\n')
    repo.environ["LOOMKIN__GITHOOKS__TESTS"] = "true"
    repo.install("pre-push")
    repo.loomkin("trust")
    refused = repo.run("push", far, "HEAD:main")
    assert refused.code == 1
    assert "fails (exit 1):\nloomkin:   seen\n" in refused.err
    repo.write("fine", "")
    assert repo.run("push", far, "HEAD:main", "HEAD:side").code == 0
    (repo.root / "fine").unlink()
    assert repo.run("push", far, ":side").code == 0  # nothing to test
    slow = {"LOOMKIN__GITHOOKS__TEST_TIMEOUT": "1"}
    repo.write("LOOMKIN.md", "- Test: `sleep 30`\n")
    late = repo.run("push", far, "HEAD:third", environ=slow)
    assert late.code == 0
    assert "did not end in 1 s (`githooks.test_timeout`). Passed over: git goes on." in late.err
