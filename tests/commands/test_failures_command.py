"""/failures: the person looks at what failed before and has it forgotten, beside an agent."""

from pathlib import Path

import pytest

from loomkin.errors import NotFoundError, UsageError
from loomkin.records.failure import Failure, FailureKind
from loomkin.records.failure_event import FailureSeen
from loomkin.records.ids import SessionId
from loomkin.store import erasing
from tests.commands.test_commands import COMMANDS, Talk, talk
from tests.commands.test_commands import root as root

FAILING, WORKING = "run-the-tool --fast calc.py", "sh tool/run.sh --fast calc.py"
LEARNT = (
    {"calls": [{"name": "shell", "arguments": {"command": FAILING}}]},
    {"calls": [{"name": "shell", "arguments": {"command": WORKING}}]},
    {"text": "Done."},
)


async def seen(one: Talk, *signatures: str, session: str = "") -> None:
    """Failures with these signatures, the last one seen last, in the open session or in another."""
    where = SessionId(session or one.context.session.id)
    for name in signatures:
        failure = Failure(name, FailureKind.OTHER, "shell", f"{name} broke", "", f"make {name}", "", "call")
        one.context.scribe.recorder.record(FailureSeen(failure), where, "coder")
    await one.context.scribe.flush()


@pytest.mark.feature("C9")
async def test_the_person_sees_what_failed_and_has_it_forgotten(root: Path, own_machine: Path) -> None:
    (root / "tool").mkdir()
    (root / "tool/run.sh").write_text("exit 0\n")
    async with talk(root, own_machine, *LEARNT) as one:
        assert await one.run("failures") == "Nothing is known to have failed here."
        await one.say("run the tool")
        (line,) = (await one.run("failures")).splitlines()
        name = line.split()[0]
        assert f"`{FAILING}`: " in line
        assert line.endswith(f"(seen once; fixed once, last by: `{WORKING}`)")
        shown = (await one.run(f"failures {name[:5]}")).splitlines()
        assert shown[0].startswith(f"{name}: ")
        assert shown[2].startswith("seen 1, fixed 1, first ")
        assert shown[3].startswith(f"last fixed by: `{WORKING}` (")
        assert shown[4].endswith(f" {one.context.session.id} coder: {FAILING}")
        assert COMMANDS["failures"].choices(one.context) == ("forget", name)
        assert (await one.run(f"failures forget {name[:5]}")).startswith(f"Forgotten: {name} (")
        assert await one.run("failures") == "Nothing is known to have failed here."
        with pytest.raises(NotFoundError):
            await one.run(f"failures {name}")


async def test_those_seen_last_stand_first_and_what_is_seen_again_is_known_again(
    root: Path, own_machine: Path
) -> None:
    async with talk(root, own_machine) as one:
        await seen(one, "aa11", "bb22", "aa11")
        assert [line.split()[0] for line in (await one.run("failures")).splitlines()] == ["aa11", "bb22"]
        await one.run("failures forget aa")
        assert (await one.run("failures")).split()[0] == "bb22"
        await seen(one, "aa11")
        assert "(seen once; not fixed yet)" in (await one.run("failures")).splitlines()[0]


async def test_a_long_list_is_cut_and_says_so(root: Path, own_machine: Path) -> None:
    async with talk(root, own_machine) as one:
        await seen(one, *(f"f{number:03}" for number in range(33)))
        *_, last, more = (await one.run("failures")).splitlines()
        assert last.startswith("f003 ")
        assert more == "… 3 older: loomkin failures list"


async def test_what_was_forgotten_stays_so_when_the_session_is_deleted(root: Path, own_machine: Path) -> None:
    async with talk(root, own_machine) as one:
        await seen(one, "aa11", "bb22", session="s-earlier")
        await one.run("failures forget aa11")
        erasing.delete(one.context.database, one.context.session.id)
        (line,) = (await one.run("failures")).splitlines()
        assert line.startswith("bb22 ")


async def test_what_no_failure_fits_is_refused_with_the_way(root: Path, own_machine: Path) -> None:
    async with talk(root, own_machine) as one:
        await seen(one, "aa11", "aa22")
        for words, kind, said in (
            ("failures zz", NotFoundError, "No failures fit 'zz'."),
            ("failures aa", NotFoundError, "2 failures fit 'aa'."),
            ("failures forget aa", NotFoundError, "2 failures fit 'aa'."),
            ("failures forget", UsageError, "Name the failure to forget."),
            ("failures aa11 twice", UsageError, "/failures cannot do 'aa11 twice'."),
        ):
            with pytest.raises(kind, match=said) as refused:
                await one.run(words)
            assert "/failures" in refused.value.hint
