// Claims run-time reports: while the guard lives, reports of its kind are expected, and at its end there must have been one.
//
//     auto expected = hem::testing::expect_report(hem::report_kind::never_awaited);
#pragma once

#include <string>
#include <vector>

#include "hem/core/report.hpp"

namespace hem::testing {

class [[nodiscard("reports are expected while the guard lives: keep it in a variable")]] expected_report {
public:
    explicit expected_report(report_kind kind);
    expected_report(const expected_report&) = delete;
    ~expected_report();
    // Texts of the reports so far.
    const std::vector<std::string>& texts() const noexcept { return texts_; }
    bool claim(const report& r);

private:
    report_kind kind_;
    std::vector<std::string> texts_;
};

inline expected_report expect_report(report_kind kind) { return expected_report(kind); }

// Collects reports for the length of a test: claimed ones go to their guards, the rest is a failure.
class report_collector {
public:
    // `ignores(kind, context)`, if given, says of what no guard claims whether it may be dropped.
    using filter = bool (*)(report_kind kind, const void* context);
    explicit report_collector(filter ignores = nullptr, const void* context = nullptr);
    ~report_collector();
    report_collector(const report_collector&) = delete;
    const std::vector<std::string>& unclaimed() const noexcept { return unclaimed_; }

private:
    static void receive(const report& r, void* self);
    void take(const report& r);
    installed_sink before_;
    filter ignores_;
    const void* context_;
    std::vector<std::string> unclaimed_;
};

namespace detail {
// Called before and after a report is taken, where that must not be disturbed. Null: nothing.
extern constinit void (*around_reports)(bool begins);
}  // namespace detail

}  // namespace hem::testing
