// The body of a request as it arrives on a connection: read on demand, checked, limited. Sends `100 Continue` when it is first asked.
#pragma once

#include <optional>

#include "hem/http/body.hpp"
#include "hem/http/chunk_decoder.hpp"
#include "hem/http/detail/server_connection.hpp"

namespace hem::http::detail {

class connection_body final : public body_source {
public:
    connection_body(server_connection& connection, const framing& frame);

    task<std::string_view> next() override;
    task<void> close() override;
    std::optional<std::uint64_t> size() const noexcept override;
    const headers* trailers() const noexcept override;

    bool complete() const noexcept { return complete_; }
    // Nothing was read and the client waits for 100-continue: the body never comes.
    bool withheld() const noexcept { return expect_continue_ && !asked_; }
    // What is known to be left; unknown for a chunked body.
    std::optional<std::uint64_t> left() const noexcept { return kind_ == body_kind::length ? std::optional(left_) : std::nullopt; }
    // Why the body cannot be read, as a status; 0 if nothing is wrong, -1 if the client went away.
    int broken() const noexcept { return broken_; }

private:
    [[noreturn]] void fail(int status, const char* what);
    task<> fill();
    // The next piece of the input that lies there; empty if there is none.
    std::string_view take_buffered();

    server_connection& connection_;
    body_kind kind_;
    std::uint64_t left_;
    std::optional<chunk_decoder> decoder_;
    std::unique_ptr<headers> trailers_;
    bool expect_continue_;
    bool asked_ = false;
    bool complete_;
    int broken_ = 0;
};

}  // namespace hem::http::detail
