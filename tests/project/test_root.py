import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from loomkin.errors import StoreError
from loomkin.project.root import ensure_state_dir, find_root, find_state_dir, inside, state_dir


@pytest.fixture(autouse=True)
def _quiet_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.org")


def git(cwd: Path, *args: str) -> str:
    done = subprocess.run(["git", *args], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def repository(path: Path) -> Path:
    path.mkdir(parents=True)
    git(path, "init", "-q")
    git(path, "commit", "-q", "--allow-empty", "-m", "first")
    return path


def test_the_root_is_the_work_tree_that_git_names(tmp_path: Path) -> None:
    top = repository(tmp_path / "repo")
    deep = top / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "file.txt").write_text("x")
    for start in (top, deep, deep / "file.txt"):
        assert str(find_root(start).path) == git(top, "rev-parse", "--show-toplevel")
    assert find_root(deep).git_dir == top / ".git"


def test_without_a_repository_the_folder_itself_is_the_root(tmp_path: Path) -> None:
    root = find_root(tmp_path)
    assert (root.path, root.git_dir, root.bare) == (tmp_path, None, False)
    assert find_root(tmp_path / "not" / "there").path == tmp_path / "not" / "there"


def test_a_folder_named_git_that_is_no_repository_is_passed_over(tmp_path: Path) -> None:
    top = repository(tmp_path / "repo")
    (top / "sub" / ".git").mkdir(parents=True)
    (top / "other").mkdir()
    (top / "other" / ".git").write_text("gitdir: /nowhere\n")
    assert find_root(top / "sub").path == top
    assert find_root(top / "other").path == top


def test_a_bare_repository_is_known_as_bare(tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    root = find_root(bare / "refs")
    assert root.bare
    assert root.path == bare
    assert root.git_dir == bare


def test_a_linked_worktree_has_its_own_root_and_shares_the_repository(tmp_path: Path) -> None:
    top = repository(tmp_path / "repo")
    git(top, "worktree", "add", "-q", str(tmp_path / "linked"))
    root = find_root(tmp_path / "linked")
    assert root.path == tmp_path / "linked"
    assert root.git_dir == top / ".git" / "worktrees" / "linked"
    assert root.common_dir == top / ".git"


def test_a_submodule_is_a_root_of_its_own(tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner")
    top = repository(tmp_path / "repo")
    git(top, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub")
    assert find_root(top / "sub").path == top / "sub"
    assert find_root(top / "sub").git_dir == top / ".git" / "modules" / "sub"


def test_inside_the_git_folder_the_root_is_the_work_tree(tmp_path: Path) -> None:
    top = repository(tmp_path / "repo")
    assert find_root(top / ".git" / "refs").path == top


def test_the_state_folder_is_looked_for_up_to_the_repository_and_not_beyond(tmp_path: Path) -> None:
    (tmp_path / ".loomkin").mkdir()
    top = repository(tmp_path / "repo")
    (top / "a" / "b").mkdir(parents=True)
    assert find_state_dir(top / "a" / "b") is None
    (top / ".loomkin").mkdir()
    assert find_state_dir(top / "a" / "b") == top / ".loomkin"
    (top / "a" / ".loomkin").mkdir()
    assert find_state_dir(top / "a" / "b") == top / "a" / ".loomkin"


def test_a_state_folder_in_home_is_not_taken_for_the_projects_below_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "plain" / "deep").mkdir(parents=True)
    (home / ".loomkin").mkdir()
    assert find_state_dir(home / "plain" / "deep", home) is None
    assert find_state_dir(home, home) == home / ".loomkin"
    repository(home / "repo")
    (home / "repo" / "deep").mkdir()
    assert find_state_dir(home / "repo" / "deep", home) is None


def test_without_a_repository_folders_beside_each_other_have_nothing_in_common(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "parent" / name).mkdir(parents=True)
    (tmp_path / "parent" / ".loomkin").mkdir()
    assert find_state_dir(tmp_path / "parent") == tmp_path / "parent" / ".loomkin"
    assert state_dir(tmp_path / "parent" / "a") == tmp_path / "parent" / "a" / ".loomkin"
    assert state_dir(tmp_path / "parent" / "b") == tmp_path / "parent" / "b" / ".loomkin"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_state_folder_that_another_user_made_is_not_used(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    state = ensure_state_dir(tmp_path)
    os.chown(state, 65534, 65534)
    with pytest.raises(StoreError, match="belongs to another user"):
        state_dir(tmp_path)
    top = repository(tmp_path / "repo")
    os.chown(ensure_state_dir(top), 65534, 65534)
    assert state_dir(top) == top / ".loomkin", "as git, root may work in a repository of somebody else"


def test_symlinks_do_not_lead_out(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "project-two").mkdir()
    (project / "out").symlink_to(tmp_path)
    (project / "loop").symlink_to("loop")
    (tmp_path / "alias").symlink_to(project)
    assert inside(project, [project])
    assert inside(project / "new" / "file", [project])
    assert inside(tmp_path / "alias" / "x", [project])
    assert inside(project / "x", [tmp_path / "alias"])
    assert inside("/etc/hosts", ["/"])
    assert not inside(project / "out" / "secret", [project])
    assert not inside(project / ".." / "x", [project])
    assert not inside(tmp_path / "project-two", [project])
    assert not inside("bad\0name", [project])
    assert not inside("/etc/hosts", [])


def test_the_state_folder_ignores_its_own_machine_files(tmp_path: Path) -> None:
    top = repository(tmp_path / "repo")
    state = ensure_state_dir(top)
    (state / "loomkin.db").write_text("")
    (state / "loomkin.db-wal").write_text("")
    (state / "outputs").mkdir()
    (state / "outputs" / "out1.txt").write_text("")
    (state / "history").write_text("")
    (state / "copied.txt").write_text("")
    (state / "skills.md").write_text("")
    status = git(top, "status", "--porcelain", "-uall").splitlines()
    assert status == ["?? .loomkin/skills.md"]
    (state / ".gitignore").write_text("mine\n")
    assert ensure_state_dir(top) == state
    assert (state / ".gitignore").read_text() == "mine\n"
    assert sorted(os.listdir(state)) == [
        ".gitignore", "copied.txt", "history", "loomkin.db", "loomkin.db-wal", "outputs", "skills.md",
    ]  # fmt: skip


def test_a_list_that_an_earlier_loomkin_wrote_gets_the_lines_it_lacks(tmp_path: Path) -> None:
    top = repository(tmp_path / "repo")
    state = ensure_state_dir(top)
    written = (state / ".gitignore").read_text()
    (state / ".gitignore").write_text(written.replace("history\n", "").replace("copied.txt\n", "") + "mine/")
    (state / "history").write_text("")
    assert git(top, "status", "--porcelain", "-uall") == "?? .loomkin/history"
    ensure_state_dir(top)
    assert git(top, "status", "--porcelain", "-uall") == ""
    assert "mine/\n" in (state / ".gitignore").read_text()


def test_a_taken_name_and_a_link_outwards_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".loomkin").write_text("")
    with pytest.raises(StoreError, match="something else has that name"):
        ensure_state_dir(tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / ".loomkin").symlink_to(tmp_path)
    with pytest.raises(StoreError, match="leads out of the project"):
        ensure_state_dir(tmp_path / "b")


def told_in_a_child(preparation: str, folder: str) -> str:
    """What a child process says that lives under a limit which this one cannot take on."""
    code = (
        "import os, pathlib, resource, sys\nfrom loomkin.project.root import ensure_state_dir\n"
        f"from loomkin.errors import StoreError\n{preparation}\n"
        "try:\n    ensure_state_dir(pathlib.Path(sys.argv[1]))\n"
        "except StoreError as error:\n    print('told:', error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_full_disk_is_a_store_error_that_says_so(tmp_path: Path) -> None:
    told = told_in_a_child("resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))", str(tmp_path))
    assert "told: There is no room left" in told
    assert os.listdir(tmp_path / ".loomkin") == []


def test_a_read_only_project_is_a_store_error_that_says_so() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        told = told_in_a_child("if os.geteuid() == 0: os.seteuid(65534)", folder)
    assert "told: " in told
    assert "cannot be written: Permission denied" in told


def test_a_folder_where_nothing_may_be_written_is_a_store_error() -> None:
    with pytest.raises(StoreError):
        ensure_state_dir(Path("/proc/self"))


def test_unreadable_parents_do_not_stop_the_search(tmp_path: Path) -> None:
    deep = tmp_path / "closed" / "open"
    deep.mkdir(parents=True)
    (tmp_path / "closed").chmod(0)
    try:
        assert find_root(deep).git_dir is None
        assert find_state_dir(deep) is None
    finally:
        (tmp_path / "closed").chmod(0o700)
