"""Tokens and money: what a call used and what it cost."""

from decimal import Decimal

from loomkin.records.dataclass import dataclass

PICO_PER_USD = 10**12


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more calls; the four input and output counts do not overlap.

    `input` excludes cached tokens; `reasoning` is the part of `output` spent on thinking.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
            self.reasoning + other.reasoning,
        )

    @property
    def prompt(self) -> int:
        """All tokens of the request, cached ones included."""
        return self.input + self.cache_read + self.cache_write

    @property
    def total(self) -> int:
        """All tokens of request and answer."""
        return self.prompt + self.output


@dataclass(frozen=True, slots=True)
class Price:
    """Picodollars (1e-12 USD) a token, whole numbers so that sums are exact; `source` says whose."""

    input: int
    output: int
    cache_read: int
    cache_write: int
    source: str

    def cost(self, usage: Usage) -> int:
        """Picodollars of a usage."""
        return (
            usage.input * self.input
            + usage.output * self.output
            + usage.cache_read * self.cache_read
            + usage.cache_write * self.cache_write
        )


def usd(pico: int) -> Decimal:
    """Dollars, exactly."""
    return Decimal(pico) / PICO_PER_USD


def pico(dollars: float | str | Decimal) -> int:
    """Picodollars of an amount of dollars, rounded to the nearest."""
    return int((Decimal(str(dollars)) * PICO_PER_USD).to_integral_value())
