#include "hem/web/access_log.hpp"

#include "hem/core/cancelled.hpp"
#include "hem/core/clock.hpp"
#include "hem/telemetry/log.hpp"
#include "hem/web/detail/context_swap.hpp"

#include <memory>
#include <string>

namespace hem::web {

namespace {

// What the record says, taken while the request lives.
struct entry {
    std::string method;
    std::string route;
    std::string query;
    std::string peer;
    std::string request_id;
    time_point began = clock::now();

    entry(const http::request& request, bool with_query)
        : method(request.method()), route(request.path()), query(with_query ? request.query() : std::string_view()), peer(request.peer()) {}

    void write(int status, std::uint64_t bytes, std::string_view ended) const {
        const auto duration = clock::now() - began;
        const log::fields said = {{"method", method}, {"route", route}, {"query", query}, {"status", status},        {"duration", duration},
                                  {"bytes", bytes},   {"peer", peer},   {"ended", ended}, {"request_id", request_id}};
        if (status >= 500) {
            log::warning("request", said);
        } else {
            log::info("request", said);
        }
    }
};

// Counts what passes and writes the record at the end.
class counted_stream final : public http::body_source {
public:
    counted_stream(std::unique_ptr<http::body_source> inner, entry record, int status)
        : inner_(std::move(inner)), record_(std::move(record)), status_(status), context_(hem::detail::current_context()) {}

    task<std::string_view> next() override {
        std::string_view piece;
        bool whole = false;
        struct at_end {
            counted_stream& stream;
            const bool& whole;
            ~at_end() {
                if (!whole) stream.write("cut");
            }
        } ending{*this, whole};
        piece = co_await inner_->next();
        whole = true;
        bytes_ += piece.size();
        if (piece.empty()) write("whole");
        co_return piece;
    }
    task<void> close() override {
        write("given up");
        co_await inner_->close();
    }
    std::optional<std::uint64_t> size() const noexcept override { return inner_->size(); }
    const http::headers* trailers() const noexcept override { return inner_->trailers(); }

private:
    void write(std::string_view ended) {
        if (std::exchange(written_, true)) return;
        const detail::context_swap inside(context_);
        record_.write(status_, bytes_, ended);
    }
    std::unique_ptr<http::body_source> inner_;
    entry record_;
    int status_;
    hem::detail::context_pointer context_;
    std::uint64_t bytes_ = 0;
    bool written_ = false;
};

}  // namespace

task<http::response> access_log::operator()(http::request& request, next& following) const {
    entry record(request, options_.query);
    const auto took_route = [&] {
        if (!request.route().empty()) record.route = request.route();
    };
    const auto took_id = [&](const http::response& answer) {
        record.request_id = answer.headers().get(http::field::x_request_id).value_or("");
    };
    try {
        auto answer = co_await following(request);
        took_route();
        took_id(answer);
        if (answer.content().is_stream()) {
            const int status = answer.status();
            answer.set_content(http::body(std::make_unique<counted_stream>(answer.content().take_stream(), std::move(record), status)));
        } else {
            record.write(answer.status(), answer.content().bytes().size(), "whole");
        }
        co_return answer;
    } catch (const cancelled&) {
        took_route();
        record.write(499, 0, "cancelled");
        throw;
    }
}

}  // namespace hem::web
