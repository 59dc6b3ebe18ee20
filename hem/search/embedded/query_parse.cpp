// The entry to the query DSL: dispatch by name, the fields a query names, suggestions for names that do not exist.
#include "hem/search/embedded/query_parse_detail.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace hem::search::embedded {

namespace {

using detail::common_option;
using detail::parse_bool;
using detail::parse_compound;
using detail::parse_exists;
using detail::parse_ids;
using detail::parse_match;
using detail::parse_multi_match;
using detail::parse_pattern;
using detail::parse_range;
using detail::parse_string_query;
using detail::parse_term;
using detail::parse_terms;
using detail::unknown_key;

constexpr std::array<std::string_view, 22> engine_queries{"match",
                                                          "match_phrase",
                                                          "match_phrase_prefix",
                                                          "match_bool_prefix",
                                                          "multi_match",
                                                          "term",
                                                          "terms",
                                                          "range",
                                                          "exists",
                                                          "ids",
                                                          "prefix",
                                                          "wildcard",
                                                          "regexp",
                                                          "fuzzy",
                                                          "bool",
                                                          "constant_score",
                                                          "dis_max",
                                                          "boosting",
                                                          "query_string",
                                                          "simple_query_string",
                                                          "match_all",
                                                          "match_none"};

constexpr std::array<std::string_view, 34> cluster_queries{"nested",
                                                           "has_child",
                                                           "has_parent",
                                                           "parent_id",
                                                           "more_like_this",
                                                           "combined_fields",
                                                           "percolate",
                                                           "intervals",
                                                           "span_term",
                                                           "span_near",
                                                           "span_or",
                                                           "span_not",
                                                           "span_first",
                                                           "span_multi",
                                                           "span_containing",
                                                           "span_within",
                                                           "geo_shape",
                                                           "geo_distance",
                                                           "geo_bounding_box",
                                                           "geo_polygon",
                                                           "function_score",
                                                           "script_score",
                                                           "script",
                                                           "knn",
                                                           "terms_set",
                                                           "rank_feature",
                                                           "distance_feature",
                                                           "pinned",
                                                           "wrapper",
                                                           "field_masking_span",
                                                           "shape",
                                                           "text_expansion",
                                                           "hybrid",
                                                           "neural"};

}  // namespace

std::string did_you_mean(std::string_view wrong, std::span<const std::string_view> known) {
    struct near {
        double likeness;
        std::string_view name;
    };
    std::vector<near> found;
    for (const std::string_view name : known) {
        std::vector<std::size_t> row(name.size() + 1);
        for (std::size_t i = 0; i <= name.size(); ++i) row[i] = i;
        for (std::size_t i = 1; i <= wrong.size(); ++i) {
            std::size_t diagonal = row[0];
            row[0] = i;
            for (std::size_t j = 1; j <= name.size(); ++j) {
                const std::size_t above = row[j];
                row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (wrong[i - 1] != name[j - 1])});
                diagonal = above;
            }
        }
        const double likeness = 1.0 - static_cast<double>(row[name.size()]) / static_cast<double>(std::max(wrong.size(), name.size()));
        if (likeness > 0.5) found.push_back({likeness, name});
    }
    if (found.empty()) return {};
    std::sort(found.begin(), found.end(),
              [](const near& a, const near& b) { return a.likeness != b.likeness ? a.likeness > b.likeness : a.name < b.name; });
    if (found.size() == 1) return " did you mean [" + std::string(found.front().name) + "]?";
    std::string out = " did you mean any of [";
    for (std::size_t i = 0; i < found.size(); ++i) out += (i == 0 ? "" : ", ") + std::string(found[i].name);
    return out + "]?";
}

query_shard_fault shard_fault(const query_context& context, std::string reason) {
    return {rest_error(400, "query_shard_exception", std::move(reason)).with("index", context.index).with("index_uuid", context.uuid)};
}

std::vector<weighted_field> expand_fields(std::span<const std::string> names, const query_context& context) {
    std::vector<weighted_field> out;
    for (const std::string& name : names) {
        weighted_field made{name, 1};
        if (const std::size_t hat = name.find('^'); hat != std::string::npos) {
            made.name = name.substr(0, hat);
            const char* first = name.data() + hat + 1;
            const char* last = name.data() + name.size();
            if (std::from_chars(first, last, made.boost).ptr != last)
                throw illegal_argument("For input string: \"" + name.substr(hat + 1) + "\"");
        }
        const auto add = [&](const mapped_field& field) {
            for (weighted_field& one : out)
                if (one.name == field.path) {
                    one.boost *= made.boost;
                    return;
                }
            out.push_back({field.path, made.boost});
        };
        if (made.name.find('*') == std::string::npos) {
            if (const mapped_field* field = context.schema.fields.find(made.name); field != nullptr && field->searchable()) add(*field);
            continue;
        }
        for (const mapped_field* field : context.schema.fields.matching(made.name))
            if (field->type == field_type::text || field->type == field_type::keyword || made.name != "*")
                if (field->searchable()) add(*field);
    }
    return out;
}

std::vector<weighted_field> default_fields(const query_context& context, bool& lenient) {
    lenient = true;
    std::vector<weighted_field> out;
    for (const mapped_field* field : context.schema.fields.leaves())
        if (field->searchable()) out.push_back({field->path, 1});
    return out;
}

query parse_query(const json& body, const query_context& context) {
    if (!body.is_object()) throw parsing_fault("[_na] query malformed, must start with start_object");
    if (body.size() == 0) throw illegal_argument("query malformed, empty clause found");
    const auto& [name, value] = body.items().front();
    if (!value.is_object() && std::find(engine_queries.begin(), engine_queries.end(), name) != engine_queries.end())
        throw parsing_fault("[" + name + "] query malformed, no start_object after query name", name);
    if (body.size() > 1)
        throw parsing_fault("[" + name + "] malformed query, expected [END_OBJECT] but found [FIELD_NAME]", body.items()[1].first, false);
    if (name == "match") return parse_match(name, match_kind::terms, value, context);
    if (name == "match_phrase") return parse_match(name, match_kind::phrase, value, context);
    if (name == "match_phrase_prefix") return parse_match(name, match_kind::phrase_prefix, value, context);
    if (name == "match_bool_prefix") return parse_match(name, match_kind::bool_prefix, value, context);
    if (name == "multi_match") return parse_multi_match(value, context);
    if (name == "term") return parse_term(value, context);
    if (name == "terms") return parse_terms(value, context);
    if (name == "range") return parse_range(value, context);
    if (name == "exists") return parse_exists(value, context);
    if (name == "ids") return parse_ids(value);
    if (name == "prefix" || name == "wildcard" || name == "regexp" || name == "fuzzy") return parse_pattern(name, value, context);
    if (name == "bool") return parse_bool(value, context);
    if (name == "constant_score" || name == "dis_max" || name == "boosting") return parse_compound(name, value, context);
    if (name == "query_string" || name == "simple_query_string") return parse_string_query(name[0] == 's', value, context);
    if (name == "match_all" || name == "match_none") {
        query out;
        for (const auto& [key, option] : value.items())
            if (!common_option(out, key, option)) {
                if (name == "match_none") throw parsing_fault("[match_none] query does not support [" + key + "]", key);
                throw unknown_key(name, key);
            }
        if (name == "match_none") out.node = match_none_query{};
        return out;
    }
    if (std::find(cluster_queries.begin(), cluster_queries.end(), name) != cluster_queries.end())
        throw unsupported("the query [" + name + "]");
    throw parsing_fault("unknown query [" + name + "]" + did_you_mean(name, engine_queries), name)
        .caused_by("named_object_not_found_exception", "[@] unknown field [" + name + "]");
}

}  // namespace hem::search::embedded
