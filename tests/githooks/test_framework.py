"""Our hooks under the pre-commit framework itself, from `.pre-commit-hooks.yaml`."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.githooks.repository import TOKEN, Repository, begin

SOURCE = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
STAGES = (
    "pre-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "pre-push",
    "post-checkout",
    "post-merge",
)
CONFIG = """\
repos:
- repo: {url}
  rev: {rev}
  hooks:
{hooks}
default_install_hook_types: [{stages}]
"""


@pytest.fixture
def framed(tmp_path: Path) -> Repository:
    """A repository in which the framework, and it alone, runs our hooks."""
    source = begin(tmp_path / "source")
    shutil.copy(SOURCE, source.root)
    source.git("add", ".")
    source.git("commit", "-qm", "Hooks")
    repo = begin(tmp_path / "a repository")
    hooks = "\n".join(f"  - id: loomkin-{stage}" for stage in STAGES)
    rev = source.git("rev-parse", "HEAD").strip()
    config = CONFIG.format(url=source.root, rev=rev, hooks=hooks, stages=", ".join(STAGES))
    repo.add(".pre-commit-config.yaml", config)
    repo.git("commit", "-qm", "Configure")
    repo.environ |= {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PRE_COMMIT_COLOR": "never",
    }
    repo.python("-m", "pre_commit", "install", "--install-hooks")
    return repo


@pytest.mark.slow
@pytest.mark.feature("F4")
def test_the_framework_runs_our_hooks_and_goes_on_without_us(framed: Repository, tmp_path: Path) -> None:
    far = str(tmp_path / "far.git")
    framed.git("init", "-q", "--bare", far)
    framed.add("utils.py", "def parse(text):\n    return int(text)\n")
    done = framed.run("commit")
    assert done.code == 0, done.err
    assert framed.message() == "Change parse in utils"
    for stage in ("looks at what is staged", "drafts the message", "checks the message", "joins the commit"):
        assert f"loomkin {stage}" in done.err
    framed.add("k.py", f"k = '{TOKEN}'\n")
    refused = framed.run("commit", "-m", "Keys")
    assert refused.code == 1
    assert "k.py:1: github-token" in refused.err
    framed.git("reset", "-q", "--hard")
    framed.environ["LOOMKIN__GITHOOKS__CHECK_MESSAGE"] = "true"
    assert "`Added`" in framed.run("commit", "--allow-empty", "-m", "Added nothing").err
    framed.write("LOOMKIN.md", "- Test: `echo tested; false`\n")
    framed.environ["LOOMKIN__GITHOOKS__TESTS"] = "true"
    framed.loomkin("trust")
    assert "fails (exit 1)" in framed.run("push", far, "HEAD:main").out
    framed.git("switch", "-q", "-c", "other", "HEAD^")
    framed.git("merge", "-q", "--no-edit", "main")
    without = {"PATH": "/usr/bin:/bin"}
    gone = framed.run("commit", "--allow-empty", "-m", "Added without loomkin", environ=without)
    assert gone.code == 0, gone.err


@pytest.mark.slow
@pytest.mark.feature("F4")
def test_the_framework_and_our_own_scripts_stand_each_others_company(framed: Repository) -> None:
    before = (framed.hooks / "pre-commit").read_bytes()
    framed.install("pre-commit")
    assert framed.standing("pre-commit") == "on, after pre-commit's hook"
    framed.python("-m", "pre_commit", "install", "-t", "pre-commit")
    assert framed.standing("pre-commit") == "on, run by pre-commit's hook"
    framed.add("utils.py", "def parse(text):\n    return int(text)\n")
    done = framed.run("commit", "-m", "Read numbers")
    assert done.code == 0, done.err
    framed.uninstall()
    assert (framed.hooks / "pre-commit").read_bytes() == before
    assert not (framed.hooks / "pre-commit.legacy").exists()
    assert framed.run("commit", "--allow-empty", "-m", "Again").code == 0
