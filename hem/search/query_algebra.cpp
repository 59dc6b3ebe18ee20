#include "hem/model/json_writer.hpp"
#include "hem/search/detail/query_node.hpp"

#include <charconv>
#include <stdexcept>

namespace hem::search {
namespace {

using node = query::node;

void append_clauses(json_writer& writer, std::string_view key, const std::vector<query>& clauses) {
    if (clauses.empty()) return;
    writer.key(key).begin_array();
    for (const query& clause : clauses) {
        writer.raw("");
        clause.append_to(writer.out());
    }
    writer.end_array();
}

void append_options(json_writer& writer, const node& of) {
    for (const auto& [key, value] : of.options) writer.key(key).raw(value);
}

query make(node&& made) { return query(std::make_shared<const node>(std::move(made))); }

node boolean_node() {
    node made;
    made.layout = node::shape::boolean;
    made.kind = "bool";
    return made;
}

void extend(std::vector<query>& to, const std::vector<query>& from) { to.insert(to.end(), from.begin(), from.end()); }

// The effective minimum of a bool; throws for percentages and negative values.
int effective_minimum(const node& of) {
    if (of.minimum.empty()) return of.should.empty() || !of.must.empty() || !of.filter.empty() ? 0 : 1;
    std::string_view text = of.minimum;
    if (text.size() > 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
    int value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc() || end != text.data() + text.size() || value < 0) {
        throw std::invalid_argument("cannot combine a bool query whose minimum_should_match is " + of.minimum +
                                    ": its meaning would change with the number of clauses; put it into a bool of its own");
    }
    return value;
}

bool only_should(const node& of) {
    return !of.should.empty() && of.must.empty() && of.filter.empty() && of.must_not.empty() && of.minimum.empty();
}

}  // namespace

void node::append_to(std::string& out) const {
    json_writer writer(out);
    writer.begin_object().key(kind);
    switch (layout) {
    case shape::boolean:
        writer.begin_object();
        append_clauses(writer, "must", must);
        append_clauses(writer, "filter", filter);
        append_clauses(writer, "should", should);
        append_clauses(writer, "must_not", must_not);
        if (!minimum.empty()) writer.key("minimum_should_match").raw(minimum);
        append_options(writer, *this);
        writer.end_object();
        break;
    case shape::per_field:
        writer.begin_object().key(field);
        if (options.empty()) {
            writer.raw(value);
        } else {
            writer.begin_object();
            if (!value.empty()) writer.key(value_key).raw(value);
            append_options(writer, *this);
            writer.end_object();
        }
        writer.end_object();
        break;
    case shape::beside:
        writer.begin_object().key(field).raw(value);
        append_options(writer, *this);
        writer.end_object();
        break;
    case shape::flat:
        writer.begin_object();
        append_options(writer, *this);
        writer.end_object();
        break;
    case shape::verbatim: writer.raw(value); break;
    }
    writer.end_object();
}

// The rules are those of elasticsearch-py's DSL, made to keep the hits: a bool with options of its own (boost, name) is not taken apart.
query operator&(const query& a, const query& b) {
    if (a.empty()) return b;
    if (b.empty()) return a;
    const auto joinable = [](const query& q) { return q.node_->layout == node::shape::boolean && q.node_->options.empty(); };
    const bool a_joins = joinable(a), b_joins = joinable(b);
    if (!a_joins && !b_joins) {
        node made = boolean_node();
        made.must = {a, b};
        return make(std::move(made));
    }
    if (a_joins != b_joins) {
        node made = *(a_joins ? a : b).node_;
        if (made.must.empty() && made.filter.empty() && !made.should.empty() && made.minimum.empty()) made.minimum = "1";
        made.must.push_back(a_joins ? b : a);
        return make(std::move(made));
    }
    node made = boolean_node();
    for (const query* side : {&a, &b}) {
        extend(made.must, side->node_->must);
        extend(made.filter, side->node_->filter);
        extend(made.must_not, side->node_->must_not);
    }
    int kept_minimum = 0;
    for (const query* side : {&a, &b}) {
        const node& of = *side->node_;
        const int minimum = effective_minimum(of);
        if (of.should.size() <= static_cast<std::size_t>(minimum)) {
            extend(made.must, of.should);
        } else if (made.should.empty()) {
            made.should = of.should;
            made.minimum = std::to_string(minimum);
            kept_minimum = minimum;
        } else if (kept_minimum == 0 && minimum == 0) {
            extend(made.should, of.should);
        } else {
            node rest = boolean_node();
            rest.should = of.should;
            rest.minimum = std::to_string(minimum);
            made.must.push_back(make(std::move(rest)));
        }
    }
    return make(std::move(made));
}

query operator|(const query& a, const query& b) {
    if (a.empty()) return b;
    if (b.empty()) return a;
    const auto absorbs = [](const query& q) {
        return q.node_->layout == node::shape::boolean && q.node_->options.empty() && only_should(*q.node_);
    };
    if (absorbs(a) || absorbs(b)) {
        const query& base = absorbs(a) ? a : b;
        const query& other = absorbs(a) ? b : a;
        node made = *base.node_;
        if (absorbs(other)) {
            extend(made.should, other.node_->should);
        } else {
            made.should.push_back(other);
        }
        return make(std::move(made));
    }
    node made = boolean_node();
    made.should = {a, b};
    return make(std::move(made));
}

query operator~(const query& a) {
    if (a.empty()) return a;
    const node& of = *a.node_;
    if (of.layout != node::shape::boolean || !of.options.empty()) {
        node made = boolean_node();
        made.must_not = {a};
        return make(std::move(made));
    }
    if (of.must.empty() && of.filter.empty() && of.should.empty() && of.must_not.empty()) return match_none();
    std::vector<query> negations;
    for (const query& each : of.must) negations.push_back(~each);
    for (const query& each : of.filter) negations.push_back(~each);
    extend(negations, of.must_not);
    if (const int minimum = effective_minimum(of); !of.should.empty() && minimum != 0) {
        node group = boolean_node();
        if (minimum == 1) {
            group.must_not = of.should;
        } else {  // "fewer than n of them" is not "none of them"
            node inner = boolean_node();
            inner.should = of.should;
            inner.minimum = of.minimum;
            group.must_not = {make(std::move(inner))};
        }
        negations.push_back(make(std::move(group)));
    }
    if (negations.empty()) return match_none();  // optional clauses alone match everything
    if (negations.size() == 1) return negations.front();
    node made = boolean_node();
    made.should = std::move(negations);
    return make(std::move(made));
}

}  // namespace hem::search
