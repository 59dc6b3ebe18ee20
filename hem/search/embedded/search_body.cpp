#include "hem/search/embedded/search_body.hpp"

#include "hem/search/embedded/json_text.hpp"
#include "hem/search/embedded/rest_error.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace hem::search::embedded {

namespace {

std::string text_of(const json& value) { return value.is_string() ? value.as_string() : value.dump(); }

std::int64_t whole_of(const json& value, std::string_view key) {
    if (value.is_number()) {
        const double number = value.as_double();
        if (number > 2147483647.0 || number < -2147483648.0)
            throw rest_error(400, "input_coercion_exception",
                             "Numeric value (" + value.dump() + ") out of range of int (-2147483648 - 2147483647)");
        return static_cast<std::int64_t>(number);
    }
    if (value.is_string()) {
        std::int64_t out = 0;
        const std::string& text = value.as_string();
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
        if (code == std::errc() && end == text.data() + text.size() && !text.empty()) return out;
        throw rest_error(400, "number_format_exception", "For input string: \"" + text + "\"");
    }
    throw parsing_fault("Unknown key for a " + std::string(detail::token_of(value)) + " in [" + std::string(key) + "].", key);
}

std::size_t count_of(const json& value, std::string_view key) {
    const std::int64_t out = whole_of(value, key);
    if (out < 0) throw illegal_argument("[" + std::string(key) + "] parameter cannot be negative, found [" + std::to_string(out) + "]");
    return static_cast<std::size_t>(out);
}

bool flag_of(const json& value, std::string_view key) {
    if (value.is_bool()) return value.as_bool();
    if (value.is_string() && (value.as_string() == "true" || value.as_string() == "false")) return value.as_string() == "true";
    throw parsing_fault("Unknown key for a " + std::string(detail::token_of(value)) + " in [" + std::string(key) + "].", key);
}

std::vector<std::pair<std::string, std::string>> parse_fields(const json& value, std::string_view key) {
    std::vector<std::pair<std::string, std::string>> out;
    if (!value.is_array())
        throw parsing_fault("Unknown key for a " + std::string(detail::token_of(value)) + " in [" + std::string(key) + "].", key);
    for (const json& one : value.elements()) {
        if (one.is_string()) {
            out.emplace_back(one.as_string(), "");
            continue;
        }
        std::pair<std::string, std::string> made;
        for (const auto& [name, option] : one.items()) {
            if (name == "field")
                made.first = text_of(option);
            else if (name == "format")
                made.second = text_of(option);
            else
                throw content_fault("docvalues_field", "unknown field [" + name + "]", name);
        }
        out.push_back(std::move(made));
    }
    return out;
}

}  // namespace

std::vector<sort_wish> parse_sort(const json& value) {
    std::vector<sort_wish> out;
    const auto direction = [](const json& word) {
        const std::string text = text_of(word);
        if (text != "asc" && text != "desc" && text != "ASC" && text != "DESC") {
            std::string upper = text;
            for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
            throw illegal_argument("No enum constant org.opensearch.search.sort.SortOrder." + upper);
        }
        return text[0] == 'd' || text[0] == 'D';
    };
    const auto add = [&](const std::string& field, const json& options) {
        if (field == "_geo_distance" || field == "_script") throw unsupported("the sort [" + field + "]");
        sort_wish made;
        made.field = field;
        made.descending = field == "_score";
        if (options.is_string())
            made.descending = direction(options);
        else if (options.is_object())
            for (const auto& [key, option] : options.items()) {
                if (key == "order")
                    made.descending = direction(option);
                else if (key == "missing")
                    made.missing = option;
                else if (key == "mode") {
                    made.mode = text_of(option);
                    static constexpr std::array<std::string_view, 5> modes{"min", "max", "sum", "avg", "median"};
                    if (std::find(modes.begin(), modes.end(), made.mode) == modes.end())
                        throw illegal_argument("Unknown SortMode [" + made.mode + "]");
                    if (made.mode == "median") throw unsupported("the sort mode [median]");
                } else if (key == "unmapped_type")
                    made.unmapped_type = text_of(option);
                else if (key == "format")
                    made.format = text_of(option);
                else if (key == "nested" || key == "nested_path" || key == "nested_filter" || key == "numeric_type")
                    throw unsupported("the sort option [" + key + "]");
                else
                    throw content_fault("field_sort", "unknown field [" + key + "]", key);
            }
        else if (!options.is_null())
            throw parsing_fault("Unknown key for a " + std::string(detail::token_of(options)) + " in [sort].", "sort");
        out.push_back(std::move(made));
    };
    const auto one = [&](const json& key) {
        if (key.is_string())
            add(key.as_string(), {});
        else if (key.is_object())
            for (const auto& [field, options] : key.items()) add(field, options);
        else
            throw illegal_argument("malformed sort format, either start with array, object, or an actual string");
    };
    if (value.is_array())
        for (const json& key : value.elements()) one(key);
    else
        one(value);
    return out;
}

search_body search_body::parse(const json& body) {
    search_body out;
    if (body.is_null()) return out;
    if (!body.is_object()) throw parsing_fault("Expected [START_OBJECT] but found [" + std::string(detail::token_of(body)) + "]");
    for (const auto& [key, value] : body.items()) {
        const auto needs = [&](bool right) {
            if (!right) throw parsing_fault("Unknown key for a " + std::string(detail::token_of(value)) + " in [" + key + "].", key);
        };
        if (key == "query") {
            needs(value.is_object());
            out.query = value;
        } else if (key == "post_filter") {
            needs(value.is_object());
            out.post_filter = value;
        } else if (key == "aggs" || key == "aggregations") {
            needs(value.is_object());
            out.aggregations = parse_aggregations(value);
        } else if (key == "from")
            out.from = count_of(value, key);
        else if (key == "size") {
            out.size = count_of(value, key);
            out.size_given = true;
        } else if (key == "sort")
            out.sort = parse_sort(value);
        else if (key == "search_after") {
            needs(value.is_array());
            if (value.size() == 0) throw illegal_argument("Values must contains at least one value.");
            out.search_after = value;
        } else if (key == "_source") {
            out.source = source_filter::parse(value);
            out.source_given = true;
        } else if (key == "fields")
            out.fields = parse_fields(value, key);
        else if (key == "docvalue_fields")
            out.docvalue_fields = parse_fields(value, key);
        else if (key == "highlight") {
            needs(value.is_object());
            out.highlight = highlight_request::parse(value);
        } else if (key == "track_total_hits") {
            if (value.is_bool() || value.is_string()) {
                const bool exact = value.is_bool() ? value.as_bool() : value.as_string() == "true";
                out.track_total_hits = exact ? exact_total : 0;
                out.no_total = !exact;
            } else {
                out.track_total_hits = whole_of(value, key);
                if (out.track_total_hits < -1)
                    throw illegal_argument("[track_total_hits] parameter must be positive or equals to -1, got " +
                                           std::to_string(out.track_total_hits));
                out.no_total = out.track_total_hits == -1;
                if (out.no_total) out.track_total_hits = 0;
            }
        } else if (key == "track_scores")
            out.track_scores = flag_of(value, key);
        else if (key == "version")
            out.version = flag_of(value, key);
        else if (key == "seq_no_primary_term")
            out.seq_no_primary_term = flag_of(value, key);
        else if (key == "min_score") {
            needs(value.is_number());
            out.min_score = static_cast<float>(value.as_double());
        } else if (key == "timeout") {
            if (!parse_time_value(text_of(value)) && text_of(value) != "-1")
                throw illegal_argument("failed to parse setting [timeout] with value [" + text_of(value) +
                                       "] as a time value: unit is missing or unrecognized");
        } else if (key == "explain" || key == "profile" || key == "include_named_queries_score") {
            if (flag_of(value, key)) throw unsupported("[" + key + "] in a search");
        } else if (key == "collapse") {
            needs(value.is_object());
            for (const auto& [name, option] : value.items()) {
                if (name == "field")
                    out.collapse = text_of(option);
                else if (name == "inner_hits" || name == "max_concurrent_group_searches")
                    throw unsupported("[" + name + "] of collapse");
                else
                    throw content_fault("collapse", "unknown field [" + name + "]", name);
            }
            if (out.collapse.empty()) throw illegal_argument("Required [field]");
        } else if (key == "pit") {
            needs(value.is_object());
            for (const auto& [name, option] : value.items()) {
                if (name == "id")
                    out.pit_id = text_of(option);
                else if (name == "keep_alive")
                    out.pit_keep_alive = text_of(option);
                else
                    throw content_fault("pit", "unknown field [" + name + "]", name);
            }
            if (out.pit_id.empty()) throw illegal_argument("point in time id is not provided");
        } else if (key == "slice") {
            needs(value.is_object());
            for (const auto& [name, option] : value.items()) {
                if (name == "id")
                    out.slice = count_of(option, name);
                else if (name == "max")
                    out.slices = count_of(option, name);
                else if (name == "field")
                    throw unsupported("[field] of slice");
                else
                    throw content_fault("slice", "unknown field [" + name + "]", name);
            }
            if (out.slices < 2 || out.slice >= out.slices)
                throw content_fault("slice", "failed to parse field [max]", "max", true)
                    .caused_by("illegal_argument_exception", out.slices < 2 ? "max must be greater than 1" : "max must be greater than id");
            out.sliced = true;
        } else if (key == "stats" || key == "ext") {
        } else if (key == "rescore" || key == "knn" || key == "suggest" || key == "script_fields" || key == "stored_fields" ||
                   key == "indices_boost" || key == "terminate_after" || key == "runtime_mappings" || key == "rank" || key == "retriever" ||
                   key == "sub_searches" || key == "derived" || key == "search_pipeline")
            throw unsupported("[" + key + "] in a search");
        else
            throw parsing_fault("Unknown key for a " + std::string(detail::token_of(value)) + " in [" + key + "].", key);
    }
    return out;
}

}  // namespace hem::search::embedded
