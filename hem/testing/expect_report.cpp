#include "hem/testing/expect_report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>

namespace hem::testing {
namespace {
std::recursive_mutex guards_mutex;
std::vector<expected_report*> guards;
}  // namespace

expected_report::expected_report(report_kind kind) : kind_(kind) {
    const std::lock_guard lock(guards_mutex);
    guards.push_back(this);
}

expected_report::~expected_report() {
    const std::lock_guard lock(guards_mutex);
    guards.erase(std::find(guards.begin(), guards.end(), this));
    EXPECT_FALSE(texts_.empty()) << "expected a report of kind '" << to_string(kind_) << "', there was none";
}

bool expected_report::claim(const report& r) {
    if (r.kind != kind_) return false;
    texts_.push_back(r.text);
    return true;
}

constinit void (*detail::around_reports)(bool begins) = nullptr;

report_collector::report_collector(filter ignores, const void* context)
    : before_(on_report(receive, this)), ignores_(ignores), context_(context) {}
report_collector::~report_collector() { on_report(before_.sink, before_.context); }

void report_collector::receive(const report& r, void* self) {
    if (detail::around_reports) detail::around_reports(true);
    static_cast<report_collector*>(self)->take(r);
    if (detail::around_reports) detail::around_reports(false);
}

void report_collector::take(const report& r) {
    const std::lock_guard lock(guards_mutex);
    for (auto* guard : guards) {
        if (guard->claim(r)) return;
    }
    if (!ignores_ || !ignores_(r.kind, context_)) unclaimed_.push_back(std::string(to_string(r.kind)) + ": " + r.text);
}

}  // namespace hem::testing
