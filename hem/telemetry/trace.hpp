// Which request this work belongs to: the ids of W3C Trace Context, carried by the task and by what it starts, workers too.
//
//     const auto entered = trace::enter(trace::continued(request.headers().get("traceparent")));     // what the web layer does
//     log::info("looked_up");                                                                         // carries "trace_id"
//     headers.set("traceparent", trace::current().traceparent());
//
// A `traceparent` that cannot be read starts a new trace, never an error. Ids come from the loop's generator, so a seed replays them.
// Source: W3C Trace Context, Recommendation of 23 November 2021, sections 3.2 and 3.3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hem/core/context.hpp"

namespace hem::trace {

inline constexpr std::uint8_t sampled = 1;  // the flag that says so

// One position in one trace. Without a trace all is zero.
struct position {
    std::uint64_t trace_high = 0;
    std::uint64_t trace_low = 0;
    std::uint64_t span = 0;
    std::uint8_t flags = 0;
    std::string state;  // `tracestate`, passed on as it came; at most 512 bytes, else dropped whole

    explicit operator bool() const noexcept { return (trace_high | trace_low) != 0 && span != 0; }
    bool operator==(const position&) const = default;
    // 32 and 16 lower-case hexadecimal digits.
    std::string trace_id() const;
    std::string span_id() const;
    // `00-<trace id>-<span id>-<flags>`; empty without a trace.
    std::string traceparent() const;
};

// Reads a `traceparent`. Empty for what is not valid: wrong length, upper case, ids of zero, version ff, text behind version 00.
std::optional<position> parse_traceparent(std::string_view text) noexcept;

// A new trace, sampled. Its ids come from the loop's generator: usage_error outside of one, as for the next two.
position begin();
// The same trace with a span of its own.
position child_of(const position& parent);
// What a server does with the fields of a request: a child of what came, or a new trace.
position continued(std::optional<std::string_view> traceparent, std::optional<std::string_view> tracestate = {});

namespace detail {
inline context_var<position> here{"hem.trace"};
}

// Of the calling task; false where there is no trace.
inline const position& current() noexcept { return detail::here.get(); }
// In this task and in what it starts, until the guard ends.
inline auto enter(position next) { return detail::here.bind(std::move(next)); }

// The name that a request has beside its trace; empty outside of one. The web layer sets it, clients send it on.
inline context_var<std::string> request_id{"hem.request_id"};

}  // namespace hem::trace
