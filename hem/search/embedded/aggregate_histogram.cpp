// Histograms and ranges: buckets by number, over whole numbers, fractions and dates.
#include "hem/search/embedded/aggregate_detail.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

namespace hem::search::embedded::detail {

namespace {

std::string text_of(const json& value) { return value.is_string() ? value.as_string() : value.dump(); }

constexpr std::int64_t ms_day = 86'400'000;

// Buckets by start; documents are kept only when there are children.
struct histogram_buckets {
    struct one {
        std::int64_t count = 0;
        std::vector<agg_shard> documents;
    };
    std::map<double, one> by_key;
};

struct order_choice {
    std::string path = "_key";
    bool descending = false;
};

order_choice order_of(const json& options) {
    order_choice out;
    const json* order = options.find("order");
    if (order == nullptr) return out;
    if (order->is_array() && order->size() == 1) order = &order->elements().front();
    if (!order->is_object() || order->size() != 1) throw unsupported("a histogram ordered by several keys");
    out.path = order->items().front().first;
    const std::string direction = text_of(order->items().front().second);
    if (direction != "asc" && direction != "desc") throw parsing_fault("Unknown order direction [" + direction + "]", "order");
    out.descending = direction == "desc";
    return out;
}

void sort_buckets(std::vector<json>& buckets, const order_choice& order) {
    if (order.path == "_key" || order.path == "_time") {
        if (order.descending) std::reverse(buckets.begin(), buckets.end());
        return;
    }
    sort_stably(buckets, [&](const json& a, const json& b) {
        const auto left = order.path == "_count" ? std::optional(a["doc_count"].as_double()) : number_at(a, order.path);
        const auto right = order.path == "_count" ? std::optional(b["doc_count"].as_double()) : number_at(b, order.path);
        if (left.has_value() != right.has_value()) return left.has_value();
        if (!left || *left == *right) return false;
        return order.descending ? *left > *right : *left < *right;
    });
}

json finish(std::vector<json>& buckets, bool keyed, const std::function<std::string(const json&)>& name) {
    json out = keyed ? json::object() : json::array();
    for (json& bucket : buckets) {
        if (keyed) {
            std::string key = name(bucket);
            out.append_member(std::move(key), std::move(bucket));
        } else
            out.push_back(std::move(bucket));
    }
    return json::object({{"buckets", std::move(out)}});
}

// Counts by key; `key_of` gives the bucket's start.
template <class KeyOf>
void collect(histogram_buckets& into, const std::vector<agg_shard>& over, const agg_field& field, std::optional<double> missing,
             bool documents, KeyOf key_of) {
    for (std::size_t s = 0; s < over.size(); ++s) {
        const column_view* column = field.columns[s];
        histogram_buckets::one* last = nullptr;
        double last_key = 0;
        over[s].for_each([&](docno document) {
            histogram_buckets::one* previous = nullptr;
            const auto add = [&](double value) {
                const std::optional<double> key = key_of(value);
                if (!key) return;
                if (last == nullptr || last_key != *key) {
                    last = &into.by_key[*key];
                    last_key = *key;
                }
                if (last == previous) return;  // once per document
                previous = last;
                ++last->count;
                if (!documents) return;
                if (last->documents.empty()) last->documents = no_documents(over);
                last->documents[s].documents.push_back(document);
            };
            if (column != nullptr && column->value_count(document) > 0)
                each_number(*column, document, add);
            else if (missing)
                add(*missing);
        });
    }
}

}  // namespace

json run_date_histogram(const aggregation& wanted, const std::vector<agg_shard>& over, agg_context& context) {
    const json& options = wanted.options;
    const agg_field field = field_of(wanted, over, false);
    std::optional<date_interval> interval;
    if (options.contains("calendar_interval"))
        interval = date_interval::parse_calendar(text_of(options["calendar_interval"]));
    else if (options.contains("fixed_interval"))
        interval = date_interval::parse_fixed(text_of(options["fixed_interval"]));
    else if (options.contains("interval")) {
        const std::string text = text_of(options["interval"]);
        interval = date_interval::parse_calendar(text);
        if (!interval) interval = date_interval::parse_fixed(text);
    }
    if (!interval) throw illegal_argument("Invalid interval specified, must be non-null and non-empty");
    time_zone zone;
    if (const std::string name = text_option(options, "time_zone"); !name.empty()) {
        const auto found = time_zone::find(name);
        if (!found) throw illegal_argument("Unknown time-zone ID: " + name);
        zone = *found;
    }
    std::int64_t offset = 0;
    if (const json& value = options["offset"]; !value.is_null()) {
        std::string text = text_of(value);
        const bool negative = text.starts_with('-');
        if (negative || text.starts_with('+')) text.erase(0, 1);
        const auto ms = value.is_number() ? std::optional(static_cast<std::int64_t>(std::fabs(value.as_double()))) : parse_time_value(text);
        if (!ms)
            throw illegal_argument("failed to parse setting [date_histogram.offset] with value [" + text +
                                   "] as a time value: unit is missing or unrecognized");
        offset = negative ? -*ms : *ms;
    }
    date_format format;
    if (const std::string spec = text_option(options, "format"); !spec.empty()) {
        try {
            format = date_format(spec);
        } catch (const std::invalid_argument& fault) {
            throw illegal_argument(fault.what());
        }
    } else if (field.date())
        format = field.mapped->format;
    const auto instant = [&](const json& value, date_rounding rounding) {
        if (value.is_number()) return static_cast<std::int64_t>(value.as_double());
        try {
            return parse_date_math(text_of(value), format, context.now_ms, rounding, zone);
        } catch (const date_math_fault& fault) {
            throw illegal_argument(fault.reason);
        }
    };
    std::optional<double> missing;
    if (options.contains("missing")) missing = static_cast<double>(instant(options["missing"], date_rounding::down));
    std::optional<std::int64_t> hard_min;
    std::optional<std::int64_t> hard_max;
    if (const json& bounds = options["hard_bounds"]; bounds.is_object()) {
        if (!bounds["min"].is_null()) hard_min = instant(bounds["min"], date_rounding::down);
        if (!bounds["max"].is_null()) hard_max = instant(bounds["max"], date_rounding::down);
    }
    // Calendar units from a day up begin on whole UTC days: a table by day instead of calendar arithmetic per value.
    const bool by_day =
        zone.is_utc() && interval->calendar >= date_interval::unit::day && interval->calendar != date_interval::unit::fixed && offset == 0;
    constexpr std::int64_t first_day = -36'500;
    std::vector<std::int64_t> starts;
    const auto start_of = [&](std::int64_t ms) {
        if (by_day) {
            const std::int64_t day = ms >= 0 ? ms / ms_day : -((-ms + ms_day - 1) / ms_day);
            const std::int64_t slot = day - first_day;
            if (slot >= 0 && slot < 2 * -first_day) {
                if (starts.empty()) starts.assign(static_cast<std::size_t>(2 * -first_day), INT64_MIN);
                std::int64_t& start = starts[static_cast<std::size_t>(slot)];
                if (start == INT64_MIN) start = interval->floor(ms, zone);
                return start;
            }
        }
        return interval->floor(ms - offset, zone) + offset;
    };
    histogram_buckets found;
    collect(found, over, field, missing, !wanted.children.empty(), [&](double value) -> std::optional<double> {
        const auto ms = static_cast<std::int64_t>(value);
        const std::int64_t start = start_of(ms);
        if ((hard_min && start < start_of(*hard_min)) || (hard_max && ms > *hard_max)) return std::nullopt;
        return static_cast<double>(start);
    });
    const std::int64_t least = whole_option(options, "min_doc_count", 0);
    if (least == 0) {
        std::optional<std::int64_t> first;
        std::optional<std::int64_t> last;
        if (!found.by_key.empty()) {
            first = static_cast<std::int64_t>(found.by_key.begin()->first);
            last = static_cast<std::int64_t>(found.by_key.rbegin()->first);
        }
        if (const json& bounds = options["extended_bounds"]; bounds.is_object()) {
            if (!bounds["min"].is_null()) {
                const std::int64_t least_start = start_of(instant(bounds["min"], date_rounding::down));
                first = first ? std::min(*first, least_start) : least_start;
            }
            if (!bounds["max"].is_null()) {
                const std::int64_t most_start = start_of(instant(bounds["max"], date_rounding::down));
                last = last ? std::max(*last, most_start) : most_start;
            }
            if (!first && last) first = last;
            if (first && !last) last = first;
        }
        if (first && last)
            for (std::int64_t at = *first; at <= *last; at = interval->next(at - offset, zone) + offset) {
                found.by_key.try_emplace(static_cast<double>(at));
                if (found.by_key.size() > max_buckets) count_bucket(context, found.by_key.size());
            }
    }
    std::vector<json> buckets;
    const bool keyed = flag_option(options, "keyed", false);
    for (auto& [key, one] : found.by_key) {
        if (one.count < least) continue;
        count_bucket(context);
        json bucket = json::object();
        const auto ms = static_cast<std::int64_t>(key);
        bucket.append_member("key_as_string", format.print(ms, zone));
        bucket.append_member("key", ms);
        bucket.append_member("doc_count", one.count);
        if (!wanted.children.empty()) run_children(bucket, wanted, one.documents.empty() ? no_documents(over) : one.documents, context);
        buckets.push_back(std::move(bucket));
    }
    sort_buckets(buckets, order_of(options));
    return finish(buckets, keyed, [](const json& bucket) { return bucket["key_as_string"].as_string(); });
}

json run_histogram(const aggregation& wanted, const std::vector<agg_shard>& over, agg_context& context) {
    const json& options = wanted.options;
    const agg_field field = field_of(wanted, over, false);
    const double interval = number_option(options, "interval", 1);
    const double offset = number_option(options, "offset", 0);
    std::optional<double> missing;
    if (options.contains("missing")) missing = number_option(options, "missing", 0);
    const json& hard = options["hard_bounds"];
    histogram_buckets found;
    collect(found, over, field, missing, !wanted.children.empty(), [&](double value) -> std::optional<double> {
        if (hard.is_object() && (value < number_option(hard, "min", -INFINITY) || value > number_option(hard, "max", INFINITY)))
            return std::nullopt;
        return std::floor((value - offset) / interval);
    });
    const std::int64_t least = whole_option(options, "min_doc_count", 0);
    if (least == 0) {
        double first = found.by_key.empty() ? INFINITY : found.by_key.begin()->first;
        double last = found.by_key.empty() ? -INFINITY : found.by_key.rbegin()->first;
        if (const json& bounds = options["extended_bounds"]; bounds.is_object()) {
            first = std::min(first, std::floor((number_option(bounds, "min", INFINITY) - offset) / interval));
            last = std::max(last, std::floor((number_option(bounds, "max", -INFINITY) - offset) / interval));
        }
        if (std::isfinite(first) && std::isfinite(last)) {
            if (last - first > static_cast<double>(max_buckets)) count_bucket(context, max_buckets + 1);
            for (double at = first; at <= last; at += 1) found.by_key.try_emplace(at);
        }
    }
    std::vector<json> buckets;
    for (auto& [key, one] : found.by_key) {
        if (one.count < least) continue;
        count_bucket(context);
        json bucket = json::object();
        bucket.append_member("key", key * interval + offset);
        bucket.append_member("doc_count", one.count);
        if (!wanted.children.empty()) run_children(bucket, wanted, one.documents.empty() ? no_documents(over) : one.documents, context);
        buckets.push_back(std::move(bucket));
    }
    sort_buckets(buckets, order_of(options));
    return finish(buckets, flag_option(options, "keyed", false), [](const json& bucket) { return bucket["key"].dump(); });
}

json run_range(const aggregation& wanted, const std::vector<agg_shard>& over, agg_context& context) {
    const json& options = wanted.options;
    const bool dates = wanted.type == "date_range";
    const agg_field field = field_of(wanted, over, false);
    date_format format;
    if (const std::string spec = text_option(options, "format"); !spec.empty()) {
        try {
            format = date_format(spec);
        } catch (const std::invalid_argument& fault) {
            throw illegal_argument(fault.what());
        }
    } else if (field.date())
        format = field.mapped->format;
    time_zone zone;
    if (const std::string name = text_option(options, "time_zone"); !name.empty()) {
        const auto found = time_zone::find(name);
        if (!found) throw illegal_argument("Unknown time-zone ID: " + name);
        zone = *found;
    }
    struct wanted_range {
        double from = -INFINITY, to = INFINITY;
        std::string key;
        std::int64_t count = 0;
        std::vector<agg_shard> documents;
    };
    std::vector<wanted_range> ranges;
    const auto bound = [&](const json& value) {
        if (!dates || value.is_number()) return number_option(json::object({{"v", value}}), "v", 0);
        try {
            return static_cast<double>(parse_date_math(text_of(value), format, context.now_ms, date_rounding::down, zone));
        } catch (const date_math_fault& fault) {
            throw illegal_argument(fault.reason);
        }
    };
    const auto shown = [&](double value) { return dates ? format.print(static_cast<std::int64_t>(value), zone) : json(value).dump(); };
    for (const json& one : options["ranges"].elements()) {
        wanted_range made;
        for (const auto& [key, value] : one.items()) {
            if (value.is_null()) continue;
            if (key == "from")
                made.from = bound(value);
            else if (key == "to")
                made.to = bound(value);
            else if (key == "key")
                made.key = text_of(value);
            else
                throw content_fault("range", "unknown field [" + key + "]", key);
        }
        if (made.key.empty())
            made.key = (std::isfinite(made.from) ? shown(made.from) : "*") + "-" + (std::isfinite(made.to) ? shown(made.to) : "*");
        if (!wanted.children.empty()) made.documents = no_documents(over);
        ranges.push_back(std::move(made));
    }
    if (ranges.empty()) throw illegal_argument("No [ranges] specified for the [" + wanted.name + "] aggregation");
    sort_stably(ranges, [](const wanted_range& a, const wanted_range& b) { return a.from != b.from ? a.from < b.from : a.to < b.to; });
    std::optional<double> missing;
    if (options.contains("missing")) missing = bound(options["missing"]);
    for (std::size_t s = 0; s < over.size(); ++s) {
        const column_view* column = field.columns[s];
        over[s].for_each([&](docno document) {
            for (wanted_range& range : ranges) {
                bool inside = false;
                const auto test = [&](double value) { inside = inside || (value >= range.from && value < range.to); };
                if (column != nullptr && column->value_count(document) > 0)
                    each_number(*column, document, test);
                else if (missing)
                    test(*missing);
                if (!inside) continue;
                ++range.count;
                if (!range.documents.empty()) range.documents[s].documents.push_back(document);
            }
        });
    }
    std::vector<json> buckets;
    const bool keyed = flag_option(options, "keyed", false);
    json named = json::object();
    for (wanted_range& range : ranges) {
        count_bucket(context);
        json bucket = json::object();
        if (!keyed) bucket.append_member("key", range.key);
        if (std::isfinite(range.from)) {
            bucket.append_member("from", range.from);
            if (dates) bucket.append_member("from_as_string", shown(range.from));
        }
        if (std::isfinite(range.to)) {
            bucket.append_member("to", range.to);
            if (dates) bucket.append_member("to_as_string", shown(range.to));
        }
        bucket.append_member("doc_count", range.count);
        run_children(bucket, wanted, range.documents, context);
        if (keyed)
            named.set(range.key, std::move(bucket));
        else
            buckets.push_back(std::move(bucket));
    }
    if (keyed) return json::object({{"buckets", std::move(named)}});
    return finish(buckets, false, {});
}

}  // namespace hem::search::embedded::detail
