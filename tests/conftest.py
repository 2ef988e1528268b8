"""What every test gets: a home of its own, no keys, no way to the machine's own settings."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# a machine with other work to do is no fault of a test
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

# a shell that starts the tests in the background makes them, and all they start, deaf to these
for _number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)

_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "CI")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Half as many workers again as cores: a third of a test's time is waiting for other processes."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS") or cores + cores // 2)


@pytest.fixture(autouse=True)
def own_machine(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point HOME, XDG folders and git at an empty place, and drop every other variable."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name not in _KEPT and not name.startswith(("PYTEST_", "HYPOTHESIS_", "COV_")):
            monkeypatch.delenv(name)
    places = {
        "HOME": home,
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_STATE_HOME": home / ".local/state",
        "XDG_CACHE_HOME": home / ".cache",
        "XDG_DATA_HOME": home / ".local/share",
        "GIT_CONFIG_GLOBAL": home / ".gitconfig",
        "GIT_CONFIG_NOSYSTEM": "1",
        "LOOMKIN_SYSTEM_CONFIG_DIR": home / "etc",
        # a machine may have language servers; tests that want one say so
        "LOOMKIN__LSP__ENABLED": "false",
    }
    for name, value in places.items():
        monkeypatch.setenv(name, str(value))
    (home / ".gitconfig").write_text(
        "[user]\n\tname = A Person\n\temail = person@example.org\n[init]\n\tdefaultBranch = main\n"
    )
    return home
