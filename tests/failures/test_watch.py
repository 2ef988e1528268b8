"""What one agent's calls leave as lessons, and what another is told of them."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.failures.watch import Ended, Watch
from loomkin.records.event import Fact
from loomkin.records.failure import Lesson
from loomkin.records.permission import Access, ToolUse
from loomkin.store import rebuild
from loomkin.store.database import Database
from loomkin.store.failures import lessons
from loomkin.store.journal import write
from tests.store.facts import event, started

MISSING = "ModuleNotFoundError: No module named 'yaml'"


class Desk:
    """A repository with agents whose calls end as the test says."""

    def __init__(self) -> None:
        self.database = Database(None)
        self._sessions: set[str] = set()
        self.told: list[str] = []

    def agent(self, session: str, name: str = "coder") -> "Worker":
        """An agent of a session."""
        if session not in self._sessions:
            self._sessions.add(session)
            write(self.database, [event(started(), session)])
        return Worker(self, session, name)

    def lessons(self) -> list[Lesson]:
        """All that is known."""
        return lessons(self.database)


class Worker:
    """One agent at work."""

    def __init__(self, desk: Desk, session: str, name: str) -> None:
        def record(fact: Fact) -> None:
            write(desk.database, [event(fact, session, name)])

        def shown(cwd: str, path: str) -> str:
            return "." if path == "." else path

        self._number = 0
        self.watch = Watch(
            desk.database,
            record,
            session,
            name,
            shown,
            lambda text: text.replace("hunter2", "[redacted:PASSWORD]"),
        )

    def runs(self, command: str, output: str = "", code: int = 0) -> list[str]:
        """What it is told with a command's end."""
        use = ToolUse("shell", Access.EXECUTE, "/p", command=command)
        return self.watch.after("c", use, Ended(f"{output}\nexit {code}", code != 0, code or None))

    def wants(self, command: str) -> str:
        """What it is told before a command runs."""
        return self.watch.before("c", ToolUse("shell", Access.EXECUTE, "/p", command=command))

    def edits(self, path: str, refusal: str = "") -> list[str]:
        """What it is told with an edit's end."""
        use = ToolUse("file_edit", Access.WRITE, "/p", writes=(path,))
        text = f"The old text is not in {path}." if refusal else "Changed."
        changed = () if refusal else (path,)
        return self.watch.after(
            "c", use, Ended(text, bool(refusal), None, refusal, changed, "file_edit +1 -1")
        )

    def reads(self, path: str) -> None:
        """It looks into a file."""
        self.watch.after("c", ToolUse("file_read", Access.READ, "/p", reads=(path,)), Ended("…", False))


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A repository without lessons; at the end its tables are what its log says."""
    made = Desk()
    yield made
    assert rebuild.differences(made.database) == []
    made.database.close()


def fix_of(desk: Desk) -> tuple[tuple[str, ...], str]:
    """The steps and the command that mended the one failure there is."""
    (lesson,) = desk.lessons()
    assert lesson.fix is not None
    return lesson.fix.steps, lesson.fix.how


def test_what_was_installed_in_between_is_the_fix(desk: Desk) -> None:
    agent = desk.agent("s-1")
    assert agent.runs("pytest -q", MISSING, 1) == []
    agent.runs("ls")
    agent.runs("cat setup.py")
    agent.runs("pip install pyyaml")
    agent.runs("pytest -q")
    assert fix_of(desk) == (("pip install pyyaml",), "")


def test_the_command_that_worked_instead_is_the_fix_though_its_tests_are_red(desk: Desk) -> None:
    agent = desk.agent("s-1")
    agent.runs("pytest -q", "bash: line 1: pytest: command not found", 127)
    agent.runs(".venv/bin/python -m pytest -q", "1 failed, 2 passed in 0.1s", 1)
    assert fix_of(desk) == ((), ".venv/bin/python -m pytest -q")


def test_what_goes_into_a_pipe_that_hides_an_error_is_no_fix(desk: Desk) -> None:
    agent = desk.agent("s-1")
    agent.runs("pytest -q", MISSING, 1)
    agent.runs("pytest -q | tail -3", MISSING, 0)
    agent.runs("pytest --version")
    (lesson,) = desk.lessons()
    assert lesson.fix is None


def test_a_fault_of_the_code_that_is_mended_is_no_lesson_but_another_call_of_it_is(desk: Desk) -> None:
    agent = desk.agent("s-1")
    trace = "Traceback (most recent call last):\nValueError: no colour"
    agent.runs("python paint.py", trace, 1)
    agent.edits("paint.py")
    agent.runs("python paint.py")
    assert desk.lessons() == []
    agent.runs("python paint.py", trace, 1)
    agent.runs("python paint.py --colour red")
    assert fix_of(desk) == ((), "python paint.py --colour red")


def test_another_agents_success_is_nobodys_fix(desk: Desk) -> None:
    desk.agent("s-1").runs("pytest -q", MISSING, 1)
    desk.agent("s-1", "tester").runs("pytest -q")
    desk.agent("s-2").runs("pytest -q")
    (lesson,) = desk.lessons()
    assert (lesson.seen, lesson.fix) == (1, None)


def test_a_lesson_is_told_once_a_session_and_agent(desk: Desk) -> None:
    first = desk.agent("s-1")
    first.runs("make all", "make: *** No rule to make target 'all'.  Stop.", 2)
    first.runs("make -f build.mk all")
    again = ("make all", "make: *** No rule to make target 'all'.  Stop.", 2)
    second = desk.agent("s-2")
    assert "No rule to make target 'all'" in second.wants("make all")
    assert second.wants("make all") == ""
    assert second.runs(*again) == []
    third = desk.agent("s-2", "tester")
    assert third.runs(*again) == [
        "Seen 2 times before in this repository; last fixed by: `make -f build.mk all`."
    ]
    assert third.runs(*again) == []
    assert desk.agent("s-2", "tester").wants("make all") == ""


def test_a_command_that_worked_later_is_not_held_back(desk: Desk) -> None:
    failing = ("make all", "make: *** No rule to make target 'all'.  Stop.", 2)
    agent = desk.agent("s-1")
    agent.runs(*failing)
    agent.runs("make -f build.mk all")
    agent.runs(*failing)
    agent.edits("Makefile")
    agent.runs("make all")
    assert desk.agent("s-2").wants("make all") == ""


def test_the_same_command_in_another_folder_is_another_one(desk: Desk) -> None:
    agent = desk.agent("s-1")
    agent.runs("make all", "make: *** No rule to make target 'all'.  Stop.", 2)
    agent.runs("make -f build.mk all")
    other = desk.agent("s-2")
    assert other.wants("cd app && make all") == ""
    assert other.wants("make all 2>&1 | tail") != ""


def test_a_fix_that_was_told_and_did_not_help_gives_way_to_the_one_before(desk: Desk) -> None:
    first = desk.agent("s-1")
    for install in ("pip install pyyaml", "pip install yaml"):
        first.runs("pytest -q", MISSING, 1)
        first.runs(install)
        first.runs("pytest -q")
    second = desk.agent("s-2")
    assert "`pip install yaml`" in second.runs("pytest -q", MISSING, 1)[0]
    second.runs("pip install yaml")
    second.runs("pytest -q", MISSING, 1)
    assert fix_of(desk) == (("pip install pyyaml",), "")
    second.runs("pip install yaml --upgrade")
    second.runs("pytest -q")
    steps, _ = fix_of(desk)
    assert steps[-1] == "pip install yaml --upgrade"


def test_edits_that_do_not_fit_are_lessons_and_stale_ones_are_not(desk: Desk) -> None:
    agent = desk.agent("s-1")
    assert agent.edits("a.py", "not_found") == []
    agent.reads("a.py")
    agent.edits("a.py")
    agent.edits("b.py", "stale")
    agent.edits("c.py", "unread")
    agent.edits("d.py", "outside")
    assert fix_of(desk) == (("reading a.py",), "file_edit +1 -1")
    assert desk.agent("s-2").edits("a.py", "not_found") == [
        "Seen once before in this repository; last fixed by: file_edit +1 -1 (after reading a.py)."
    ]


def test_words_of_the_person_bring_what_they_name_and_no_more_than_three_lines(desk: Desk) -> None:
    agent = desk.agent("s-1")
    for target in ("one", "two", "three", "four"):
        agent.runs(f"make {target}", f"make: *** No rule to make target '{target}'.  Stop.", 2)
        agent.runs(f"make {target}s {target}")
    words = "run make one, make two, make three and make four"
    assert len(desk.agent("s-2").watch.prompt(words)) == 3
    assert desk.agent("s-3").watch.prompt("run make tone") == []
    assert desk.agent("s-4").watch.prompt("why do I get make: *** No rule to make target 'two'.  Stop.?") == [
        "`make two` failed once before in this repository with: make: *** No rule to make target 'two'. "
        "Stop.; last fixed by: `make twos two`."
    ]


STEPS = st.tuples(
    st.sampled_from(["runs", "wants", "edits", "prompt"]),
    st.one_of(
        st.text(max_size=40), st.sampled_from(["make all", "pytest", "pytest | tail", "a.py", "x && 'y"])
    ),
    st.one_of(
        st.text(max_size=80), st.sampled_from([MISSING, "bash: line 1: x: command not found", "not_found"])
    ),
    st.sampled_from([0, 0, 1, 2, 126, 127, 139, -9]),
)


@given(st.lists(STEPS, max_size=20))
@settings(max_examples=60, deadline=None)
def test_whatever_agents_do_the_watch_never_fails_and_tables_are_what_the_log_says(
    steps: list[tuple[str, str, str, int]],
) -> None:
    desk = Desk()
    for number, (what, text, output, code) in enumerate(steps):
        agent = desk.agent(f"s-{number // 5}")
        if what == "runs":
            agent.runs(text, output, code)
        elif what == "edits":
            agent.edits(text, output if code else "")
        elif what == "wants":
            agent.wants(text)
        else:
            agent.watch.prompt(f"{text} {output}")
    assert all(lesson.seen >= 1 for lesson in desk.lessons())
    assert rebuild.differences(desk.database) == []
    desk.database.close()


def test_secrets_in_commands_and_errors_are_not_kept(desk: Desk) -> None:
    agent = desk.agent("s-1")
    agent.runs("deploy --password hunter2", "deploy: Permission denied for hunter2", 1)
    agent.runs("deploy --token-file t --password hunter2")
    assert "hunter2" not in str(desk.lessons())
    assert "[redacted:PASSWORD]" in desk.agent("s-2").wants("deploy --password hunter2")
