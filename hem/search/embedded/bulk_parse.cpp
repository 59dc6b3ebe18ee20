// The body of `_bulk`, lines of actions and sources, to write ops.
#include "hem/search/embedded/bulk_write.hpp"
#include "hem/search/embedded/json_text.hpp"

namespace hem::search::embedded {

namespace {

using detail::text_of;

std::int64_t number_of(const json& value, std::string_view key) {
    try {
        return value.is_string() ? std::stoll(value.as_string()) : value.as_int64();
    } catch (const std::exception&) {
        throw illegal_argument("Failed to parse value [" + text_of(value) + "] of [" + std::string(key) + "] as a whole number");
    }
}

}  // namespace

std::vector<write_op> parse_bulk(std::string_view body, std::string_view default_index) {
    std::vector<write_op> out;
    std::size_t line = 0;
    std::size_t at = 0;
    const auto next_line = [&](std::string_view& into) {
        const std::size_t end = body.find('\n', at);
        if (end == std::string_view::npos) return false;
        into = body.substr(at, end - at);
        if (into.ends_with('\r')) into.remove_suffix(1);
        at = end + 1;
        ++line;
        return true;
    };
    std::vector<std::string> missing;
    while (at < body.size()) {
        std::string_view text;
        if (!next_line(text)) throw illegal_argument("The bulk request must be terminated by a newline [\\n]");
        if (text.find_first_not_of(" \t") == std::string_view::npos) continue;
        json action;
        try {
            action = json::parse(text);
        } catch (const json_parse_error& fault) {
            throw rest_error(400, "json_parse_exception",
                             std::string("Malformed action/metadata line [") + std::to_string(line) + "]: " + fault.what());
        }
        const std::string where = "Malformed action/metadata line [" + std::to_string(line) + "], expected ";
        if (!action.is_object())
            throw illegal_argument(where + "START_OBJECT but found [" +
                                   (action.is_array()    ? "START_ARRAY"
                                    : action.is_string() ? "VALUE_STRING"
                                                         : "VALUE_NUMBER") +
                                   "]");
        if (action.size() == 0) throw illegal_argument(where + "FIELD_NAME but found [END_OBJECT]");
        if (action.size() > 1) throw illegal_argument(where + "END_OBJECT but found [FIELD_NAME]");
        const auto& [name, options] = action.items().front();
        write_op op;
        if (name == "index")
            op.kind = write_kind::index;
        else if (name == "create")
            op.kind = write_kind::create;
        else if (name == "update")
            op.kind = write_kind::update;
        else if (name == "delete")
            op.kind = write_kind::remove;
        else
            throw illegal_argument(where + "one of [create, delete, index, update] but found [" + name + "]");
        if (!options.is_object())
            throw illegal_argument(where + "START_OBJECT but found [" +
                                   (options.is_string()  ? "VALUE_STRING"
                                    : options.is_array() ? "START_ARRAY"
                                                         : "VALUE_NUMBER") +
                                   "]");
        op.index = default_index;
        bool id_given = false;
        for (const auto& [key, value] : options.items()) {
            if (value.is_object() || value.is_array()) {
                throw illegal_argument("Malformed action/metadata line [" + std::to_string(line) +
                                       "], expected a simple value for field [" + key + "] but found [" +
                                       (value.is_array() ? "START_ARRAY" : "START_OBJECT") + "]");
            }
            if (key == "_index")
                op.index = text_of(value);
            else if (key == "_id") {
                if (!value.is_null()) {
                    op.id = text_of(value);
                    id_given = true;
                }
            } else if (key == "routing" || key == "_routing")
                op.routing = value.is_null() ? "" : text_of(value);
            else if (key == "version" || key == "_version")
                op.version = number_of(value, key);
            else if (key == "version_type" || key == "_version_type") {
                const std::string type = text_of(value);
                op.external = type == "external" || type == "external_gte" || type == "external_gt";
                op.external_equal_ok = type == "external_gte";
            } else if (key == "if_seq_no")
                op.if_seq_no = number_of(value, key);
            else if (key == "if_primary_term")
                op.if_primary_term = number_of(value, key);
            else if (key == "op_type") {
                if (text_of(value) == "create") op.kind = write_kind::create;
            } else if (key == "retry_on_conflict" || key == "_retry_on_conflict") {
                number_of(value, key);
            } else if (key == "require_alias")
                op.require_existing_index = value.is_bool() && value.as_bool();
            else if (key == "pipeline" || key == "dynamic_templates" || key == "list_executed_pipelines" || key == "_source")
                throw unsupported("the bulk parameter [" + key + "]");
            else
                throw illegal_argument("Action/metadata line [" + std::to_string(line) + "] contains an unknown parameter [" + key + "]");
        }
        if (op.kind != write_kind::remove) {
            if (at >= body.size()) break;  // an action without its source
            if (!next_line(op.source)) throw illegal_argument("The bulk request must be terminated by a newline [\\n]");
        }
        if (op.index.empty()) missing.emplace_back("index is missing");
        if ((op.kind == write_kind::update || op.kind == write_kind::remove) && !id_given) missing.emplace_back("id is missing");
        if (op.if_seq_no.has_value() != op.if_primary_term.has_value())
            missing.emplace_back(op.if_seq_no ? "ifSeqNo is set, but primary term is [0]"
                                              : "ifSeqNo is unassigned, but primary term is [" + std::to_string(*op.if_primary_term) + "]");
        if (id_given && op.id.empty()) {
            op.status = 400;
            op.error = illegal_argument("if _id is specified it must not be empty");
        }
        out.push_back(std::move(op));
    }
    if (out.empty()) missing.emplace_back("no requests added");
    if (!missing.empty()) throw validation_fault(missing);
    return out;
}

}  // namespace hem::search::embedded
