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

report_collector::report_collector() : before_(on_report(receive, this)) {}
report_collector::~report_collector() { on_report(before_.sink, before_.context); }

void report_collector::receive(const report& r, void* self) {
    const std::lock_guard lock(guards_mutex);
    for (auto* guard : guards) {
        if (guard->claim(r)) return;
    }
    static_cast<report_collector*>(self)->unclaimed_.push_back(std::string(to_string(r.kind)) + ": " + r.text);
}

}  // namespace hem::testing
