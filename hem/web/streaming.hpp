// Answers in pieces: a generator's text as it comes, or its items as one JSON array or as lines.
//
//     co_return web::streaming_response(log_lines(), "text/plain");
//     co_return web::json_array(export_posts(), {.wrap = "posts", .filename = "posts.json"});     // {"posts":[…]}
// The first piece is awaited before the head is sent, so an early error still becomes a proper answer; a later one cuts the transfer
// visibly. One slow client holds one piece; cancellation reaches the generator's current await. Dependencies of function scope end after
// the last piece, or when the client gives up; a dependency that refuses streams says so by `.streams = false`.
#pragma once

#include "hem/core/async_generator.hpp"
#include "hem/http/request.hpp"
#include "hem/http/response.hpp"
#include "hem/model/json_traits.hpp"
#include "hem/web/responses.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace hem::web {

// `media_type` must live as long as the answer: a literal, or a constant of `http::content_type`.
http::response streaming_response(async_generator<std::string> chunks, std::string_view media_type = http::content_type::bytes,
                                  int status = 200);

struct json_array_options {
    std::string wrap;      // `{"posts":[…]}` instead of `[…]`
    std::string filename;  // sent as an attachment of this name
    header_list headers;
};

namespace detail {

// A generator of items without their type.
class item_source {
public:
    virtual ~item_source() = default;
    // Appends the next item as JSON; false at the end.
    virtual task<bool> next(std::string& out) = 0;
    virtual task<void> close() = 0;
};

template <class T>
class item_source_of final : public item_source {
public:
    explicit item_source_of(async_generator<T> items) noexcept : stream_(std::move(items)) {}
    task<bool> next(std::string& out) override {
        const auto item = co_await stream_.next();
        if (!item) co_return false;
        json_writer writer(out);
        json_traits<T>::write(writer, *item);
        co_return true;
    }
    task<void> close() override { co_await stream_.aclose(); }

private:
    generator_stream<T> stream_;
};

// As an array, or as lines where the request accepts application/x-ndjson.
http::response array_answer(const http::request& request, std::unique_ptr<item_source> items, const json_array_options& options);

// Reads the first piece of a streamed answer and keeps it; an error leaves here, while the status can still change.
task<void> await_first_piece(http::response& answer);

// True if the request lists that media type in `Accept` with a weight above zero and no less than `application/json`.
bool prefers_lines(const http::request& request) noexcept;

// `attachment; filename="…"`, with RFC 8187 `filename*` for names beyond ASCII.
std::string attachment(std::string_view filename);

}  // namespace detail

template <class T>
struct array_response {
    using value_type = T;
    std::unique_ptr<detail::item_source> items;
    json_array_options options;
};

// Items as one JSON array, written one by one and sent in pieces of about 16 KiB; with `Accept: application/x-ndjson` one line each.
template <class T>
array_response<T> json_array(async_generator<T> items, json_array_options options = {}) {
    return {std::make_unique<detail::item_source_of<T>>(std::move(items)), std::move(options)};
}

}  // namespace hem::web
