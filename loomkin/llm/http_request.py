"""The address of a request taken apart, and the head that goes out for it."""

from binascii import b2a_base64
from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit

from loomkin.llm.http_parser import TOKEN
from loomkin.llm.transport import Unsendable
from loomkin.records.dataclass import dataclass

PORTS = {"http": 80, "https": 443}
_IN_PATHS = "!$%&'()*+,/:;=@?[]~"
_IN_HOSTS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-_~:%")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes; `host` is what is connected to, `server_name` what a certificate must name.

    `authorization` is the value of that header where the address holds a name and a password.
    """

    secure: bool
    host: str
    server_name: str
    port: int
    host_header: str
    path: str
    authorization: str

    @property
    def origin(self) -> tuple[bool, str, int]:
        """What two requests must have in common to share a connection."""
        return self.secure, self.host, self.port


def target_of(url: str) -> Target:
    """The parts of an http or https address; raises Unsendable where it is none."""
    try:
        parts = urlsplit(url)
        host = _ascii_host(parts.hostname or "")
        port = parts.port
    except UnicodeError as error:
        raise Unsendable(f"its name is no name of a host: {error}") from error
    except ValueError as error:
        raise Unsendable(f"its address is none: {error}") from error
    if parts.scheme not in PORTS or not host or port == 0 or not _IN_HOSTS.issuperset(host):
        raise Unsendable("its address is none: it must be http://HOST/ or https://HOST/")
    name = host.partition("%")[0]
    shown = f"[{name}]" if ":" in name else name
    usual = PORTS[parts.scheme]
    path = quote(parts.path or "/", safe=_IN_PATHS) + (
        f"?{quote(parts.query, safe=_IN_PATHS)}" if parts.query else ""
    )
    return Target(
        secure=parts.scheme == "https",
        host=host,
        server_name=name.rstrip("."),
        port=port or usual,
        host_header=shown if port in (None, usual) else f"{shown}:{port}",
        path=path,
        authorization=_basic(parts.username, parts.password),
    )


def _ascii_host(host: str) -> str:
    if host.isascii():
        return host.replace("%25", "%", 1)  # the zone of an IPv6 address (RFC 6874)
    import idna  # heavy: late on purpose

    return idna.encode(host).decode("ascii")


def _basic(name: str | None, password: str | None) -> str:
    if not name and not password:
        return ""
    pair = f"{unquote(name or '')}:{unquote(password or '')}"
    return f"Basic {b2a_base64(pair.encode(), newline=False).decode('ascii')}"


def head_of(method: str, target: Target, headers: Mapping[str, str], length: int | None) -> bytes:
    """The request line and headers; `length` is that of the content in bytes, None without any.

    A name and password in the address go before another `authorization`. Raises Unsendable where a header
    would break the request apart.
    """
    fields = {"user-agent": "loomkin", "accept": "*/*", "accept-encoding": "identity"}
    for name, value in headers.items():
        fields[_checked(name, value).lower()] = value
    if target.authorization:
        fields["authorization"] = target.authorization
    if length is not None:
        fields["content-length"] = str(length)
    lines = [f"{method} {target.path} HTTP/1.1", f"Host: {fields.pop('host', target.host_header)}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _checked(name: str, value: str) -> str:
    raw = name.encode("ascii", "replace")
    if not raw or raw.translate(None, TOKEN):
        raise Unsendable(f"{name[:60]!r} is no name of a header")
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise Unsendable(f"the header {name} holds characters that cannot be sent")
    if name.lower() in ("content-length", "transfer-encoding"):
        raise Unsendable(f"the header {name} cannot be set")
    return name
