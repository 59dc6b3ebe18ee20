// Queues.
#include "hem/core.hpp"
#include "hem/testing.hpp"

#include <memory>

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;
using hem::testing::wait_all_tasks_blocked;

task<> get_into(queue<int>& items, std::string& trace) { trace += std::to_string(co_await items.get()); }

//
ASYNC_TEST(Queue, ThreeOrders) {
    queue<int> first(9);
    lifo_queue<int> last(9);
    priority_queue<std::pair<int, int>, decltype([](const auto& a, const auto& b) { return a.first < b.first; })> smallest(9);
    for (int i : {2, 1, 3}) {
        co_await first.put(i);
        co_await last.put(i);
        co_await smallest.put({i / 2, i});
    }
    EXPECT_EQ(co_await first.get(), 2);
    EXPECT_EQ(co_await last.get(), 3);
    EXPECT_EQ((co_await smallest.get()).second, 1);
    EXPECT_EQ((co_await smallest.get()).second, 2);
    EXPECT_EQ((co_await smallest.get()).second, 3);
}

// a long life, so that the ring turns and grows while it is in use; move-only items.
ASYNC_TEST(Queue, KeepsItsOrderWhileItGrows) {
    queue<std::unique_ptr<int>> items(unbounded);
    int put = 0, got = 0;
    for (int round = 0; round < 50; ++round) {
        for (int i = 0; i < round; ++i) co_await items.put(std::make_unique<int>(put++));
        for (int i = 0; i < round - round / 3; ++i) EXPECT_EQ(*co_await items.get(), got++);
    }
    EXPECT_EQ(items.size(), static_cast<std::size_t>(put - got));
}

// the item is picked when the getter resumes; what is promised nobody else sees.
ASYNC_TEST(Queue, APriorityQueueGivesTheBestOfTheMoment) {
    priority_queue<int> items(9);
    int got = 0;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { got = co_await items.get(); });
        co_await wait_all_tasks_blocked();
        items.put_nowait(5);
        EXPECT_FALSE(items.try_get());
        EXPECT_THROW((void)items.get_nowait(), queue_empty);
        items.put_nowait(3);
    });
    EXPECT_EQ(got, 3);
    EXPECT_EQ(items.try_get(), 5);
}

// a get reserves its slot for the oldest putter.
ASYNC_TEST(Queue, ASlotIsReservedForTheOldestPutter) {
    queue<int> items(1);
    co_await items.put(1);
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { co_await items.put(2); });
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(items.get_nowait(), 1);
        EXPECT_FALSE(items.try_put(3));
        EXPECT_THROW(items.put_nowait(3), queue_full);
    });
    EXPECT_EQ(items.get_nowait(), 2);
}

//
ASYNC_TEST(Queue, GettersAndPuttersAreServedInOrder) {
    queue<int> items(1);
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 3; ++i) {
            group.create_task([&, i]() -> task<> { trace += std::to_string(i) + "=" + std::to_string(co_await items.get()) + " "; });
            co_await wait_all_tasks_blocked();
        }
        for (int i = 7; i < 10; ++i) co_await items.put(i);
    });
    EXPECT_EQ(trace, "0=7 1=8 2=9 ");
    co_await items.put(0);
    co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 1; i < 4; ++i) {
            group.create_task([&, i]() -> task<> { co_await items.put(i); });
            co_await wait_all_tasks_blocked();
        }
        for (int i = 0; i < 4; ++i) EXPECT_EQ(co_await items.get(), i);
    });
}

// a newcomer takes what is free only behind those who have their item and have not resumed.
ASYNC_TEST(Queue, NobodyOvertakesAGrantedGetterOrPutter) {
    queue<int> items(3);
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task(get_into, std::ref(items), std::ref(trace));
        co_await wait_all_tasks_blocked();
        items.put_nowait(1);
        items.put_nowait(2);
        co_await get_into(items, trace);
        EXPECT_EQ(trace, "12");
    });
    for (int i = 0; i < 3; ++i) items.put_nowait(i);
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { co_await items.put(3); });
        co_await wait_all_tasks_blocked();
        (void)items.get_nowait();
        (void)items.get_nowait();
        co_await items.put(4);
    });
    EXPECT_EQ(items.get_nowait(), 2);
    EXPECT_EQ(items.get_nowait(), 3);
    EXPECT_EQ(items.get_nowait(), 4);
}

// A and B wait, put(7), A is cancelled before it resumes: B gets 7.
ASYNC_TEST(Queue, AnItemOfACancelledGetterGoesToTheNext) {
    queue<int> items(1);
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto a = group.create_task([&]() -> task<> {
            (void)co_await items.get();
            ADD_FAILURE();
        });
        co_await wait_all_tasks_blocked();
        group.create_task(get_into, std::ref(items), std::ref(trace));
        co_await wait_all_tasks_blocked();
        items.put_nowait(7);
        EXPECT_THROW((void)items.get_nowait(), queue_empty);
        a.cancel();
    });
    EXPECT_EQ(trace, "7");
}

//
ASYNC_TEST(Queue, ASlotOfACancelledPutterGoesToTheNext) {
    queue<int> items(1);
    co_await items.put(1);
    co_await with_task_group([&](task_group& group) -> task<> {
        auto a = group.create_task([&]() -> task<> { co_await items.put(2); });
        co_await wait_all_tasks_blocked();
        group.create_task([&]() -> task<> { co_await items.put(3); });
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(items.get_nowait(), 1);
        a.cancel();
    });
    EXPECT_EQ(items.size(), 1u);
    EXPECT_EQ(items.get_nowait(), 3);
}

// R-88, P21: every item comes at the very deadline of the get that waits for it.
ASYNC_TEST(Queue, ATimedOutGetTookNothing) {
    queue<int> items(10);
    std::vector<int> got;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            for (int i = 0; i < 20; ++i) {
                co_await sleep_for(1s);
                co_await items.put(i);
            }
            items.close();
        });
        for (;;) {
            auto item = co_await move_on_after(1s, items.next());
            if (!item) continue;  // timed out
            if (!*item) break;
            got.push_back(**item);
        }
    });
    std::vector<int> all(20);
    for (int i = 0; i < 20; ++i) all[static_cast<std::size_t>(i)] = i;
    EXPECT_EQ(got, all);
}

// items a, b and a blocked putter of c: after close the putter throws, two gets give a and b, the third throws.
ASYNC_TEST(Queue, CloseServesWhatIsThere) {
    queue<std::string> items(2);
    co_await items.put("a");
    co_await items.put("b");
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { CO_EXPECT_THROW(co_await items.put("c"), queue_closed); });
        co_await wait_all_tasks_blocked();
        items.close();
    });
    EXPECT_FALSE(items.try_put("d"));
    EXPECT_THROW(items.put_nowait("d"), queue_closed);
    EXPECT_EQ(co_await items.get(), "a");
    EXPECT_EQ(co_await items.get(), "b");
    CO_EXPECT_THROW(co_await items.get(), queue_closed);
    CO_EXPECT_THROW(co_await items.put("d"), queue_closed);
    EXPECT_FALSE(co_await items.next());
    EXPECT_FALSE(items.try_get());
    EXPECT_THROW((void)items.get_nowait(), queue_closed);
}

// a putter whose slot was reserved but who has not resumed does not enqueue.
ASYNC_TEST(Queue, APutterThatHasNotResumedWhenItClosesPutsNothing) {
    queue<int> items(1);
    co_await items.put(1);
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { CO_EXPECT_THROW(co_await items.put(2), queue_closed); });
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(items.get_nowait(), 1);
        items.close();
    });
    EXPECT_TRUE(items.empty());
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { EXPECT_FALSE(co_await items.next()); });
        co_return;
    });
}

// what a getter was promised is served, and goes to the next in line if that one is cancelled.
ASYNC_TEST(Queue, CloseKeepsWhatGettersWerePromised) {
    queue<int> items(1);
    std::string trace;
    auto take = [&]() -> task<> {
        auto item = co_await items.next();
        trace += item ? std::to_string(*item) : "end ";
    };
    co_await with_task_group([&](task_group& group) -> task<> {
        auto cancelled = group.create_task([&]() -> task<> { (void)co_await items.get(); });
        co_await wait_all_tasks_blocked();
        for (int i = 0; i < 2; ++i) group.create_task(take);
        co_await wait_all_tasks_blocked();
        items.put_nowait(7);
        items.close();
        cancelled.cancel();
    });
    EXPECT_EQ(trace, "7end ");
}

//
ASYNC_TEST(Queue, CloseImmediateDiscardsAndBreaksPromises) {
    queue<int> items(3);
    int ended = 0;
    co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 2; ++i) {
            group.create_task([&]() -> task<> {
                CO_EXPECT_THROW(co_await items.get(), queue_closed);
                ++ended;
            });
        }
        co_await wait_all_tasks_blocked();
        items.put_nowait(1);  // promised to the first
        items.close();
        items.close(immediate);
        items.close(immediate);
        items.close();
    });
    EXPECT_EQ(ended, 2);
    EXPECT_TRUE(items.empty());
    CO_EXPECT_THROW(co_await items.get(), queue_closed);
    co_await items.join();
    EXPECT_EQ(items.statistics().unfinished, 0u);
}

//
ASYNC_TEST(Queue, JoinReturnsOnceTheCountHasBeenZero) {
    queue<int> items(3);
    co_await items.join();
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            for (int i = 0; i < 4; ++i) {
                (void)co_await items.get();
                co_await sleep_for(1s);
                items.task_done();
            }
            items.put_nowait(9);  // before the joiner resumes
        });
        for (int i = 0; i < 4; ++i) co_await items.put(i);
        co_await items.join();
        EXPECT_EQ(virtual_clock::elapsed(), 4s);
        EXPECT_EQ(items.statistics().unfinished, 1u);
        EXPECT_THROW(items.task_done(), usage_error);
    });
}

// discarded items no longer count.
ASYNC_TEST(Queue, JoinIsWokenByADiscard) {
    queue<int> items(3);
    co_await items.put(1);
    co_await items.put(2);
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            co_await items.join();
            EXPECT_EQ(virtual_clock::elapsed(), 2s);
        });
        (void)co_await items.get();
        co_await sleep_for(1s);
        items.close(immediate);
        co_await sleep_for(1s);
        items.task_done();  // the one that was got
    });
}

//
ASYNC_TEST(Queue, CapacityZeroIsARendezvous) {
    queue<int> meeting(0);
    EXPECT_THROW(meeting.put_nowait(1), queue_full);
    EXPECT_FALSE(meeting.try_put(1));
    EXPECT_THROW((void)meeting.get_nowait(), queue_empty);
    int got = 0;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            co_await sleep_for(1s);
            got = co_await meeting.get();
        });
        co_await meeting.put(3);
        EXPECT_EQ(virtual_clock::elapsed(), 1s);
        EXPECT_TRUE(meeting.empty());
    });
    EXPECT_EQ(got, 3);
}

// the forms that do not wait need a partner that does.
ASYNC_TEST(Queue, RendezvousWithoutWaiting) {
    queue<int> meeting(0);
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task(get_into, std::ref(meeting), std::ref(trace));
        co_await wait_all_tasks_blocked();
        meeting.put_nowait(1);
        EXPECT_THROW(meeting.put_nowait(2), queue_full);
        EXPECT_THROW((void)meeting.get_nowait(), queue_empty);
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(trace, "1");
        group.create_task([&]() -> task<> { co_await meeting.put(3); });
        group.create_task([&]() -> task<> { co_await meeting.put(4); });
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(meeting.get_nowait() + meeting.get_nowait(), 7);
        EXPECT_FALSE(meeting.try_get());
    });
}

// an item that was taken from a putter is given, the next cancel point throws.
ASYNC_TEST(Queue, ARendezvousThatHappenedStands) {
    queue<int> meeting(0);
    int got = 0;
    bool put = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto getter = group.create_task([&]() -> task<> {
            got = co_await meeting.get();
            co_await checkpoint();
            ADD_FAILURE();
        });
        co_await wait_all_tasks_blocked();
        co_await meeting.put(5);
        getter.cancel();
        auto putter = group.create_task([&]() -> task<> {
            co_await meeting.put(6);
            put = true;
            co_await checkpoint();
            ADD_FAILURE();
        });
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(co_await meeting.get(), 6);
        putter.cancel();
    });
    EXPECT_EQ(got, 5);
    EXPECT_TRUE(put);
}

//
ASYNC_TEST(Queue, OverflowPoliciesNeverWait) {
    queue<int> newest(2, overflow::drop_newest), oldest(2, overflow::drop_oldest), fails(2, overflow::fail);
    for (int i = 1; i <= 3; ++i) {
        co_await newest.put(i);
        co_await oldest.put(i);
        if (i < 3) co_await fails.put(i);
    }
    CO_EXPECT_THROW(co_await fails.put(3), queue_full);
    EXPECT_FALSE(fails.try_put(3));
    EXPECT_EQ(newest.statistics().dropped, 1u);
    EXPECT_EQ(oldest.statistics().dropped, 1u);
    for (auto* each : {&newest, &oldest}) {  // a drop counts as done
        EXPECT_EQ(each->statistics().unfinished, 2u);
        EXPECT_EQ(co_await each->get(), each == &newest ? 1 : 2);
        EXPECT_EQ(co_await each->get(), each == &newest ? 2 : 3);
        each->task_done();
        each->task_done();
        co_await each->join();
    }
}

// an item that is dropped was not promised away: the getter takes the next.
ASYNC_TEST(Queue, DroppingTheOldestKeepsPromises) {
    queue<int> items(1, overflow::drop_oldest);
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task(get_into, std::ref(items), std::ref(trace));
        co_await wait_all_tasks_blocked();
        items.put_nowait(1);
        items.put_nowait(2);
    });
    EXPECT_EQ(trace, "2");
    EXPECT_EQ(items.statistics().dropped, 1u);
    queue<int> nobody(0, overflow::drop_oldest);
    co_await nobody.put(1);
    EXPECT_EQ(nobody.statistics().dropped, 1u);
}

//
ASYNC_TEST(Queue, IterationEndsWithTheQueue) {
    queue<int> items(2);
    std::vector<int> seen;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            for (int i = 0; i < 4; ++i) co_await items.put(i);
            items.close();
        });
        EXPECT_EQ(co_await with(items, [](auto& stream) -> task<int> { co_return *co_await stream.next(); }), 0);
        EXPECT_FALSE(items.closed());  // it belongs to whoever made it
        co_await for_each(items, [&](int item) {
            seen.push_back(item);
            return seen.size() < 2;
        });
        EXPECT_EQ(co_await collect(items), std::vector<int>{3});
    });
    EXPECT_EQ(seen, (std::vector<int>{1, 2}));
    EXPECT_EQ(co_await collect(items), std::vector<int>{});
}

// 2-03: workers that have nothing to do cost nothing.
ASYNC_TEST(Queue, IdleWorkersAreNotWoken) {
    queue<int> items(10);
    co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 5; ++i) group.create_task([&]() -> task<> { co_await for_each(items, [](int) {}); });
        co_await wait_all_tasks_blocked();
        const auto before = loop::current().statistics().resumes;
        co_await sleep_for(10s);
        EXPECT_EQ(loop::current().statistics().resumes - before, 1u);  // this task's own
        items.close();
    });
}

ASYNC_TEST(Queue, TellsItsFigures) {
    queue<int> items(2, overflow::wait, "items");
    co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 3; ++i) group.create_task([&, i]() -> task<> { co_await items.put(i); });
        co_await wait_all_tasks_blocked();
        const auto full = items.statistics();
        EXPECT_EQ(full.size, 2u);
        EXPECT_EQ(full.capacity, 2u);
        EXPECT_EQ(full.putters, 1u);
        EXPECT_EQ(full.getters, 0u);
        for (int i = 0; i < 3; ++i) (void)co_await items.get();
    });
    EXPECT_EQ(items.statistics().peak, 2u);
    EXPECT_EQ(items.statistics().grants, 2u);  // the third put, and the get that came before it had resumed
}

// what was put is what was got and what is left, wherever the program is cut.
template <class Queue>
void check_balance(std::size_t capacity) {
    std::optional<Queue> items;
    std::vector<int> got;
    int put = 0;
    hem::testing::cancel_at_every_await(
        [&]() -> task<> {
            items.emplace(capacity);
            got.clear();
            put = 0;
            co_await with_task_group([&](task_group& group) -> task<> {
                for (int i = 0; i < 2; ++i) {
                    group.create_task([&]() -> task<> {
                        for (int k = 0; k < 3; ++k) {
                            co_await items->put(k);
                            ++put;
                        }
                        if (put == 6) items->close();
                    });
                    group.create_task([&]() -> task<> {
                        while (auto item = co_await items->next()) got.push_back(*item);
                    });
                }
                co_return;
            });
            EXPECT_EQ(got.size(), 6u);
        },
        [&]() -> task<> {
            const auto left = items->statistics();
            EXPECT_EQ(static_cast<std::size_t>(put), got.size() + left.size);
            EXPECT_EQ(left.getters + left.putters, 0u);
            while (left.size > 0 && items->try_get()) continue;
            EXPECT_TRUE(items->empty());  // nothing stays reserved
            co_return;
        });
}
TEST(CancelAtEveryAwait, QueueBalances) { check_balance<queue<int>>(2); }
TEST(CancelAtEveryAwait, RendezvousBalances) { check_balance<queue<int>>(0); }
TEST(CancelAtEveryAwait, PriorityQueueBalances) { check_balance<priority_queue<int>>(1); }

}  // namespace
