#include "hem/model/json_writer.hpp"
#include "hem/search/detail/query_node.hpp"

namespace hem::search {
namespace {

using node = query::node;
using shape = query::node::shape;

query make(node&& made) { return query(std::make_shared<const node>(std::move(made))); }

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

std::string number(double value) {
    std::string out;
    append_json_number(out, value);
    return out;
}

std::string list(const field_list& fields) {
    std::string out;
    json_writer writer(out);
    writer.begin_array();
    for (const field_name& field : fields.names()) writer.value(field.text());
    writer.end_array();
    return out;
}

std::string list(const std::vector<query>& queries) {
    std::string out = "[";
    for (const query& each : queries) {
        if (each.empty()) continue;
        if (out.size() > 1) out += ',';
        each.append_to(out);
    }
    return out + ']';
}

// Collects options; what is not set is not added.
class options_of {
public:
    explicit options_of(node& to) : to_(to) {}
    options_of& raw(const char* key, std::string value) {
        if (!value.empty()) to_.options.emplace_back(key, std::move(value));
        return *this;
    }
    options_of& add(const char* key, std::string_view text) { return text.empty() ? *this : raw(key, quoted(text)); }
    options_of& add(const char* key, const std::optional<bool>& flag) { return flag ? raw(key, *flag ? "true" : "false") : *this; }
    options_of& add(const char* key, const std::optional<int>& value) { return value ? raw(key, std::to_string(*value)) : *this; }
    options_of& add(const char* key, const std::optional<double>& value) { return value ? raw(key, number(*value)) : *this; }
    options_of& add(const char* key, const std::optional<match_operator>& op) {
        return op ? raw(key, *op == match_operator::all ? "\"and\"" : "\"or\"") : *this;
    }
    options_of& add(const char* key, const minimum_match& minimum) { return raw(key, minimum.wire()); }
    options_of& add_json(const char* key, const std::optional<json>& value) { return value ? raw(key, value->dump()) : *this; }
    options_of& add(const char* key, const query& inner) { return raw(key, inner.dump()); }

private:
    node& to_;
};

node per_field(const char* kind, const field_name& field, const char* value_key, const query_value& value) {
    node made;
    made.layout = shape::per_field;
    made.kind = kind;
    made.field = field.text();
    made.value_key = value_key;
    made.value = value.wire();
    return made;
}

node beside(const char* kind, const field_name& field, std::string value) {
    node made;
    made.layout = shape::beside;
    made.kind = kind;
    made.field = field.text();
    made.value = std::move(value);
    return made;
}

node flat(const char* kind) {
    node made;
    made.kind = kind;
    return made;
}

query match_kind(const char* kind, const field_name& field, const query_value& text, const match_options& options) {
    if (text.empty()) return {};
    node made = per_field(kind, field, "query", text);
    options_of(made)
        .add("operator", options.op)
        .add("fuzziness", options.fuzziness)
        .add("minimum_should_match", options.minimum_should_match)
        .add("analyzer", options.analyzer)
        .raw("zero_terms_query", !options.zero_terms_query                      ? ""
                                 : *options.zero_terms_query == zero_terms::all ? "\"all\""
                                                                                : "\"none\"")
        .add("slop", options.slop)
        .add("prefix_length", options.prefix_length)
        .add("max_expansions", options.max_expansions)
        .add("lenient", options.lenient);
    return make(std::move(made));
}

std::string_view name_of(multi_match_type type) {
    switch (type) {
    case multi_match_type::best_fields: return "best_fields";
    case multi_match_type::most_fields: return "most_fields";
    case multi_match_type::cross_fields: return "cross_fields";
    case multi_match_type::phrase: return "phrase";
    case multi_match_type::phrase_prefix: return "phrase_prefix";
    case multi_match_type::bool_prefix: return "bool_prefix";
    }
    return "";
}

query multi_kind(const char* kind, const query_value& text, const field_list& fields, const multi_match_options& options) {
    if (text.empty()) return {};
    node made = flat(kind);
    options_of(made)
        .raw("query", text.wire())
        .raw("fields", fields.empty() ? std::string() : list(fields))
        .add("type", options.type ? name_of(*options.type) : std::string_view())
        .add("operator", options.op)
        .add("tie_breaker", options.tie_breaker)
        .add("fuzziness", options.fuzziness)
        .add("minimum_should_match", options.minimum_should_match)
        .add("analyzer", options.analyzer)
        .add("slop", options.slop)
        .add("prefix_length", options.prefix_length)
        .add("max_expansions", options.max_expansions)
        .add("lenient", options.lenient);
    return make(std::move(made));
}

query query_string_kind(const char* kind, const query_value& text, const query_string_options& options) {
    if (text.empty()) return {};
    node made = flat(kind);
    options_of(made)
        .raw("query", text.wire())
        .raw("fields", options.fields.empty() ? std::string() : list(options.fields))
        .add("default_field", options.default_field)
        .add("default_operator", options.default_operator)
        .add("analyzer", options.analyzer)
        .add("flags", options.flags)
        .add("minimum_should_match", options.minimum_should_match)
        .add("analyze_wildcard", options.analyze_wildcard)
        .add("lenient", options.lenient);
    return make(std::move(made));
}

query pattern_kind(const char* kind, const field_name& field, const query_value& value, const pattern_options& options) {
    if (value.empty()) return {};
    node made = per_field(kind, field, "value", value);
    options_of(made).add("case_insensitive", options.case_insensitive).add("rewrite", options.rewrite).add("flags", options.flags);
    return make(std::move(made));
}

std::vector<query> without_empty(const std::vector<query>& from) {
    std::vector<query> kept;
    for (const query& each : from) {
        if (!each.empty()) kept.push_back(each);
    }
    return kept;
}

json point_json(geo_point point) { return json::object({{"lat", point.lat}, {"lon", point.lon}}); }

score_function decay(const char* kind, const field_name& field, const decay_options& options) {
    json parameters = json::object();
    if (!options.origin.empty()) parameters.set("origin", json::parse(options.origin.wire()));
    if (!options.scale.empty()) parameters.set("scale", json::parse(options.scale.wire()));
    if (!options.offset.empty()) parameters.set("offset", json::parse(options.offset.wire()));
    if (options.decay) parameters.set("decay", *options.decay);
    return score_function(json::object({{kind, json::object({{field.text(), std::move(parameters)}})}}));
}

}  // namespace

minimum_match::minimum_match(std::string_view text) : wire_(quoted(text)) {}

json script::to_json() const {
    json body = json::object({{"source", source}});
    if (!params.empty()) body.set("params", params);
    if (!lang.empty()) body.set("lang", lang);
    return body;
}

query match(const field_name& field, const query_value& text, const match_options& options) {
    return match_kind("match", field, text, options);
}
query match_phrase(const field_name& field, const query_value& text, const match_options& options) {
    return match_kind("match_phrase", field, text, options);
}
query match_phrase_prefix(const field_name& field, const query_value& text, const match_options& options) {
    return match_kind("match_phrase_prefix", field, text, options);
}
query match_bool_prefix(const field_name& field, const query_value& text, const match_options& options) {
    return match_kind("match_bool_prefix", field, text, options);
}
query multi_match(const query_value& text, const field_list& fields, const multi_match_options& options) {
    return multi_kind("multi_match", text, fields, options);
}
query combined_fields(const query_value& text, const field_list& fields, const multi_match_options& options) {
    return multi_kind("combined_fields", text, fields, options);
}
query query_string(const query_value& text, const query_string_options& options) {
    return query_string_kind("query_string", text, options);
}
query simple_query_string(const query_value& text, const query_string_options& options) {
    return query_string_kind("simple_query_string", text, options);
}

query term(const field_name& field, const query_value& value) {
    return value.empty() ? query() : make(per_field("term", field, "value", value));
}
query terms(const field_name& field, const query_value& values) {
    return values.empty() ? query() : make(beside("terms", field, values.wire()));
}
query terms(const field_name& field, std::initializer_list<query_value> values) {
    std::string text = "[";
    for (const query_value& value : values) {
        if (value.empty()) continue;
        if (text.size() > 1) text += ',';
        text += value.wire();
    }
    return make(beside("terms", field, text + ']'));
}
query terms_set(const field_name& field, const query_value& values, const terms_set_options& options) {
    if (values.empty()) return {};
    node made = per_field("terms_set", field, "terms", values);
    options_of(made)
        .add("minimum_should_match_field", options.minimum_should_match_field)
        .raw("minimum_should_match_script",
             options.minimum_should_match_script ? options.minimum_should_match_script->to_json().dump() : "");
    return make(std::move(made));
}
query range(const field_name& field, const range_bounds& bounds) {
    node made = per_field("range", field, "", {});
    options_of(made).raw("gt", bounds.gt.wire()).raw("gte", bounds.gte.wire()).raw("lt", bounds.lt.wire()).raw("lte", bounds.lte.wire());
    if (made.options.empty()) return {};
    options_of(made).add("format", bounds.format).add("time_zone", bounds.time_zone).add("relation", bounds.relation);
    return make(std::move(made));
}
query exists(const field_name& field) {
    node made = flat("exists");
    options_of(made).add("field", field.text());
    return make(std::move(made));
}
query prefix(const field_name& field, const query_value& value, const pattern_options& options) {
    return pattern_kind("prefix", field, value, options);
}
query wildcard(const field_name& field, const query_value& value, const pattern_options& options) {
    return pattern_kind("wildcard", field, value, options);
}
query regexp(const field_name& field, const query_value& value, const pattern_options& options) {
    return pattern_kind("regexp", field, value, options);
}
query fuzzy(const field_name& field, const query_value& value, const fuzzy_options& options) {
    if (value.empty()) return {};
    node made = per_field("fuzzy", field, "value", value);
    options_of(made)
        .add("fuzziness", options.fuzziness)
        .add("prefix_length", options.prefix_length)
        .add("max_expansions", options.max_expansions)
        .add("transpositions", options.transpositions);
    return make(std::move(made));
}
query ids(const std::vector<std::string>& values) {
    node made = flat("ids");
    options_of(made).raw("values", query_value(values).wire());
    return make(std::move(made));
}
query match_all() { return make(flat("match_all")); }
query match_none() { return make(flat("match_none")); }

query boolean(const boolean_clauses& clauses) {
    node made;
    made.layout = shape::boolean;
    made.kind = "bool";
    made.must = without_empty(clauses.must);
    made.filter = without_empty(clauses.filter);
    made.should = without_empty(clauses.should);
    made.must_not = without_empty(clauses.must_not);
    made.minimum = clauses.minimum_should_match.wire();
    return make(std::move(made));
}
query constant_score(const query& filter) {
    if (filter.empty()) return {};
    node made = flat("constant_score");
    options_of(made).add("filter", filter);
    return make(std::move(made));
}
query dis_max(const std::vector<query>& queries, const dis_max_options& options) {
    node made = flat("dis_max");
    options_of(made).raw("queries", list(queries)).add("tie_breaker", options.tie_breaker);
    return make(std::move(made));
}
query boosting(const query& positive, const query& negative, double negative_boost) {
    node made = flat("boosting");
    options_of(made).add("positive", positive).add("negative", negative).raw("negative_boost", number(negative_boost));
    return make(std::move(made));
}
query function_score(const function_score_options& options) {
    node made = flat("function_score");
    std::string functions;
    for (const score_function& each : options.functions) {
        functions += functions.empty() ? '[' : ',';
        each.to_json().dump_to(functions);
    }
    if (!functions.empty()) functions += ']';
    options_of(made)
        .add("query", options.query)
        .raw("functions", std::move(functions))
        .add("score_mode", options.score_mode)
        .add("boost_mode", options.boost_mode)
        .add("max_boost", options.max_boost)
        .add("min_score", options.min_score);
    return make(std::move(made));
}
query script_score(const query& inner, const script& source) {
    node made = flat("script_score");
    options_of(made).add("query", inner.empty() ? match_all() : inner).raw("script", source.to_json().dump());
    return make(std::move(made));
}

score_function score_function::filter(const query& q) const {
    json body = body_;
    if (!q.empty()) body.set("filter", q.to_json());
    return score_function(std::move(body));
}
score_function score_function::weighted(double factor) const {
    json body = body_;
    body.set("weight", factor);
    return score_function(std::move(body));
}
score_function weight(double factor) { return score_function(json::object({{"weight", factor}})); }
score_function random_score(const random_score_options& options) {
    json parameters = json::object();
    if (options.seed) parameters.set("seed", *options.seed);
    if (!options.field.empty()) parameters.set("field", options.field);
    return score_function(json::object({{"random_score", std::move(parameters)}}));
}
score_function field_value_factor(const field_name& field, const field_value_options& options) {
    json parameters = json::object({{"field", field.text()}});
    if (options.factor) parameters.set("factor", *options.factor);
    if (!options.modifier.empty()) parameters.set("modifier", options.modifier);
    if (options.missing) parameters.set("missing", *options.missing);
    return score_function(json::object({{"field_value_factor", std::move(parameters)}}));
}
score_function script_function(const script& source) {
    return score_function(json::object({{"script_score", json::object({{"script", source.to_json()}})}}));
}
score_function decay_gauss(const field_name& field, const decay_options& options) { return decay("gauss", field, options); }
score_function decay_linear(const field_name& field, const decay_options& options) { return decay("linear", field, options); }
score_function decay_exp(const field_name& field, const decay_options& options) { return decay("exp", field, options); }

query nested(const field_name& path, const query& inner, const nested_options& options) {
    if (inner.empty()) return {};
    node made = flat("nested");
    options_of(made)
        .add("path", path.text())
        .add("query", inner)
        .add("score_mode", options.score_mode)
        .add("ignore_unmapped", options.ignore_unmapped)
        .add_json("inner_hits", options.inner_hits);
    return make(std::move(made));
}
query has_child(std::string_view type, const query& inner, const relation_options& options) {
    if (inner.empty()) return {};
    node made = flat("has_child");
    options_of(made)
        .add("type", type)
        .add("query", inner)
        .add("score_mode", options.score_mode)
        .add("min_children", options.min_children)
        .add("max_children", options.max_children)
        .add_json("inner_hits", options.inner_hits);
    return make(std::move(made));
}
query has_parent(std::string_view type, const query& inner, const relation_options& options) {
    if (inner.empty()) return {};
    node made = flat("has_parent");
    options_of(made).add("parent_type", type).add("query", inner).add("score", options.score).add_json("inner_hits", options.inner_hits);
    return make(std::move(made));
}
query more_like_this(const more_like_this_options& options) {
    node made = flat("more_like_this");
    options_of(made)
        .raw("fields", options.fields.empty() ? std::string() : list(options.fields))
        .raw("like", json(options.like).dump())
        .add("min_term_freq", options.min_term_freq)
        .add("min_doc_freq", options.min_doc_freq)
        .add("max_query_terms", options.max_query_terms);
    return make(std::move(made));
}
query geo_distance(const field_name& field, geo_point center, std::string_view distance) {
    node made = beside("geo_distance", field, point_json(center).dump());
    options_of(made).add("distance", distance);
    return make(std::move(made));
}
query geo_bounding_box(const field_name& field, geo_point top_left, geo_point bottom_right) {
    const json box = json::object({{"top_left", point_json(top_left)}, {"bottom_right", point_json(bottom_right)}});
    return make(beside("geo_bounding_box", field, box.dump()));
}
query knn(const field_name& field, const std::vector<float>& vector, const knn_options& options) {
    node made = flat("knn");
    std::string values;
    json_writer writer(values);
    writer.begin_array();
    for (float value : vector) writer.value(value);
    writer.end_array();
    options_of(made)
        .add("field", field.text())
        .raw("query_vector", std::move(values))
        .raw("k", std::to_string(options.k))
        .add("num_candidates", options.num_candidates)
        .add("filter", options.filter)
        .add("similarity", options.similarity);
    return make(std::move(made));
}

}  // namespace hem::search
