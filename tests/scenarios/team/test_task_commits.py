"""With `git.auto_commit = "task"` each proved task becomes a commit of its own files."""

import pytest

from tests.scenarios.conftest import Bench, said
from tests.scenarios.team.conftest import asked
from tests.scenarios.team.test_plan import create, done
from tests.scenarios.team.test_verification import ALL, MEND, PROOF, READ, ask, planned

PER_TASK = {"LOOMKIN__GIT__AUTO_COMMIT": "task"}


@pytest.mark.feature("C5")
async def test_a_proved_task_is_committed_with_its_files_alone_and_a_claimed_one_is_not(bench: Bench) -> None:
    bench.write("mine.txt", "the person's\n")
    bench.git("add", "mine.txt")
    script = planned(create("mend mean", "coder", checks=[PROOF])) | {
        "coder": [READ, {"calls": [MEND]}, done("t1", "mean() added one too much")]
    }
    bench.environ |= PER_TASK
    async with bench.model(script=script):
        await ask(bench, *ALL)
    message = bench.git("log", "-1", "--format=%B")
    assert message.startswith("mend mean\n\nmean() added one too much\n\nAssisted-by: loomkin:")
    assert bench.git("show", "--format=", "--name-only", "HEAD") == "calc.py\n"
    assert bench.git("status", "--porcelain") == "A  mine.txt\n"


@pytest.mark.feature("C5")
async def test_who_did_the_task_hears_what_the_hook_said(bench: Bench) -> None:
    path = bench.root / ".git" / "hooks" / "pre-commit"
    path.write_text("#!/bin/sh\necho 'calc.py:3: line too long' >&2\nexit 1\n")
    path.chmod(0o755)
    script = planned(create("mend mean", "coder", checks=[PROOF]), news=2) | {
        "coder": [READ, {"calls": [MEND]}, done("t1", "mended"), {"text": "I see."}]
    }
    bench.environ |= PER_TASK
    async with bench.model(script=script) as server:
        await ask(bench, *ALL)
        told = "".join(said(body) for name in ("coder", "lead") for body in asked(server, name))
        assert "t1 is done, but its files could not be committed." in told
        assert "calc.py:3: line too long" in told
    assert bench.git("log", "--format=%s") == "First\n"
