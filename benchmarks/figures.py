"""What a benchmark found: one figure a line, its target beside it, and how the samples were spread."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median

from benchmarks.process import Floor


@dataclass(frozen=True, slots=True)
class Figure:
    """One result; `target` is what was wished for, in words, never a judgement.

    `seconds` are the samples behind it, `note` says how it was taken.
    """

    name: str
    value: float
    unit: str
    target: str = ""
    seconds: tuple[float, ...] = ()
    note: str = ""


def times_floor(
    name: str, seconds: Sequence[float], floor: Floor, target: str = "", note: str = ""
) -> Figure:
    """The median of processor seconds over that of the interpreter's own start."""
    return Figure(name, median(seconds) / floor.cpu, "x floor", target, tuple(seconds), note)


def rate(name: str, unit: str, seconds: Sequence[float], target: str = "", note: str = "") -> Figure:
    """How many in a second, by the median of the seconds that one took."""
    return Figure(name, 1 / median(seconds), unit, target, tuple(seconds), note)


def middle(name: str, seconds: Sequence[float], target: str = "", note: str = "") -> Figure:
    """The median, in milliseconds."""
    return Figure(name, 1000 * median(seconds), "ms", target, tuple(seconds), note)


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that `share` (0 to 1) of all do not exceed: the nearest-rank method."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def line(figure: Figure, floor: Floor) -> str:
    """The figure for a terminal."""
    digits = 2 if abs(figure.value) < 100 else 0
    words = [f"  {figure.name:<44} {figure.value:>10,.{digits}f} {figure.unit:<9}"]
    words.append(f"{f'target {figure.target}' if figure.target else '':<18}")
    if figure.seconds:
        spread = (percentile(figure.seconds, share) for share in (0.5, 0.9, 0.99))
        words.append(
            " ".join(f"p{name} {_time(value)}" for name, value in zip((50, 90, 99), spread, strict=True))
        )
        words.append(f"n={len(figure.seconds)}")
        if figure.unit != "x floor":
            words.append(f"= {median(figure.seconds) / floor.cpu:.3g} x floor")
    if figure.note:
        words.append(f"({figure.note})")
    return " ".join(words).rstrip()


def plain(figure: Figure, floor: Floor) -> dict[str, object]:
    """The figure as JSON, with its spread in seconds in the place of its samples."""
    values = asdict(figure)
    samples = values.pop("seconds")
    if samples:
        values |= {f"p{round(100 * share)}": percentile(samples, share) for share in (0.5, 0.9, 0.99)}
        values |= {"samples": len(samples), "floors": median(samples) / floor.cpu}
    return values


def _time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.3g} ms" if seconds >= 0.001 else f"{seconds * 1e6:.3g} us"
