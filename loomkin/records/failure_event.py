"""What happens to failures: seen, fixed, shown to somebody, found not to be mended by a fix, forgotten."""

from loomkin.records.dataclass import dataclass
from loomkin.records.event import Fact
from loomkin.records.failure import Failure, Fix, Showing


@dataclass(frozen=True, slots=True)
class FailureSeen(Fact):
    """Something failed in a way worth knowing."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class FailureFixed(Fact):
    """What had failed worked, after this."""

    fix: Fix


@dataclass(frozen=True, slots=True)
class FixFailed(Fact):
    """A fix that the agent had been told of was tried and did not help; `key` says which."""

    signature: str
    key: str
    call_id: str


@dataclass(frozen=True, slots=True)
class FailureShown(Fact):
    """An agent was told of an earlier failure."""

    signature: str
    how: Showing
    call_id: str


@dataclass(frozen=True, slots=True)
class FailureForgotten(Fact):
    """The person wants nobody to be told of a failure any more, as far as it was seen until now."""

    signature: str
