"""web_fetch: a page of the web as text."""

from typing import ClassVar
from urllib.parse import urlsplit

from loomkin.permissions.gate import Gate
from loomkin.project.problem import Problem
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, Decision, ToolUse
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """The address."""

    url: str


class WebFetch(Tool[Params]):
    """Fetches pages; hosts are a matter of permission, those behind a redirect too."""

    name: ClassVar[str] = "web_fetch"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NETWORK

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd), url=params.url)

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        from loomkin.project.web import fetch  # heavy: late on purpose

        first = _host(params.url)

        def allowed(host: str) -> bool:
            use = ToolUse(self.name, self.access, str(call.cwd), url=f"https://{host}/")
            return host == first or self._gate.policy.decide(use).decision is Decision.ALLOW

        # where a redirect leads was not allowed by name
        named = self._is_named(self.use(params, call), first)
        page = await fetch(params.url, allowed, private=lambda host: named and host == first)
        if isinstance(page, Problem):
            return Fail(str(page))
        cut = f", cut from {page.total_chars} characters" if page.cut else ""
        head = f"{page.url} ({page.content_type}{cut})"
        return Ok("\n".join((head, page.title, "", page.text)))

    def _is_named(self, use: ToolUse, host: str) -> bool:
        """Whether the host was allowed by its name; a rule for many hosts opens no private network."""
        verdict = self._gate.policy.decide(use)
        return verdict.decision is not Decision.ALLOW or verdict.built_in or host in verdict.rule.lower()


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


TOOL = WebFetch
