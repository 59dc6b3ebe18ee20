// ASYNC_TEST(suite, name) { co_await ...; }: the body is a coroutine on a fresh loop with a virtual clock and a seeded shuffle of the ready
// tasks. The test fails on an error that leaves the body, on a run-time report that no expect_report claims, and on descriptors or threads
// left behind. `HEM_TEST_SEED=n` replays a run, `HEM_TEST_SEED_COUNT=n` tries n seeds; the seed is printed with a failure.
//
// GoogleTest's fatal assertions use `return`, which a coroutine does not have: write CO_ASSERT_EQ and its kin.
#pragma once

#include <gtest/gtest.h>

#include "hem/core/callable.hpp"
#include "hem/core/run.hpp"
#include "hem/core/task.hpp"

namespace hem::testing {

// Runs a test body as the macros do. `file` and `line` name the test in messages.
void run_test_body(callable<task<>()> body);

// A fixture whose SetUp and TearDown are tasks on the test's own loop.
class async_fixture : public ::testing::Test {
public:
    virtual task<> async_set_up() { co_return; }
    virtual task<> async_tear_down() { co_return; }
};

namespace detail {
task<> run_fixture(async_fixture& fixture, task<> body);
template <class Fixture>
task<> fixture_body(Fixture& fixture) {
    if constexpr (std::is_base_of_v<async_fixture, Fixture>) {
        co_await run_fixture(fixture, fixture.async_body());
    } else {
        co_await fixture.async_body();
    }
}
}  // namespace detail

}  // namespace hem::testing

#define ASYNC_TEST(suite, name)                                                                                                            \
    static ::hem::task<> suite##_##name##_async_body();                                                                                    \
    TEST(suite, name) { ::hem::testing::run_test_body(suite##_##name##_async_body); }                                                      \
    static ::hem::task<> suite##_##name##_async_body()

#define ASYNC_TEST_F(fixture, name)                                                                                                        \
    class fixture##_##name##_async_test : public fixture {                                                                                 \
    public:                                                                                                                                \
        ::hem::task<> async_body();                                                                                                        \
        void TestBody() override {                                                                                                         \
            ::hem::testing::run_test_body([this]() -> ::hem::task<> { co_await ::hem::testing::detail::fixture_body(*this); });            \
        }                                                                                                                                  \
    };                                                                                                                                     \
    [[maybe_unused]] static ::testing::TestInfo* const fixture##_##name##_registered = ::testing::RegisterTest(                            \
        #fixture, #name, nullptr, nullptr, __FILE__, __LINE__, []() -> fixture* { return new fixture##_##name##_async_test; });            \
    ::hem::task<> fixture##_##name##_async_test::async_body()

// As TEST_P: `fixture` derives from async_fixture and ::testing::WithParamInterface<T>; INSTANTIATE_TEST_SUITE_P gives the values.
#define ASYNC_TEST_P(fixture, name)                                                                                                        \
    class fixture##_##name##_async_test : public fixture {                                                                                 \
    public:                                                                                                                                \
        ::hem::task<> async_body();                                                                                                        \
        void TestBody() override {                                                                                                         \
            ::hem::testing::run_test_body([this]() -> ::hem::task<> { co_await ::hem::testing::detail::fixture_body(*this); });            \
        }                                                                                                                                  \
    };                                                                                                                                     \
    [[maybe_unused]] static const bool fixture##_##name##_registered = [] {                                                                \
        const ::testing::internal::CodeLocation place(__FILE__, __LINE__);                                                                 \
        ::testing::UnitTest::GetInstance()                                                                                                 \
            ->parameterized_test_registry()                                                                                                \
            .GetTestSuitePatternHolder<fixture>(#fixture, place)                                                                           \
            ->AddTestPattern(#fixture, #name, new ::testing::internal::TestMetaFactory<fixture##_##name##_async_test>(), place);           \
        return true;                                                                                                                       \
    }();                                                                                                                                   \
    ::hem::task<> fixture##_##name##_async_test::async_body()

#define CO_FAIL()                                                                                                                          \
    do {                                                                                                                                   \
        GTEST_NONFATAL_FAILURE_("Failed");                                                                                                 \
        co_return;                                                                                                                         \
    } while (false)
#define CO_SKIP(text)                                                                                                                      \
    do {                                                                                                                                   \
        [] { GTEST_SKIP() << text; }();                                                                                                    \
        co_return;                                                                                                                         \
    } while (false)
#define HEM_CO_ASSERT_(check)                                                                                                              \
    do {                                                                                                                                   \
        const int hem_parts_before = ::testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count();                \
        check;                                                                                                                             \
        if (::testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count() != hem_parts_before) co_return;          \
    } while (false)
#define CO_ASSERT_TRUE(value) HEM_CO_ASSERT_(EXPECT_TRUE(value))
#define CO_ASSERT_FALSE(value) HEM_CO_ASSERT_(EXPECT_FALSE(value))
#define CO_ASSERT_EQ(a, b) HEM_CO_ASSERT_(EXPECT_EQ(a, b))
#define CO_ASSERT_NE(a, b) HEM_CO_ASSERT_(EXPECT_NE(a, b))
#define CO_ASSERT_LT(a, b) HEM_CO_ASSERT_(EXPECT_LT(a, b))
#define CO_ASSERT_LE(a, b) HEM_CO_ASSERT_(EXPECT_LE(a, b))
#define CO_ASSERT_GT(a, b) HEM_CO_ASSERT_(EXPECT_GT(a, b))
#define CO_ASSERT_GE(a, b) HEM_CO_ASSERT_(EXPECT_GE(a, b))

// Checks that awaiting throws `type`: CO_EXPECT_THROW(co_await f(), hem::timeout_error).
#define CO_EXPECT_THROW(statement, type)                                                                                                   \
    do {                                                                                                                                   \
        bool hem_thrown = false;                                                                                                           \
        try {                                                                                                                              \
            (void)(statement);                                                                                                             \
        } catch (const type&) {                                                                                                            \
            hem_thrown = true;                                                                                                             \
        }                                                                                                                                  \
        EXPECT_TRUE(hem_thrown) << #statement " did not throw " #type;                                                                     \
    } while (false)
