#include "hem/http/request.hpp"

#include <algorithm>
#include <stdexcept>

#include "hem/core/task.hpp"
#include "hem/http/detail/bytes.hpp"
#include "hem/http/errors.hpp"
#include "hem/http/parser.hpp"
#include "hem/http/url.hpp"

namespace hem::http {

request::request() = default;

request::request(std::string_view method, std::string_view target) {
    set_method(method);
    set_target(target);
}

request::request(request&& other) noexcept { *this = std::move(other); }

request& request::operator=(request&& other) noexcept {
    if (this == &other) return *this;
    drop_context();
    method_ = other.method_;
    target_ = other.target_;
    path_ = other.path_;
    query_ = other.query_;
    scheme_ = other.scheme_;
    host_ = other.host_;
    peer_ = other.peer_;
    route_ = other.route_;
    headers_ = std::move(other.headers_);
    trailers_ = std::move(other.trailers_);
    bytes_ = std::move(other.bytes_);
    path_parameters_ = std::move(other.path_parameters_);
    context_ = std::move(other.context_);
    other.context_.clear();
    shutting_down_ = other.shutting_down_;
    source_ = std::exchange(other.source_, nullptr);
    owned_source_ = std::move(other.owned_source_);
    buffer_ = std::move(other.buffer_);
    body_limit_ = other.body_limit_;
    peer_port_ = other.peer_port_;
    method_id_ = other.method_id_;
    version_ = other.version_;
    buffered_ = std::exchange(other.buffered_, false);
    consumed_ = std::exchange(other.consumed_, false);
    return *this;
}

request::~request() { drop_context(); }

void request::set_method(std::string_view method) {
    if (!is_token(method)) throw std::invalid_argument("a request method must be a token (RFC 9110 9.1), not empty and without blanks");
    method_id_ = find_method(method);
    method_ = method_id_ != method_kind::other ? method_name(method_id_) : store(method);
}

void request::set_target(std::string_view target) {
    if (target.starts_with('/') || target == "*") {
        const auto wrong =
            std::find_if(target.begin(), target.end(), [](char c) { return c != '%' && !detail::has_class(c, detail::target_plain); });
        if (wrong != target.end())
            throw invalid_url("a request target must not hold the byte at offset " + std::to_string(wrong - target.begin()) +
                              "; percent-encode it");
        target_ = store(target);
    } else {
        const url whole = url::parse(target);
        if (whole.scheme.empty() || whole.host.empty())
            throw invalid_url("a request target begins with '/' or is a whole URL such as http://host/path");
        scheme_ = store(whole.scheme);
        host_ = store(whole.authority());
        target_ = store(whole.target());
    }
    split_target();
}

void request::split_target() noexcept {
    std::string_view rest = target_;
    if (!rest.starts_with('/') && rest != "*") {
        // Absolute form, checked before: the path begins behind the authority.
        const std::size_t authority = rest.find("//") + 2;
        const std::size_t end = rest.find_first_of("/?", authority);
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end);
    }
    const std::size_t mark = rest.find('?');
    path_ = rest.substr(0, mark);
    if (path_.empty()) path_ = "/";
    query_ = mark == std::string_view::npos ? std::string_view{} : rest.substr(mark + 1);
}

void request::assign(const head_parser& parser, const char* bytes, const framing& framing) {
    const std::string_view copy = bytes_.copy({bytes, parser.size()});
    const char* const base = copy.data();
    method_id_ = parser.method_id();
    method_ = method_id_ != method_kind::other ? method_name(method_id_) : parser.method(base);
    target_ = parser.target(base);
    version_ = parser.version();
    split_target();
    for (std::uint32_t i = 0; i < parser.field_count(); ++i)
        headers_.append_view(parser.name(base, i), parser.value(base, i), parser.id(i));
    if (!framing.host.empty()) host_ = {base + (framing.host.data() - bytes), framing.host.size()};
}

void request::reset() noexcept {
    drop_context();
    method_ = target_ = path_ = query_ = host_ = peer_ = route_ = {};
    scheme_ = "http";
    headers_.clear();
    trailers_.reset();
    bytes_.clear();
    path_parameters_.clear();
    source_ = nullptr;
    owned_source_.reset();
    buffer_.clear();
    if (buffer_.capacity() > 16 * 1024) buffer_ = {};
    body_limit_ = 0;
    peer_port_ = 0;
    method_id_ = method_kind::other;
    version_ = http_version::http_1_1;
    buffered_ = false;
    consumed_ = false;
    shutting_down_ = nullptr;
}

const headers* request::trailers() const noexcept {
    if (trailers_ != nullptr) return trailers_.get();
    return source_ != nullptr ? source_->trailers() : nullptr;
}

void request::refuse_body() const {
    throw body_too_large("the body of " + std::string(method_) + " " + std::string(path_) + " is over its limit of " +
                         std::to_string(body_limit_) + " bytes");
}

void request::check_body_limit() const {
    if (body_limit_ == 0) return;
    const auto size = buffered_ ? std::optional<std::uint64_t>(buffer_.size()) : stream_size();
    if (size.value_or(0) > body_limit_) refuse_body();
}

task<std::string_view> request::body() {
    if (buffered_ || source_ == nullptr) co_return buffer_;
    if (consumed_)
        throw stream_consumed("the body of " + std::string(method_) + " " + std::string(path_) + " was taken as a stream; it is read once");
    check_body_limit();
    const auto size = source_->size();
    if (size) buffer_.reserve(static_cast<std::size_t>(*size));
    while (true) {
        const std::string_view chunk = co_await source_->next();
        if (chunk.empty()) break;
        if (body_limit_ != 0 && chunk.size() > body_limit_ - buffer_.size()) refuse_body();
        buffer_.append(chunk);
    }
    buffered_ = true;
    co_return buffer_;
}

body_source& request::stream() {
    if (consumed_ || (source_ != nullptr && !buffered_ && !buffer_.empty()))
        throw stream_consumed("the body of " + std::string(method_) + " " + std::string(path_) + " was read already; it is read once");
    if (source_ == nullptr || buffered_) {
        owned_source_ = make_body_source(buffer_);
        source_ = owned_source_.get();
        buffered_ = false;
        buffer_.clear();
    }
    consumed_ = true;
    return *source_;
}

task<void> request::discard() {
    if (source_ == nullptr || buffered_) co_return;
    consumed_ = true;
    while (!(co_await source_->next()).empty()) {
    }
}

void request::set_body(std::string bytes) {
    buffer_ = std::move(bytes);
    source_ = nullptr;
    owned_source_.reset();
    buffered_ = true;
    consumed_ = false;
}

void request::set_body(std::unique_ptr<body_source> source) noexcept {
    owned_source_ = std::move(source);
    set_body_source(owned_source_.get());
}

void request::set_body_source(body_source* source) noexcept {
    source_ = source;
    buffer_.clear();
    buffered_ = false;
    consumed_ = false;
}

void request::put_context(detail::context_slot slot) {
    for (auto& known : context_) {
        if (known.key != slot.key) continue;
        known.destroy(known.value);
        known = slot;
        return;
    }
    context_.push_back(slot);
}

void request::drop_context() noexcept {
    for (auto slot = context_.rbegin(); slot != context_.rend(); ++slot) slot->destroy(slot->value);
    context_.clear();
}

}  // namespace hem::http
