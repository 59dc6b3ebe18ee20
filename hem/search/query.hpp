// The query DSL: `query` is a small immutable value (a shared tree), free functions make it, and `&`, `|`, `~` combine it.
// An empty query (`query{}`, or a term over an empty optional) stands for "no condition": the builder ignores it and the operators
// give back their other side. What a query becomes on the wire is decided here; nothing is checked against a mapping.
#pragma once

#include "hem/model/json.hpp"
#include "hem/search/field_name.hpp"
#include "hem/search/query_value.hpp"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::search {

class query {
public:
    query() = default;

    // Exactly one key, else std::invalid_argument. `from_json` understands known kinds, so that operators can join them; unknown
    // kinds, and all that `raw` is given, are kept as they are.
    static query from_json(const json& value);
    static query raw(const json& value);

    bool empty() const noexcept { return node_ == nullptr; }
    explicit operator bool() const noexcept { return node_ != nullptr; }
    std::string_view kind() const noexcept;  // `match`, `bool`, …; empty for no query

    [[nodiscard]] query boost(double factor) const;
    [[nodiscard]] query named(std::string_view name) const;  // comes back in a hit's matched_queries
    [[nodiscard]] query option(std::string_view key, const json& value) const;

    json to_json() const;
    std::string dump() const;
    void append_to(std::string& out) const;  // as `dump`, without a string of its own; nothing for no query

    // `a & b`: both; `a | b`: at least one; `~a`: not. Bools are joined where that keeps the hits. Throw std::invalid_argument when a
    // side's minimum_should_match is a percentage or negative, since its meaning would change.
    friend query operator&(const query& a, const query& b);
    friend query operator|(const query& a, const query& b);
    friend query operator~(const query& a);
    query& operator&=(const query& other) { return *this = *this & other; }
    query& operator|=(const query& other) { return *this = *this | other; }
    friend bool operator==(const query& a, const query& b);

    struct node;
    explicit query(std::shared_ptr<const node> node) noexcept : node_(std::move(node)) {}

private:
    std::shared_ptr<const node> node_;
};

// A number of clauses, or a text such as "75%" or "2<-25%".
class minimum_match {
public:
    minimum_match() = default;
    minimum_match(int clauses) : wire_(std::to_string(clauses)) {}
    minimum_match(std::string_view text);
    minimum_match(const char* text) : minimum_match(std::string_view(text)) {}
    const std::string& wire() const noexcept { return wire_; }

private:
    std::string wire_;
};

struct script {
    std::string source;
    json params = json::object();
    std::string lang;  // empty: the server's default, painless
    json to_json() const;
};

// ---- full text ------------------------------------------------------------------------------------------------------------------

enum class match_operator { any, all };  // `or`, `and`
enum class zero_terms { none, all };
enum class multi_match_type { best_fields, most_fields, cross_fields, phrase, phrase_prefix, bool_prefix };

// Options that are not set are not sent. They serve the functions whose server-side query knows them.
struct match_options {
    std::optional<match_operator> op;
    std::string fuzziness;  // "AUTO", "1"
    minimum_match minimum_should_match;
    std::string analyzer;
    std::optional<zero_terms> zero_terms_query;
    std::optional<int> slop;
    std::optional<int> prefix_length;
    std::optional<int> max_expansions;
    std::optional<bool> lenient;
};
struct multi_match_options {
    std::optional<multi_match_type> type;
    std::optional<match_operator> op;
    std::optional<double> tie_breaker;
    std::string fuzziness;
    minimum_match minimum_should_match;
    std::string analyzer;
    std::optional<int> slop;
    std::optional<int> prefix_length;
    std::optional<int> max_expansions;
    std::optional<bool> lenient;
};
struct query_string_options {
    field_list fields;
    std::string default_field;
    std::optional<match_operator> default_operator;
    std::string analyzer;
    std::string flags;  // simple_query_string only
    minimum_match minimum_should_match;
    std::optional<bool> analyze_wildcard;
    std::optional<bool> lenient;
};

query match(const field_name& field, const query_value& text, const match_options& options = {});
query match_phrase(const field_name& field, const query_value& text, const match_options& options = {});
query match_phrase_prefix(const field_name& field, const query_value& text, const match_options& options = {});
query match_bool_prefix(const field_name& field, const query_value& text, const match_options& options = {});
query multi_match(const query_value& text, const field_list& fields, const multi_match_options& options = {});
query combined_fields(const query_value& text, const field_list& fields, const multi_match_options& options = {});
query query_string(const query_value& text, const query_string_options& options = {});
query simple_query_string(const query_value& text, const query_string_options& options = {});

// ---- term level -----------------------------------------------------------------------------------------------------------------

struct range_bounds {
    query_value gt;
    query_value gte;
    query_value lt;
    query_value lte;
    std::string format;
    std::string time_zone;
    std::string relation;  // of range fields: "intersects", "contains", "within"
};
struct pattern_options {
    std::optional<bool> case_insensitive;
    std::string rewrite;
    std::string flags;  // regexp only
};
struct fuzzy_options {
    std::string fuzziness;
    std::optional<int> prefix_length;
    std::optional<int> max_expansions;
    std::optional<bool> transpositions;
};
struct terms_set_options {
    std::string minimum_should_match_field;
    std::optional<script> minimum_should_match_script;
};

query term(const field_name& field, const query_value& value);
query terms(const field_name& field, const query_value& values);  // a vector, or an empty optional of one
query terms(const field_name& field, std::initializer_list<query_value> values);
query terms_set(const field_name& field, const query_value& values, const terms_set_options& options);
query range(const field_name& field, const range_bounds& bounds);  // no bound at all: no query
query exists(const field_name& field);
query prefix(const field_name& field, const query_value& value, const pattern_options& options = {});
query wildcard(const field_name& field, const query_value& value, const pattern_options& options = {});
query regexp(const field_name& field, const query_value& value, const pattern_options& options = {});
query fuzzy(const field_name& field, const query_value& value, const fuzzy_options& options = {});
query ids(const std::vector<std::string>& values);
query match_all();
query match_none();

// ---- compound -------------------------------------------------------------------------------------------------------------------

// Empty queries in the lists are left out.
struct boolean_clauses {
    std::vector<query> must;
    std::vector<query> filter;
    std::vector<query> should;
    std::vector<query> must_not;
    minimum_match minimum_should_match;
};
struct dis_max_options {
    std::optional<double> tie_breaker;
};

// One function of a function_score: `weight(2).filter(q)`, `random_score({.seed = 7})`, …
class score_function {
public:
    explicit score_function(json body) : body_(std::move(body)) {}
    [[nodiscard]] score_function filter(const query& q) const;
    [[nodiscard]] score_function weighted(double factor) const;
    const json& to_json() const noexcept { return body_; }

private:
    json body_;
};

struct function_score_options {
    search::query query;
    std::vector<score_function> functions;
    std::string score_mode;  // "multiply", "sum", "avg", "first", "max", "min"
    std::string boost_mode;  // "multiply", "replace", "sum", "avg", "max", "min"
    std::optional<double> max_boost;
    std::optional<double> min_score;
};
struct random_score_options {
    std::optional<std::int64_t> seed;
    std::string field;
};
struct field_value_options {
    std::optional<double> factor;
    std::string modifier;  // "log1p", "sqrt", …
    std::optional<double> missing;
};
struct decay_options {
    query_value origin;
    query_value scale;
    query_value offset;
    std::optional<double> decay;
};

query boolean(const boolean_clauses& clauses);
query constant_score(const query& filter);
query dis_max(const std::vector<query>& queries, const dis_max_options& options = {});
query boosting(const query& positive, const query& negative, double negative_boost);
query function_score(const function_score_options& options);
query script_score(const query& inner, const script& source);

score_function weight(double factor);
score_function random_score(const random_score_options& options = {});
score_function field_value_factor(const field_name& field, const field_value_options& options = {});
score_function script_function(const script& source);
score_function decay_gauss(const field_name& field, const decay_options& options);
score_function decay_linear(const field_name& field, const decay_options& options);
score_function decay_exp(const field_name& field, const decay_options& options);

// ---- other ----------------------------------------------------------------------------------------------------------------------

struct nested_options {
    std::string score_mode;
    std::optional<bool> ignore_unmapped;
    std::optional<json> inner_hits;
};
struct relation_options {
    std::string score_mode;     // has_child
    std::optional<bool> score;  // has_parent
    std::optional<int> min_children;
    std::optional<int> max_children;
    std::optional<json> inner_hits;
};
struct more_like_this_options {
    field_list fields;
    std::vector<json> like;  // texts or {"_index", "_id"}
    std::optional<int> min_term_freq;
    std::optional<int> min_doc_freq;
    std::optional<int> max_query_terms;
};
struct knn_options {
    int k = 10;
    std::optional<int> num_candidates;
    search::query filter;
    std::optional<double> similarity;
};

query nested(const field_name& path, const query& inner, const nested_options& options = {});
query has_child(std::string_view type, const query& inner, const relation_options& options = {});
query has_parent(std::string_view type, const query& inner, const relation_options& options = {});
query more_like_this(const more_like_this_options& options);
query geo_distance(const field_name& field, geo_point center, std::string_view distance);
query geo_bounding_box(const field_name& field, geo_point top_left, geo_point bottom_right);
query knn(const field_name& field, const std::vector<float>& vector, const knn_options& options = {});

}  // namespace hem::search
