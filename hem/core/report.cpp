#include "hem/core/report.hpp"

#include <cxxabi.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <typeinfo>
#include <utility>

#include "hem/core/clock.hpp"

namespace hem {
namespace {

std::atomic<std::uint32_t> fatal_kinds{0};
constexpr std::uint32_t bit_of(report_kind kind) noexcept { return std::uint32_t{1} << static_cast<unsigned>(kind); }

std::mutex sink_mutex;
installed_sink current_sink;

void write_line(const report& r) noexcept {
    std::string line = "hem: ";
    line += to_string(r.kind);
    line += ": ";
    line += r.text;
    if (!r.stack.empty()) line += "; stack:" + r.stack;
    for (char& c : line) {
        if (static_cast<unsigned char>(c) < 0x20) c = c == '\n' ? ';' : ' ';
    }
    line += '\n';
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

std::string demangle(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free);
    return status == 0 ? name.get() : type.name();
}

}  // namespace

std::string_view to_string(report_kind kind) noexcept {
    switch (kind) {
    case report_kind::never_awaited: return "never awaited";
    case report_kind::suppressed_error: return "suppressed error";
    case report_kind::swallowed_cancel: return "swallowed cancellation";
    case report_kind::grace_expired: return "grace expired";
    case report_kind::unclosed_resource: return "unclosed resource";
    case report_kind::leak: return "leak";
    case report_kind::pool_stuck: return "worker pool stuck";
    case report_kind::callback_misuse: return "callback misuse";
    case report_kind::interrupt_ignored: return "interrupt ignored";
    case report_kind::stall: return "stall";
    case report_kind::deadlock: return "deadlock";
    case report_kind::lint: return "advice";
    }
    return "report";
}

installed_sink on_report(report_sink sink, void* context) noexcept {
    const std::lock_guard guard(sink_mutex);
    return std::exchange(current_sink, {sink, context});
}

void checks::abort_on(report_kind kind, bool fatal) noexcept {
    if (fatal) {
        fatal_kinds.fetch_or(bit_of(kind), std::memory_order_relaxed);
    } else {
        fatal_kinds.fetch_and(~bit_of(kind), std::memory_order_relaxed);
    }
}

namespace detail {

void send_report(report&& r) noexcept {
    installed_sink target;
    {
        const std::lock_guard guard(sink_mutex);
        target = current_sink;
    }
    if (target.sink) {
        target.sink(r, target.context);
    } else {
        write_line(r);
    }
    if (fatal_kinds.load(std::memory_order_relaxed) & bit_of(r.kind)) std::abort();
}

std::string to_string(const std::source_location& location) {
    std::string_view file = location.file_name();
    if (const auto slash = file.rfind('/'); slash != std::string_view::npos) file.remove_prefix(slash + 1);
    if (file.empty()) return "unknown place";
    return std::string(file) + ":" + std::to_string(location.line());
}

std::string describe(const std::exception_ptr& error) {
    if (!error) return "no error";
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return demangle(typeid(e)) + ": " + e.what();
    } catch (...) {
        const auto* type = error.__cxa_exception_type();
        return type ? demangle(*type) : "unknown exception";
    }
}

void throw_not_a_duration() { throw std::invalid_argument("a duration must not be NaN"); }

}  // namespace detail
}  // namespace hem
