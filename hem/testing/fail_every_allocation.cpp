#include "hem/testing/fail_every_allocation.hpp"

#include <execinfo.h>

#include <cstdlib>
#include <new>

#include "hem/core/detail/frame_pool.hpp"
#include "hem/core/detail/kernel.hpp"
#include "hem/core/errors.hpp"
#include "hem/testing/allocation.hpp"
#include "hem/testing/detail/fault_runner.hpp"
#include "hem/testing/expect_report.hpp"

namespace hem::testing {
namespace {

using hem::detail::frame_pool;

bool is_bad_alloc(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::bad_alloc&) {
        return true;
    } catch (const exception_group& group) {
        for (const auto& each : group.errors()) {
            if (!is_bad_alloc(each)) return false;
        }
        return true;
    } catch (const std::exception& outer) {
        try {
            std::rethrow_if_nested(outer);
        } catch (...) {
            return is_bad_alloc(std::current_exception());
        }
        return false;
    } catch (...) {
        return false;
    }
}

// The innermost callers, for addr2line: names are there only for what the program exports.
std::string callers() {
    void* frames[12];
    const int count = ::backtrace(frames, 12);
    std::string text;
    if (char** names = ::backtrace_symbols(frames, count)) {
        for (int i = 3; i < count && i < 9; ++i) {
            std::string_view name = names[i];
            if (const auto slash = name.rfind('/', name.find('(')); slash != std::string_view::npos) name.remove_prefix(slash + 1);
            text += (text.empty() ? "" : " < ") + std::string(name.substr(0, name.find(" [")));
        }
        std::free(names);
    }
    return text;
}

class allocation_failure final : public detail::fault_kind {
public:
    allocation_failure() : fault_kind("without memory", "allocation") {}

    void before_run() override { frame_pool::set_mode(frame_pool::mode::heap); }
    void after_run() override { frame_pool::set_mode(frame_pool::mode::count); }
    void arm(detail::fault_plan& plan) override {
        detail::around_reports = pause;
        detail::set_allocation_hook({refuses, &plan});
    }
    void disarm() noexcept override {
        detail::set_allocation_hook({});
        detail::around_reports = nullptr;
    }
    bool expects(const std::exception_ptr& error) const override { return is_bad_alloc(error); }
    bool expects(report_kind reported) const override { return reported == report_kind::suppressed_error; }

private:
    // The collector of reports is no part of what is tested.
    static void pause(bool begins) {
        static detail::allocation_hook paused;
        if (begins) {
            paused = detail::set_allocation_hook({});
        } else {
            detail::set_allocation_hook(paused);
        }
    }
    static bool refuses(void* data, std::size_t bytes) {
        auto& plan = *static_cast<detail::fault_plan*>(data);
        if (!plan.strikes()) return false;
        const auto* loop = hem::detail::running.loop;
        plan.place = std::to_string(bytes) + " bytes";
        if (loop && loop->current) plan.place += " after " + detail::place_of(*loop->current);
        plan.place += ", called by " + callers();
        return true;
    }
};

}  // namespace

std::size_t fail_every_allocation(callable<task<>()> f, callable<task<>()> check) {
    allocation_failure kind;
    return detail::run_with_faults(kind, f, check);
}

}  // namespace hem::testing
