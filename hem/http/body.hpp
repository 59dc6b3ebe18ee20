// Bodies: a source of chunks that is read once, and what a response carries.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "hem/core/task.hpp"

namespace hem {
template <class T>
class async_generator;
}  // namespace hem

namespace hem::http {

class headers;

// A body that comes in pieces: a request's on the server, a response's on the client, or one that a handler generates.
// Read by one task, front to back, once.
class body_source {
public:
    body_source() = default;
    body_source(const body_source&) = delete;
    body_source& operator=(const body_source&) = delete;
    virtual ~body_source() = default;

    // The next piece, never empty but at the end. The view is valid until the next call. Suspends; a cancelled call loses no byte.
    // Throws when the body cannot be delivered whole; a transfer that this source feeds is then cut visibly.
    virtual task<std::string_view> next() = 0;

    // Ends the body early: generators run their cleanup, network bodies give up or drain their connection. Harmless when done.
    virtual task<void> close() = 0;

    // The whole size in bytes, where it is known before reading.
    virtual std::optional<std::uint64_t> size() const noexcept { return std::nullopt; }

    // Fields after the body; null before the end and where there are none.
    virtual const headers* trailers() const noexcept { return nullptr; }
};

// A source over bytes at hand; owns them.
std::unique_ptr<body_source> make_body_source(std::string bytes);
// A source over what a generator yields. Empty pieces are skipped.
std::unique_ptr<body_source> make_body_source(async_generator<std::string> chunks);

// Reads a source to its end. Throws `body_too_large` when it exceeds `limit` bytes (0: none).
task<std::string> read_all(body_source& source, std::uint64_t limit);

// What a response carries: nothing, owned bytes, bytes that live for ever (literals, embedded files), or a source. Cheap to move.
class body {
public:
    struct static_view {
        std::string_view bytes;
    };
    using source = std::unique_ptr<body_source>;

    body() noexcept = default;
    body(std::string bytes) noexcept : owned_(std::move(bytes)), kind_(kind::owned) {}
    body(static_view view) noexcept : view_(view.bytes), kind_(kind::view) {}
    body(source stream) noexcept : stream_(std::move(stream)), kind_(kind::stream) {}

    bool is_none() const noexcept { return kind_ == kind::none; }
    bool is_stream() const noexcept { return kind_ == kind::stream; }

    // The bytes, where they are at hand; empty for a stream.
    std::string_view bytes() const noexcept { return kind_ == kind::owned ? std::string_view(owned_) : view_; }

    // The size in bytes, where it is known before sending.
    std::optional<std::uint64_t> size() const noexcept { return stream_ ? stream_->size() : std::optional<std::uint64_t>(bytes().size()); }

    // Null unless it is a stream.
    body_source* stream() noexcept { return stream_.get(); }

    // Gives the content away and leaves none.
    source take_stream() noexcept {
        source result = std::move(stream_);
        *this = body();
        return result;
    }
    std::string take_bytes() {
        std::string result = kind_ == kind::owned ? std::move(owned_) : std::string(view_);
        *this = body();
        return result;
    }

private:
    enum class kind : std::uint8_t { none, owned, view, stream };
    std::string owned_;
    std::string_view view_;
    source stream_;
    kind kind_ = kind::none;
};

}  // namespace hem::http
