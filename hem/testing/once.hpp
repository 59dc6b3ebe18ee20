// For tests of what happens once per process (a counter with a name, advice that is given once per place) or that fail on purpose: their
// bodies run under one seed only, whatever HEM_TEST_SEED_COUNT says.
#pragma once

#include "hem/testing/async_test.hpp"

namespace hem::testing {

// While it lives test bodies run once.
class [[nodiscard("bodies run once while it lives: keep it in a variable")]] one_seed {
public:
    one_seed() noexcept;
    one_seed(const one_seed&) = delete;
    ~one_seed();
};

}  // namespace hem::testing

#define ASYNC_TEST_ONCE(suite, name)                                                                                                       \
    static ::hem::task<> suite##_##name##_async_body();                                                                                    \
    TEST(suite, name) {                                                                                                                    \
        const ::hem::testing::one_seed hem_once;                                                                                           \
        ::hem::testing::run_test_body(suite##_##name##_async_body);                                                                        \
    }                                                                                                                                      \
    static ::hem::task<> suite##_##name##_async_body()
