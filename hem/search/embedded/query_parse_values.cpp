// Exact values and ranges: JSON scalars to what a field's column or postings hold.
#include "hem/search/embedded/query_parse.hpp"

#include <charconv>
#include <cmath>
#include <limits>

namespace hem::search::embedded {

namespace {

std::string text_of(const json& value) { return value.is_string() ? value.as_string() : value.dump(); }

query_shard_fault create_fault(const query_context& context, const std::string& type, const std::string& reason) {
    return {rest_error(400, "query_shard_exception", "failed to create query: " + reason)
                .with("index", context.index)
                .with("index_uuid", context.uuid)
                .caused_by(type, reason)};
}

std::int64_t date_of(const mapped_field& field, const json& value, const query_context& context, date_rounding rounding,
                     const std::string& format, const std::string& zone_name) {
    time_zone zone;
    if (!zone_name.empty()) {
        const auto found = time_zone::find(zone_name);
        if (!found) throw create_fault(context, "illegal_argument_exception", "Unknown time-zone ID: " + zone_name);
        zone = *found;
    }
    const std::string text = text_of(value);
    try {
        if (format.empty()) return parse_date_math(text, field.format, context.now_ms, rounding, zone);
        return parse_date_math(text, date_format(format), context.now_ms, rounding, zone);
    } catch (const date_math_fault& fault) {
        if (!fault.reason.starts_with("failed to parse date field")) throw create_fault(context, "parse_exception", fault.reason);
        query_shard_fault unread = create_fault(context, "parse_exception", fault.reason + ": [" + fault.reason + "]");
        std::move(unread.cause)
            .caused_by("illegal_argument_exception", fault.reason)
            .caused_by("date_time_parse_exception", "Failed to parse with all enclosed parsers")
            .root_is_cause();
        throw unread;
    } catch (const std::invalid_argument& fault) {
        throw create_fault(context, "illegal_argument_exception", fault.what());
    }
}

double number_of(const json& value, const query_context& context) {
    if (value.is_number()) return value.as_double();
    const std::string text = text_of(value);
    double out = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (code != std::errc() || end != text.data() + text.size() || text.empty())
        throw create_fault(context, "number_format_exception",
                           value.is_string() && text.empty() ? "empty String" : "For input string: \"" + text + "\"");
    return out;
}

// The whole number that `value` is, exactly; nullopt with `number` set when it has a fraction or does not fit.
std::optional<std::int64_t> whole_number(const json& value, const query_context& context, double& number) {
    if (value.kind() == json_kind::integer) return value.as_int64();
    if (value.is_string()) {
        const std::string& text = value.as_string();
        std::int64_t whole = 0;
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), whole);
        if (code == std::errc() && end == text.data() + text.size() && !text.empty()) return whole;
    }
    number = number_of(value, context);
    if (std::trunc(number) == number && std::fabs(number) < 9.2e18) return static_cast<std::int64_t>(number);
    return std::nullopt;
}

std::string normalized(const mapped_field& field, std::string text, const query_context& context) {
    return field.normalizer.empty() ? text : context.schema.analyzers->get(field.normalizer).normalize(text);
}

}  // namespace

query term_of(const mapped_field* field, std::string_view path, const json& value, const query_context& context) {
    if (path == "_id") return make_query(ids_query{{text_of(value)}});
    if (path == "_index")
        return simple_match(text_of(value), context.index) ? make_query(match_all_query{}) : make_query(match_none_query{});
    if (field == nullptr || field->type == field_type::object || field->type == field_type::binary) return make_query(match_none_query{});
    if (!field->indexed && !field->has_column())
        throw shard_fault(context, "failed to create query: Cannot search on field [" + field->path + "] since it is not indexed.");
    switch (field->type) {
    case field_type::text: return make_query(term_query{field->path, text_of(value)});
    case field_type::keyword: return make_query(term_query{field->path, normalized(*field, text_of(value), context)});
    case field_type::boolean: {
        const std::string text = text_of(value);
        if (text != "true" && text != "false" && !text.empty())
            throw create_fault(context, "illegal_argument_exception",
                               "Can't parse boolean value [" + text + "], expected [true] or [false]");
        return make_query(term_query{field->path, std::int64_t{text == "true"}});
    }
    case field_type::date: {
        const std::int64_t from = date_of(*field, value, context, date_rounding::down, {}, {});
        const std::int64_t to = date_of(*field, value, context, date_rounding::up, {}, {});
        range_query range{field->path, range_query::bound{from, true}, range_query::bound{to, true}};
        return make_query(std::move(range));
    }
    case field_type::half_float:
    case field_type::float_number:
    case field_type::double_number:
    case field_type::scaled_float: return make_query(term_query{field->path, field->rounded(number_of(value, context))});
    default: {
        double number = 0;
        const auto whole = whole_number(value, context, number);
        if (!whole) return make_query(match_none_query{});
        return make_query(term_query{field->path, *whole});
    }
    }
}

query range_of(const mapped_field* field, std::string_view path, const range_bounds& bounds, const query_context& context) {
    if (path == "_id" || path == "_index") throw unsupported("a range on [" + std::string(path) + "]");
    if (field == nullptr || field->type == field_type::object || field->type == field_type::binary) return make_query(match_none_query{});
    range_query out;
    out.field = field->path;
    if (field->type == field_type::date) {
        const auto at = [&](const json& value, date_rounding rounding) {
            return date_of(*field, value, context, rounding, bounds.format, bounds.time_zone);
        };
        if (!bounds.gt.is_null()) out.from = {at(bounds.gt, date_rounding::up), false};
        if (!bounds.gte.is_null()) out.from = {at(bounds.gte, date_rounding::down), true};
        if (!bounds.lt.is_null()) out.to = {at(bounds.lt, date_rounding::down), false};
        if (!bounds.lte.is_null()) out.to = {at(bounds.lte, date_rounding::up), true};
        return make_query(std::move(out));
    }
    if (!bounds.format.empty())
        throw create_fault(context, "illegal_argument_exception",
                           "Field [" + field->path + "] of type [" + std::string(to_string(field->type)) +
                               "] doesn't support formatting of range bounds");
    if (!bounds.time_zone.empty())
        throw create_fault(context, "illegal_argument_exception",
                           "Field [" + field->path + "] of type [" + std::string(to_string(field->type)) +
                               "] does not support custom time zones");
    if (field->type == field_type::text || field->type == field_type::keyword) {
        const auto at = [&](const json& value) { return normalized(*field, text_of(value), context); };
        if (!bounds.gt.is_null()) out.from = {at(bounds.gt), false};
        if (!bounds.gte.is_null()) out.from = {at(bounds.gte), true};
        if (!bounds.lt.is_null()) out.to = {at(bounds.lt), false};
        if (!bounds.lte.is_null()) out.to = {at(bounds.lte), true};
        return make_query(std::move(out));
    }
    if (is_fraction(field->type)) {
        // The bound moves to the nearest number of the type; an open bound that moved outwards stays open at its neighbour.
        const auto at = [&](const json& value, bool inclusive) {
            const double exact = number_of(value, context);
            return range_query::bound{field->type == field_type::scaled_float ? exact : field->rounded(exact), inclusive};
        };
        if (!bounds.gt.is_null()) out.from = at(bounds.gt, false);
        if (!bounds.gte.is_null()) out.from = at(bounds.gte, true);
        if (!bounds.lt.is_null()) out.to = at(bounds.lt, false);
        if (!bounds.lte.is_null()) out.to = at(bounds.lte, true);
        return make_query(std::move(out));
    }
    if (field->type == field_type::boolean) {
        const auto at = [&](const json& value) {
            const std::string text = text_of(value);
            if (text != "true" && text != "false")
                throw create_fault(context, "illegal_argument_exception",
                                   "Can't parse boolean value [" + text + "], expected [true] or [false]");
            return std::int64_t{text == "true"};
        };
        if (!bounds.gt.is_null()) out.from = {at(bounds.gt), false};
        if (!bounds.gte.is_null()) out.from = {at(bounds.gte), true};
        if (!bounds.lt.is_null()) out.to = {at(bounds.lt), false};
        if (!bounds.lte.is_null()) out.to = {at(bounds.lte), true};
        return make_query(std::move(out));
    }
    // A fraction bounds whole numbers at the next one inside.
    const auto lower = [&](const json& value, bool inclusive) {
        double number = 0;
        if (const auto whole = whole_number(value, context, number)) return range_query::bound{*whole, inclusive};
        if (number > 9.2e18) return range_query::bound{std::numeric_limits<std::int64_t>::max(), false};
        if (number < -9.2e18) return range_query::bound{std::numeric_limits<std::int64_t>::min(), true};
        return range_query::bound{static_cast<std::int64_t>(std::ceil(number)), true};
    };
    const auto upper = [&](const json& value, bool inclusive) {
        double number = 0;
        if (const auto whole = whole_number(value, context, number)) return range_query::bound{*whole, inclusive};
        if (number > 9.2e18) return range_query::bound{std::numeric_limits<std::int64_t>::max(), true};
        if (number < -9.2e18) return range_query::bound{std::numeric_limits<std::int64_t>::min(), false};
        return range_query::bound{static_cast<std::int64_t>(std::floor(number)), true};
    };
    if (!bounds.gt.is_null()) out.from = lower(bounds.gt, false);
    if (!bounds.gte.is_null()) out.from = lower(bounds.gte, true);
    if (!bounds.lt.is_null()) out.to = upper(bounds.lt, false);
    if (!bounds.lte.is_null()) out.to = upper(bounds.lte, true);
    return make_query(std::move(out));
}

}  // namespace hem::search::embedded
