"""What was decided about each piece of a call, and how the pieces become one answer."""

from collections.abc import Iterable

from loomkin.records.dataclass import dataclass, replace
from loomkin.records.permission import Decision, Rule, Verdict

MOST_REASONS = 3
_WEIGHT = {Decision.ALLOW: 0, Decision.ASK: 1, Decision.DENY: 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one piece of a call: a command, a file, an address, or the tool itself."""

    subject: str
    verdict: Verdict


def by_rule(rule: Rule, reason: str, offers: tuple[str, ...] = ()) -> Verdict:
    """A verdict that a written rule decided."""
    return Verdict(rule.decision, reason, rule.text, rule.source, offers)


def built_in(decision: Decision, reason: str, name: str, offers: tuple[str, ...] = ()) -> Verdict:
    """A verdict that loomkin's own rules decided."""
    return Verdict(decision, reason, f"built-in: {name}", "built-in", offers, built_in=True)


def always_asks(reason: str, name: str = "always asks") -> Verdict:
    """A question that neither a pattern, nor the mode, nor a hook answers, and that offers no rule."""
    return replace(built_in(Decision.ASK, reason, name), firm=True)


def joined(findings: Iterable[Finding]) -> Verdict:
    """The heaviest verdict, of equals the first that a rule decided, with the offers of all questions."""
    found = [one.verdict for one in findings]
    if not found:
        return built_in(Decision.ALLOW, "It touches nothing.", "nothing to touch")
    heaviest = max(found, key=lambda verdict: _WEIGHT[verdict.decision])
    if heaviest.decision is Decision.ALLOW:
        return next((one for one in found if not one.built_in), heaviest)
    if heaviest.decision is Decision.DENY:
        return replace(heaviest, offers=())
    asked = [one for one in found if one.decision is Decision.ASK]
    offers = dict.fromkeys(offer for one in asked for offer in one.offers)
    # what always asks comes first: a box has room for a few reasons, and these tell what is at stake
    reasons = list(dict.fromkeys(one.reason for one in sorted(asked, key=lambda one: not one.firm)))
    more = f" And {len(reasons) - MOST_REASONS} more." if len(reasons) > MOST_REASONS else ""
    # a hook may answer what no rule asks: where a rule asks about any piece, the answer is the rule's
    first = next((one for one in asked if not one.built_in), heaviest)
    firm = any(one.firm for one in asked)
    return replace(first, reason=" ".join(reasons[:MOST_REASONS]) + more, offers=tuple(offers), firm=firm)
