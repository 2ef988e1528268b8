"""Every error loomkin raises on purpose, on one page; each leaf says whose fault it is.

LoomkinError                          exit 1
├── UsageError                        the person: a wrong flag or argument (2)
├── ConfigError                       the person: a settings file, with file and line (52)
├── NoModelError                      the person: nothing usable to talk to (41)
├── UntrustedError                    the person: trust was required and not given (55)
├── SandboxError                      the machine: sandbox asked for, not available (44)
├── NotFoundError                     the person: no such session, call, setting (1)
├── StoreError                        the machine: disk full, read-only, corrupt, newer schema (1)
├── LimitError                        nobody: turns, money or time ran out (53)
├── FatalToolError                    the machine: a tool the run cannot do without failed (54)
├── ReplayDivergence                  the cassette: a replayed run asked something else (1)
└── ProviderError                     the model's side; permanent unless said otherwise (1)
    ├── AuthError                     key missing, wrong or not allowed (41)
    ├── ModelNotFoundError            no such model there (41)
    ├── BadRequestError               the provider refused the request's form
    ├── ContextLengthError            the request is longer than the window
    ├── ContentPolicyError            the provider refused the content
    ├── TlsError                      certificate not trusted: never retried
    ├── ProtocolError                 the answer was not what the wire promises
    └── TransientError                worth another try (75)
        ├── RateLimitError            429, with retry-after where given
        ├── OverloadedError           529, 503
        ├── ServerError               5xx
        ├── ConnectError              refused, reset, no route, no name
        ├── TimeoutExceeded           no byte in time
        └── StreamCutError            the stream ended in the middle
"""


class LoomkinError(Exception):
    """An error with a sentence for people: what happened, where, and what to do next."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(LoomkinError):
    """The command line cannot be carried out as typed."""

    exit_code = 2


class ConfigError(LoomkinError):
    """A settings file or variable has a value that cannot be used."""

    exit_code = 52


class NoModelError(LoomkinError):
    """No model is configured and none was found."""

    exit_code = 41


class UntrustedError(LoomkinError):
    """The folder is not trusted and the run requires trust."""

    exit_code = 55


class SandboxError(LoomkinError):
    """A sandbox was asked for and this machine has none."""

    exit_code = 44


class NotFoundError(LoomkinError):
    """What was named does not exist here."""


class StoreError(LoomkinError):
    """The database cannot be used."""


class LimitError(LoomkinError):
    """A limit stopped the work; `limit` is `turns`, `budget` or `time`."""

    exit_code = 53

    def __init__(self, message: str, *, limit: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.limit = limit


class FatalToolError(LoomkinError):
    """A tool that the run cannot do without failed for good."""

    exit_code = 54


class ReplayDivergence(LoomkinError):
    """A replayed run asked something that its cassette does not hold."""


class ProviderError(LoomkinError):
    """The model's side failed; `status` is the HTTP status, 0 when there was none."""

    def __init__(
        self, message: str, *, hint: str = "", status: int = 0, retry_after: float | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.retry_after = retry_after


class AuthError(ProviderError):
    """The key is missing, wrong, or lacks the right."""

    exit_code = 41


class ModelNotFoundError(ProviderError):
    """The provider does not know the model."""

    exit_code = 41


class BadRequestError(ProviderError):
    """The provider refused the form of the request."""


class ContextLengthError(ProviderError):
    """The request does not fit the model's window."""


class ContentPolicyError(ProviderError):
    """The provider refused the content."""


class TlsError(ProviderError):
    """The server's certificate is not trusted."""


class ProtocolError(ProviderError):
    """The answer is not what the wire promises."""


class TransientError(ProviderError):
    """A failure that may pass by itself."""

    exit_code = 75


class RateLimitError(TransientError):
    """Too many requests; `retry_after` holds the seconds where the provider said them."""


class OverloadedError(TransientError):
    """The provider has no room now."""


class ServerError(TransientError):
    """The provider failed."""


class ConnectError(TransientError):
    """The provider could not be reached."""


class TimeoutExceeded(TransientError):
    """No byte arrived in time."""


class StreamCutError(TransientError):
    """The answer ended in the middle."""
