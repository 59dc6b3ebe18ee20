#include "hem/search/embedded/query_parse.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace hem::search::embedded {

namespace {

std::string text_of(const json& value) { return value.is_string() ? value.as_string() : value.dump(); }

std::string_view token_name(const json& value) {
    if (value.is_object()) return "START_OBJECT";
    if (value.is_array()) return "START_ARRAY";
    if (value.is_string()) return "VALUE_STRING";
    if (value.is_number()) return "VALUE_NUMBER";
    if (value.is_bool()) return "VALUE_BOOLEAN";
    return "VALUE_NULL";
}

float float_of(const json& value, std::string_view key) {
    if (value.is_number()) return static_cast<float>(value.as_double());
    if (value.is_string()) {
        float out = 0;
        const std::string& text = value.as_string();
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
        if (code == std::errc() && end == text.data() + text.size() && !text.empty()) return out;
    }
    throw parsing_fault("Failed to parse value [" + text_of(value) + "] of [" + std::string(key) + "] as a number", key);
}

std::int64_t whole_of(const json& value, std::string_view key) {
    if (value.is_number()) return static_cast<std::int64_t>(value.as_double());
    if (value.is_string()) {
        std::int64_t out = 0;
        const std::string& text = value.as_string();
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
        if (code == std::errc() && end == text.data() + text.size() && !text.empty()) return out;
    }
    throw parsing_fault("Failed to parse value [" + text_of(value) + "] of [" + std::string(key) + "] as a number", key);
}

bool flag_of(const json& value, std::string_view key) {
    if (value.is_bool()) return value.as_bool();
    if (value.is_string() && (value.as_string() == "true" || value.as_string() == "false")) return value.as_string() == "true";
    throw parsing_fault(
        "Failed to parse value [" + text_of(value) + "] of [" + std::string(key) + "] as only [true] or [false] are allowed.", key);
}

[[noreturn]] void no_support(std::string_view query, const std::string& key) {
    throw parsing_fault("[" + std::string(query) + "] query does not support [" + key + "]", key);
}

// What every query takes; true when `key` was one of them.
bool common_option(query& out, const std::string& key, const json& value) {
    if (key == "boost") {
        out.boost = float_of(value, key);
        if (out.boost < 0)
            throw illegal_argument("negative [boost] are not allowed in [" + text_of(value) + "], use a value between 0 and 1 to deboost");
        return true;
    }
    if (key == "_name") {
        out.name = text_of(value);
        return true;
    }
    return false;
}

const json& object_body(std::string_view name, const json& body) {
    if (!body.is_object()) throw parsing_fault("[" + std::string(name) + "] query malformed, no start_object after query name", name);
    return body;
}

// {"field": value} or {"field": {...}}: the one field and what stands under it.
const json::member& one_field(std::string_view name, const json& body) {
    object_body(name, body);
    const json::member* found = nullptr;
    for (const json::member& one : body.items()) {
        if (one.first == "boost" || one.first == "_name") {
            if (!one.second.is_object()) continue;
        }
        if (found != nullptr)
            throw parsing_fault("[" + std::string(name) + "] query doesn't support multiple fields, found [" + found->first + "] and [" +
                                    one.first + "]",
                                one.first);
        found = &one;
    }
    if (found == nullptr) throw illegal_argument("field name is null or empty");
    return *found;
}

class converter : public value_converter {
public:
    converter(const query_context& context, bool lenient) : context_(context), lenient_(lenient) {}
    std::optional<query> exact(const field_spec& field, std::string_view text) const override {
        try {
            return term_of(context_.schema.fields.find(field.name), field.name, json(text), context_);
        } catch (const query_shard_fault&) {
            if (lenient_) return std::nullopt;
            throw;
        }
    }

private:
    const query_context& context_;
    bool lenient_;
};

const field_plan& plan_of(const query_context& context) {
    static const field_plan none = [] {
        field_plan out;
        out.analyzers = std::make_shared<analyzer_registry>();
        return out;
    }();
    return context.view ? context.view->plan() : none;
}

void fuzziness(match_options& into, const json& value) {
    const std::string text = text_of(value);
    if (text.starts_with("AUTO") || text.starts_with("auto")) {
        into.fuzziness = -1;
        if (text.size() > 4) {
            int low = 0;
            int high = 0;
            const char* end = text.data() + text.size();
            const auto first =
                text[4] == ':' ? std::from_chars(text.data() + 5, end, low) : std::from_chars_result{end, std::errc::invalid_argument};
            if (first.ec != std::errc() || first.ptr == end || *first.ptr != ',' || std::from_chars(first.ptr + 1, end, high).ptr != end)
                throw rest_error(400, "parse_exception", "failed to find low and high distance values");
            into.auto_low = low;
            into.auto_high = high;
        }
        return;
    }
    float edits = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), edits);
    if (code != std::errc() || end != text.data() + text.size() || edits < 0 || edits > 2)
        throw illegal_argument("Valid edit distances are [0, 1, 2] but was [" + text + "]");
    into.fuzziness = static_cast<int>(edits);
}

// The options that match and multi_match share. False: not one of them.
bool match_option(match_options& into, const std::string& key, const json& value, const query_context& context, bool& lenient) {
    if (key == "operator") {
        const std::string text = text_of(value);
        if (text != "and" && text != "or" && text != "AND" && text != "OR" && text != "And" && text != "Or")
            throw illegal_argument("No enum constant org.opensearch.index.query.Operator." + text);
        into.all_terms = text[0] == 'a' || text[0] == 'A';
    } else if (key == "minimum_should_match")
        into.minimum_should_match = text_of(value);
    else if (key == "analyzer") {
        into.with = context.schema.analyzers->find(text_of(value));
        if (into.with == nullptr)
            throw query_shard_fault{rest_error(400, "query_shard_exception", "[match] analyzer [" + text_of(value) + "] not found")
                                        .with("index", context.index)
                                        .with("index_uuid", context.uuid)};
    } else if (key == "fuzziness")
        fuzziness(into, value);
    else if (key == "prefix_length")
        into.prefix_length = static_cast<std::uint32_t>(std::max<std::int64_t>(whole_of(value, key), 0));
    else if (key == "max_expansions") {
        const std::int64_t most = whole_of(value, key);
        if (most <= 0) throw illegal_argument("[match] requires maxExpansions to be positive.");
        into.max_expansions = static_cast<std::uint32_t>(most);
    } else if (key == "fuzzy_transpositions")
        into.transpositions = flag_of(value, key);
    else if (key == "lenient")
        lenient = flag_of(value, key);
    else if (key == "zero_terms_query") {
        const std::string text = text_of(value);
        if (text != "all" && text != "none" && text != "ALL" && text != "NONE")
            throw parsing_fault("Unsupported zero_terms_query value [" + text + "]", key);
        into.zero_terms_all = text[0] == 'a' || text[0] == 'A';
    } else if (key == "slop") {
        const std::int64_t slop = whole_of(value, key);
        if (slop < 0) throw illegal_argument("No negative slop allowed.");
        into.slop = static_cast<std::uint32_t>(slop);
    } else if (key == "auto_generate_synonyms_phrase_query") {
        if (!flag_of(value, key)) throw unsupported("the query parameter [" + key + "]");
    } else if (key == "fuzzy_rewrite" || key == "cutoff_frequency" || key == "rewrite")
        throw unsupported("the query parameter [" + key + "]");
    else
        return false;
    return true;
}

query parse_match(std::string_view name, match_kind kind, const json& body, const query_context& context) {
    const auto& [field, value] = one_field(name, body);
    query outer;
    match_options options;
    bool lenient = false;
    const json* text = &value;
    if (value.is_object()) {
        text = nullptr;
        for (const auto& [key, option] : value.items()) {
            if (key == "query") {
                text = &option;
                continue;
            }
            if (common_option(outer, key, option)) continue;
            const bool slop = key == "slop" && kind == match_kind::terms;
            const bool terms_only = (key == "operator" || key == "fuzziness" || key == "prefix_length" || key == "fuzzy_transpositions" ||
                                     key == "minimum_should_match" || key == "lenient") &&
                                    (kind == match_kind::phrase || kind == match_kind::phrase_prefix);
            if (slop || terms_only || !match_option(options, key, option, context, lenient)) no_support(name, key);
        }
        if (text == nullptr) throw parsing_fault("No text specified for text query", field);
    } else if (value.is_array())
        throw parsing_fault("unknown token [START_ARRAY] after [" + field + "]", field);
    if (text->is_null() || text->is_object() || text->is_array()) {
        if (text->is_null()) throw illegal_argument("[" + std::string(name) + "] requires query value");
        throw parsing_fault("[" + std::string(name) + "] unknown token [" + std::string(token_name(*text)) + "] after [query]", field);
    }
    const mapped_field* mapped = context.schema.fields.find(field);
    options.boost = outer.boost;
    query out;
    if (mapped != nullptr && mapped->type != field_type::text && mapped->type != field_type::keyword) {
        if (kind == match_kind::phrase_prefix || kind == match_kind::bool_prefix)
            throw shard_fault(context, "Can only use phrase prefix queries on text fields - not on [" + field + "] which is of type [" +
                                           std::string(to_string(mapped->type)) + "]");
        try {
            out = term_of(mapped, field, *text, context);
            out.boost *= options.boost;
        } catch (const query_shard_fault&) {
            if (!lenient) throw;
            out = make_query(match_none_query{});
        }
    } else {
        const converter convert(context, lenient);
        out = mapped == nullptr ? make_query(match_none_query{})
                                : make_match(plan_of(context), mapped->path, text_of(*text), kind, options, &convert);
    }
    out.name = outer.name;
    return out;
}

query parse_multi_match(const json& body, const query_context& context) {
    object_body("multi_match", body);
    query outer;
    match_options options;
    std::vector<std::string> names;
    multi_match_type type = multi_match_type::best_fields;
    std::optional<float> tie;
    bool lenient = false;
    const json* text = nullptr;
    for (const auto& [key, value] : body.items()) {
        if (key == "query")
            text = &value;
        else if (key == "fields") {
            if (value.is_string())
                names.push_back(value.as_string());
            else if (value.is_array())
                for (const json& one : value.elements()) names.push_back(text_of(one));
            else
                throw parsing_fault("[multi_match] query does not support [fields]", key);
        } else if (key == "type") {
            static constexpr std::pair<std::string_view, multi_match_type> types[]{
                {"best_fields", multi_match_type::best_fields},     {"most_fields", multi_match_type::most_fields},
                {"cross_fields", multi_match_type::cross_fields},   {"phrase", multi_match_type::phrase},
                {"phrase_prefix", multi_match_type::phrase_prefix}, {"bool_prefix", multi_match_type::bool_prefix}};
            const auto* known =
                std::find_if(std::begin(types), std::end(types), [&](const auto& one) { return one.first == text_of(value); });
            if (known == std::end(types))
                throw rest_error(400, "parse_exception",
                                 "failed to parse [multi_match] query type [" + text_of(value) + "]. unknown type.");
            type = known->second;
        } else if (key == "tie_breaker")
            tie = float_of(value, key);
        else if (!common_option(outer, key, value) && !match_option(options, key, value, context, lenient))
            throw parsing_fault("[multi_match] query does not support [" + key + "]", key);
    }
    if (text == nullptr) throw parsing_fault("No text specified for multi_match query", "multi_match");
    options.boost = outer.boost;
    std::vector<weighted_field> fields = names.empty() ? default_fields(context, lenient) : expand_fields(names, context);
    if (type == multi_match_type::phrase || type == multi_match_type::phrase_prefix || type == multi_match_type::bool_prefix)
        if (options.fuzziness && type != multi_match_type::bool_prefix)
            throw parsing_fault("Fuzziness not allowed for type [" +
                                    std::string(type == multi_match_type::phrase ? "phrase" : "phrase_prefix") + "]",
                                "fuzziness");
    const converter convert(context, lenient);
    query out = context.view ? make_multi_match(context.view, fields, text_of(*text), type, tie, options, &convert)
                             : make_query(match_none_query{});
    out.name = outer.name;
    return out;
}

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
            throw content_fault("ids", "unknown field [" + key + "]", key);
    }
    if (!body.contains("values")) throw illegal_argument("Required [values]");
    out.node = std::move(ids);
    return out;
}

// prefix, wildcard, regexp and fuzzy: one field, a text, some options.
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
    if (mapped->type != field_type::text && mapped->type != field_type::keyword)
        throw shard_fault(context, "Can only use " + std::string(name) + " queries on keyword, text and wildcard fields - not on [" +
                                       field + "] which is of type [" + std::string(to_string(mapped->type)) + "]");
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
            if (value.is_object())
                into->push_back(parse_query(value, context));
            else if (value.is_array())
                for (const json& one : value.elements()) into->push_back(parse_query(one, context));
            else
                throw content_fault("bool", "failed to parse field [" + key + "]", key, true);
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

query parse_string_query(bool simple, const json& body, const query_context& context) {
    const std::string_view name = simple ? "simple_query_string" : "query_string";
    object_body(name, body);
    query outer;
    query_string_options options;
    options.simple = simple;
    std::vector<std::string> names;
    const json* text = nullptr;
    for (const auto& [key, value] : body.items()) {
        if (key == "query")
            text = &value;
        else if (key == "fields" && value.is_array())
            for (const json& one : value.elements()) names.push_back(text_of(one));
        else if (key == "default_field" && !simple)
            names.push_back(text_of(value));
        else if (key == "default_operator") {
            const std::string word = text_of(value);
            if (word != "and" && word != "or" && word != "AND" && word != "OR")
                throw illegal_argument("No enum constant org.opensearch.index.query.Operator." + word);
            options.all_terms = word[0] == 'a' || word[0] == 'A';
        } else if (key == "lenient")
            options.lenient = flag_of(value, key);
        else if (key == "analyzer") {
            options.with = context.schema.analyzers->find(text_of(value));
            if (options.with == nullptr)
                throw shard_fault(context, "[" + std::string(name) + "] analyzer [" + text_of(value) + "] not found");
        } else if (key == "phrase_slop" && !simple)
            options.phrase_slop = static_cast<std::uint32_t>(std::max<std::int64_t>(whole_of(value, key), 0));
        else if (key == "allow_leading_wildcard" && !simple)
            options.allow_leading_wildcard = flag_of(value, key);
        else if (key == "minimum_should_match")
            options.minimum_should_match = text_of(value);
        else if (!common_option(outer, key, value)) {
            static constexpr std::array<std::string_view, 17> known{"flags",
                                                                    "analyze_wildcard",
                                                                    "fuzziness",
                                                                    "fuzzy_prefix_length",
                                                                    "fuzzy_max_expansions",
                                                                    "fuzzy_transpositions",
                                                                    "type",
                                                                    "tie_breaker",
                                                                    "quote_field_suffix",
                                                                    "quote_analyzer",
                                                                    "time_zone",
                                                                    "rewrite",
                                                                    "escape",
                                                                    "enable_position_increments",
                                                                    "auto_generate_synonyms_phrase_query",
                                                                    "max_determinized_states",
                                                                    "fuzzy_rewrite"};
            if (std::find(known.begin(), known.end(), key) != known.end())
                throw unsupported("the " + std::string(name) + " parameter [" + key + "]");
            throw parsing_fault("[" + std::string(name) + "] query does not support [" + key + "]", key);
        }
    }
    if (text == nullptr) throw parsing_fault("[" + std::string(name) + "] must be provided with a [query]", name);
    if (names.empty() || (names.size() == 1 && names.front() == "*"))
        options.fields = default_fields(context, options.lenient);
    else
        options.fields = expand_fields(names, context);
    query out = parse_query_string(text_of(*text), options, context);
    out.boost *= outer.boost;
    out.name = outer.name;
    return out;
}

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
            if (!common_option(out, key, option)) throw content_fault(name, "unknown field [" + key + "]", key);
        if (name == "match_none") out.node = match_none_query{};
        return out;
    }
    if (std::find(cluster_queries.begin(), cluster_queries.end(), name) != cluster_queries.end())
        throw unsupported("the query [" + name + "]");
    throw parsing_fault("unknown query [" + name + "]" + did_you_mean(name, engine_queries), name)
        .caused_by("named_object_not_found_exception", "[@] unknown field [" + name + "]");
}

}  // namespace hem::search::embedded
