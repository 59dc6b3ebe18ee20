#include "hem/http/serialise.hpp"

#include <charconv>

#include "hem/http/detail/bytes.hpp"
#include "hem/http/detail/writer.hpp"
#include "hem/http/request.hpp"
#include "hem/http/response.hpp"

namespace hem::http {
namespace {

using std::string_view;

constexpr std::uint64_t bit(field id) noexcept { return std::uint64_t{1} << static_cast<unsigned>(id); }

// Framing belongs to the plan, whatever the fields say.
constexpr std::uint64_t written_by_us = bit(field::content_length) | bit(field::transfer_encoding) | bit(field::connection);

void write_fields(detail::writer& writer, const headers& fields, std::uint64_t left_out) noexcept {
    for (const auto& [name, value, id] : fields)
        if ((left_out >> static_cast<unsigned>(id) & 1) == 0) writer.field(name, value);
}

std::optional<std::uint64_t> declared_length(const headers& fields) noexcept {
    const auto text = fields.get(field::content_length);
    if (!text) return std::nullopt;
    std::uint64_t length = 0;
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), length);
    if (problem != std::errc{} || end != text->data() + text->size()) return std::nullopt;
    return length;
}

}  // namespace

response_plan plan_response(const response& answer, method_kind method, http_version version, bool keep_alive,
                            bool accepts_trailers) noexcept {
    response_plan plan{.close = !keep_alive || answer.headers().contains(field::connection), .version = version};
    const body& content = answer.content();
    const int status = answer.status();
    const auto declared = declared_length(answer.headers());
    const auto known = content.size();

    if (never_has_body(status) || status == 205) {  // RFC 9110 8.6, 15.3.6, 15.4.5
        plan.dropped_body = content.is_stream() || known.value_or(1) != 0;
        if (status == 205) plan.length = 0;
        if (status == 304 && declared) plan.length = declared;
        return plan;
    }
    plan.length = content.is_none() && method == method_kind::head && declared ? declared : known;
    if (declared && !content.is_none()) {
        if (known && *known != *declared) plan.close = true;
        plan.length = declared;
    }
    if (method == method_kind::head) return plan;
    if (plan.length) {
        plan.body = *plan.length != 0 ? body_kind::length : body_kind::none;
    } else if (version == http_version::http_1_0) {
        plan.body = body_kind::until_close;
        plan.close = true;
    } else {
        plan.body = body_kind::chunked;
        plan.trailers = accepts_trailers;
    }
    return plan;
}

std::size_t write_response_head(std::span<char> out, const response& answer, const response_plan& plan,
                                const head_context& context) noexcept {
    detail::writer writer(out);
    if (const string_view line = status_line(answer.status()); !line.empty()) {
        writer.text(line);
    } else {
        writer.text("HTTP/1.1 ");
        writer.number(static_cast<std::uint64_t>(answer.status()));
        writer.text(" Unknown\r\n");
    }
    write_fields(writer, answer.headers(), written_by_us);
    if (plan.length && answer.status() != 204) {
        writer.text("content-length: ");
        writer.number(*plan.length);
        writer.text("\r\n");
    } else if (plan.body == body_kind::chunked) {
        writer.text("transfer-encoding: chunked\r\n");
    }
    if (plan.close)
        writer.text("connection: close\r\n");
    else if (plan.version == http_version::http_1_0)
        writer.text("connection: keep-alive\r\n");
    const bool own_date = answer.headers().contains(field::date);
    if (!context.tail.empty() && !own_date && !answer.headers().contains(field::server)) {
        writer.text(context.tail);
        return writer.size();
    }
    if (!own_date && !context.date.empty()) writer.field("date", context.date);
    if (!context.server.empty() && !answer.headers().contains(field::server)) writer.field("server", context.server);
    writer.text("\r\n");
    return writer.size();
}

std::size_t write_informational(std::span<char> out, int status, const headers& fields) noexcept {
    detail::writer writer(out);
    if (const string_view line = status_line(status); !line.empty()) {
        writer.text(line);
    } else {
        writer.text("HTTP/1.1 ");
        writer.number(static_cast<std::uint64_t>(status));
        writer.text(" Unknown\r\n");
    }
    write_fields(writer, fields, written_by_us);
    writer.text("\r\n");
    return writer.size();
}

std::size_t write_request_head(std::span<char> out, const request& message, body_kind body, std::uint64_t length) noexcept {
    detail::writer writer(out);
    writer.text(message.method());
    writer.text(" ");
    writer.text(message.path());
    if (!message.query().empty()) {
        writer.text("?");
        writer.text(message.query());
    }
    writer.text(" HTTP/1.1\r\n");
    if (!message.headers().contains(field::host)) writer.field("host", message.host());
    write_fields(writer, message.headers(), bit(field::content_length) | bit(field::transfer_encoding));
    const method_kind method = message.method_id();
    if (body == body_kind::chunked) {
        writer.text("transfer-encoding: chunked\r\n");
    } else if (body == body_kind::length || method == method_kind::post || method == method_kind::put || method == method_kind::patch) {
        writer.text("content-length: ");
        writer.number(length);
        writer.text("\r\n");
    }
    writer.text("\r\n");
    return writer.size();
}

std::size_t write_chunk_head(char* out, std::uint64_t size) noexcept {
    const auto end = std::to_chars(out, out + 16, size, 16);
    end.ptr[0] = '\r';
    end.ptr[1] = '\n';
    return static_cast<std::size_t>(end.ptr - out) + 2;
}

std::size_t write_last_chunk(std::span<char> out, const headers& trailers) noexcept {
    detail::writer writer(out);
    writer.text("0\r\n");
    for (const auto& [name, value, id] : trailers)
        if (!forbidden_in_trailers(id)) writer.field(name, value);
    writer.text("\r\n");
    return writer.size();
}

bool forbidden_in_trailers(field id) noexcept {
    constexpr std::uint64_t forbidden = bit(field::content_length) | bit(field::content_type) | bit(field::content_encoding) |
                                        bit(field::content_range) | bit(field::transfer_encoding) | bit(field::host) |
                                        bit(field::authorization) | bit(field::proxy_authorization) | bit(field::cookie) |
                                        bit(field::set_cookie) | bit(field::te) | bit(field::trailer) | bit(field::connection) |
                                        bit(field::keep_alive) | bit(field::upgrade) | bit(field::expect);
    return id != field::other && (forbidden >> static_cast<unsigned>(id) & 1) != 0;
}

}  // namespace hem::http
