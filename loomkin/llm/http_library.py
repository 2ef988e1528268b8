"""Loading the HTTP library without what we do not use of it: a third of its cost at every start."""

import sys
from types import ModuleType
from typing import Any


def load() -> Any:
    """The library `httpx2`, loaded once.

    HTTP/2 is left out where its package happens to be installed. The libraries look up their own versions in
    the metadata of all installed packages; nothing we send contains them, so they get a stand-in instead.
    """
    if "httpx2" in sys.modules:
        return sys.modules["httpx2"]
    metadata = ModuleType("importlib.metadata")
    metadata.__dict__["version"] = lambda name: "0"
    hidden = {"h2": None, "importlib.metadata": metadata}
    hidden = {name: module for name, module in hidden.items() if name not in sys.modules}
    sys.modules.update(hidden)  # type: ignore[arg-type]
    try:
        import httpcore2  # noqa: F401 - heavy: late on purpose
        import httpx2
    finally:
        for name in hidden:
            del sys.modules[name]
    return httpx2
