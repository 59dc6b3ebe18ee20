// Faults of the REST face as the server words them: type, reason, extra keys, cause; rendered as Elasticsearch's error bodies.
// Thrown inside the engine and turned into a response (or a bulk item) at the outer edge.
#pragma once

#include "hem/model/json.hpp"

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::search::embedded {

class rest_error : public std::exception {
public:
    rest_error(int status, std::string type, std::string reason);

    rest_error&& with(std::string_view key, json value) &&;           // a further key beside type and reason, in the root cause too
    rest_error&& caused_by(std::string type, std::string reason) &&;  // nested below earlier causes
    rest_error&& no_root_cause() &&;
    rest_error&& root_is_cause() &&;  // the root cause is the innermost cause; of a failed query phase, the first below the shard's
    // The fault of a parser inside another one: a further x_content_parse_exception around it, `[line:col] [parser] failed to parse field
    // [field]`. The root cause stays what it was; of a fault that is no parser's it is the innermost of these. Refusals stay bare.
    rest_error&& inside(std::string_view parser, std::string_view field) &&;
    // Where in the body the fault stands: at the value (or the name) of the member called `key`. `locate` finds it, sets `line` and
    // `col`, and replaces the mark `[@]` in the texts.
    rest_error&& at_key(std::string_view key, bool value = true) &&;
    void locate(std::string_view body);

    int status() const noexcept { return status_; }
    const std::string& type() const noexcept { return type_; }
    const std::string& reason() const noexcept { return reason_; }
    const char* what() const noexcept override { return reason_.c_str(); }

    json cause() const;        // {"type","reason",...,"caused_by"}: what a bulk item or a failed shard carries
    json error() const;        // the same with "root_cause"
    json body() const;         // {"error":...,"status":...}
    std::string text() const;  // body() as JSON

private:
    friend class search_phase_error;
    int status_;
    std::string type_;
    std::string reason_;
    std::vector<std::pair<std::string, json>> extra_;
    std::vector<std::pair<std::string, std::string>> causes_;
    std::vector<std::string> outer_;  // reasons of the parsers around this fault, innermost first
    bool root_cause_ = true;
    bool root_is_cause_ = false;
    json inner_cause() const;  // without the parsers around it
    bool position_at_value_ = true;
    std::string position_key_;

protected:
    std::vector<json> failed_shards_;
    bool wrapped_ = false;
    json wrapped_cause_;
};

// A fault of the query phase: `search_phase_execution_exception` around the cause, once per failed shard.
class search_phase_error : public rest_error {
public:
    search_phase_error(const rest_error& cause, std::string_view index);
    // A fault that no shard had: the context is missing.
    search_phase_error&& without_shard() &&;
    // A fault of putting the shards' answers together: phase `fetch`, no root cause, no shard.
    search_phase_error&& of_reduce() &&;
};

// A fault whose body is a plain string: {"error":"...", "status":n} or without status.
struct plain_error {
    int status = 400;
    std::string reason;
    bool with_status = true;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string text() const;
};

rest_error index_not_found(std::string_view name, std::string_view resource_type = "index_or_alias");
rest_error illegal_argument(std::string reason);
// The refusal of section "Limits and refusals": names the feature and says that a cluster has it.
rest_error unsupported(std::string_view feature);
// parsing_exception with line and col of the member called `key` (or of its value).
rest_error parsing_fault(std::string reason, std::string_view key = {}, bool value = true);
// x_content_parse_exception: `[line:col] [parser] reason`.
rest_error content_fault(std::string_view parser, std::string_view reason, std::string_view key, bool value = false);
rest_error validation_fault(const std::vector<std::string>& reasons);

}  // namespace hem::search::embedded
