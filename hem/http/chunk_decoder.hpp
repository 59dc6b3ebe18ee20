// Takes chunked coding off a body (RFC 9112 7.1): bytes in, pieces of data out, trailers at the end. No I/O, no clock; allocates only
// when trailer fields arrive. Any split of the input gives the same data, end and refusal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "hem/http/headers.hpp"
#include "hem/http/limits.hpp"
#include "hem/http/parser.hpp"

namespace hem::http {

class chunk_decoder {
public:
    explicit chunk_decoder(const body_limits& limits = {}) noexcept;
    ~chunk_decoder();
    chunk_decoder(chunk_decoder&&) noexcept;
    chunk_decoder& operator=(chunk_decoder&&) noexcept;

    enum class event : std::uint8_t {
        need_more,  // all input is consumed
        data,       // `data` is the next piece, a view into the input
        end,        // the body is complete; what follows `consumed` belongs to the next message
        refused,    // `why()`
    };

    struct step {
        event kind;
        std::size_t consumed;
        std::string_view data;
    };

    // Works through `input` until something happens. Call again with what lies behind `consumed`.
    step next(std::string_view input);

    refusal why() const noexcept { return why_; }
    // Data bytes so far.
    std::uint64_t total() const noexcept { return total_; }
    // A per-route limit, set before the body is read; 0 means none.
    void set_body_limit(std::uint64_t bytes) noexcept { limits_.body = bytes; }

    // The trailer fields after `end`, checked; empty when there were none.
    void append_trailers_to(headers& out) const;
    bool has_trailers() const noexcept { return trailers_ != nullptr; }

private:
    struct trailer_state;
    enum class state : std::uint8_t {
        size_start,
        size,
        extension_start,
        extension_name,
        extension_value_start,
        extension_token,
        extension_quoted,
        extension_escape,
        extension_after_quoted,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailers,
        done,
        refused,
    };

    step refuse(refusal why, std::size_t consumed) noexcept;
    step feed_trailers(std::string_view input, std::size_t consumed);

    body_limits limits_;
    std::uint64_t left_ = 0;
    std::uint64_t total_ = 0;
    std::size_t extension_bytes_ = 0;
    std::size_t extension_total_ = 0;
    std::unique_ptr<trailer_state> trailers_;
    state state_ = state::size_start;
    refusal why_ = refusal::none;
    std::uint8_t digits_ = 0;
};

}  // namespace hem::http
