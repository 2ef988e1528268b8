"""How a language server can fail its client; the words are for models and people."""

from loomkin.errors import LoomkinError


class ServerError(LoomkinError):
    """A language server did not do what it was asked."""


class Unavailable(ServerError):
    """There is no server to ask: not installed, not trusted, switched off, or it broke too often."""


class Gone(ServerError):
    """The server ended, or its stream broke."""


class NoAnswer(ServerError):
    """The server did not answer in time."""


class Declined(ServerError):
    """The server answered with an error; `code` is the protocol's."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code
