// Queries of queries in the DSL: bool, constant_score, dis_max, boosting.
#include "hem/search/embedded/query_parse_detail.hpp"

#include <charconv>

namespace hem::search::embedded::detail {

query parse_bool(const json& body, const query_context& context) {
    object_body("bool", body);
    query out;
    boolean_query made;
    std::string minimum;
    for (const auto& [key, value] : body.items()) {
        std::vector<query>* into = key == "must"       ? &made.must
                                   : key == "filter"   ? &made.filter
                                   : key == "should"   ? &made.should
                                   : key == "must_not" ? &made.must_not
                                                       : nullptr;
        if (into != nullptr) {
            if (!value.is_object() && !value.is_array())
                throw content_fault("bool", key + " doesn't support values of type: " + std::string(token_of(value)), key, true);
            try {
                if (value.is_object())
                    into->push_back(parse_query(value, context));
                else
                    for (const json& one : value.elements()) into->push_back(parse_query(one, context));
            } catch (rest_error& fault) {
                throw std::move(fault).inside("bool", key);
            }
        } else if (key == "minimum_should_match")
            minimum = text_of(value);
        else if (key == "adjust_pure_negative")
            flag_of(value, key);
        else if (!common_option(out, key, value))
            throw content_fault("bool", "unknown field [" + key + "]", key);
    }
    const std::size_t clauses = made.must.size() + made.filter.size() + made.should.size() + made.must_not.size();
    if (clauses > 1024) throw query_shard_fault{rest_error(400, "too_many_clauses", "maxClauseCount is set to 1024")};
    if (clauses == 0) {
        out.node = match_all_query{};
        return out;
    }
    // More clauses asked for than there are: nothing can match.
    if (!minimum.empty()) {
        std::int64_t asked = 0;
        const auto [end, code] = std::from_chars(minimum.data(), minimum.data() + minimum.size(), asked);
        if (code == std::errc() && end == minimum.data() + minimum.size() && asked > static_cast<std::int64_t>(made.should.size())) {
            out.node = match_none_query{};
            return out;
        }
        try {
            made.minimum_should_match = parse_minimum_should_match(minimum, static_cast<int>(made.should.size()));
        } catch (const query_error& fault) {
            throw shard_fault(context, fault.what());
        }
    }
    out.node = std::move(made);
    return out;
}

query parse_compound(std::string_view name, const json& body, const query_context& context) {
    object_body(name, body);
    query out;
    if (name == "constant_score") {
        constant_score_query made;
        for (const auto& [key, value] : body.items()) {
            if (key == "filter") {
                if (value.is_array()) throw parsing_fault("unexpected token [START_ARRAY]", key);
                made.filter.push_back(parse_query(value, context));
            } else if (!common_option(out, key, value))
                throw parsing_fault("[constant_score] query does not support [" + key + "]", key);
        }
        if (made.filter.empty()) throw parsing_fault("[constant_score] requires a 'filter' element", "constant_score");
        out.node = std::move(made);
    } else if (name == "dis_max") {
        dis_max_query made;
        for (const auto& [key, value] : body.items()) {
            if (key == "queries") {
                if (value.is_array())
                    for (const json& one : value.elements()) made.queries.push_back(parse_query(one, context));
                else
                    made.queries.push_back(parse_query(value, context));
            } else if (key == "tie_breaker")
                made.tie_breaker = float_of(value, key);
            else if (!common_option(out, key, value))
                throw parsing_fault("[dis_max] query does not support [" + key + "]", key);
        }
        if (made.queries.empty()) throw parsing_fault("[dis_max] requires 'queries' field with at least one clause", "dis_max");
        out.node = std::move(made);
    } else {
        boosting_query made;
        bool given = false;
        for (const auto& [key, value] : body.items()) {
            if (key == "positive")
                made.positive.push_back(parse_query(value, context));
            else if (key == "negative")
                made.negative.push_back(parse_query(value, context));
            else if (key == "negative_boost") {
                made.negative_boost = float_of(value, key);
                given = true;
            } else if (!common_option(out, key, value))
                throw parsing_fault("[boosting] query does not support [" + key + "]", key);
        }
        if (made.positive.empty()) throw parsing_fault("[boosting] query requires 'positive' query to be set'", "boosting");
        if (made.negative.empty()) throw parsing_fault("[boosting] query requires 'negative' query to be set'", "boosting");
        if (!given || made.negative_boost < 0)
            throw parsing_fault("[boosting] query requires 'negative_boost' to be set to be a positive value'", "boosting");
        out.node = std::move(made);
    }
    return out;
}

}  // namespace hem::search::embedded::detail
