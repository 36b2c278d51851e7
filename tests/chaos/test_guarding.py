import asyncio

import pytest

from chaos.guarding import all_of, guarded


async def forever(cancelled: list[str]) -> None:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        cancelled.append("forever")
        raise


async def fails(message: str) -> None:
    await asyncio.sleep(0)
    raise ValueError(message)


async def gives(value: int) -> int:
    await asyncio.sleep(0.01)
    return value


async def nothing() -> None:
    return


async def test_the_result_of_the_guarded_work_ends_its_guards() -> None:
    cancelled: list[str] = []
    assert await guarded(gives(7), forever(cancelled), nothing()) == 7
    assert cancelled == ["forever"]


async def test_a_guards_alarm_ends_the_work() -> None:
    cancelled: list[str] = []
    with pytest.raises(ValueError, match="alarm"):
        await guarded(forever(cancelled), fails("alarm"))
    assert cancelled == ["forever"]


async def test_the_works_own_error_is_raised() -> None:
    with pytest.raises(ValueError, match="own"):
        await guarded(fails("own"), forever([]))


async def test_cancelling_from_outside_ends_everything() -> None:
    cancelled: list[str] = []
    task = asyncio.create_task(guarded(forever(cancelled), forever(cancelled)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cancelled == ["forever", "forever"]


async def test_the_first_error_of_many_ends_the_rest() -> None:
    cancelled: list[str] = []
    with pytest.raises(ValueError, match="first"):
        await all_of(forever(cancelled), fails("first"))
    assert cancelled == ["forever"]
