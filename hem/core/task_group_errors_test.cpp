// How errors and cancellations leave a group: the rules.
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;

task<int> after(duration d, int value) {
    co_await sleep_for(d);
    co_return value;
}
task<int> fail_after(duration d, std::string text) {
    co_await sleep_for(d);
    throw std::runtime_error(text);
}

// an empty group returns without suspending.
ASYNC_TEST(TaskGroup, AnEmptyGroupDoesNotSuspend) {
    bool others = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&others]() -> task<> {
            others = true;
            co_return;
        });
        EXPECT_EQ(co_await with_task_group([](task_group& empty) -> task<int> {
                      co_await empty.join();
                      co_return 3;
                  }),
                  3);
        EXPECT_FALSE(others);
    });
}

// the same exception object leaves.
ASYNC_TEST(TaskGroup, TheFirstFailureLeavesAsTheSameObject) {
    const void* thrown = nullptr;
    const void* caught = nullptr;
    try {
        co_await with_task_group([&thrown](task_group& group) -> task<> {
            group.create_task([&thrown]() -> task<> {
                co_await sleep_for(1s);
                try {
                    throw std::out_of_range("it");
                } catch (const std::out_of_range& error) {
                    thrown = &error;
                    throw;
                }
            });
            co_return;
        });
    } catch (const std::out_of_range& error) {
        caught = &error;
    }
    EXPECT_NE(thrown, nullptr);
    EXPECT_EQ(thrown, caught);
}

// a failure of the body cancels the children, waits for them and leaves.
ASYNC_TEST(TaskGroup, AFailureOfTheBodyCancelsTheChildren) {
    int left = 0;
    CO_EXPECT_THROW(co_await with_task_group([&left](task_group& group) -> task<> {
                        for (int i = 0; i < 3; ++i) {
                            group.create_task([&left]() -> task<> {
                                co_await finally(sleep_forever(), [&left]() -> task<> {
                                    co_await sleep_for(2s);
                                    ++left;
                                });
                            });
                        }
                        co_await sleep_for(1s);
                        throw std::length_error("body");
                    }),
                    std::length_error);
    EXPECT_EQ(left, 3);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

// in order of arrival; `cancelled` is never inside.
ASYNC_TEST(TaskGroup, AllErrorsStandInOrderOfArrival) {
    try {
        co_await with_task_group({.errors = errors::all}, [](task_group& group) -> task<> {
            group.create_task([]() -> task<> { co_await shield(9s, fail_after(3s, "third")); });
            group.create_task([]() -> task<> { co_await shield(9s, fail_after(2s, "second")); });
            group.create_task(fail_after, 1s, "first");
            group.create_task(after, 30s, 1);
            co_await sleep_forever();
        });
        ADD_FAILURE();
    } catch (const exception_group& group) {
        std::string order;
        CO_ASSERT_EQ(group.errors().size(), 3u);
        EXPECT_EQ(group.handle<std::runtime_error>([&](const std::runtime_error& error) { order += error.what() + std::string(" "); }), 3u);
        EXPECT_EQ(order, "first second third ");
    }
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

// a nested group adds a layer only if it failed itself.
ASYNC_TEST(TaskGroup, ANestedGroupAddsALayerOnlyIfItFailed) {
    try {
        co_await with_task_group({.errors = errors::all}, [](task_group& outer) -> task<> {
            outer.create_task([]() -> task<> {
                co_await with_task_group({.errors = errors::all}, [](task_group& inner) -> task<> {
                    inner.create_task(fail_after, 1s, "inner");
                    co_return;
                });
            });
            co_return;
        });
        ADD_FAILURE();
    } catch (const exception_group& group) {
        CO_ASSERT_EQ(group.errors().size(), 1u);
        EXPECT_THROW(std::rethrow_exception(group.errors()[0]), exception_group);
    }
    try {
        co_await with_task_group({.errors = errors::all}, [](task_group& outer) -> task<> {
            outer.create_task([]() -> task<> {
                co_await with_task_group({.errors = errors::all}, [](task_group& inner) -> task<> {
                    inner.create_task(after, 9s, 1);
                    co_return;
                });
            });
            outer.create_task(fail_after, 1s, "outer");
            co_return;
        });
        ADD_FAILURE();
    } catch (const exception_group& group) {
        CO_ASSERT_EQ(group.errors().size(), 1u);
        EXPECT_THROW(std::rethrow_exception(group.errors()[0]), std::runtime_error);
    }
}

// bare `cancelled`, with its reason.
ASYNC_TEST(TaskGroup, ACancellationFromOutsideLeavesBare) {
    std::string reason;
    cancel_scope scope;
    EXPECT_FALSE(co_await scope.run([&]() -> task<> {
        loop::current().call_later(1s, [&scope] { scope.cancel("closing time"); });
        try {
            co_await with_task_group({.errors = errors::all}, [](task_group& group) -> task<> {
                group.create_task(after, 30s, 1);
                group.create_task(after, 30s, 2);
                co_return;
            });
        } catch (const cancelled& why) {
            reason = why.reason().text;
            throw;
        }
    }));
    EXPECT_EQ(reason, "closing time");
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
}

// errors thrown meanwhile win; the scope stays cancelled.
ASYNC_TEST(TaskGroup, AnErrorThrownMeanwhileWinsOverTheCancellation) {
    bool caught = false;
    EXPECT_FALSE(co_await move_on_after(1s, [&caught]() -> task<> {
        try {
            co_await with_task_group([](task_group& group) -> task<> {
                group.create_task([]() -> task<> {
                    try {
                        co_await sleep_forever();
                    } catch (const cancelled&) {
                    }
                    throw std::out_of_range("cleanup");
                });
                co_return;
            });
        } catch (const std::out_of_range&) {
            caught = true;
        }
        co_await checkpoint();
        ADD_FAILURE();
    }()));
    EXPECT_TRUE(caught);
}

// a request from an enclosing scope is not absorbed with the group's own.
ASYNC_TEST(TaskGroup, ItsOwnCancelDoesNotAbsorbAnOuterOne) {
    bool after_group = false;
    cancel_scope outer;
    EXPECT_FALSE(co_await outer.run([&]() -> task<> {
        co_await with_task_group([&outer](task_group& group) -> task<> {
            group.create_task(after, 30s, 1);
            co_await sleep_for(1s);
            group.cancel();
            outer.cancel();
            co_await sleep_forever();
        });
        after_group = true;
    }));
    EXPECT_FALSE(after_group);
}

// from a child and from outside; the next statement runs.
ASYNC_TEST(TaskGroup, ACancelFromOutsideEndsItSilently) {
    bool next = false;
    co_await with_task_group([&next](task_group& outer) -> task<> {
        task_group* inner = nullptr;
        auto child = outer.create_task([&inner, &next]() -> task<> {
            co_await with_task_group([&inner](task_group& group) -> task<> {
                inner = &group;
                group.create_task(after, 30s, 1);
                co_await sleep_forever();
            });
            next = true;
        });
        co_await sleep_for(1s);
        inner->cancel();
        co_await child;
    });
    EXPECT_TRUE(next);
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
}

// an accept loop that is shut down stays silent, in the body and in a child.
ASYNC_TEST(TaskGroup, AnAcceptLoopThatIsShutDownStaysSilent) {
    int served = 0;
    co_await with_task_group([&served](task_group& group) -> task<> {
        loop::current().call_later(3500ms, [&group] { group.cancel(); });
        for (;;) {
            co_await shield(9s, sleep_for(1s));  // an accept that completes although the group is cancelled
            group.create_task([&served]() -> task<> {
                ++served;
                co_await sleep_forever();
            });
        }
    });
    EXPECT_EQ(served, 3);
    EXPECT_EQ(virtual_clock::elapsed(), 4s);
    co_await with_task_group([](task_group& group) -> task<> {
        group.create_task(
            [](task_group& own) -> task<> {
                own.cancel();
                own.create_task(after, 1s, 1);
                ADD_FAILURE();
                co_return;
            },
            std::ref(group));
        co_return;
    });
}

// a group that failed is closed, too.
ASYNC_TEST(TaskGroup, AFailedGroupTakesNoTask) {
    bool refused = false;
    CO_EXPECT_THROW(co_await with_task_group([&refused](task_group& group) -> task<> {
                        group.create_task(fail_after, 1s, "first");
                        co_await shield(9s, sleep_for(2s));
                        try {
                            group.create_task(after, 1s, 1);
                        } catch (const group_closed& error) {
                            refused = true;
                            EXPECT_NE(std::string(error.what()).find("task_group_errors_test.cpp"), std::string::npos) << error.what();
                        }
                    }),
                    std::runtime_error);
    EXPECT_TRUE(refused);
}

// an open group forgets its finished children, outcomes included.
ASYNC_TEST(TaskGroup, AnOpenGroupForgetsFinishedChildren) {
    struct counted {
        explicit counted(int& count) : alive(&count) { ++*alive; }
        counted(counted&& other) noexcept : alive(other.alive) { ++*alive; }
        ~counted() { --*alive; }
        int* alive;
    };
    int alive = 0;
    co_await with_task_group([&alive](task_group& group) -> task<> {
        for (int i = 0; i < 1000; ++i) {
            group.create_task([&alive]() -> task<counted> { co_return counted(alive); });
            co_await group.join();
            EXPECT_EQ(alive, 0);
            EXPECT_EQ(group.size(), 0u);
        }
        EXPECT_EQ(group.peak(), 1u);
        auto kept = group.create_task([&alive]() -> task<counted> { co_return counted(alive); });
        co_await kept;
        EXPECT_EQ(alive, 1);  // as long as somebody may look at it
    });
    EXPECT_EQ(alive, 0);
}

// its own context and current_task(); a failure in the eager part is the child's, not create_task's.
ASYNC_TEST(TaskGroup, AnEagerChildRunsAsItself) {
    static context_var<int> marker{"marker", 0};
    const auto creator = current_task();
    CO_EXPECT_THROW(co_await with_task_group([creator](task_group& group) -> task<> {
                        group.create_task({.eager_start = true}, [creator]() -> task<> {
                            marker.set(5);
                            EXPECT_NE(current_task(), creator);
                            co_return;
                        });
                        EXPECT_EQ(marker.get(), 0);
                        EXPECT_EQ(current_task(), creator);
                        auto failed = group.create_task({.eager_start = true}, []() -> task<> {
                            throw std::out_of_range("at once");
                            co_return;
                        });
                        EXPECT_TRUE(failed.done());
                        EXPECT_TRUE(failed.outcome().error());
                        co_await sleep_forever();
                    }),
                    std::out_of_range);
}

// if the group was cancelled meanwhile the child is cancelled.
ASYNC_TEST(TaskGroup, AnEagerChildMayCancelItsGroup) {
    bool interrupted = false;
    co_await with_task_group([&interrupted](task_group& group) -> task<> {
        auto child = group.create_task({.eager_start = true}, [&]() -> task<> {
            group.cancel();
            try {
                co_await sleep_for(1s);
            } catch (const cancelled&) {
                interrupted = true;
                throw;
            }
        });
        EXPECT_TRUE(child.done());
        co_return;
    });
    EXPECT_TRUE(interrupted);
    EXPECT_EQ(virtual_clock::elapsed(), 0s);
}

// the body's locals die when the body returns, before the children end; join() waits first.
ASYNC_TEST(TaskGroup, TheBodysLocalsDieBeforeTheChildrenEnd) {
    std::vector<std::string> log;
    struct local {
        explicit local(std::vector<std::string>& to) : log(to) {}
        ~local() { log.push_back("local"); }
        std::vector<std::string>& log;
    };
    auto child = [&log]() -> task<> {
        co_await sleep_for(1s);
        log.push_back("child");
    };
    co_await with_task_group([&](task_group& group) -> task<> {
        local dies_first(log);
        group.create_task(child);
        co_return;
    });
    co_await with_task_group([&](task_group& group) -> task<> {
        local dies_last(log);
        group.create_task(child);
        co_await group.join();
    });
    EXPECT_EQ(log, (std::vector<std::string>{"local", "child", "child", "local"}));
}

// awaiting a failed child throws its error here and in its group.
ASYNC_TEST(TaskHandle, AFailedChildFailsItsWaiterAndItsGroup) {
    int seen = 0;
    co_await with_task_group([&seen](task_group& outer) -> task<> {
        std::optional<task_handle<int>> handle;
        auto owner = outer.create_task([&]() -> task<> {
            try {
                co_await with_task_group([&handle](task_group& group) -> task<> {
                    handle = group.create_task(fail_after, 1s, "shared");
                    co_return;
                });
            } catch (const std::runtime_error& error) {
                seen += std::string(error.what()) == "shared" ? 1 : 100;
            }
        });
        co_await yield_now();
        co_await yield_now();
        try {
            co_await *handle;
        } catch (const std::runtime_error& error) {
            seen += std::string(error.what()) == "shared" ? 10 : 100;
        }
        co_await owner;
    });
    EXPECT_EQ(seen, 11);
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
}

// nothing of a task lies in its group's scope once it has ended, so a handle that cancelled it may outlive the group.
ASYNC_TEST(TaskHandle, MayOutliveItsGroupAfterACancel) {
    std::optional<task_handle<int>> handle;
    co_await with_task_group([&handle](task_group& group) -> task<> {
        handle = group.create_task(after, 30s, 1);
        co_await yield_now();
        handle->cancel();
    });
    EXPECT_TRUE(handle->outcome().is_cancelled());
    handle->cancel();  // without effect
    handle.reset();
    cancel_scope scope;
    scope.cancel();
    EXPECT_FALSE(co_await scope.run([]() -> task<> { co_await checkpoint(); }));
}

// warn_above is reported once, with the place of the group.
ASYNC_TEST(TaskGroup, TooManyLiveChildrenAreReportedOnce) {
    auto expected = hem::testing::expect_report(report_kind::lint);
    co_await with_task_group({.warn_above = 10}, [](task_group& group) -> task<> {
        for (int i = 0; i < 30; ++i) group.create_task(after, 1s, i);
        EXPECT_EQ(group.size(), 30u);
        co_await group.join();
        EXPECT_EQ(group.peak(), 30u);
    });
    CO_ASSERT_EQ(expected.texts().size(), 1u);
    EXPECT_NE(expected.texts()[0].find("task_group_errors_test.cpp"), std::string::npos) << expected.texts()[0];
}

TEST(TaskGroup, LeavesNothingBehindWhereverItIsCancelled) {
    const auto awaits = hem::testing::cancel_at_every_await([]() -> task<> {
        int sum = co_await with_task_group([](task_group& group) -> task<int> {
            auto a = group.create_task(after, 2s, 1);
            auto b = group.create_task({.eager_start = true}, after, 1s, 2);
            CO_EXPECT_THROW(co_await with_task_group({.errors = errors::all},
                                                     [](task_group& inner) -> task<> {
                                                         inner.create_task(fail_after, 1s, "inner");
                                                         inner.create_task(after, 5s, 1);
                                                         co_await inner.join();
                                                     }),
                            exception_group);
            const int first = co_await a;
            co_return first + co_await b;
        });
        EXPECT_EQ(sum, 3);
    });
    EXPECT_GE(awaits, 8u);
}

}  // namespace
