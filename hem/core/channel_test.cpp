// Channels: R-94, and what queues promise.
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::wait_all_tasks_blocked;

task<> send_all(sender<int> out, int from, int to) {
    for (int i = from; i < to; ++i) co_await out.send(i);
}

// it ends when the last sender has closed, after what is left.
ASYNC_TEST(Channel, EndsWithItsLastSender) {
    auto [out, in] = channel<int>(2);
    int sum = 0;
    co_await with_task_group([&, &in = in, &out = out](task_group& group) -> task<> {
        group.create_task(send_all, out.clone(), 0, 5);
        group.create_task(send_all, std::move(out), 5, 10);
        while (auto item = co_await in.next()) sum += *item;
    });
    EXPECT_EQ(sum, 45);
    EXPECT_FALSE(co_await in.next());
    EXPECT_FALSE(in.try_next());
    EXPECT_EQ(in.statistics().senders, 0u);
}

//
ASYNC_TEST(Channel, WhatIsLeftIsTakenAfterTheLastSenderClosed) {
    auto [out, in] = channel<int>(3);
    EXPECT_TRUE(out.try_send(1));
    co_await out.send(2);
    out.close();
    out.close();
    EXPECT_EQ(co_await collect(std::move(in)), (std::vector<int>{1, 2}));
}

//
ASYNC_TEST(Channel, SendingWithoutAReceiverIsAnError) {
    auto [out, in] = channel<int>(1);
    auto second = in.clone();
    in.close();
    co_await out.send(1);
    co_await with_task_group([&, &out = out](task_group& group) -> task<> {
        group.create_task([&out]() -> task<> { CO_EXPECT_THROW(co_await out.send(2), broken_resource); });
        co_await wait_all_tasks_blocked();
        second.close();
    });
    CO_EXPECT_THROW(co_await out.send(3), broken_resource);
    EXPECT_THROW((void)out.try_send(3), broken_resource);
    EXPECT_EQ(out.statistics().size, 0u);
}

// closing one's own end ends every later and waiting call of that end, and of no other.
ASYNC_TEST(Channel, AClosedEndEndsItsOwnCallsOnly) {
    auto [out, in] = channel<int>(1);
    auto other_out = out.clone();
    auto other_in = in.clone();
    std::string trace;
    co_await with_task_group([&, &in = in](task_group& group) -> task<> {
        group.create_task([&in]() -> task<> { CO_EXPECT_THROW(co_await in.next(), closed_resource); });
        group.create_task([&]() -> task<> { trace += std::to_string(*co_await other_in.next()); });
        co_await wait_all_tasks_blocked();
        in.close();
        co_await wait_all_tasks_blocked();
        CO_EXPECT_THROW(co_await in.next(), closed_resource);
        EXPECT_THROW((void)in.try_next(), closed_resource);
        EXPECT_THROW((void)in.clone(), closed_resource);
        co_await other_out.send(7);
    });
    EXPECT_EQ(trace, "7");
    co_await other_out.send(1);
    co_await with_task_group([&, &out = out](task_group& group) -> task<> {
        group.create_task([&out]() -> task<> { CO_EXPECT_THROW(co_await out.send(2), closed_resource); });
        co_await wait_all_tasks_blocked();
        group.create_task([&]() -> task<> { co_await other_out.send(3); });
        co_await wait_all_tasks_blocked();
        out.close();
        EXPECT_EQ(*co_await other_in.next(), 1);
        EXPECT_EQ(*co_await other_in.next(), 3);
        CO_EXPECT_THROW(co_await out.send(4), closed_resource);
        EXPECT_THROW((void)out.try_send(4), closed_resource);
    });
}

// what a call had been promised when its end was closed goes to the next in line.
ASYNC_TEST(Channel, APromiseToAClosedEndPassesOn) {
    auto [out, in] = channel<int>(1);
    auto other_in = in.clone();
    std::string trace;
    co_await with_task_group([&, &in = in, &out = out](task_group& group) -> task<> {
        group.create_task([&in]() -> task<> { CO_EXPECT_THROW(co_await in.next(), closed_resource); });
        co_await wait_all_tasks_blocked();
        group.create_task([&]() -> task<> { trace += std::to_string(*co_await other_in.next()); });
        co_await wait_all_tasks_blocked();
        EXPECT_TRUE(out.try_send(7));
        in.close();
    });
    EXPECT_EQ(trace, "7");
}

// an end may die while a call of it waits.
ASYNC_TEST(Channel, ADestroyedEndEndsItsCalls) {
    auto ends = channel<int>(1);
    std::optional<receiver<int>> in(std::move(ends.second));
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&waiting = *in]() -> task<> { CO_EXPECT_THROW(co_await waiting.next(), closed_resource); });
        auto cancelled = group.create_task([&waiting = *in]() -> task<> { (void)co_await waiting.next(); });
        co_await wait_all_tasks_blocked();
        cancelled.cancel();
        in.reset();
        {
            auto gone = std::move(ends.first);
        }
    });
}

//
ASYNC_TEST(Channel, CapacityZeroHandsOver) {
    auto [out, in] = channel<int>(0);
    EXPECT_FALSE(out.try_send(1));
    co_await with_task_group([&, &in = in, &out = out](task_group& group) -> task<> {
        group.create_task([&out]() -> task<> {
            co_await out.send(1);
            EXPECT_EQ(hem::testing::virtual_clock::elapsed(), 1s);
        });
        co_await sleep_for(1s);
        EXPECT_EQ(*co_await in.next(), 1);
    });
}

//
ASYNC_TEST(Channel, WithClosesTheReceiver) {
    auto [out, in] = channel<int>(2);
    co_await out.send(1);
    EXPECT_EQ(co_await with(std::move(in), [](receiver<int>& stream) -> task<int> { co_return *co_await stream.next(); }), 1);
    CO_EXPECT_THROW(co_await out.send(2), broken_resource);
}

ASYNC_TEST(Channel, TellsItsFigures) {
    auto [out, in] = channel<int>(1, "rows");
    auto second = out.clone();
    co_await out.send(1);
    co_await with_task_group([&, &in = in](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { co_await second.send(2); });
        co_await wait_all_tasks_blocked();
        const auto figures = in.statistics();
        EXPECT_EQ(figures.size, 1u);
        EXPECT_EQ(figures.senders, 2u);
        EXPECT_EQ(figures.receivers, 1u);
        EXPECT_EQ(figures.waiting_senders, 1u);
        EXPECT_EQ(figures.waiting_receivers, 0u);
        (void)co_await in.next();
    });
    EXPECT_EQ(out.statistics().grants, 1u);
}

// what was sent is what was received and what is left.
TEST(CancelAtEveryAwait, ChannelBalances) {
    int sent = 0;
    std::size_t received = 0;
    std::optional<receiver<int>> left;
    hem::testing::cancel_at_every_await(
        [&]() -> task<> {
            sent = 0;
            received = 0;
            auto [out, in] = channel<int>(1);
            left = in.clone();
            co_await with_task_group([&, &in = in, &out = out](task_group& group) -> task<> {
                for (int i = 0; i < 2; ++i) {
                    group.create_task([&, own = out.clone()]() mutable -> task<> {
                        for (int k = 0; k < 3; ++k) {
                            co_await own.send(k);
                            ++sent;
                        }
                    });
                }
                out.close();
                while (co_await in.next()) ++received;
            });
            EXPECT_EQ(received, 6u);
        },
        [&]() -> task<> {
            EXPECT_EQ(left->statistics().waiting_senders + left->statistics().waiting_receivers, 0u);
            EXPECT_EQ(static_cast<std::size_t>(sent), received + left->statistics().size);
            co_return;
        });
}

}  // namespace
