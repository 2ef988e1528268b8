"""A denial in words for the model."""

from loomkin.records.permission import Verdict


def refusal_text(verdict: Verdict) -> str:
    """A denial in words for the model."""
    written = verdict.rule and not verdict.built_in
    rule = f" Rule: {verdict.rule} ({verdict.source})." if written else ""
    return (
        f"Not permitted: {verdict.reason.rstrip('.')}.{rule} Do not run the same thing in disguise; "
        "other permitted ways are fine. Go on without it, or say in your answer what you would need and why."
    )
