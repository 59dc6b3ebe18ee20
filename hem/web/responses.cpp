#include "hem/web/responses.hpp"

#include "hem/core/task.hpp"
#include "hem/http/url.hpp"

namespace hem::web {

void response_options::set_header(std::string_view name, std::string_view value) { headers.emplace_back(name, value); }

http::response text_response(std::string text, int status) { return {status, std::move(text), http::content_type::text}; }

http::response html_response(std::string html, int status) { return {status, std::move(html), http::content_type::html}; }

http::response json_response(const json& value, int status) { return detail::json_bytes(status, value.dump()); }

http::response redirect_response(std::string_view url, int status) {
    std::string location;
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : url) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\') {
            location += c;
        } else {
            location += '%';
            location += digits[byte >> 4];
            location += digits[byte & 15];
        }
    }
    http::response answer(status);
    answer.headers().set(http::field::location, location);
    return answer;
}

namespace detail {

http::response json_bytes(int status, std::string bytes) { return {status, std::move(bytes), http::content_type::json}; }

void append_headers(http::response& answer, const header_list& headers) {
    for (const auto& [name, value] : headers) answer.headers().append(name, value);
}

http::response detail_response(int status, const json& detail) {
    if (http::never_has_body(status)) return http::response(status);
    return json_bytes(status, json::object({{"detail", detail}}).dump());
}

http::response detail_response(int status) { return detail_response(status, json(http::reason_phrase(status))); }

bool none_match_hits(std::string_view list, std::string_view etag) noexcept {
    const auto strip = [](std::string_view text) {
        while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
        while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
        return text;
    };
    while (!list.empty()) {
        const auto comma = list.find(',');
        auto item = strip(list.substr(0, comma));
        if (item == "*") return true;
        if (item.starts_with("W/")) item.remove_prefix(2);
        if (item == etag) return true;
        if (comma == std::string_view::npos) break;
        list.remove_prefix(comma + 1);
    }
    return false;
}

http::response embedded_response(const embedded_file& file, std::string_view etag, const http::request& request) {
    const auto listed = request.headers().get("if-none-match");
    const bool fresh = listed && none_match_hits(*listed, etag);
    http::response answer = fresh ? http::response(304) : http::response(200, http::body::static_view{file.bytes}, file.content_type);
    auto& headers = answer.headers();
    headers.set(http::field::etag, etag);
    if (!file.cache_control.empty()) headers.set(http::field::cache_control, file.cache_control);
    if (!file.content_security_policy.empty()) headers.set("content-security-policy", file.content_security_policy);
    headers.set("x-content-type-options", "nosniff");
    return answer;
}

}  // namespace detail
}  // namespace hem::web
