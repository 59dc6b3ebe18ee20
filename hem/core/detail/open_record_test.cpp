// Resources that are dropped open.
#include "hem/core/detail/open_record.hpp"

#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace hem;

class link {
public:
    explicit link(std::source_location where = std::source_location::current()) : opened_("link", where) {}
    task<> aclose() {
        opened_.closed();
        co_return;
    }

private:
    hem::detail::open_record opened_;
};

ASYNC_TEST(OpenRecord, ReportsAResourceThatIsDroppedOpen) {
    auto reported = hem::testing::expect_report(report_kind::unclosed_resource);
    const auto line = std::source_location::current().line() + 2;
    {
        link dropped;
    }
    CO_ASSERT_EQ(reported.texts().size(), 1u);
    EXPECT_EQ(reported.texts()[0],
              "link opened by task 'main' at open_record_test.cpp:" + std::to_string(line) + " was never closed: open it with hem::with");
    co_return;
}

ASYNC_TEST(OpenRecord, AClosedOneIsFine) {
    bool ran = false;
    co_await with(link(), [&](link&) -> task<> {
        ran = true;
        co_return;
    });
    EXPECT_TRUE(ran);
}

}  // namespace
