#!/usr/bin/env python3
"""What asyncio takes for the operations of runtime_bench.cpp: prints "name<TAB>nanoseconds" lines, medians of five rounds."""
import asyncio
import statistics
import time


async def nothing():
    pass


async def await_children(count):
    for _ in range(count):
        await nothing()


async def one_by_one(count):
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            await group.create_task(nothing())


async def batches(count):
    for _ in range(count // 1000):
        async with asyncio.TaskGroup() as group:
            for _ in range(1000):
                group.create_task(nothing())


async def turns(count):
    for _ in range(count):
        await asyncio.sleep(0)


async def queue(count):
    items = asyncio.Queue(64)

    async def put_all():
        for i in range(count):
            await items.put(i)

    async with asyncio.TaskGroup() as group:
        group.create_task(put_all())
        for _ in range(count):
            await items.get()


async def semaphore(count):
    permits = asyncio.Semaphore(10)

    async def contend():
        for _ in range(count // 1000):
            async with permits:
                await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for _ in range(1000):
            group.create_task(contend())


async def timers(count):
    loop = asyncio.get_running_loop()
    for _ in range(count):
        loop.call_later(3600, print).cancel()


def measure(name, count, body):
    asyncio.run(body(count // 10))
    rounds = []
    for _ in range(5):
        begin = time.perf_counter_ns()
        asyncio.run(body(count))
        rounds.append((time.perf_counter_ns() - begin) / count)
    print(f"{name}\t{statistics.median(rounds):.1f}", flush=True)


measure("await a ready child", 1_000_000, await_children)
measure("spawn and join, one by one", 50_000, one_by_one)
measure("spawn and join, 1000 at a time", 100_000, batches)
measure("yield_now", 100_000, turns)
measure("item through a bounded queue", 200_000, queue)
measure("contended semaphore", 50_000, semaphore)
measure("timer made and cancelled", 100_000, timers)
