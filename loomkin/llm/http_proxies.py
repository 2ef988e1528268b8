"""Whether a proxy of the environment may stand between us and an address."""

import os
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

from loomkin.llm.models_providers import is_loopback


def may_be_proxied(url: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a proxy is set for the scheme of `url`; loopback has none.

    What NO_PROXY excepts, all but `*`, is left to the HTTP library, whose rules for it are many.
    """
    if is_loopback(url):
        return False
    proxies = _proxies(environ)
    if "*" in [name.strip() for name in proxies.get("no", "").split(",")]:
        return False
    return bool(proxies.get(urlsplit(url).scheme) or proxies.get("all"))


def _proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """What `urllib.request.getproxies` finds, which is a fifth of a start to import."""
    if sys.platform == "darwin":
        from urllib.request import getproxies  # heavy: late on purpose

        return getproxies()
    else:
        return _of_environment(environ)


def _of_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The same for systems that keep proxies in the environment only."""
    found = {
        name.lower().removesuffix("_proxy"): value
        for name, value in environ.items()
        if name.lower().endswith("_proxy") and value
    }
    if "REQUEST_METHOD" in environ:  # a CGI program, whose callers can set HTTP_PROXY by the header `Proxy`
        found.pop("http", None)
    for name, value in environ.items():
        if name.endswith("_proxy"):  # lower case goes first, and empty it takes back
            found.pop(name.removesuffix("_proxy").lower(), None)
            if value:
                found[name.removesuffix("_proxy").lower()] = value
    return found
