"""Every kind of folder people work in: the agent is told what it is, finds its files and edits them."""

import asyncio
import ctypes
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.conftest import CALC, Bench, Ended, bodies, call, said

DONE = {"text": "Done."}
YOLO = ("--permission-mode", "yolo")
EDIT = call("file_edit", path="calc.py", old="value * 2", new="2 * value")
EDITED = CALC.replace("value * 2", "2 * value")


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


async def work(
    bench: Bench, *calls: dict[str, Any], words: tuple[str, ...] = YOLO, cwd: Path | None = None
) -> tuple[str, list[str]]:
    """The first message of a run and what its tools gave; the run must end well and without a warning."""
    async with bench.model(*({"calls": [one]} for one in calls), DONE) as server:
        ended = await bench.run("ask", "go", *words, cwd=cwd)
    assert (ended.code, ended.out, ended.err) == (0, "Done.\n", "")
    messages = bodies(server)[-1]["messages"]
    results = [message["content"] for message in messages if message["role"] == "tool"]
    return messages[1]["content"], results


async def is_whole(bench: Bench, cwd: Path | None = None) -> None:
    """The tables are what the log says, and the next run goes on."""
    checked = await bench.run("sessions", "check", cwd=cwd)
    assert (checked.code, checked.out) == (0, "All tables are what the log says.\n")


@pytest.mark.feature("F3")
async def test_a_folder_that_is_no_repository(bench: Bench, tmp_path: Path):
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "calc.py").write_text(CALC)
    first, (status, files, edited) = await work(
        bench, call("git", operation="status"), call("file_search", pattern="*"), EDIT, cwd=plain
    )
    assert "Git: not in a git repository." in first
    assert "not a git repository" in status
    assert files == "calc.py"
    assert edited.startswith("Changed calc.py")
    assert (plain / "calc.py").read_text() == EDITED
    await is_whole(bench, plain)


@pytest.mark.feature("F3")
async def test_a_bare_repository(bench: Bench, tmp_path: Path):
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(bench.root), str(bare))
    first, (log, status) = await work(
        bench, call("git", operation="log"), call("git", operation="status"), cwd=bare
    )
    assert "branch main (a bare repository: no files are checked out)" in first
    assert "    First" in log
    assert "must be run in a work tree" in status
    await is_whole(bench, bare)


@pytest.mark.feature("F3")
async def test_a_detached_head_and_an_unborn_branch(bench: Bench, tmp_path: Path):
    bench.git("checkout", "-q", "--detach")
    first, (status,) = await work(bench, call("git", operation="status"))
    assert f"Git: detached head at {bench.git('rev-parse', '--short=12', 'HEAD').strip()}" in first
    assert "HEAD detached at" in status
    unborn = tmp_path / "unborn"
    unborn.mkdir()
    git(unborn, "init", "-q")
    (unborn / "calc.py").write_text(CALC)
    first, (log, files, edited) = await work(
        bench, call("git", operation="log"), call("file_search", pattern="*.py"), EDIT, cwd=unborn
    )
    assert "Git: branch main, no commits yet" in first
    assert "does not have any commits yet" in log
    assert files == "calc.py"
    assert edited.startswith("Changed calc.py")


@pytest.mark.feature("F3")
async def test_submodules_are_named_searched_and_edited_and_are_repositories_of_their_own(bench: Bench):
    origin = str(bench.root / ".git")
    bench.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", origin, "inner")
    bench.git("commit", "-qm", "Take it in")
    edit = call("file_edit", path="inner/calc.py", old="value * 2", new="2 * value")
    first, (files, lines, edited) = await work(
        bench, call("file_search", pattern="calc.py"), call("content_search", pattern="def mean"), edit
    )
    assert "Submodules: inner." in first
    assert sorted(files.splitlines()) == ["calc.py", "inner/calc.py"]
    assert "inner/calc.py\n1:def mean" in lines
    assert edited.startswith("Changed inner/calc.py")
    assert (bench.root / "inner/calc.py").read_text() == EDITED
    first, _ = await work(bench, cwd=bench.root / "inner")
    assert "Repository root" not in first, "a submodule is a root"
    assert (bench.root / "inner/.loomkin/loomkin.db").exists()


@pytest.mark.feature("F3")
async def test_a_linked_worktree_has_sessions_of_its_own(bench: Bench, tmp_path: Path):
    tree = tmp_path / "tree"
    bench.git("worktree", "add", "-q", str(tree), "-b", "side")
    first, (edited,) = await work(bench, EDIT, cwd=tree)
    assert "Git: branch side;" in first
    assert edited.startswith("Changed calc.py")
    assert (tree / "calc.py").read_text() == EDITED
    assert (bench.root / "calc.py").read_text() == CALC
    assert (tree / ".loomkin/loomkin.db").exists()
    assert not (bench.root / ".loomkin").exists()


@pytest.mark.feature("F3")
async def test_a_subfolder_works_on_its_own_paths_and_shares_the_repositorys_sessions(bench: Bench):
    bench.write("pkg/deep/m.py", "y = 1\n")
    first, (found, own, above, shown, where, edited) = await work(
        bench,
        call("file_search", pattern="m.py"),
        call("file_read", path="m.py"),
        call("file_read", path="../../calc.py", limit=1),
        call("file_read", path="pkg/deep/m.py"),
        call("shell", command="pwd"),
        call("file_edit", path="m.py", old="y = 1", new="y = 2"),
        cwd=bench.root / "pkg/deep",
    )
    assert f"Working directory: {bench.root}/pkg/deep\nRepository root: {bench.root}\n" in first
    assert found == "m.py"
    assert own.startswith("pkg/deep/m.py (utf-8")
    assert above.startswith("calc.py (utf-8")
    assert shown == own, "the path that results show is understood too"
    assert where == f"{bench.root}/pkg/deep\nexit 0"
    assert edited.startswith("Changed pkg/deep/m.py")
    assert (bench.root / ".loomkin/loomkin.db").exists()
    assert not (bench.root / "pkg/deep/.loomkin").exists()
    async with bench.model({**DONE, "match": "y = 1"}):
        again = await bench.run("ask", "and now?", "-c")
    assert (again.code, again.out) == (0, "Done.\n")


@pytest.mark.feature("F3")
async def test_a_symlink_to_the_folder_is_the_folder(bench: Bench, tmp_path: Path):
    link = tmp_path / "link"
    link.symlink_to(bench.root)
    read = call("file_read", path=str(link / "calc.py"), limit=1)
    _, (edited, absolute) = await work(
        bench, EDIT, read, words=("--permission-mode", "edits", "-C", str(link)), cwd=tmp_path
    )
    assert edited.startswith("Changed calc.py")
    assert absolute.startswith("calc.py (utf-8")
    assert (bench.root / "calc.py").read_text() == EDITED
    assert (bench.root / ".loomkin/loomkin.db").exists()


NAMES = (
    b"a b.txt",
    b"new\nline.txt",
    b"tab\t.txt",
    b"-dash.txt",
    b'quo"te.txt',
    "\u00fc\u2603.txt".encode(),
    b"caf\xe9.txt",
)


def odd(bench: Bench, name: bytes) -> Path:
    return Path(os.fsdecode(os.path.join(os.fsencode(bench.root), name)))


@pytest.mark.feature("F3")
async def test_names_with_spaces_newlines_and_bytes_that_are_no_text(bench: Bench):
    for name in NAMES:
        odd(bench, name).write_text("needle\n")
    bench.git("add", ".")
    bench.git("commit", "-qm", "Odd names")
    odd(bench, NAMES[1]).write_text("needle\nmore\n")
    shown = [
        "a b.txt",
        "new\\nline.txt",
        "tab\\t.txt",
        "-dash.txt",
        'quo"te.txt',
        "\u00fc\u2603.txt",
        "caf\\xe9.txt",
    ]
    looks = [
        call("file_search", pattern="*.txt"),
        call("content_search", pattern="needle"),
        call("directory_list"),
        call("git", operation="status"),
    ]
    edits = [call("file_edit", path=name, old="needle", new="pin") for name in shown]
    steps = [{"calls": [one]} for one in (*looks, *edits)]
    async with bench.model(*steps, DONE) as server:
        ended = await bench.run("ask", "go", *YOLO, "--output-format", "stream-json", "-v")
    assert ended.code == 0, ended.err
    assert ended.lines[-1]["result"] == "Done."
    found, lines, tree, status, *edited = (
        message["content"] for message in bodies(server)[-1]["messages"] if message["role"] == "tool"
    )
    assert sorted(found.splitlines()) == sorted(shown)
    assert "files: 1 changed" in said(bodies(server)[0])
    assert 'modified:   "new\\nline.txt"' in status
    for name in shown:
        assert f"{name}\n1:needle" in lines
        assert f"  {name}  " in tree
    for name, text in zip(shown, edited, strict=True):
        assert text.startswith(f"Changed {name}: +1 -1")
    for name in NAMES:
        assert odd(bench, name).read_text().startswith("pin\n")
    await is_whole(bench)
    for words in (
        ("audit", "--json"),
        ("sessions", "export", ended.lines[0]["session_id"], "--format", "json"),
    ):
        listed = await bench.run(*words)
        assert listed.code == 0
        json.loads(listed.out.encode())


@pytest.mark.feature("F3")
async def test_a_folder_whose_own_name_is_no_text(bench: Bench, tmp_path: Path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/pr\xe9 j\n"))
    shutil.copytree(bench.root, folder)
    async with bench.model({"calls": [EDIT]}, DONE) as server:
        ended = await bench.run("ask", "go", *YOLO, "--output-format", "stream-json", cwd=folder)
    assert ended.code == 0, ended.err
    assert ended.lines[0]["cwd"].encode(), "no half surrogates"
    assert said(bodies(server)[-1]).count("Changed calc.py") == 1
    assert (folder / "calc.py").read_text() == EDITED
    listed = await bench.run("sessions", "list", "--json", cwd=folder)
    assert json.loads(listed.out.encode())[0]["turns"] == 1
    await is_whole(bench, folder)


async def run_bound(bench: Bench, *words: str, preexec_fn: Callable[[], None]) -> Ended:
    """`loomkin WORDS` with less than we have; `preexec_fn` takes it away before the start."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "loomkin", *words,
        cwd=bench.root, env={**os.environ, **bench.environ},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        preexec_fn=preexec_fn,
    )  # fmt: skip
    out, err = await process.communicate()
    return Ended(process.returncode or 0, out.decode(), err.decode())


LIBC = ctypes.CDLL(None)
DROP_FROM_BOUNDING_SET = 24
OVERRIDES = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, by which root reads and writes what the modes forbid."""


def obey_modes() -> None:
    """In a child, before it becomes another program: let the modes of files hold for root too."""
    if os.geteuid() == 0:
        for capability in OVERRIDES:
            LIBC.prctl(DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)


@pytest.fixture
def closed_bench(bench: Bench) -> Iterator[Bench]:
    """A repository with a folder that nobody may open; skips where nothing keeps us from it."""
    bench.write("locked/secret.py", "def mean(): ...\n")
    bench.git("add", ".")
    bench.git("commit", "-qm", "Second")
    (bench.root / "locked").chmod(0)
    seen = subprocess.run(["ls", "locked"], cwd=bench.root, capture_output=True, preexec_fn=obey_modes)
    if seen.returncode == 0:
        pytest.skip("this user reads whatever the modes forbid")
    yield bench
    for folder in (bench.root, bench.root / "locked"):
        folder.chmod(0o755)


@pytest.mark.feature("F3")
async def test_folders_and_files_that_cannot_be_read(closed_bench: Bench):
    bench = closed_bench
    bench.write("closed.py", "def mean(): ...\n").chmod(0)
    steps = (
        call("file_search", pattern="*.py"),
        call("content_search", pattern="def mean"),
        call("directory_list"),
        call("directory_list", path="locked"),
        call("file_read", path="closed.py"),
        call("file_read", path="locked/secret.py"),
        call("file_edit", path="closed.py", old="mean", new="mode"),
        EDIT,
    )
    async with bench.model(*({"calls": [one]} for one in steps), DONE) as server:
        ended = await run_bound(bench, "ask", "go", *YOLO, preexec_fn=obey_modes)
    assert (ended.code, ended.out) == (0, "Done.\n"), ended.err
    found, lines, tree, inside, closed, secret, refused, edited = (
        message["content"] for message in bodies(server)[-1]["messages"] if message["role"] == "tool"
    )
    assert "calc.py" in found
    assert lines.startswith("calc.py\n1:def mean(values):")
    assert "2 files that may not be read were passed over: closed.py, locked/secret.py" in lines
    assert "locked/ could not be read: Permission denied" in tree
    assert "could not be read: Permission denied" in inside
    assert closed == "Cannot read closed.py: Permission denied. Check the path with directory_list."
    assert secret.startswith("Cannot read locked/secret.py: Permission denied.")
    assert refused.startswith("closed.py cannot be read: Permission denied.")
    assert edited.startswith("Changed calc.py")


@pytest.mark.feature("F3")
async def test_a_read_only_folder_can_be_asked_in_without_keeping_the_session(closed_bench: Bench):
    bench = closed_bench
    bench.root.chmod(0o555)
    async with bench.model(DONE, {"calls": [EDIT]}, DONE) as server:
        refused = await run_bound(bench, "ask", "go", preexec_fn=obey_modes)
        assert server.chats == [], "no money is spent where nothing can be kept"
        asked = await run_bound(bench, "ask", "go", "--no-session-persistence", preexec_fn=obey_modes)
        edited = await run_bound(bench, "ask", "go", *YOLO, "--no-session-persistence", preexec_fn=obey_modes)
    assert (refused.code, refused.out) == (1, "")
    assert f"{bench.root}/.loomkin cannot be" in refused.err
    assert "Make the folder writable" in refused.err
    assert "Traceback" not in refused.err
    assert (asked.code, asked.out) == (0, "Done.\n")
    assert edited.code == 0
    assert "calc.py" in said(bodies(server)[-1])
    assert (bench.root / "calc.py").read_text() in (CALC, EDITED), "whole, whatever happened"


def at_most(size: int) -> Callable[[], None]:
    """What lets a process write no file longer than so many bytes, as on a disk that is full there."""

    def bound() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return bound


@pytest.mark.feature("F3")
@pytest.mark.parametrize("size", [0, 20_000, 120_000, 250_000])
async def test_a_full_disk_ends_with_a_clear_error_and_the_next_run_goes_on(bench: Bench, size: int):
    long = {"text": "words and words " * 4000, "calls": [call("file_read", path="calc.py")]}
    async with bench.model({**long, "repeat": 6}, DONE) as server:
        full = await run_bound(bench, "ask", "the words that must stay", preexec_fn=at_most(size))
    assert full.code == 1
    assert full.out == ""
    assert full.err.startswith("loomkin: ")
    assert ".loomkin" in full.err
    assert "Traceback" not in full.err
    assert "defect" not in full.err
    kept = {"match": "the words that must stay"} if server.chats else {}
    async with bench.model({**DONE, **kept}):
        again = await bench.run("ask", "go on", *(("-c",) if server.chats else ()))
    assert (again.code, again.out) == (0, "Done.\n"), again.err
    await is_whole(bench)


@pytest.mark.feature("F3")
async def test_an_edit_that_the_disk_has_no_room_for_leaves_the_file_whole(bench: Bench):
    text = "".join(f"line {number}\n" for number in range(200_000))
    bench.write("big.txt", text)
    edit = call("file_edit", path="big.txt", old="line 77777\n", new="line of another kind\n")
    async with bench.model({"calls": [edit]}, DONE) as server:
        ended = await run_bound(bench, "ask", "go", *YOLO, preexec_fn=at_most(1_500_000))
    assert (ended.code, ended.out) == (0, "Done.\n"), ended.err
    told = said(bodies(server)[-1])
    assert "big.txt" in told
    assert "too large" in told or "room" in told or "space" in told
    assert (bench.root / "big.txt").read_text() == text
    assert sorted(os.listdir(bench.root)) == [".git", ".loomkin", "big.txt", "calc.py", "test_calc.py"]


def many_files(root: Path, count: int) -> None:
    """As many tracked files, made fast: all are one file, and git learns of them from one list."""
    first = root / "many" / "000" / "file_0.py"
    first.parent.mkdir(parents=True)
    first.write_text("value = 1\n")
    blob = subprocess.run(
        ["git", "hash-object", "-w", str(first)], cwd=root, check=True, capture_output=True, text=True
    ).stdout.strip()
    listed = []
    for number in range(count):
        name = f"many/{number // 500:03}/file_{number}.py"
        path = root / name
        if number:
            if number % 500 == 0:
                path.parent.mkdir()
            os.link(first, path)
        listed.append(f"100644 {blob}\t{name}\n")
    subprocess.run(
        ["git", "update-index", "--index-info"], cwd=root, check=True, input="".join(listed).encode()
    )
    git(root, "commit", "-qm", "Many")


@pytest.mark.slow
@pytest.mark.feature("F3")
async def test_fifty_thousand_files(bench: Bench):
    await asyncio.to_thread(many_files, bench.root, 50_000)
    bench.git("status")
    first, (found, lines, tree, edited) = await work(
        bench,
        call("file_search", pattern="calc.py"),
        call("content_search", pattern="def double"),
        call("directory_list"),
        EDIT,
    )
    assert "Git: branch main;" in first
    assert found == "calc.py"
    assert lines == "calc.py\n6:def double(value):"
    assert len(tree) < 30_000
    assert edited.startswith("Changed calc.py")
    async with bench.model({"calls": [call("file_search", pattern="file_*.py")]}, DONE) as server:
        ended = await bench.run("ask", "go")
    assert ended.code == 0
    assert "49900 more; narrow the pattern" in said(bodies(server)[-1])
