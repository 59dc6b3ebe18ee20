#include "hem/web/cors.hpp"

#include "hem/core/errors.hpp"
#include "hem/web/responses.hpp"

#include <algorithm>

namespace hem::web {

namespace {

bool contains(const std::vector<std::string>& list, std::string_view text) noexcept {
    return std::any_of(list.begin(), list.end(), [&](const std::string& each) { return each == text; });
}

std::string lowered(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

std::string joined(const std::vector<std::string>& list) {
    std::string text;
    for (const auto& each : list) text += (text.empty() ? "" : ", ") + each;
    return text;
}

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

// An answer that depends on the origin says so, whatever else it varies by.
void vary_by_origin(http::response& answer) {
    const auto before = answer.headers().get(http::field::vary);
    if (!before) {
        answer.headers().set(http::field::vary, "Origin");
    } else if (lowered(*before).find("origin") == std::string::npos && *before != "*") {
        answer.headers().set(http::field::vary, std::string(*before) + ", Origin");
    }
}

}  // namespace

cors::cors(cors_options options) : options_(std::move(options)) {
    all_origins_ = contains(options_.allow_origins, "*");
    all_headers_ = contains(options_.allow_headers, "*");
    if (all_origins_ && options_.allow_credentials) {
        throw usage_error("cors: \"*\" as origin with allow_credentials would let every site act as its visitor; list the origins");
    }
    if (contains(options_.allow_methods, "*")) options_.allow_methods = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"};
    methods_ = joined(options_.allow_methods);
    for (auto& name : options_.allow_headers) name = lowered(name);
    std::vector<std::string> names{"accept", "accept-language", "content-language", "content-type"};
    for (const auto& name : options_.allow_headers) {
        if (name != "*" && !contains(names, name)) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    headers_ = joined(names);
    options_.allow_headers = std::move(names);
    exposed_ = joined(options_.expose_headers);
}

bool cors::allows(std::string_view origin) const noexcept { return all_origins_ || contains(options_.allow_origins, origin); }

void cors::mark(http::response& answer, std::string_view origin) const {
    auto& headers = answer.headers();
    headers.set("access-control-allow-origin", all_origins_ ? std::string_view("*") : origin);
    if (options_.allow_credentials) headers.set("access-control-allow-credentials", "true");
}

http::response cors::preflight(const http::request& request, std::string_view origin) const {
    std::string refused;
    const auto refuse = [&](std::string_view what) { refused += (refused.empty() ? "" : ", ") + std::string(what); };
    const bool origin_fits = allows(origin);
    if (!origin_fits) refuse("origin");
    if (!contains(options_.allow_methods, *request.headers().get(http::field::access_control_request_method))) refuse("method");
    const auto asked = request.headers().get(http::field::access_control_request_headers);
    if (asked && !all_headers_) {
        auto rest = *asked;
        while (!rest.empty()) {
            const auto end = rest.find(',');
            if (!contains(options_.allow_headers, lowered(trimmed(rest.substr(0, end))))) {
                refuse("headers");
                break;
            }
            if (end == std::string_view::npos) break;
            rest.remove_prefix(end + 1);
        }
    }
    auto answer = refused.empty() ? text_response("OK") : text_response("Disallowed CORS " + refused, 400);
    if (origin_fits) mark(answer, origin);
    answer.headers().set("access-control-allow-methods", methods_);
    answer.headers().set("access-control-allow-headers", all_headers_ && asked ? *asked : std::string_view(headers_));
    answer.headers().set("access-control-max-age", std::to_string(options_.max_age.count()));
    vary_by_origin(answer);
    return answer;
}

task<http::response> cors::operator()(http::request& request, next& following) const {
    const auto origin = request.headers().get(http::field::origin);
    if (origin && request.method_id() == http::method_kind::options &&
        request.headers().contains(http::field::access_control_request_method)) {
        co_return preflight(request, *origin);
    }
    auto answer = co_await following(request);
    if (origin && allows(*origin)) {
        mark(answer, *origin);
        if (!exposed_.empty()) answer.headers().set("access-control-expose-headers", exposed_);
    }
    vary_by_origin(answer);
    co_return answer;
}

}  // namespace hem::web
