"""What could not be done, as a value that a tool can show to a model."""

from loomkin.records.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal or failure: `what` went wrong, and in `hint` what to do instead."""

    what: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.what}\n{self.hint}" if self.hint else self.what
