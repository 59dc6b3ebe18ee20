#include "hem/http/response.hpp"

#include <algorithm>
#include <vector>

#include "hem/core/async_generator.hpp"
#include "hem/core/clock.hpp"
#include "hem/core/task.hpp"
#include "hem/http/errors.hpp"
#include "hem/http/retry_after.hpp"

namespace hem::http {

// What most responses do without.
struct response::extras {
    http::headers trailers{headers::purpose::response};
    std::vector<std::unique_ptr<detail::sent_hook>> after_sent;
    std::unique_ptr<exchange_info> exchange;
};

void response::delete_extras::operator()(extras* old) const noexcept { delete old; }

response::response(int status, std::string bytes, std::string_view type)
    : headers_(headers::purpose::response), body_(std::move(bytes)), status_(status) {
    headers_.set_view(field::content_type, type);
}

response::response(int status, body::static_view bytes, std::string_view type)
    : headers_(headers::purpose::response), body_(bytes), status_(status) {
    headers_.set_view(field::content_type, type);
}

response::response(int status, std::unique_ptr<body_source> stream, std::string_view type)
    : headers_(headers::purpose::response), body_(std::move(stream)), status_(status) {
    headers_.set_view(field::content_type, type);
}

response::response(int status, async_generator<std::string> chunks, std::string_view type)
    : response(status, make_body_source(std::move(chunks)), type) {}

response::extras& response::more() {
    if (extras_ == nullptr) extras_.reset(new extras);
    return *extras_;
}

headers& response::trailers() { return more().trailers; }

const headers* response::find_trailers() const noexcept {
    return extras_ != nullptr && !extras_->trailers.empty() ? &extras_->trailers : nullptr;
}

void response::add_after_sent(std::unique_ptr<detail::sent_hook> hook) { more().after_sent.push_back(std::move(hook)); }

bool response::has_after_sent() const noexcept { return extras_ != nullptr && !extras_->after_sent.empty(); }

std::unique_ptr<detail::sent_hook> response::take_after_sent() {
    if (!has_after_sent()) return nullptr;
    auto hook = std::move(extras_->after_sent.front());
    extras_->after_sent.erase(extras_->after_sent.begin());
    return hook;
}

const exchange_info* response::exchange() const noexcept { return extras_ != nullptr ? extras_->exchange.get() : nullptr; }

void response::set_exchange(exchange_info info) { more().exchange = std::make_unique<exchange_info>(std::move(info)); }

response& response::raise_for_status() & {
    if (http::is_success(status_)) return *this;
    const exchange_info* known = exchange();
    exchange_info info = known != nullptr ? *known : exchange_info{};
    constexpr std::size_t shown = 1024;
    const std::string_view bytes = text().substr(0, shown);
    std::string what = (info.method.empty() ? std::string("the request") : info.method + " " + info.url) + " was answered with " +
                       std::to_string(status_) + " " + std::string(reason_phrase(status_));
    if (!bytes.empty()) {
        what += ": ";
        for (const char c : bytes.substr(0, 200)) what += static_cast<unsigned char>(c) >= 0x20 && c != 0x7f ? c : ' ';
    }
    if (status_ == 429 || status_ == 503) {
        const auto delay = headers_.get(field::retry_after);
        throw overload_error(what, std::move(info), status_, std::string(bytes),
                             delay ? read_retry_after(*delay, system_now()) : std::nullopt);
    }
    throw status_error(what, std::move(info), status_, std::string(bytes));
}

response&& response::raise_for_status() && { return std::move(static_cast<response&>(*this).raise_for_status()); }

failure_kind status_error::kind() const noexcept {
    if (status_ == 429 || status_ == 503) return failure_kind::overload;
    return status_ == 502 || status_ == 504 ? failure_kind::transient : failure_kind::permanent;
}

bool status_error::is_retryable() const noexcept {
    return info_.idempotent && (status_ == 429 || status_ == 502 || status_ == 503 || status_ == 504);
}

}  // namespace hem::http
