#include "hem/search/embedded/search_sort.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace hem::search::embedded {

namespace {

std::string text_of(const json& value) { return value.is_string() ? value.as_string() : value.dump(); }

sort_kind kind_of(const mapped_field& field) {
    switch (field.type) {
    case field_type::keyword: return sort_kind::text;
    case field_type::date: return sort_kind::date;
    case field_type::long_integer: return sort_kind::whole;
    case field_type::byte:
    case field_type::short_integer:
    case field_type::integer:
    case field_type::boolean: return sort_kind::small_whole;
    case field_type::float_number:
    case field_type::half_float: return sort_kind::single_fraction;
    default: return sort_kind::fraction;
    }
}

sort_kind kind_of_unmapped(const std::string& type) {
    if (type == "keyword") return sort_kind::text;
    if (type == "date") return sort_kind::date;
    if (type == "double" || type == "scaled_float") return sort_kind::fraction;
    if (type == "float" || type == "half_float") return sort_kind::single_fraction;
    if (type == "long") return sort_kind::whole;
    if (type == "integer" || type == "short" || type == "byte" || type == "boolean") return sort_kind::small_whole;
    throw illegal_argument("No mapper found for type [" + type + "]");
}

bool is_whole(sort_kind kind) { return kind == sort_kind::whole || kind == sort_kind::small_whole || kind == sort_kind::date; }
bool is_fraction(sort_kind kind) { return kind == sort_kind::fraction || kind == sort_kind::single_fraction; }

double number_of(const json& value) {
    if (value.is_number()) return value.as_double();
    const std::string text = text_of(value);
    double out = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (code != std::errc() || end != text.data() + text.size() || text.empty())
        throw query_shard_fault{rest_error(400, "number_format_exception", "For input string: \"" + text + "\"")};
    return out;
}

std::int64_t whole_of(const json& value) {
    return value.kind() == json_kind::integer ? value.as_int64() : static_cast<std::int64_t>(number_of(value));
}

// A document without a value stands last, or first: does it look like the largest number?
bool missing_is_largest(const bound_key& key) { return key.key.missing_first == key.key.descending; }

bool is_missing(const sort_value& value) { return std::holds_alternative<std::monostate>(value); }

}  // namespace

std::vector<bound_key> bind_sort(const std::vector<sort_wish>& wishes, const query_context& context, bool point_in_time) {
    std::vector<bound_key> out;
    for (const sort_wish& wish : wishes) {
        bound_key made;
        made.key.descending = wish.descending;
        made.format = wish.format;
        if (wish.field == "_score") {
            made.kind = sort_kind::score;
        } else if (wish.field == "_doc" || wish.field == "_shard_doc") {
            if (wish.field == "_shard_doc" && !point_in_time)
                throw query_shard_fault{illegal_argument("[_shard_doc] sort field cannot be used without [point in time]")};
            made.key.what = sort_key::by::document;
            made.kind = wish.field == "_doc" ? sort_kind::document : sort_kind::shard_document;
        } else {
            if (wish.field == "_id" || wish.field == "_index") throw unsupported("the sort on [" + wish.field + "]");
            made.key.what = sort_key::by::field;
            made.key.field = wish.field;
            made.field = context.schema.fields.find(wish.field);
            if (made.field == nullptr || made.field->type == field_type::object) {
                if (wish.unmapped_type.empty()) throw shard_fault(context, "No mapping found for [" + wish.field + "] in order to sort on");
                made.field = nullptr;
                made.kind = kind_of_unmapped(wish.unmapped_type);
            } else {
                if (made.field->type == field_type::text)
                    throw query_shard_fault{illegal_argument(
                        "Text fields are not optimised for operations that require per-document field data like aggregations and sorting, so these operations are "
                        "disabled by default. Please use a keyword field instead. Alternatively, set fielddata=true on [" +
                        wish.field +
                        "] in order to load field data by uninverting the inverted index. Note that this can use significant memory.")};
                if (!made.field->has_column())
                    throw query_shard_fault{illegal_argument("Fielddata is not supported on field [" + wish.field + "] of type [" +
                                                             std::string(to_string(made.field->type)) + "]")};
                made.key.field = made.field->path;
                made.kind = kind_of(*made.field);
            }
            if (made.kind == sort_kind::text && (wish.mode == "sum" || wish.mode == "avg"))
                throw query_shard_fault{illegal_argument("we only support AVG, MEDIAN and SUM on number based fields")};
            if (wish.mode == "min") made.key.pick = sort_key::mode::minimum;
            if (wish.mode == "max") made.key.pick = sort_key::mode::maximum;
            if (wish.mode == "sum") made.key.pick = sort_key::mode::sum;
            if (wish.mode == "avg") made.key.pick = sort_key::mode::average;
            if (!wish.missing.is_null()) {
                const std::string text = text_of(wish.missing);
                if (text == "_first")
                    made.key.missing_first = true;
                else if (text != "_last") {
                    if (made.kind == sort_kind::text)
                        made.key.missing = text;
                    else if (made.kind == sort_kind::date && wish.missing.is_string() && made.field != nullptr)
                        made.key.missing = made.field->to_date(wish.missing);
                    else if (is_whole(made.kind))
                        made.key.missing = whole_of(wish.missing);
                    else
                        made.key.missing = number_of(wish.missing);
                }
            }
        }
        out.push_back(std::move(made));
    }
    return out;
}

void write_sort_value(json_writer& out, const sort_value& value, const bound_key& key, std::size_t shard) {
    // A missing whole number arrives as the least or largest 64-bit one; narrower types show their own.
    const auto* extreme = key.kind == sort_kind::small_whole ? std::get_if<std::int64_t>(&value) : nullptr;
    if (extreme != nullptr &&
        (*extreme == std::numeric_limits<std::int64_t>::max() || *extreme == std::numeric_limits<std::int64_t>::min())) {
        out.value(*extreme > 0 ? std::int64_t{2147483647} : std::int64_t{-2147483648});
        return;
    }
    if (is_missing(value)) {
        const bool largest = missing_is_largest(key);
        if (key.kind == sort_kind::small_whole)
            out.value(largest ? std::int64_t{2147483647} : std::int64_t{-2147483648});
        else if (is_whole(key.kind))
            out.value(largest ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min());
        else if (is_fraction(key.kind))
            out.value(largest ? "Infinity" : "-Infinity");
        else
            out.value(nullptr);
        return;
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
        out.value(*text);
        return;
    }
    if (const auto* whole = std::get_if<std::int64_t>(&value)) {
        if (key.kind == sort_kind::date && !key.format.empty())
            out.value(date_format(key.format).print(*whole));
        else if (key.kind == sort_kind::shard_document)
            out.value(static_cast<std::int64_t>(shard) << 32 | *whole);
        else if (is_fraction(key.kind))
            out.value(static_cast<double>(*whole));
        else
            out.value(*whole);
        return;
    }
    const double number = std::get<double>(value);
    if (std::isinf(number))
        out.value(number > 0 ? "Infinity" : "-Infinity");
    else if (key.kind == sort_kind::single_fraction || key.kind == sort_kind::score)
        out.value(static_cast<float>(number));
    else if (is_whole(key.kind))
        out.value(static_cast<std::int64_t>(number));
    else
        out.value(number);
}

sort_value read_sort_value(const json& value, const bound_key& key, std::size_t shard, const query_context& context) {
    if (value.is_null()) return std::monostate{};
    switch (key.kind) {
    case sort_kind::score: return number_of(value);
    case sort_kind::document: return whole_of(value);
    case sort_kind::shard_document: {
        const std::int64_t whole = whole_of(value);
        const std::int64_t at = whole >> 32;
        const auto mine = static_cast<std::int64_t>(shard);
        // Every document of an earlier index stands before, every one of a later index behind.
        if (at == mine) return whole & 0xFFFFFFFF;
        return mine < at ? std::numeric_limits<std::int64_t>::max() : std::int64_t{-1};
    }
    case sort_kind::text: return text_of(value);
    case sort_kind::fraction:
    case sort_kind::single_fraction: {
        if (value.is_string() && (value.as_string() == "Infinity" || value.as_string() == "-Infinity")) return std::monostate{};
        const double number = number_of(value);
        return key.kind == sort_kind::single_fraction ? static_cast<double>(static_cast<float>(number)) : number;
    }
    case sort_kind::date:
    case sort_kind::whole:
    case sort_kind::small_whole: {
        std::int64_t whole = 0;
        if (key.kind == sort_kind::date && value.is_string()) {
            try {
                whole = parse_date_math(value.as_string(),
                                        key.format.empty() ? (key.field != nullptr ? key.field->format : date_format())
                                                           : date_format(key.format),
                                        context.now_ms, date_rounding::down);
            } catch (const date_math_fault& fault) {
                throw query_shard_fault{rest_error(400, "parse_exception", fault.reason)};
            }
        } else
            whole = whole_of(value);
        const std::int64_t largest = key.kind == sort_kind::small_whole ? 2147483647 : std::numeric_limits<std::int64_t>::max();
        const std::int64_t least = key.kind == sort_kind::small_whole ? -2147483648 : std::numeric_limits<std::int64_t>::min();
        if (!key.key.missing && whole == (missing_is_largest(key) ? largest : least)) return std::monostate{};
        return whole;
    }
    }
    return std::monostate{};
}

int compare_sort_values(const std::vector<sort_value>& a, const std::vector<sort_value>& b, const std::vector<bound_key>& keys) {
    for (std::size_t i = 0; i < keys.size() && i < a.size() && i < b.size(); ++i) {
        if (keys[i].kind == sort_kind::document || keys[i].kind == sort_kind::shard_document) continue;  // index order decides
        if (is_missing(a[i]) || is_missing(b[i])) {
            if (is_missing(a[i]) && is_missing(b[i])) continue;
            return is_missing(a[i]) == keys[i].key.missing_first ? -1 : 1;
        }
        int way = 0;
        if (std::holds_alternative<std::string>(a[i]) && std::holds_alternative<std::string>(b[i]))
            way = std::get<std::string>(a[i]).compare(std::get<std::string>(b[i]));
        else {
            const auto number = [](const sort_value& value) {
                return std::holds_alternative<std::int64_t>(value) ? static_cast<double>(std::get<std::int64_t>(value))
                       : std::holds_alternative<double>(value)     ? std::get<double>(value)
                                                                   : 0.0;
            };
            if (std::holds_alternative<std::int64_t>(a[i]) && std::holds_alternative<std::int64_t>(b[i])) {
                const auto left = std::get<std::int64_t>(a[i]);
                const auto right = std::get<std::int64_t>(b[i]);
                way = left < right ? -1 : left > right;
            } else
                way = number(a[i]) < number(b[i]) ? -1 : number(a[i]) > number(b[i]);
        }
        const bool descending = keys[i].key.descending;
        if (way != 0) return (way < 0) == !descending ? -1 : 1;
    }
    return 0;
}

}  // namespace hem::search::embedded
