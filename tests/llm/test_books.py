"""Who pays for a call, what each account says, and that the sums agree to the picodollar."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.llm.books import Before, Books, Caps
from loomkin.llm.metering import Meter, OverBudget
from loomkin.records.dataclass import replace
from loomkin.records.usage import Price, Usage

PRICE = Price(3_000_001, 15_000_007, 300_003, 3_750_011, "test")
CHEAP = Price(1, 10, 1, 1, "test")


async def pay(meter: Meter, usage: Usage, task: str = "", price: Price = PRICE) -> int:
    """One call from its reservation to its settlement, with an answer as long as it may be; its cost."""
    held = await meter.reserve(price, usage.prompt, 20_000, "m", task)
    usage = replace(usage, output=min(usage.output, held.max_output))
    await asyncio.sleep(0)
    meter.release(held)
    return meter.count(held, "m", usage, price) or 0


async def refused(meter: Meter, task: str = "", output: int = 1000) -> OverBudget:
    """How a call is refused."""
    with pytest.raises(OverBudget) as caught:
        await meter.reserve(CHEAP, 100, output, "m", task)
    return caught.value


usages = st.builds(Usage, *(st.integers(0, 5000) for _ in range(4)))
calls = st.lists(st.tuples(st.integers(0, 99), st.sampled_from(["", "t1", "t2"]), usages), min_size=100)


@settings(max_examples=15, deadline=None)
@given(calls, st.sampled_from([None, 60_000_000_000, 10**15]))
def test_all_accounts_agree_with_the_calls_of_a_hundred_agents_to_the_picodollar(
    wanted: list[tuple[int, str, Usage]], cap: int | None
) -> None:
    books = Books(Caps(session=cap, agent=cap, task=cap, team=cap))
    agents: Counter[str] = Counter()
    tasks: Counter[str] = Counter()

    async def one(number: int, task: str, usage: Usage) -> None:
        name = f"coder-{number}"
        try:
            cost = await pay(meters[name], usage, task)
        except OverBudget:
            return
        agents[name] += cost
        tasks[task] += cost

    async def all_at_once() -> None:
        async with asyncio.TaskGroup() as group:
            for call in wanted:
                group.create_task(one(*call))

    meters = {f"coder-{number}": books.meter(f"coder-{number}") for number in range(100)}
    for name in meters:
        books.join(name, "main")
    asyncio.run(all_at_once())
    assert +Counter({name: one.spent for name, one in books.agents.items()}) == +agents
    assert +Counter({name: one.spent for name, one in books.tasks.items()}) == +Counter(
        {name: cost for name, cost in tasks.items() if name}
    )
    total = sum(agents.values())
    assert books.session.spent == books.day.spent == books.team("main").spent == total
    assert sum(meter.cost for meter in meters.values()) == total
    everyone = (books.session, books.day, *books.agents.values(), *books.tasks.values())
    assert all((one.reserved, one.reserved_tokens, one.waiters) == (0, 0, {}) for one in everyone)
    if cap is not None:
        assert total <= cap


@pytest.mark.parametrize(
    ("caps", "words"),
    [
        (Caps(agent=9000), "The agent budget of ann does not allow another call of m for t1: "),
        (Caps(task=9000), "The task budget of t1 (Mend it) does not allow another call of m by ann: "),
        (Caps(team=9000), "The team budget of main does not allow another call of m by ann for t1: "),
        (Caps(session=9000), "The session budget does not allow another call of m by ann for t1: "),
        (Caps(day=9000), "The day budget does not allow another call of m by ann for t1: "),
        (Caps(call=200), "The call budget does not allow another call of m by ann for t1: "),
    ],
)
async def test_a_refusal_names_the_account_and_who_ran_into_it(caps: Caps, words: str) -> None:
    books = Books(caps)
    books.terms = lambda task: ("Mend it", None)
    meter = books.meter("ann")
    books.join("ann", "main")
    if caps.call is None:
        await pay(meter, Usage(100, 800), "t1", CHEAP)
    error = await refused(meter, "t1")
    assert error.message.startswith(words)
    assert error.limit == "budget"
    assert "budget" in error.hint


async def test_an_agent_over_its_own_budget_stops_nobody_else() -> None:
    books = Books(Caps(agent=9000))
    ann, bob = books.meter("ann"), books.meter("bob")
    await pay(ann, Usage(100, 800), price=CHEAP)
    assert "Raise budget.agent_usd" in (await refused(ann)).hint
    await pay(bob, Usage(100, 10), price=CHEAP)


async def test_a_budget_that_an_agent_was_hired_with_counts_as_far_as_it_is_below_the_persons() -> None:
    books = Books(Caps(agent=9000))
    poor, rich = books.meter("poor", 6000), books.meter("rich", 10**9)
    await pay(poor, Usage(100, 300), price=CHEAP)
    assert "It was hired with this budget" in (await refused(poor)).hint
    await pay(rich, Usage(100, 300), price=CHEAP)
    await pay(rich, Usage(100, 500), price=CHEAP)
    assert "Raise budget.agent_usd" in (await refused(rich)).hint


async def test_a_sub_agent_pays_from_its_callers_account_for_its_callers_task() -> None:
    books = Books(Caps(agent=20_000))
    books.join("ann", "main")
    ann, helper = books.meter("ann"), books.meter("ann/researcher-1")
    await pay(ann, Usage(100, 100), "t1", CHEAP)
    await pay(helper, Usage(100, 1400), price=CHEAP)
    assert books.agent("ann").spent == books.task("t1").spent == books.team("main").spent == 1100 + 14_100
    assert books.agent("ann/researcher-1").spent == 14_100
    assert (await refused(ann)).account is books.agent("ann")
    assert "agent budget of ann " in (await refused(helper)).message


async def test_a_tasks_own_budget_counts_and_may_be_raised_while_a_call_waits_for_it() -> None:
    budget = {"t1": 12_000}
    books = Books(Caps(task=10**9))
    books.terms = lambda task: ("", budget.get(task))
    meter = books.meter("ann")
    first = await meter.reserve(CHEAP, 100, 1000, "m", "t1")
    told: list[str] = []
    async with asyncio.TaskGroup() as group:
        second = group.create_task(meter.reserve(CHEAP, 100, 1000, "m", "t1", lambda: told.append("waits")))
        await asyncio.sleep(0)
        assert told == ["waits"]
        budget["t1"] = 30_000
        books.task("t1")
    assert second.result().max_output == 1000
    meter.release(first)


async def test_a_closed_account_refuses_those_who_wait_for_it_too() -> None:
    books = Books(Caps(session=15_000))
    meter = books.meter("ann")
    await meter.reserve(CHEAP, 100, 1000, "m")
    async with asyncio.TaskGroup() as group:
        waiter = group.create_task(refused(meter))
        await asyncio.sleep(0)
        assert not waiter.done()
        books.session.close()
    assert waiter.result().account is books.session


async def test_an_unknown_price_is_refused_under_any_cap_and_counted_under_none() -> None:
    for caps in (Caps(call=1), Caps(task=1), Caps(agent=1), Caps(team=1), Caps(session=1), Caps(day=1)):
        books = Books(caps)
        books.join("ann", "main")
        with pytest.raises(OverBudget, match="The price of m is unknown"):
            await books.meter("ann").reserve(None, 1, 1000, "m", "t1")
    free = Books(Caps(session_tokens=5000)).meter("ann")
    held = await free.reserve(None, 1000, 1000, "m")
    free.release(held)
    assert free.count(held, "m", Usage(1000, 900), None) is None
    assert free.unpriced == 1
    assert (await free.reserve(None, 1000, 4000, "m")).max_output == 2100


def test_a_resumed_session_knows_what_each_account_had_spent() -> None:
    before = Before(
        day=50,
        session=40,
        agents={"ann": 10, "ann/researcher-1": 5, "bob": 25},
        tasks={"t1": 30, "": 10},
        teams={"ann": "main", "bob": "main", "ann/researcher-1": ""},
    )
    books = Books(Caps(session=100, team=100), before)
    books.join("ann", "main")
    assert (books.agent("ann").spent, books.agent("bob").spent) == (15, 25)
    assert (books.task("t1").spent, books.team("main").spent) == (30, 40)
    assert books.left() == {"session": 60, "team main": 60}


def test_what_a_lone_agent_spent_is_its_teams_once_there_is_one() -> None:
    books = Books(Caps(), Before(agents={"coder": 7}))
    books.join("coder", "main")
    books.join("coder", "main")
    assert books.team("main").spent == 7


async def test_a_broken_try_is_not_repeated_with_money_that_is_not_there() -> None:
    books = Books(Caps(session=15_000))
    meter = books.meter("ann")
    held = await meter.reserve(CHEAP, 100, 1000, "m")
    meter.check(held)
    meter.count(held, "m", Usage(100, 490), CHEAP)
    with pytest.raises(OverBudget, match="cannot be tried again"):
        meter.check(held)
