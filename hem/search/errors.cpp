#include "hem/search/errors.hpp"

#include <charconv>

namespace hem::search {
namespace {

std::string text_member(const json& value, std::string_view name) {
    const json* found = value.find(name);
    return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

std::string api_text(const char* name, const error& fault) {
    std::string text = name;
    text += '(';
    text += std::to_string(fault.status());
    if (!fault.type().empty()) text += ", '" + fault.type() + "'";
    if (!fault.reason().empty()) text += ", '" + fault.reason() + "'";
    return text + ")";
}

// The text needs what the mix-in reads, and std::runtime_error wants it first.
struct peek : error {
    peek(const response_meta& meta, const std::string& body) : error(meta, body) {}
};

}  // namespace

std::string_view response_meta::header(std::string_view name) const noexcept {
    for (const auto& [key, value] : headers) {
        if (key == name) return value;
    }
    return {};
}

error::error(response_meta meta, std::string body) : meta_(std::move(meta)), body_(std::move(body)) {
    json parsed;
    try {
        parsed = json::parse(body_);
    } catch (const std::exception&) {
        cause_.reason = body_.substr(0, 200);  // a proxy's page, or nothing: the first bytes are the best reason there is
        return;
    }
    const json* fault = parsed.find("error");
    if (fault == nullptr) {
        if (const json* found = parsed.find("found"); found != nullptr && found->is_bool() && !found->as_bool()) {
            cause_ = {"document_missing",
                      "no document [" + text_member(parsed, "_id") + "] in index [" + text_member(parsed, "_index") + "]"};
        } else if (const std::string result = text_member(parsed, "result"); !result.empty()) {
            cause_ = {result, "document [" + text_member(parsed, "_id") + "] in index [" + text_member(parsed, "_index") + "]: " + result};
        }
        return;
    }
    if (fault->is_string()) {
        cause_.reason = fault->as_string();
        return;
    }
    cause_ = {text_member(*fault, "type"), text_member(*fault, "reason")};
    if (const json* roots = fault->find("root_cause"); roots != nullptr && roots->is_array()) {
        for (const json& root : roots->elements()) root_causes_.push_back({text_member(root, "type"), text_member(root, "reason")});
    }
}

bool error::retryable() const noexcept {
    const int code = status();
    return code == 0 ? cause_.type == "connection_error" || cause_.type == "connection_timeout"
                     : code == 429 || code == 502 || code == 503 || code == 504;
}

api_error::api_error(const char* name, response_meta meta, std::string body)
    : std::runtime_error(api_text(name, peek(meta, body))), error(std::move(meta), std::move(body)) {}

failure_kind api_error::kind() const noexcept {
    if (status() == 429 || status() == 503) return failure_kind::overload;
    if (status() == 502 || status() == 504) return failure_kind::transient;
    return failure_kind::permanent;
}

too_many_requests::too_many_requests(response_meta meta, std::string body)
    : api_error("too_many_requests", meta, std::move(body)), hem::unavailable(detail::retry_after_of(meta)) {}

unavailable_error::unavailable_error(response_meta meta, std::string body)
    : api_error("unavailable_error", meta, std::move(body)), hem::unavailable(detail::retry_after_of(meta)) {}

decode_error::decode_error(std::string document_id, std::string path, const std::string& reason)
    : std::runtime_error("cannot read document '" + document_id + "': member '" + path + "': " + reason),
      error(response_meta{}, error_cause{"decode_error", reason}), document_id_(std::move(document_id)), path_(std::move(path)) {}

mapping_conflict::mapping_conflict(std::string index, std::string path, std::string stored, std::string wanted)
    : std::runtime_error("index '" + index + "' has field '" + path + "' as " + stored + ", the document wants " + wanted +
                         " (a field never changes its type: write to a new index and reindex)"),
      error(response_meta{}, error_cause{"mapping_conflict", path}), path_(std::move(path)), stored_(std::move(stored)),
      wanted_(std::move(wanted)) {}

validation_error::validation_error(std::vector<validation_fault> faults)
    : std::runtime_error([&] {
          std::string text = "document is not valid:";
          for (const validation_fault& fault : faults) text += " " + fault.path + ": " + fault.reason + ";";
          text.pop_back();
          return text;
      }()),
      error(response_meta{}, error_cause{"validation_error", "document is not valid"}), faults_(std::move(faults)) {}

namespace detail {

std::optional<std::chrono::nanoseconds> retry_after_of(const response_meta& meta) {
    const std::string_view text = meta.header("retry-after");
    unsigned seconds = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (text.empty() || fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return std::chrono::seconds(seconds);
}

void throw_api_error(response_meta meta, std::string body) {
    switch (meta.status) {
    case 400: {
        const peek looked(meta, body);
        if (looked.type() == "search_phase_execution_exception") throw search_phase_error(std::move(meta), std::move(body));
        throw bad_request(std::move(meta), std::move(body));
    }
    case 401: throw unauthorized(std::move(meta), std::move(body));
    case 403: throw forbidden(std::move(meta), std::move(body));
    case 404: throw not_found(std::move(meta), std::move(body));
    case 409: throw conflict(std::move(meta), std::move(body));
    case 429: throw too_many_requests(std::move(meta), std::move(body));
    case 503: throw unavailable_error(std::move(meta), std::move(body));
    default: throw api_error(std::move(meta), std::move(body));
    }
}

}  // namespace detail
}  // namespace hem::search
