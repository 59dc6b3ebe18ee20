#include "hem/web/streaming.hpp"

#include "hem/web/detail/context_swap.hpp"

#include <optional>

namespace hem::web {

http::response streaming_response(async_generator<std::string> chunks, std::string_view media_type, int status) {
    return {status, std::move(chunks), media_type};
}

namespace detail {

namespace {

constexpr std::size_t flush_bytes = 16 * 1024;

class array_source final : public http::body_source {
public:
    array_source(std::unique_ptr<item_source> items, std::string_view wrap, bool lines) : items_(std::move(items)), lines_(lines) {
        if (lines) return;
        if (!wrap.empty()) {
            open_ = "{";
            append_json_string(open_, wrap);
            open_ += ":[";
            end_ = "]}";
        } else {
            open_ = "[";
            end_ = "]";
        }
    }

    task<std::string_view> next() override {
        if (done_) co_return std::string_view();
        buffer_.clear();
        buffer_ += open_;
        open_.clear();
        while (buffer_.size() < flush_bytes) {
            const auto before = buffer_.size();
            if (!lines_ && !first_) buffer_ += ',';
            if (!co_await items_->next(buffer_)) {
                buffer_.resize(before);
                buffer_ += end_;
                done_ = true;
                break;
            }
            first_ = false;
            if (lines_) buffer_ += '\n';
        }
        co_return std::string_view(buffer_);
    }

    task<void> close() override {
        done_ = true;
        co_await items_->close();
    }

private:
    std::unique_ptr<item_source> items_;
    std::string open_;
    std::string end_;
    std::string buffer_;
    bool lines_;
    bool first_ = true;
    bool done_ = false;
};

// A source whose first piece has been read already.
class opened_source final : public http::body_source {
public:
    explicit opened_source(std::unique_ptr<http::body_source> inner) noexcept : inner_(std::move(inner)) {}

    task<void> open() { first_ = co_await inner_->next(); }
    task<std::string_view> next() override {
        const context_swap inside(context_);
        if (first_) {
            const auto piece = *std::exchange(first_, std::nullopt);
            if (piece.empty()) ended_ = true;
            co_return piece;
        }
        if (ended_) co_return std::string_view();
        co_return co_await inner_->next();
    }
    task<void> close() override {
        const context_swap inside(context_);
        co_await inner_->close();
    }
    std::optional<std::uint64_t> size() const noexcept override { return inner_->size(); }
    const http::headers* trailers() const noexcept override { return inner_->trailers(); }

private:
    std::unique_ptr<http::body_source> inner_;
    hem::detail::context_pointer context_ = hem::detail::current_context();
    std::optional<std::string_view> first_;
    bool ended_ = false;
};

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

// The weight of one `Accept` item in thousandths: 1000 without `q`.
int weight_of(std::string_view parameters) noexcept {
    while (!parameters.empty()) {
        const auto end = parameters.find(';');
        const auto part = trimmed(parameters.substr(0, end));
        if (part.starts_with("q=") || part.starts_with("Q=")) {
            const auto digits = part.substr(2);
            if (digits.empty() || digits[0] == '1') return 1000;
            int weight = 0, scale = 100;
            for (std::size_t i = 2; i < digits.size() && i < 5 && digits[i] >= '0' && digits[i] <= '9'; ++i, scale /= 10)
                weight += (digits[i] - '0') * scale;
            return weight;
        }
        if (end == std::string_view::npos) break;
        parameters.remove_prefix(end + 1);
    }
    return 1000;
}

}  // namespace

bool prefers_lines(const http::request& request) noexcept {
    const auto accept = request.headers().get(http::field::accept);
    if (!accept) return false;
    int lines = 0, json = 0;
    auto rest = *accept;
    while (!rest.empty()) {
        const auto end = rest.find(',');
        const auto item = trimmed(rest.substr(0, end));
        const auto semicolon = item.find(';');
        const auto type = trimmed(item.substr(0, semicolon));
        const int weight = weight_of(semicolon == std::string_view::npos ? std::string_view() : item.substr(semicolon + 1));
        if (type == http::content_type::ndjson || type == http::content_type::json_lines) lines = std::max(lines, weight);
        if (type == http::content_type::json) json = std::max(json, weight);
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
    }
    return lines > 0 && lines >= json;
}

std::string attachment(std::string_view filename) {
    std::string plain, encoded;
    bool beyond_ascii = false;
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : filename) {
        const auto byte = static_cast<unsigned char>(c);
        const bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (word || c == '.' || c == '-' || c == '_') {
            encoded += c;
        } else {
            encoded += '%';
            encoded += digits[byte >> 4];
            encoded += digits[byte & 15];
        }
        if (byte < 0x20 || byte == 0x7f || c == '/' || c == '\\') continue;  // no separators, no line breaks
        if (byte >= 0x80) beyond_ascii = true;
        if (c == '"') plain += '\\';
        plain += byte < 0x80 ? c : '_';
    }
    std::string value = "attachment; filename=\"" + plain + "\"";
    if (beyond_ascii) value += "; filename*=UTF-8''" + encoded;
    return value;
}

http::response array_answer(const http::request& request, std::unique_ptr<item_source> items, const json_array_options& options) {
    const bool lines = prefers_lines(request);
    std::unique_ptr<http::body_source> source = std::make_unique<array_source>(std::move(items), options.wrap, lines);
    http::response answer(200, std::move(source), lines ? http::content_type::ndjson : http::content_type::json);
    if (!options.filename.empty()) answer.headers().set(http::field::content_disposition, attachment(options.filename));
    answer.headers().set(http::field::vary, "Accept");
    append_headers(answer, options.headers);
    return answer;
}

task<void> await_first_piece(http::response& answer) {
    auto opened = std::make_unique<opened_source>(answer.content().take_stream());
    co_await opened->open();
    answer.set_content(http::body(std::unique_ptr<http::body_source>(std::move(opened))));
}

}  // namespace detail
}  // namespace hem::web
