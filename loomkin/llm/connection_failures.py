"""From an exception of the HTTP client to one leaf of our error tree, in words with a mend."""

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
from loomkin.llm.wire import Endpoint


def from_transport(endpoint: Endpoint, error: BaseException, *, started: bool) -> ProviderError:
    """The error of an exception of the HTTP client; `started` says that the answer had begun.

    Classes are known by name, so that this module needs neither httpx2 nor httpx.
    """
    names = {base.__name__ for base in type(error).__mro__}
    words = redact(endpoint, shorten(str(error))) or type(error).__name__
    host = host_of(endpoint)
    if tls := _tls_cause(error):
        return tls_error(endpoint, tls)
    if "ConnectTimeout" in names:
        return ConnectError(
            f"{host} did not accept a connection in {endpoint.connect:g} s", hint=reach_hint(endpoint)
        )
    if "TimeoutException" in names:
        hint = hint_for(TimeoutExceeded, endpoint, 0)
        return TimeoutExceeded(f"{host} sent no byte for {endpoint.silence:g} s", hint=hint)
    if names & {"UnsupportedProtocol", "InvalidURL", "LocalProtocolError", "UnicodeError"}:
        hint = f"Check the base URL {bare_url(endpoint)}, the key and the extra headers of this provider."
        return BadRequestError(f"the request to {host} cannot be sent: {words}", hint=hint)
    if names & {"ReadError", "WriteError", "RemoteProtocolError", "CloseError"}:
        return _broken(endpoint, words, started=started)
    if names & {
        "ProtocolError",
        "DecodingError",
        "TooManyRedirects",
        "StreamError",
        "SSEError",
        "CookieConflict",
    }:
        hint = hint_for(ProtocolError, endpoint, 0)
        return ProtocolError(f"{host} broke the HTTP protocol: {words}", hint=hint)
    return ConnectError(f"{host} cannot be reached: {words}", hint=reach_hint(endpoint))


def _broken(endpoint: Endpoint, words: str, *, started: bool) -> ProviderError:
    host = host_of(endpoint)
    closed = "disconnected" in words or "closed" in words or "Error" in words or "reset" in words
    if not closed:
        hint = hint_for(ProtocolError, endpoint, 0)
        return ProtocolError(f"{host} does not speak HTTP: {words}", hint=hint)
    if started:
        return StreamCutError(f"{host} closed the connection in the middle of its answer", hint="Try again.")
    return ConnectError(f"{host} closed the connection before it answered", hint=reach_hint(endpoint))


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
