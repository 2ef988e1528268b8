"""Protected files and their versions."""

import subprocess
from pathlib import Path

from loomkin.project.guarded import Guarded


def test_the_versions_of_files_that_match_are_known_and_follow_their_content(tmp_path: Path) -> None:
    for name in ("a.sql", "deep/b.sql", "c.py", "infra/main.tf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    guarded = Guarded(tmp_path, ("*.sql", "infra/**"))
    first = guarded.versions()
    assert set(first) == {"a.sql", "deep/b.sql", "infra/main.tf"}
    assert guarded.matches("new/d.sql")
    assert not guarded.matches("c.py")
    (tmp_path / "a.sql").write_text("other")
    (tmp_path / "deep/b.sql").unlink()
    now = guarded.versions()
    assert {path for path in first if now.get(path) != first[path]} == {"a.sql", "deep/b.sql"}


def test_without_globs_and_with_broken_ones_nothing_is_protected(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    assert not Guarded(tmp_path, ())
    assert Guarded(tmp_path, ("",)).versions() == {}


def committed(root: Path) -> None:
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "First"]):
        subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)


async def test_only_what_is_as_the_last_commit_has_it_counts_as_committed(tmp_path: Path) -> None:
    for name in ("a.sql", "b.sql"):
        (tmp_path / name).write_text(name)
    guarded = Guarded(tmp_path, ("*.sql",))
    assert await guarded.committed() == {}
    committed(tmp_path)
    (tmp_path / "b.sql").write_text("other")
    (tmp_path / "new.sql").write_text("")
    assert await guarded.committed() == {"a.sql": guarded.versions()["a.sql"]}
