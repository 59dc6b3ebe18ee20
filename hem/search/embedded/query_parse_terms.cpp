// Queries of exact values and patterns in the DSL: term, terms, range, exists, ids, prefix, wildcard, regexp, fuzzy.
#include "hem/search/embedded/query_parse_detail.hpp"

#include <algorithm>

namespace hem::search::embedded::detail {

query parse_term(const json& body, const query_context& context) {
    const auto& [field, value] = one_field("term", body);
    query outer;
    const json* wanted = &value;
    bool case_insensitive = false;
    if (value.is_object()) {
        wanted = nullptr;
        for (const auto& [key, option] : value.items()) {
            if (key == "value" || key == "term")
                wanted = &option;
            else if (key == "case_insensitive")
                case_insensitive = flag_of(option, key);
            else if (!common_option(outer, key, option))
                no_support("term", key);
        }
    } else {
        for (const auto& [key, option] : body.items())
            if (key != field) common_option(outer, key, option);
        if (value.is_array()) throw parsing_fault("[term] query does not support array of values", field);
    }
    if (wanted == nullptr || wanted->is_null()) throw illegal_argument("value cannot be null");
    if (case_insensitive) {
        const mapped_field* mapped = context.schema.fields.find(field);
        if (mapped == nullptr) return make_query(match_none_query{});
        // A wildcard query without signs is a term that folds case; its score is constant, as the server's.
        std::string escaped;
        for (const char c : text_of(*wanted)) {
            if (c == '*' || c == '?' || c == '\\') escaped += '\\';
            escaped += c;
        }
        return make_query(wildcard_query{mapped->path, std::move(escaped), true}, outer.boost);
    }
    query out = term_of(context.schema.fields.find(field), field, *wanted, context);
    out.boost *= outer.boost;
    out.name = outer.name;
    return out;
}

query parse_terms(const json& body, const query_context& context) {
    object_body("terms", body);
    query outer;
    const json::member* found = nullptr;
    for (const json::member& one : body.items()) {
        if (common_option(outer, one.first, one.second)) continue;
        if (found != nullptr) throw parsing_fault("[terms] query does not support multiple fields", one.first);
        if (one.second.is_object()) throw unsupported("a terms lookup");
        if (!one.second.is_array()) throw parsing_fault("[terms] query does not support [" + one.first + "]", one.first);
        found = &one;
    }
    if (found == nullptr)
        throw parsing_fault("[terms] query requires a field name, followed by array of terms or a document lookup specification", "terms");
    const mapped_field* field = context.schema.fields.find(found->first);
    if (found->second.size() > 65'536)
        throw illegal_argument(
            "The number of terms [" + std::to_string(found->second.size()) +
            "] used in the Terms Query request has exceeded the allowed maximum of [65536]. This maximum can be set by changing the "
            "[index.max_terms_count] index level setting.");
    query out;
    if (found->first == "_id") {
        ids_query ids;
        for (const json& one : found->second.elements()) ids.ids.push_back(text_of(one));
        out = make_query(std::move(ids), outer.boost);
    } else if (field == nullptr) {
        out = make_query(match_none_query{}, outer.boost);
    } else {
        terms_query all;
        all.field = field->path;
        std::vector<query> ranges;
        for (const json& one : found->second.elements()) {
            if (one.is_null()) throw illegal_argument("No value specified for terms query");
            query single = term_of(field, found->first, one, context);
            if (auto* term = std::get_if<term_query>(&single.node))
                all.values.push_back(std::move(term->value));
            else if (!std::holds_alternative<match_none_query>(single.node))
                ranges.push_back(std::move(single));
        }
        if (ranges.empty())
            out = make_query(std::move(all), outer.boost);
        else {
            boolean_query any;
            any.should = std::move(ranges);
            constant_score_query constant;
            constant.filter.push_back(make_query(std::move(any)));
            out = make_query(std::move(constant), outer.boost);
        }
    }
    out.name = outer.name;
    return out;
}

query parse_range(const json& body, const query_context& context) {
    const auto& [field, value] = one_field("range", body);
    if (!value.is_object()) throw parsing_fault("[range] query does not support [" + field + "]", field);
    query outer;
    range_bounds bounds;
    json from;
    json to;
    bool include_lower = true;
    bool include_upper = true;
    for (const auto& [key, option] : value.items()) {
        if (key == "gt")
            bounds.gt = option;
        else if (key == "gte" || key == "ge")
            bounds.gte = option;
        else if (key == "lt")
            bounds.lt = option;
        else if (key == "lte" || key == "le")
            bounds.lte = option;
        else if (key == "from")
            from = option;
        else if (key == "to")
            to = option;
        else if (key == "include_lower")
            include_lower = flag_of(option, key);
        else if (key == "include_upper")
            include_upper = flag_of(option, key);
        else if (key == "format")
            bounds.format = text_of(option);
        else if (key == "time_zone")
            bounds.time_zone = text_of(option);
        else if (key == "relation")
            throw unsupported("the query parameter [relation] of range");
        else if (!common_option(outer, key, option))
            no_support("range", key);
    }
    if (!from.is_null()) (include_lower ? bounds.gte : bounds.gt) = from;
    if (!to.is_null()) (include_upper ? bounds.lte : bounds.lt) = to;
    query out = range_of(context.schema.fields.find(field), field, bounds, context);
    out.boost *= outer.boost;
    out.name = outer.name;
    return out;
}

query parse_exists(const json& body, const query_context& context) {
    object_body("exists", body);
    query out;
    std::string field;
    for (const auto& [key, value] : body.items()) {
        if (key == "field")
            field = text_of(value);
        else if (!common_option(out, key, value))
            throw parsing_fault("[exists] query does not support [" + key + "]", key);
    }
    if (field.empty()) throw parsing_fault("[exists] must be provided with a [field]", "exists");
    if (field == "_id" || field == "_index" || field == "_source" || field == "_seq_no") {
        out.node = match_all_query{};
        return out;
    }
    const mapped_field* mapped = context.schema.fields.find(field);
    std::vector<const mapped_field*> leaves;
    if (mapped != nullptr && mapped->type != field_type::object)
        leaves.push_back(mapped);
    else
        leaves = context.schema.fields.matching(field);
    if (leaves.empty())
        out.node = match_none_query{};
    else if (leaves.size() == 1)
        out.node = exists_query{leaves.front()->path};
    else {
        boolean_query any;
        for (const mapped_field* leaf : leaves) any.should.push_back(make_query(exists_query{leaf->path}));
        constant_score_query constant;
        constant.filter.push_back(make_query(std::move(any)));
        out.node = std::move(constant);
    }
    return out;
}

query parse_ids(const json& body) {
    object_body("ids", body);
    query out;
    ids_query ids;
    for (const auto& [key, value] : body.items()) {
        if (key == "values") {
            if (value.is_array())
                for (const json& one : value.elements()) ids.ids.push_back(text_of(one));
            else
                ids.ids.push_back(text_of(value));
        } else if (!common_option(out, key, value))
            throw unknown_key("ids", key);
    }
    if (!body.contains("values")) throw illegal_argument("Required [values]");
    out.node = std::move(ids);
    return out;
}

query parse_pattern(std::string_view name, const json& body, const query_context& context) {
    const auto& [field, value] = one_field(name, body);
    query outer;
    const json* text = &value;
    bool fold = false;
    match_options options;
    options.fuzziness = -1;
    if (value.is_object()) {
        text = nullptr;
        for (const auto& [key, option] : value.items()) {
            if (key == "value" || (key == "wildcard" && name == "wildcard") || (key == "prefix" && name == "prefix") ||
                (key == "term" && name == "fuzzy"))
                text = &option;
            else if (key == "case_insensitive" && name != "fuzzy")
                fold = flag_of(option, key);
            else if (name == "fuzzy" && key == "fuzziness")
                fuzziness(options, option);
            else if (name == "fuzzy" && key == "prefix_length")
                options.prefix_length = static_cast<std::uint32_t>(std::max<std::int64_t>(whole_of(option, key), 0));
            else if (name == "fuzzy" && key == "max_expansions")
                options.max_expansions = static_cast<std::uint32_t>(std::max<std::int64_t>(whole_of(option, key), 1));
            else if (name == "fuzzy" && key == "transpositions")
                options.transpositions = flag_of(option, key);
            else if (name == "regexp" && (key == "flags" || key == "max_determinized_states")) {
                if (key == "flags" && text_of(option) != "ALL") throw unsupported("the regexp flags [" + text_of(option) + "]");
            } else if (key == "rewrite") {
                if (text_of(option) != "constant_score") throw unsupported("the rewrite method [" + text_of(option) + "]");
            } else if (!common_option(outer, key, option))
                no_support(name, key);
        }
        if (text == nullptr || text->is_null()) throw illegal_argument("value cannot be null");
    } else
        for (const auto& [key, option] : body.items())
            if (key != field) common_option(outer, key, option);
    std::string pattern = text_of(*text);
    if (field == "_id" && name != "fuzzy") throw unsupported("a " + std::string(name) + " query on [_id]");
    const mapped_field* mapped = context.schema.fields.find(field);
    if (mapped == nullptr || mapped->type == field_type::object) {
        outer.node = match_none_query{};
        return outer;
    }
    if (mapped->type != field_type::text && mapped->type != field_type::keyword) {
        const std::string reason = "Can only use " + std::string(name) + " queries on keyword and text fields - not on [" + field +
                                   "] which is of type [" + std::string(to_string(mapped->type)) + "]";
        if (name != "fuzzy") throw shard_fault(context, reason);
        query_shard_fault fault = shard_fault(context, "failed to create query: " + reason);
        std::move(fault.cause).caused_by("illegal_argument_exception", reason);
        throw fault;
    }
    if (!mapped->normalizer.empty() && (name == "prefix" || name == "fuzzy"))
        pattern = context.schema.analyzers->get(mapped->normalizer).normalize(pattern);
    if (name == "prefix")
        outer.node = prefix_query{mapped->path, std::move(pattern), fold};
    else if (name == "wildcard")
        outer.node = wildcard_query{mapped->path, std::move(pattern), fold};
    else if (name == "regexp") {
        if (pattern.size() > 1000)
            throw query_shard_fault{illegal_argument(
                "The length of regex [" + std::to_string(pattern.size()) +
                "] used in the Regexp Query request has exceeded the allowed maximum of [1000]. This maximum can be set by "
                "changing the [index.max_regex_length] index level setting.")};
        outer.node = regexp_query{mapped->path, std::move(pattern), fold};
    } else
        outer.node = fuzzy_query{mapped->path,          std::move(pattern),     options.fuzziness.value_or(-1),
                                 options.prefix_length, options.max_expansions, options.transpositions,
                                 options.auto_low,      options.auto_high};
    return outer;
}

}  // namespace hem::search::embedded::detail
