#include "hem/search/embedded/rest_error.hpp"

namespace hem::search::embedded {

rest_error::rest_error(int status, std::string type, std::string reason)
    : status_(status), type_(std::move(type)), reason_(std::move(reason)) {}

rest_error&& rest_error::with(std::string_view key, json value) && {
    extra_.emplace_back(std::string(key), std::move(value));
    return std::move(*this);
}

rest_error&& rest_error::caused_by(std::string type, std::string reason) && {
    causes_.emplace_back(std::move(type), std::move(reason));
    return std::move(*this);
}

rest_error&& rest_error::no_root_cause() && {
    root_cause_ = false;
    return std::move(*this);
}

rest_error&& rest_error::root_is_cause() && {
    root_is_cause_ = true;
    return std::move(*this);
}

rest_error&& rest_error::inside(std::string_view parser, std::string_view field) && {
    if (reason_.starts_with("the embedded engine does not support")) return std::move(*this);
    outer_.push_back("[@] [" + std::string(parser) + "] failed to parse field [" + std::string(field) + "]");
    return std::move(*this);
}

rest_error&& rest_error::at_key(std::string_view key, bool value) && {
    position_key_ = key;
    position_at_value_ = value;
    return std::move(*this);
}

void rest_error::locate(std::string_view body) {
    std::size_t at = std::string_view::npos;
    if (!position_key_.empty()) {
        const std::string quoted = '"' + position_key_ + '"';
        for (std::size_t from = 0; (from = body.find(quoted, from)) != std::string_view::npos; from += quoted.size()) {
            std::size_t next = body.find_first_not_of(" \t\r\n", from + quoted.size());
            if (next == std::string_view::npos || body[next] != ':') continue;
            next = body.find_first_not_of(" \t\r\n", next + 1);
            at = position_at_value_ && next != std::string_view::npos ? next : from;
            break;
        }
    }
    std::size_t line = 1;
    std::size_t column = 1;
    if (at != std::string_view::npos)
        for (std::size_t i = 0; i < at; ++i) {
            column = body[i] == '\n' ? 1 : column + 1;
            line += body[i] == '\n';
        }
    const std::string mark = "[" + std::to_string(line) + ":" + std::to_string(column) + "]";
    const auto place = [&](std::string& text) {
        if (const std::size_t found = text.find("[@]"); found != std::string::npos) text.replace(found, 3, mark);
    };
    place(reason_);
    for (auto& [type, reason] : causes_) place(reason);
    for (std::string& reason : outer_) place(reason);
    for (auto& [key, value] : extra_) {
        if (key == "line") value = json(line);
        if (key == "col") value = json(column);
    }
}

json rest_error::cause() const {
    if (wrapped_) {
        json out = error();
        out.erase("root_cause");
        return out;
    }
    json out = inner_cause();
    for (const std::string& reason : outer_)
        out = json::object({{"type", "x_content_parse_exception"}, {"reason", reason}, {"caused_by", std::move(out)}});
    return out;
}

json rest_error::inner_cause() const {
    json out = json::object({{"type", type_}, {"reason", reason_}});
    for (const auto& [key, value] : extra_) out.set(key, value);
    json nested;
    for (std::size_t i = causes_.size(); i-- > 0;) {
        json one = json::object({{"type", causes_[i].first}, {"reason", causes_[i].second}});
        if (!nested.is_null()) one.set("caused_by", std::move(nested));
        nested = std::move(one);
    }
    if (!nested.is_null()) out.set("caused_by", std::move(nested));
    return out;
}

json rest_error::error() const {
    json out = json::object();
    if (wrapped_) {
        json origin = wrapped_cause_;
        if (root_is_cause_) {
            json below = origin["caused_by"];
            origin = std::move(below);
        }
        json root = origin;
        root.erase("caused_by");
        out.set("root_cause", root_cause_ ? json::array({std::move(root)}) : json::array());
        out.set("type", type_);
        out.set("reason", reason_);
        for (const auto& [key, value] : extra_) out.set(key, value);
        out.set("failed_shards", json(json::array_type(failed_shards_)));
        json deep = origin;
        json again = origin;
        again.erase("caused_by");
        // The server repeats the cause inside itself, once as the shard's fault and once as its origin.
        if (deep.find("caused_by") == nullptr && deep.find("index") == nullptr) deep.set("caused_by", std::move(again));
        out.set("caused_by", std::move(deep));
        return out;
    }
    json whole = cause();
    json root = inner_cause();
    root.erase("caused_by");
    if (!outer_.empty() && type_ != "parsing_exception" && type_ != "x_content_parse_exception")
        root = json::object({{"type", "x_content_parse_exception"}, {"reason", outer_.front()}});
    if (root_is_cause_ && !causes_.empty()) root = json::object({{"type", causes_.back().first}, {"reason", causes_.back().second}});
    out.set("root_cause", root_cause_ ? json::array({std::move(root)}) : json::array());
    for (auto& [key, value] : whole.items()) out.set(key, std::move(value));
    return out;
}

json rest_error::body() const { return json::object({{"error", error()}, {"status", status_}}); }

std::string rest_error::text() const { return body().dump(); }

search_phase_error::search_phase_error(const rest_error& cause, std::string_view index)
    : rest_error(cause.status(), "search_phase_execution_exception", "all shards failed") {
    wrapped_ = true;
    wrapped_cause_ = cause.cause();
    extra_ = {{"phase", "query"}, {"grouped", true}};
    root_is_cause_ = cause.root_is_cause_ && !cause.causes_.empty();
    failed_shards_.push_back(json::object({{"shard", 0}, {"index", index}, {"node", "hem"}, {"reason", wrapped_cause_}}));
}

search_phase_error&& search_phase_error::without_shard() && {
    failed_shards_.front().set("shard", -1);
    failed_shards_.front().set("index", json());
    return std::move(*this);
}

search_phase_error&& search_phase_error::of_reduce() && {
    root_cause_ = false;
    reason_.clear();
    extra_ = {{"phase", "fetch"}, {"grouped", true}};
    failed_shards_.clear();
    return std::move(*this);
}

std::string plain_error::text() const {
    json out = json::object({{"error", reason}});
    if (with_status) out.set("status", status);
    return out.dump();
}

rest_error index_not_found(std::string_view name, std::string_view resource_type) {
    return rest_error(404, "index_not_found_exception", "no such index [" + std::string(name) + "]")
        .with("index", name)
        .with("resource.id", name)
        .with("resource.type", resource_type)
        .with("index_uuid", "_na_");
}

rest_error illegal_argument(std::string reason) { return {400, "illegal_argument_exception", std::move(reason)}; }

rest_error unsupported(std::string_view feature) {
    return illegal_argument("the embedded engine does not support " + std::string(feature) +
                            "; an Elasticsearch or OpenSearch cluster does");
}

rest_error parsing_fault(std::string reason, std::string_view key, bool value) {
    return rest_error(400, "parsing_exception", std::move(reason)).with("line", 1).with("col", 1).at_key(key, value);
}

rest_error content_fault(std::string_view parser, std::string_view reason, std::string_view key, bool value) {
    return rest_error(400, "x_content_parse_exception", "[@] [" + std::string(parser) + "] " + std::string(reason)).at_key(key, value);
}

rest_error validation_fault(const std::vector<std::string>& reasons) {
    std::string text = "Validation Failed: ";
    for (std::size_t i = 0; i < reasons.size(); ++i) text += std::to_string(i + 1) + ": " + reasons[i] + ";";
    return {400, "action_request_validation_exception", std::move(text)};
}

}  // namespace hem::search::embedded
