"""From an exception of a transport to one leaf of our error tree, in words with a mend."""

from collections.abc import Iterator

from loomkin.errors import (
    BadRequestError,
    ConnectError,
    ProtocolError,
    ProviderError,
    StreamCutError,
    TimeoutExceeded,
    TlsError,
)
from loomkin.llm.failures import bare_url, hint_for, host_of, redact, shorten
from loomkin.llm.transport import (
    ConnectTimedOut,
    Cut,
    Garbage,
    Silent,
    TransportError,
    Undecodable,
    Unreachable,
    Unsendable,
)
from loomkin.llm.wire import Endpoint

# in the order in which they are looked at
_THEIRS: dict[type[BaseException], set[str]] = {
    ConnectTimedOut: {"ConnectTimeout"},
    Silent: {"TimeoutException"},
    Unsendable: {"UnsupportedProtocol", "InvalidURL", "LocalProtocolError", "UnicodeError"},
    Cut: {"ReadError", "WriteError", "RemoteProtocolError", "CloseError"},
    Undecodable: {
        "ProtocolError", "DecodingError", "TooManyRedirects", "StreamError", "SSEError", "CookieConflict",
    },
}  # fmt: skip


def from_transport(endpoint: Endpoint, error: BaseException, *, started: bool) -> ProviderError:
    """The error of an exception of a transport; `started` says that the answer had begun.

    Classes of the HTTP library are known by name, so that this module does not load it.
    """
    if tls := _tls_cause(error):
        return tls_error(endpoint, tls)
    words = redact(endpoint, shorten(str(error))) or type(error).__name__
    host = host_of(endpoint)
    kind = _kind(error, words)
    if kind is ConnectTimedOut:
        return ConnectError(
            f"{host} did not accept a connection in {endpoint.connect:g} s", hint=reach_hint(endpoint)
        )
    if kind is Silent:
        hint = hint_for(TimeoutExceeded, endpoint, 0)
        return TimeoutExceeded(f"{host} sent no byte for {endpoint.silence:g} s", hint=hint)
    if kind is Unsendable:
        hint = f"Check the base URL {bare_url(endpoint)}, the key and the extra headers of this provider."
        return BadRequestError(f"the request to {host} cannot be sent: {words}", hint=hint)
    if kind is Cut and started:
        return StreamCutError(f"{host} closed the connection in the middle of its answer", hint="Try again.")
    if kind is Cut:
        return ConnectError(f"{host} closed the connection before it answered", hint=reach_hint(endpoint))
    if kind in (Garbage, Undecodable):
        what = "does not speak HTTP" if kind is Garbage else "broke the HTTP protocol"
        return ProtocolError(f"{host} {what}: {words}", hint=hint_for(ProtocolError, endpoint, 0))
    return ConnectError(f"{host} cannot be reached: {words}", hint=reach_hint(endpoint))


def _kind(error: BaseException, words: str) -> type[BaseException]:
    """The class among our own that says the same as an exception of the HTTP library."""
    if isinstance(error, TransportError):
        return type(error)
    names = {base.__name__ for base in type(error).__mro__}
    kind = next((kind for kind, theirs in _THEIRS.items() if names & theirs), Unreachable)
    if kind is Cut and not any(word in words for word in ("disconnected", "closed", "Error", "reset")):
        return Garbage
    return kind


def reach_hint(endpoint: Endpoint) -> str:
    """What to look at where nobody answers."""
    url = bare_url(endpoint)
    return f"Is the server running at {url}? Check the address, the network and the proxy settings."


def _tls_cause(error: BaseException) -> str:
    for link in causes(error):
        is_tls = any(base.__name__ == "SSLError" for base in type(link).__mro__)
        if is_tls and "EOF" not in str(link) and "did not complete" not in str(link):
            return str(link)
    return ""


def causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and all that it came from."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def tls_error(endpoint: Endpoint, words: str) -> TlsError:
    """A connection that cannot be trusted, with the mend."""
    host = host_of(endpoint)
    if "WRONG_VERSION" in words or "record layer" in words:
        hint = f"{host} does not speak TLS: use http:// in its base URL."
    else:
        hint = "Set SSL_CERT_FILE to a PEM file that holds the certificate authority of your server or proxy."
    return TlsError(f"the TLS certificate of {host} is not trusted: {shorten(words)}", hint=hint)
