"""Whoever read a file is told once of each change by others, and of whose it was, however they mingle."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.project.look import look, moved
from loomkin.project.look_words import told
from loomkin.project.sight import News, Sight
from loomkin.project.text import sha_of

AGENTS = ("ada", "bob")
FILES = ("a.py", "b.py")
ACTIONS = st.one_of(
    st.tuples(st.just("read"), st.sampled_from(AGENTS), st.sampled_from(FILES)),
    st.tuples(st.just("edit"), st.sampled_from(AGENTS), st.sampled_from(FILES)),
    st.tuples(st.just("command"), st.sampled_from(AGENTS), st.sampled_from(FILES)),
    st.tuples(st.just("person"), st.just(""), st.sampled_from(FILES)),
    st.tuples(st.just("delete"), st.just(""), st.sampled_from(FILES)),
    st.tuples(st.just("listen"), st.sampled_from(AGENTS), st.just("")),
)


class World:
    """Real files, the sight of two agents, and beside it what each of them ought to hear."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sight = Sight()
        self.number = 0
        self.due: dict[tuple[str, str], list[str]] = {}
        self.gone: set[tuple[str, str]] = set()
        for name in FILES:
            self.write(name)

    def write(self, name: str) -> str:
        """Another text; its hash. Sizes and times are often the same as before."""
        self.number += 1
        path, text = self.root / name, f"version {self.number:04}\n"
        path.write_text(text)
        os.utime(path, (1, 1))
        return sha_of(text.encode())

    def sha(self, name: str) -> str:
        """The version that is there, empty where none is."""
        path = self.root / name
        return sha_of(path.read_bytes()) if path.exists() else ""

    def owe(self, name: str, by: str) -> None:
        """Everybody else who knows the file is to hear of it."""
        for (agent, file), makers in self.due.items():
            if file == name and agent != by:
                makers.append(by)

    def do(self, action: str, agent: str, name: str) -> None:
        path = self.root / name
        if action == "read" and path.exists():
            text = path.read_text()
            self.sight.saw(agent, path, self.sha(name), text)
            self.due[agent, name] = []
        elif action == "edit":
            before, existed = self.sha(name), path.exists()
            known = self.sight.seen(agent, path)
            with self.sight.writing([str(path)]):
                self.sight.changed(agent, path, self.write(name), before)
            self.owe(name, agent)
            if known is None or known == before or not existed:
                self.due[agent, name] = []
        elif action == "command":
            look(self.sight, moved(self.sight, self.sight.files()))
            with self.sight.at_work.running(agent, "make"):
                self.write(name)
                look(self.sight, moved(self.sight, self.sight.files()))
            self.owe(name, agent)
        elif action in ("person", "delete"):
            if action == "person":
                self.write(name)
            elif not path.exists():
                return
            else:
                path.unlink()
            self.owe(name, "")
        elif action == "listen":
            self.listen(agent)

    def listen(self, agent: str) -> None:
        look(self.sight, moved(self.sight, self.sight.files_of(agent)))
        heard = {one.path.name: one for one in self.sight.news(agent)}
        due = {name: makers for (who, name), makers in self.due.items() if who == agent and makers}
        assert set(heard) <= set(due), "nobody hears of what nobody did"
        for name, makers in due.items():
            if name in heard:
                assert {step.by for step in heard[name].steps} <= set(makers)
                assert heard[name].now == self.sha(name)
            else:  # it came and went unseen between two looks, or was back and is gone again
                assert set(makers) == {""} or (agent, name) in self.gone
            self.due[agent, name] = []
        self.gone -= {(agent, name) for name in FILES}
        self.gone |= {(agent, name) for name in FILES if not self.sha(name)}
        assert self.sight.news(agent) == []


@settings(max_examples=150)
@given(st.lists(ACTIONS, max_size=25))
def test_any_mingling_of_writes_is_put_down_rightly_and_told_once(
    actions: Sequence[tuple[str, str, str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(os.path.realpath(folder)))
        for action in actions:
            world.do(*action)
        for agent in AGENTS:
            world.listen(agent)


def words(sight: Sight, root: Path, news: Sequence[News]) -> str:
    return told(news, sight, root, lambda path: str(path.relative_to(root)), "")


def test_each_of_several_makers_is_named_and_large_changes_are_told_by_their_lines(tmp_path: Path) -> None:
    root = Path(os.path.realpath(tmp_path))
    sight, path = Sight(), root / "long.py"
    lines = [f"line {number}\n" for number in range(500)]
    path.write_text("".join(lines))
    sight.saw("ada", path, sha_of(path.read_bytes()), path.read_text())
    before = sha_of(path.read_bytes())
    lines[10] = "bob's\n"
    path.write_text("".join(lines))
    sight.changed("bob", path, sha_of(path.read_bytes()), before)
    sight.texts.keep(sha_of(path.read_bytes()), path.read_text())
    lines[100:300] = ["the person's\n"] * 180
    path.write_text("".join(lines))
    look(sight, [path])
    said = words(sight, root, sight.news("ada"))
    assert "long.py, by bob and by the person or a program outside of loomkin: +" in said
    assert "read it again before you edit there" in said
    assert len(said) < 400


def test_what_a_link_leads_to_that_took_a_files_place_is_not_shown(tmp_path: Path) -> None:
    root = Path(os.path.realpath(tmp_path))
    sight, path = Sight(), root / "conf.py"
    (root / "elsewhere").write_text("not for agents\n")
    path.write_text("one\n")
    sight.saw("ada", path, sha_of(b"one\n"), "one\n")
    path.unlink()
    path.symlink_to("elsewhere")
    look(sight, [path])
    said = words(sight, root, sight.news("ada"))
    assert said.endswith(
        "- conf.py, by the person or a program outside of loomkin: a link stands there now, "
        "which leads to another file."
    )
    look(sight, [path])
    assert sight.news("ada") == []


def test_what_the_person_changed_after_an_agent_is_not_put_down_to_the_agent(tmp_path: Path) -> None:
    sight, path = Sight(), tmp_path / "a.py"
    sight.changed("ada", path, "theirs", "before")
    assert sight.changed_by(path, "theirs").startswith("ada, ")
    assert sight.changed_by(path, "the person's") == ""
    sight.touched("bob", path, "a command's")
    assert sight.changed_by(path, "a command's").startswith("bob, ")


def test_texts_that_are_kept_have_a_bound() -> None:
    sight = Sight()
    noise = os.urandom(400_000).hex()
    for number in range(60):
        sight.texts.keep(f"{number}", noise[number:])
    kept = [number for number in range(60) if sight.texts.get(f"{number}") is not None]
    assert kept
    assert kept[-1] == 59
    assert 0 not in kept
