// Compound queries to nodes: bool, its nested clauses flattened as far as scores allow, and dis_max.
#include "hem/search/embedded/query_compile.hpp"

#include <algorithm>
#include <utility>

#pragma clang fp contract(off)

namespace hem::search::embedded::detail {

namespace {

constexpr std::size_t most_clauses = 1024;

int effective_minimum(const boolean_query& what) {
    // Without a required clause one optional clause must match, whatever was asked for.
    const int least = what.must.empty() && what.filter.empty() && !what.should.empty() ? 1 : 0;
    return std::max(least, what.minimum_should_match.value_or(0));
}

// A nested bool of nothing but optional clauses is part of the one around it, as far as scores go.
void flatten(const std::vector<query>& clauses, std::vector<query>& to) {
    for (const auto& each : clauses) {
        const auto* inner = std::get_if<boolean_query>(&each.node);
        if (inner != nullptr && each.boost == 1 && inner->must.empty() && inner->filter.empty() && inner->must_not.empty() &&
            !inner->should.empty() && effective_minimum(*inner) <= 1 && inner->minimum_should_match.value_or(1) <= 1) {
            flatten(inner->should, to);
        } else if (const auto* sum = std::get_if<dis_max_query>(&each.node);
                   sum != nullptr && each.boost == 1 && sum->tie_breaker == 1.0f) {
            flatten(sum->queries, to);  // the best and all of the rest: a sum
        } else {
            to.push_back(each);
        }
    }
}

// A nested bool without optional clauses in `must` hands its clauses to the one around it.
void flatten_required(const std::vector<query>& clauses, boolean_query& to) {
    for (const auto& each : clauses) {
        const auto* inner = std::get_if<boolean_query>(&each.node);
        if (inner != nullptr && each.boost == 1 && inner->should.empty() && inner->minimum_should_match.value_or(0) <= 0 &&
            !(inner->must.empty() && inner->filter.empty())) {
            flatten_required(inner->must, to);
            to.filter.insert(to.filter.end(), inner->filter.begin(), inner->filter.end());
            to.must_not.insert(to.must_not.end(), inner->must_not.begin(), inner->must_not.end());
        } else {
            to.must.push_back(each);
        }
    }
}

// Equal terms become one whose boost is the sum.
void merge_equal_terms(std::vector<query>& clauses) {
    std::vector<query> kept;
    for (auto& each : clauses) {
        const auto* term = std::get_if<term_query>(&each.node);
        const auto same = term == nullptr ? kept.end() : std::ranges::find_if(kept, [&](const query& other) {
            const auto* known = std::get_if<term_query>(&other.node);
            return known != nullptr && known->field == term->field && known->value == term->value;
        });
        if (same == kept.end())
            kept.push_back(std::move(each));
        else
            same->boost = static_cast<float>(static_cast<double>(same->boost) + each.boost);
    }
    clauses = std::move(kept);
}

}  // namespace

node_pointer query_compiler::boolean(const boolean_query& what, float boost, bool scored) {
    const std::size_t clauses = what.must.size() + what.filter.size() + what.should.size() + what.must_not.size();
    if (clauses > most_clauses) throw query_error("maxClauseCount is set to 1024");
    if (clauses == 0) return make_all_node(over_, boost);
    int minimum = effective_minimum(what);
    boolean_query flat;
    flat.filter = what.filter;
    flat.must_not = what.must_not;
    if (minimum <= 1) {
        flatten(what.should, flat.should);
        merge_equal_terms(flat.should);
    } else {
        flat.should = what.should;
    }
    if (minimum > static_cast<int>(flat.should.size())) return make_none_node();
    flatten_required(what.must, flat);
    if (minimum > 0 && minimum == static_cast<int>(flat.should.size())) {  // all optional clauses are required
        flatten_required(std::exchange(flat.should, {}), flat);
        minimum = 0;
    }
    merge_equal_terms(flat.must);
    boolean_parts parts;
    for (const auto& each : flat.must) parts.must.push_back(compile(each, boost, scored));
    for (const auto& each : flat.filter) parts.filter.push_back(compile(each, 1.0f, false));
    for (const auto& each : flat.must_not) parts.must_not.push_back(compile(each, 1.0f, false));
    std::vector<node_pointer> optional;
    if (minimum > 0 || scored) {
        for (const auto& each : flat.should) optional.push_back(compile(each, boost, scored));
    }
    const bool only_optional = parts.must.empty() && parts.filter.empty() && parts.must_not.empty();
    if (!optional.empty()) {
        parts.should = optional.size() == 1 ? std::move(optional.front()) : make_disjunction_node(std::move(optional), minimum);
        parts.should_required = minimum > 0;
    }
    if (only_optional && parts.should_required) return std::move(parts.should);
    if (parts.must.size() == 1 && parts.filter.empty() && parts.must_not.empty() && parts.should == nullptr)
        return std::move(parts.must.front());
    if (parts.must.empty() && parts.filter.empty() && !parts.should_required) parts.filter.push_back(make_all_node(over_, 0));
    return make_boolean_node(std::move(parts));
}

node_pointer query_compiler::dis_max(const dis_max_query& what, float boost, bool scored) {
    if (what.queries.empty()) return make_none_node();
    if (what.tie_breaker == 1.0f) {
        boolean_query sum;
        sum.should = what.queries;
        return boolean(sum, boost, scored);
    }
    std::vector<node_pointer> nodes;
    for (const auto& each : what.queries) nodes.push_back(compile(each, boost, scored));
    return nodes.size() == 1 ? std::move(nodes.front()) : make_dis_max_node(std::move(nodes), what.tie_breaker);
}

}  // namespace hem::search::embedded::detail
