"""Loading the HTTP library without what we do not use of it: a third of its cost at every start."""

import sys
from types import ModuleType
from typing import Any

_VERSION = "httpx2.__version__"


def load() -> Any:
    """The library `httpx2`, loaded once.

    HTTP/2 is left out where its package happens to be installed, and the library's own version, which it
    looks up in the metadata of all installed packages, is not looked up: nothing we send contains it.
    """
    if "httpx2" in sys.modules:
        return sys.modules["httpx2"]
    version = ModuleType(_VERSION)
    version.__dict__.update(__title__="httpx2", __description__="", __version__="0")
    hidden = {"h2": None, _VERSION: version}
    hidden = {name: module for name, module in hidden.items() if name not in sys.modules}
    sys.modules.update(hidden)  # type: ignore[arg-type]
    try:
        import httpcore2  # noqa: F401 - heavy: late on purpose
        import httpx2
    finally:
        for name in hidden:
            del sys.modules[name]
    return httpx2
