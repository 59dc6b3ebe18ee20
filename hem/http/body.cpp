#include "hem/http/body.hpp"

#include "hem/core/async_generator.hpp"
#include "hem/core/task.hpp"
#include "hem/http/errors.hpp"

namespace hem::http {
namespace {

class string_source final : public body_source {
public:
    explicit string_source(std::string bytes) noexcept : bytes_(std::move(bytes)) {}

    task<std::string_view> next() override {
        if (done_) co_return std::string_view{};
        done_ = true;
        co_return bytes_;
    }
    task<void> close() override {
        done_ = true;
        co_return;
    }
    std::optional<std::uint64_t> size() const noexcept override { return bytes_.size(); }

private:
    std::string bytes_;
    bool done_ = false;
};

class generator_source final : public body_source {
public:
    explicit generator_source(async_generator<std::string> chunks) noexcept : stream_(std::move(chunks)) {}

    task<std::string_view> next() override {
        while (!done_) {
            auto chunk = co_await stream_.next();
            if (!chunk) {
                done_ = true;
                break;
            }
            if (chunk->empty()) continue;
            current_ = std::move(*chunk);
            co_return current_;
        }
        co_return std::string_view{};
    }
    task<void> close() override {
        done_ = true;
        co_await stream_.aclose();
    }

private:
    generator_stream<std::string> stream_;
    std::string current_;
    bool done_ = false;
};

}  // namespace

std::unique_ptr<body_source> make_body_source(std::string bytes) { return std::make_unique<string_source>(std::move(bytes)); }

std::unique_ptr<body_source> make_body_source(async_generator<std::string> chunks) {
    return std::make_unique<generator_source>(std::move(chunks));
}

task<std::string> read_all(body_source& source, std::uint64_t limit) {
    const auto refuse = [&] { throw body_too_large("a body is over its limit of " + std::to_string(limit) + " bytes"); };
    std::string bytes;
    const auto size = source.size();
    if (limit != 0 && size.value_or(0) > limit) refuse();
    if (size) bytes.reserve(static_cast<std::size_t>(*size));
    while (true) {
        const std::string_view chunk = co_await source.next();
        if (chunk.empty()) co_return bytes;
        if (limit != 0 && chunk.size() > limit - bytes.size()) refuse();
        bytes.append(chunk);
    }
}

}  // namespace hem::http
