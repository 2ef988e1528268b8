"""Renames planned by a server and made by the editing engine, and the ones that must not happen."""

from pathlib import Path

import pytest

from loomkin.lsp.errors import ServerError
from loomkin.lsp.renaming import Renaming
from loomkin.project.sight import Sight
from loomkin.records.ids import CallId, SessionId
from loomkin.records.region import Region
from loomkin.tooling.tool import Call, Fail, Ok
from loomkin.tools.files.changing import Editing
from loomkin.tools.servers.lsp_rename import LspRename, Params
from tests.lsp.desk import desk


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_columns_are_right_in_every_encoding_and_bytes_around_stay(
    tmp_path: Path, encoding: str
) -> None:
    async with desk(tmp_path, encoding=encoding) as one:
        first = one.write("a.fake", "ä𝄞 price é price\r\nno\tprices\r\n")
        second = one.write("b.fake", "\ufeffprice")
        renaming = Renaming(one.service)
        before = first.read_bytes(), second.read_bytes()
        plan = await renaming.plan(one.aim("a.fake", 1, "price"), "cost")
        assert set(plan.paths) == {str(first), str(second)}
        renaming.make(plan, "coder")
        assert first.read_bytes().decode() == "ä𝄞 cost é cost\r\nno\tprices\r\n"
        assert second.read_bytes().decode() == "\ufeffcost"
        back = await renaming.plan_back("coder")
        renaming.make(back, "coder", back=True)
        assert (first.read_bytes(), second.read_bytes()) == before


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"moves_files": True}, "would rename a file with it"),
        ({"overlaps": True}, "overlap. Nothing was changed"),
    ],
    ids=["moves", "overlaps"],
)
async def test_what_the_engine_cannot_do_whole_is_refused(
    tmp_path: Path, plan: dict[str, bool], words: str
) -> None:
    async with desk(tmp_path, **plan) as one:
        path = one.write("a.fake", "price\n")
        with pytest.raises(ServerError, match=words):
            await Renaming(one.service).plan(one.aim("a.fake", 1, "price"), "cost")
        assert path.read_text() == "price\n"


async def test_a_file_that_changes_before_the_write_leaves_all_as_they_are(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        first, second = one.write("a.fake", "price\n"), one.write("b.fake", "price\n")
        renaming = Renaming(one.service)
        plan = await renaming.plan(one.aim("a.fake", 1, "price"), "cost")
        one.write("b.fake", "the person's price\n")
        with pytest.raises(ServerError, match=r"b\.fake was not written: .* Nothing was changed"):
            renaming.make(plan, "coder")
        assert (first.read_text(), second.read_text()) == ("price\n", "the person's price\n")
        with pytest.raises(ServerError, match="renamed nothing"):
            await renaming.plan_back("coder")


async def test_renames_are_taken_back_one_after_the_other_and_none_over_a_later_edit(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        path = one.write("a.fake", "price\n")
        renaming = Renaming(one.service)
        for old, new in (("price", "cost"), ("cost", "fee")):
            renaming.make(await renaming.plan(one.aim("a.fake", 1, old), new), "coder")
        for left in ("cost\n", "price\n"):
            renaming.make(await renaming.plan_back("coder"), "coder", back=True)
            assert path.read_text() == left
        with pytest.raises(ServerError, match="renamed nothing"):
            await renaming.plan_back("coder")
        renaming.make(await renaming.plan(one.aim("a.fake", 1, "price"), "cost"), "coder")
        one.write("a.fake", "cost, and more\n")
        with pytest.raises(ServerError, match="changed since the rename"):
            await renaming.plan_back("coder")
        assert path.read_text() == "cost, and more\n"


async def test_a_name_that_does_not_parse_and_one_it_has_already_are_refused(tmp_path: Path) -> None:
    async with desk(tmp_path, files=".py") as one:
        path = one.write("a.py", "price = 1\nprint(price)\n")
        for name in ("2nd", "class", "two words"):
            with pytest.raises(ServerError, match=r"a\.py:1 could not be parsed .* Nothing was changed"):
                await Renaming(one.service).plan(one.aim("a.py", 1, "price"), name)
        with pytest.raises(ServerError, match="called price already"):
            await Renaming(one.service).plan(one.aim("a.py", 2, "price"), "price")
        assert path.read_text() == "price = 1\nprint(price)\n"


async def test_a_read_only_file_and_a_use_outside_stop_the_whole_rename(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        one.write("a.fake", "price\n")
        (tmp_path / "out.fake").write_text("price\n")
        (one.root / "link.fake").symlink_to(tmp_path / "out.fake")
        with pytest.raises(ServerError, match="outside of the workspace"):
            await Renaming(one.service).plan(one.aim("a.fake", 1, "price"), "cost")
        (one.root / "link.fake").unlink()
        one.write("b.fake", "price\n").chmod(0o444)
        with pytest.raises(ServerError, match="read-only"):
            await Renaming(one.service).plan(one.aim("a.fake", 1, "price"), "cost")


async def test_the_tool_names_every_file_and_region_before_it_is_permitted(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        one.write("a.fake", "price\nother\n")
        one.write("b.fake", "no\nprice\n")
        workplace = one.service.workplace
        tool = LspRename(one.service, Editing(workplace, Sight()))
        call = Call(CallId("c1"), SessionId("s1"), "coder", one.root)
        params = Params("a.fake", 1, "price", "cost")
        assert await tool.foresee(params, call) is None
        use = tool.use(params, call)
        assert use.writes == (str(one.root / "a.fake"), str(one.root / "b.fake"))
        assert use.reads == use.writes, "its result shows lines of all"
        assert await tool.regions(params, call) == (Region("a.fake", "", 1, 1), Region("b.fake", "", 2, 2))
        assert "+cost" in await tool.preview(params, call)
        done = await tool.run(params, call)
        assert isinstance(done, Ok)
        assert [(change.path, change.added, change.removed) for change in done.changes] == [
            ("a.fake", 1, 1), ("b.fake", 1, 1),
        ]  # fmt: skip
        wrong = await tool.foresee(Params("a.fake", 2, "price", "x"), call)
        assert isinstance(wrong, Fail)
        assert "names no price" in wrong.text
