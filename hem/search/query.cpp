#include "hem/search/query.hpp"

#include "hem/search/detail/query_node.hpp"

#include <stdexcept>

namespace hem::search {
namespace {

using node = query::node;
using shape = query::node::shape;

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    for (std::string_view each : names) {
        if (each == name) return true;
    }
    return false;
}

shape shape_of(std::string_view kind) {
    if (kind == "bool") return shape::boolean;
    if (is_one_of(kind, {"match", "match_phrase", "match_phrase_prefix", "match_bool_prefix", "term", "terms_set", "range", "prefix",
                         "wildcard", "regexp", "fuzzy"})) {
        return shape::per_field;
    }
    if (is_one_of(kind, {"terms", "geo_distance", "geo_bounding_box"})) return shape::beside;
    if (is_one_of(kind, {"multi_match", "combined_fields", "query_string", "simple_query_string", "exists", "ids", "match_all",
                         "match_none", "constant_score", "dis_max", "boosting", "function_score", "script_score", "nested", "has_child",
                         "has_parent", "more_like_this", "knn"})) {
        return shape::flat;
    }
    return shape::verbatim;
}

std::string_view value_key_of(std::string_view kind) {
    if (kind.starts_with("match")) return "query";
    if (kind == "terms_set") return "terms";
    return kind == "range" ? std::string_view() : std::string_view("value");
}

const json::member& only_member(const json& value) {
    if (!value.is_object() || value.size() != 1) {
        throw std::invalid_argument("a query is an object with exactly one key, its kind; this is " + value.dump().substr(0, 200));
    }
    return value.items().front();
}

query verbatim(const json::member& member) {
    node made;
    made.layout = shape::verbatim;
    made.kind = member.first;
    made.value = member.second.dump();
    return query(std::make_shared<const node>(std::move(made)));
}

std::vector<query> read_clauses(const json& value) {
    std::vector<query> clauses;
    if (value.is_array()) {
        for (const json& each : value.elements()) clauses.push_back(query::from_json(each));
    } else {
        clauses.push_back(query::from_json(value));
    }
    return clauses;
}

}  // namespace

void node::set_option(std::string_view key, std::string value) {
    for (auto& [name, old] : options) {
        if (name == key) {
            old = std::move(value);
            return;
        }
    }
    options.emplace_back(std::string(key), std::move(value));
}

query query::raw(const json& value) { return verbatim(only_member(value)); }

query query::from_json(const json& value) {
    const json::member& member = only_member(value);
    const json& body = member.second;
    node made;
    made.kind = member.first;
    made.layout = shape_of(made.kind);
    if (!body.is_object()) return verbatim(member);
    switch (made.layout) {
    case shape::boolean:
        for (const auto& [key, part] : body.items()) {
            if (key == "must") {
                made.must = read_clauses(part);
            } else if (key == "filter") {
                made.filter = read_clauses(part);
            } else if (key == "should") {
                made.should = read_clauses(part);
            } else if (key == "must_not") {
                made.must_not = read_clauses(part);
            } else if (key == "minimum_should_match") {
                made.minimum = part.dump();
            } else {
                made.options.emplace_back(key, part.dump());
            }
        }
        break;
    case shape::per_field: {
        if (body.size() != 1) return verbatim(member);
        const auto& [field, parameters] = body.items().front();
        made.field = field;
        made.value_key = value_key_of(made.kind);
        if (parameters.is_object()) {
            if (parameters.empty()) return verbatim(member);
            for (const auto& [key, part] : parameters.items()) made.options.emplace_back(key, part.dump());
        } else {
            made.value = parameters.dump();
        }
        break;
    }
    case shape::beside:
        for (const auto& [key, part] : body.items()) {
            if (is_one_of(key, {"boost", "_name", "distance", "distance_type", "validation_method", "ignore_unmapped", "type"})) {
                made.options.emplace_back(key, part.dump());
            } else if (made.field.empty()) {
                made.field = key;
                made.value = part.dump();
            } else {
                return verbatim(member);
            }
        }
        if (made.field.empty()) return verbatim(member);
        break;
    case shape::flat:
        for (const auto& [key, part] : body.items()) made.options.emplace_back(key, part.dump());
        break;
    case shape::verbatim: return verbatim(member);
    }
    return query(std::make_shared<const node>(std::move(made)));
}

std::string_view query::kind() const noexcept { return node_ == nullptr ? std::string_view() : std::string_view(node_->kind); }

query query::option(std::string_view key, const json& value) const {
    if (node_ == nullptr) return *this;
    node changed = *node_;
    if (changed.layout == shape::verbatim) {
        json body = json::parse(changed.value, {.max_depth = 1000});
        body.set(key, value);
        changed.value = body.dump();
    } else {
        changed.set_option(key, value.dump());
    }
    return query(std::make_shared<const node>(std::move(changed)));
}

query query::boost(double factor) const { return option("boost", factor); }
query query::named(std::string_view name) const { return option("_name", name); }

std::string query::dump() const {
    std::string out;
    append_to(out);
    return out;
}

json query::to_json() const { return node_ == nullptr ? json() : json::parse(dump(), {.max_depth = 1000}); }

void query::append_to(std::string& out) const {
    if (node_ != nullptr) node_->append_to(out);
}

bool operator==(const query& a, const query& b) { return a.node_ == b.node_ || a.to_json() == b.to_json(); }

}  // namespace hem::search
