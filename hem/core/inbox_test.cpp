// The loop's inbox: posts from any thread, one wake-up per sleep. A model of its atomic steps is explored exhaustively, and the real thing
// is hammered by threads (./dev test tsan).
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <compare>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "hem/core.hpp"

namespace {

using hem::detail::inbox;
using hem::detail::post_node;

// ---- the model --------------------------------------------------------------------------------------------------------------------------
// One step of a thread is one access to shared memory; all the accesses whose order matters are sequentially consistent, so every execution
// is an interleaving of steps. Each producer pushes its nodes one after the other, the loop drains, sleeps and at last closes; the explorer
// visits every state that some interleaving reaches.

constexpr int nobody = -1, closed = -2;
constexpr int producers = 2, nodes_each = 2, node_count = producers * nodes_each;

enum class mistake {
    none,
    no_second_look,      // sleeps without looking at the stack again after arming
    arms_after_look,     // looks, then arms
    wakes_before_push,   // a producer asks for the wake-up first
    push_ignores_close,  // pushes on a closed stack
};

struct model {
    // Shared.
    int head = nobody;
    bool armed = false;
    bool signalled = false;  // the eventfd
    std::array<int, node_count> next{};
    std::array<signed char, node_count> fate{};  // 0: with its producer, 1: pushed, 2: taken, 3: given back to the producer

    // Producers: which node, where in push.
    struct producer {
        int done = 0;
        int step = 0;
        int seen = nobody;
        auto operator<=>(const producer&) const = default;
    };
    std::array<producer, producers> threads{};

    // The loop.
    enum class at : signed char { take, look_before, arm, look_again, sleeping, disarm, closing, ended } loop = at::take;
    int sleeps_left = 2;

    auto operator<=>(const model&) const = default;
};

class explorer {
public:
    explicit explorer(mistake made) : made_(made) {}

    // The first thing that went wrong in any interleaving, empty if nothing did.
    std::string explore() {
        pending_.push_back(model{});
        while (!pending_.empty() && wrong_.empty()) {
            const model state = pending_.back();
            pending_.pop_back();
            if (!seen_.insert(state).second) continue;
            bool moved = false;
            for (int p = 0; p < producers; ++p) moved = step_producer(state, p) || moved;
            moved = step_loop(state) || moved;
            if (!moved) judge(state);
        }
        return wrong_;
    }
    std::size_t states() const { return seen_.size(); }

private:
    void reached(const model& state) { pending_.push_back(state); }

    bool step_producer(model m, int p) {
        auto& me = m.threads[p];
        if (me.done == nodes_each) return false;
        const int node = p * nodes_each + me.done;
        const auto finish = [&] {
            ++me.done;
            me.step = 0;
            me.seen = nobody;
        };
        const auto wake = [&] {
            if (m.armed) m.signalled = true;
            m.armed = false;
        };
        if (made_ == mistake::wakes_before_push && me.step == 0) {
            wake();
            me.step = 1;
            reached(m);
            return true;
        }
        const int step = made_ == mistake::wakes_before_push ? me.step - 1 : me.step;
        if (step == 0) {  // head_.load
            me.seen = m.head;
            if (me.seen == closed && made_ != mistake::push_ignores_close) {
                m.fate[node] = 3;
                finish();
            } else {
                ++me.step;
            }
        } else if (step == 1) {  // compare_exchange
            if (m.head != me.seen) {
                me.seen = m.head;
                if (me.seen == closed && made_ != mistake::push_ignores_close) {
                    m.fate[node] = 3;
                    finish();
                }
            } else {
                m.next[node] = me.seen;
                m.head = node;
                m.fate[node] = 1;
                if (made_ == mistake::wakes_before_push) {
                    finish();
                } else {
                    ++me.step;
                }
            }
        } else {  // armed_.exchange(false), and the write
            wake();
            finish();
        }
        reached(m);
        return true;
    }

    // Everything on the stack goes to the loop.
    void take(model& m) {
        for (int node = m.head; node >= 0; node = m.next[node]) {
            if (m.fate[node] != 1) wrong_ = "a node was taken twice, or before it was pushed";
            m.fate[node] = 2;
        }
    }

    bool step_loop(model m) {
        using at = model::at;
        switch (m.loop) {
        case at::take:  // head_.exchange(nullptr)
            take(m);
            m.head = nobody;
            m.loop = m.sleeps_left == 0 ? at::closing : made_ == mistake::arms_after_look ? at::look_before : at::arm;
            break;
        case at::look_before: m.loop = m.head == nobody ? at::arm : at::take; break;
        case at::arm:  // armed_.store(true)
            m.armed = true;
            m.loop = made_ == mistake::no_second_look || made_ == mistake::arms_after_look ? at::sleeping : at::look_again;
            break;
        case at::look_again:  // head_.load
            m.loop = m.head == nobody ? at::sleeping : at::disarm;
            break;
        case at::sleeping:
            if (!m.signalled) return false;
            m.signalled = false;
            --m.sleeps_left;
            m.loop = at::disarm;
            break;
        case at::disarm:  // armed_.store(false)
            m.armed = false;
            m.loop = at::take;
            break;
        case at::closing:  // head_.exchange(closed)
            take(m);
            m.head = closed;
            m.loop = at::ended;
            break;
        case at::ended: return false;
        }
        reached(m);
        return true;
    }

    // Nothing can move: the loop sleeps for good or has ended, the producers are through.
    void judge(const model& m) {
        for (const auto fate : m.fate) {
            if (fate == 1) wrong_ = m.loop == model::at::ended ? "a node was lost" : "a wake-up was lost";
        }
    }

    mistake made_;
    std::vector<model> pending_;
    std::set<model> seen_;
    std::string wrong_;
};

TEST(InboxModel, NoInterleavingLosesANodeOrAWakeUp) {
    explorer all(mistake::none);
    EXPECT_EQ(all.explore(), "");
    EXPECT_GT(all.states(), 10'000u);
}

// The explorer sees what it is there for.
TEST(InboxModel, EachMistakeIsFound) {
    EXPECT_EQ(explorer(mistake::no_second_look).explore(), "a wake-up was lost");
    EXPECT_EQ(explorer(mistake::arms_after_look).explore(), "a wake-up was lost");
    EXPECT_EQ(explorer(mistake::wakes_before_push).explore(), "a wake-up was lost");
    EXPECT_EQ(explorer(mistake::push_ignores_close).explore(), "a node was lost");
}

// ---- the real thing ---------------------------------------------------------------------------------------------------------------------

struct numbered : post_node {
    int producer = 0;
    int number = 0;
    bool refused = false;
};

TEST(Inbox, GivesPostsInTheOrderOfTheirPushes) {
    inbox box(0);
    std::array<numbered, 5> nodes;
    for (auto& node : nodes) EXPECT_TRUE(box.push(&node));
    post_node* at = box.take();
    for (auto& node : nodes) {
        EXPECT_EQ(at, &node);
        at = at->next;
    }
    EXPECT_EQ(at, nullptr);
    EXPECT_TRUE(box.empty());
}

TEST(Inbox, OneWakeUpPerSleep) {
    inbox box(0);
    numbered nodes[3];
    const auto wake_ups = [&] {
        std::uint64_t value = 0;
        return ::read(box.wake_fd(), &value, sizeof value) == sizeof value ? value : 0;
    };
    box.push(&nodes[0]);
    EXPECT_EQ(wake_ups(), 0u) << "nobody sleeps";
    EXPECT_FALSE(box.prepare_sleep()) << "something came in between";
    EXPECT_NE(box.take(), nullptr);
    EXPECT_TRUE(box.prepare_sleep());
    box.push(&nodes[1]);
    box.push(&nodes[2]);
    EXPECT_EQ(wake_ups(), 1u);
}

TEST(Inbox, AfterCloseANodeStaysTheCallers) {
    inbox box(0);
    numbered before, after;
    EXPECT_TRUE(box.push(&before));
    EXPECT_EQ(box.close(), &before);
    EXPECT_FALSE(box.push(&after));
    EXPECT_EQ(box.close(), nullptr);
}

TEST(Inbox, StandsUpToManyThreads) {
    constexpr int threads = 4, each = 5'000;
    inbox box(0);
    std::vector<std::vector<numbered>> nodes(threads);
    for (int t = 0; t < threads; ++t) {
        nodes[t] = std::vector<numbered>(each);
        for (int i = 0; i < each; ++i) {
            nodes[t][i].producer = t;
            nodes[t][i].number = i;
        }
    }
    int taken = 0;
    {
        std::vector<std::jthread> pushing;
        for (int t = 0; t < threads; ++t) {
            pushing.emplace_back([&box, &mine = nodes[t]] {
                for (auto& node : mine) node.refused = !box.push(&node);
            });
        }
        std::array<int, threads> expected{};
        while (taken < threads * each) {
            if (box.prepare_sleep()) {
                pollfd wait{.fd = box.wake_fd(), .events = POLLIN, .revents = 0};
                ASSERT_EQ(::poll(&wait, 1, 10'000), 1) << "a wake-up was lost after " << taken << " nodes";
                std::uint64_t value;
                [[maybe_unused]] const auto got = ::read(box.wake_fd(), &value, sizeof value);
                box.end_sleep();
            }
            for (post_node* at = box.take(); at; at = at->next) {
                auto& node = *static_cast<numbered*>(at);
                ASSERT_EQ(node.number, expected[node.producer]++) << "posts of one thread stay in order";
                ++taken;
            }
        }
    }
    EXPECT_EQ(taken, threads * each);
    for (const auto& mine : nodes) {
        for (const auto& node : mine) ASSERT_FALSE(node.refused);
    }
}

// Close in the middle of it: every node is either taken or stays with its thread.
TEST(Inbox, CloseLosesNothing) {
    for (int round = 0; round < 20; ++round) {
        constexpr int threads = 3, each = 200;
        inbox box(0);
        std::vector<std::vector<numbered>> nodes(threads);
        for (auto& mine : nodes) mine = std::vector<numbered>(each);
        int taken = 0;
        {
            std::vector<std::jthread> pushing;
            for (auto& mine : nodes) {
                pushing.emplace_back([&box, &mine] {
                    for (auto& node : mine) node.refused = !box.push(&node);
                });
            }
            const auto count = [&](post_node* at) {
                for (; at; at = at->next) ++taken;
            };
            for (int i = 0; i < round; ++i) count(box.take());
            count(box.close());
        }
        int refused = 0;
        for (const auto& mine : nodes) {
            for (const auto& node : mine) refused += node.refused;
        }
        EXPECT_EQ(taken + refused, threads * each);
    }
}

TEST(LoopHandle, PostsFromOtherThreadsAndOutlivesTheLoop) {
    using namespace hem;
    std::optional<loop_handle> kept;
    int sum = 0;
    run([&]() -> task<> {
        kept = loop::current().handle();
        event all;
        co_await with_task_group([&](task_group& group) -> task<> {
            for (int i = 0; i < 4; ++i) {
                group.create_task([&]() -> task<> {
                    co_await to_thread([&] {
                        for (int k = 0; k < 100; ++k) {
                            kept->call_soon_threadsafe([&] {
                                if (++sum == 400) all.set();
                            });
                        }
                    });
                });
            }
            co_await all.wait();
        });
    });
    EXPECT_EQ(sum, 400);
    EXPECT_FALSE(kept->call_soon_threadsafe([] {}));
}

}  // namespace
