"""AI comments of a real repository: each counts once where it stands, and what git brought does not count."""

import subprocess
from pathlib import Path

import pytest

from loomkin.project.ai_comments import ai_comments
from loomkin.project.census import Change, Kind
from loomkin.workspace.comment_watch import CommentWatch, Found, standing

ASKING = "a = 1  # AI? why\n"


class Place:
    """A repository whose files are saved, and what their comments order."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.watch = CommentWatch(root)
        self.git("init", "-q")

    def git(self, *words: str) -> None:
        who = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
        subprocess.run(["git", *who, *words], cwd=self.root, check=True, capture_output=True)

    async def save(self, name: str, text: str, *, theirs: bool = True) -> Found:
        """Save a file by the person's hand or by somebody's."""
        (self.root / name).write_text(text)
        files = self.watch.read([Change(name, Kind.MODIFIED)])
        return await self.watch.new(files, [], {name} if theirs else ())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def test_the_same_words_in_another_place_are_another_comment(place: Place) -> None:
    assert [one.first for one in (await place.save("a.py", ASKING)).orders] == [1]
    assert (await place.save("a.py", "# more\n" + ASKING)).orders == []
    found = await place.save("a.py", "b = 2  # AI? why\n# more\n" + ASKING)
    assert [one.first for one in found.orders] == [1]
    assert (await place.save("a.py", ASKING)).orders == []
    place.git("add", ".")
    place.git("commit", "-qm", "Asked")
    place.watch = CommentWatch(place.root)
    found = await place.save("a.py", ASKING + "b = 2  # AI? why\n")
    assert [one.first for one in found.orders] == [2]


async def test_a_text_that_git_has_is_told_of_and_counts_once_it_is_another(place: Place) -> None:
    (place.root / "a.py").write_text(ASKING)
    place.git("add", ".")
    found = await place.save("a.py", ASKING)
    assert (found.orders, found.held, [one.first for one in found.known]) == ([], [], [1])
    assert [one.first for one in (await place.save("a.py", ASKING + "\n")).orders] == [1]
    assert (await place.save("a.py", ASKING + "\n\n")).orders == []


async def test_what_git_brought_is_no_order_when_the_person_saves_that_file_later(place: Place) -> None:
    (place.root / "a.py").write_text(ASKING)
    place.git("add", ".")
    assert await place.save("a.py", ASKING, theirs=False) == Found([], [], [])
    assert await place.save("a.py", ASKING + "b = 2\n") == Found([], [], [])


async def test_what_may_be_anothers_counts_when_it_is_saved_again(place: Place) -> None:
    found = await place.save("a.py", ASKING, theirs=False)
    assert (found.orders, [one.first for one in found.held]) == ([], [1])
    assert [one.first for one in (await place.save("a.py", ASKING)).orders] == [1]


def test_orders_stand_where_their_comments_are_now() -> None:
    ordered = ai_comments("a.py", "# AI! one\n# AI! two\n# AI! one\n")
    now = ai_comments("a.py", "x = 1\n# AI! one\n")
    assert [(one.first, one.text) for one in standing(ordered, now)] == [(2, "AI! one")]
    assert standing(ordered, []) == []
