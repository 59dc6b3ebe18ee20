// Metrics over the values of a bucket, and pipelines over the results of other aggregations.
#include "hem/search/embedded/aggregate_detail.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>

namespace hem::search::embedded::detail {

namespace {

// Sums with compensation (Kahan), as the server's.
struct running_sum {
    double value = 0, lost = 0;
    void add(double each) {
        if (!std::isfinite(each) || !std::isfinite(value)) {
            value += each;
            return;
        }
        const double corrected = each - lost;
        const double next = value + corrected;
        lost = (next - value) - corrected;
        value = next;
    }
};

template <class F>
void each_value(const aggregation& wanted, const agg_field& field, const std::vector<agg_shard>& over, F&& f) {
    std::optional<double> missing;
    if (wanted.options.contains("missing")) {
        if (field.date())
            missing = static_cast<double>(field.mapped->to_date(wanted.options["missing"]));
        else
            missing = number_option(wanted.options, "missing", 0);
    }
    for (std::size_t s = 0; s < over.size(); ++s) {
        const column_view* column = field.columns[s];
        if (column == nullptr && !missing) continue;
        over[s].for_each([&](docno document) {
            if (column != nullptr && column->value_count(document) > 0)
                each_number(*column, document, f);
            else if (missing)
                f(*missing);
        });
    }
}

json number_or_null(double value) { return std::isfinite(value) ? json(value) : json(); }

json count_distinct(const aggregation& wanted, const std::vector<agg_shard>& over) {
    const agg_field field = field_of(wanted, over, true);
    std::unordered_set<std::string_view> texts;
    std::unordered_set<double> numbers;
    bool none_left = false;
    std::int64_t single = 0;
    for (std::size_t s = 0; s < over.size(); ++s) {
        const column_view* column = field.columns[s];
        if (column == nullptr) {
            none_left = none_left || over[s].count() > 0;
            continue;
        }
        if (column->kind != field_kind::keyword) {
            over[s].for_each([&](docno document) {
                if (column->value_count(document) == 0) none_left = true;
                each_number(*column, document, [&](double value) { numbers.insert(value); });
            });
            continue;
        }
        std::vector<bool> seen(column->ordinal_count());
        over[s].for_each([&](docno document) {
            if (column->value_count(document) == 0) none_left = true;
            for (std::size_t at = column->first(document); at < column->last(document); ++at) seen[column->ordinal(at)] = true;
        });
        for (std::uint32_t ordinal = 0; ordinal < seen.size(); ++ordinal) {
            if (!seen[ordinal]) continue;
            if (over.size() == 1 && !wanted.options.contains("missing"))
                ++single;
            else
                texts.insert(column->term(ordinal));
        }
    }
    std::int64_t count = single + static_cast<std::int64_t>(texts.size() + numbers.size());
    if (none_left && wanted.options.contains("missing")) {
        const json& missing = wanted.options["missing"];
        if (field.keyword() || field.mapped == nullptr)
            count += !texts.contains(missing.is_string() ? missing.as_string() : missing.dump());
        else
            count += !numbers.contains(field.date() ? static_cast<double>(field.mapped->to_date(missing))
                                                    : number_option(wanted.options, "missing", 0));
    }
    return json::object({{"value", count}});
}

json percentiles(const aggregation& wanted, std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const bool ranks = wanted.type == "percentile_ranks";
    std::vector<double> asked;
    if (ranks || wanted.options.contains("percents"))
        for (const json& one : wanted.options[ranks ? "values" : "percents"].elements()) {
            if (!one.is_number()) throw illegal_argument("[" + wanted.type + "] takes numbers, got " + one.dump());
            asked.push_back(one.as_double());
        }
    else
        asked = {1, 5, 25, 50, 75, 95, 99};
    if (asked.empty())
        throw illegal_argument(ranks ? "[values] must not be an empty array: [" + wanted.name + "]"
                                     : "[percents] must not be empty: [" + wanted.name + "]");
    const auto count = static_cast<double>(values.size());
    const auto percentile = [&](double percent) {
        const double place = percent / 100 * (count - 1);
        const auto low = static_cast<std::size_t>(std::floor(place));
        const auto high = std::min(low + 1, values.size() - 1);
        return values[low] + (values[high] - values[low]) * (place - std::floor(place));
    };
    const auto rank = [&](double value) {
        const auto below = static_cast<double>(std::lower_bound(values.begin(), values.end(), value) - values.begin());
        const auto upto = static_cast<double>(std::upper_bound(values.begin(), values.end(), value) - values.begin());
        return 100 * (below + (upto - below) / 2) / count;
    };
    const bool keyed = flag_option(wanted.options, "keyed", true);
    json out = keyed ? json::object() : json::array();
    for (const double one : asked) {
        if (!ranks && (one < 0 || one > 100))
            throw illegal_argument("percent must be in [0,100], got [" + json(one).dump() + "]: [" + wanted.name + "]");
        json value = values.empty() ? json() : json(ranks ? rank(one) : percentile(one));
        if (keyed)
            out.set(json(one).dump(), std::move(value));
        else
            out.push_back(json::object({{"key", one}, {"value", std::move(value)}}));
    }
    return json::object({{"values", std::move(out)}});
}

}  // namespace

bool is_metric(std::string_view type) {
    static constexpr std::array<std::string_view, 10> types{
        "avg", "sum", "min", "max", "value_count", "cardinality", "stats", "extended_stats", "percentiles", "percentile_ranks"};
    return std::find(types.begin(), types.end(), type) != types.end();
}

json run_metric(const aggregation& wanted, const std::vector<agg_shard>& over, agg_context&) {
    const std::string& type = wanted.type;
    if (type == "cardinality") return count_distinct(wanted, over);
    if (type == "value_count") {
        const agg_field field = field_of(wanted, over, true);
        std::int64_t count = 0;
        for (std::size_t s = 0; s < over.size(); ++s)
            over[s].for_each([&](docno document) {
                const std::size_t values = field.columns[s] != nullptr ? field.columns[s]->value_count(document) : 0;
                count += values > 0 ? static_cast<std::int64_t>(values) : wanted.options.contains("missing");
            });
        return json::object({{"value", count}});
    }
    const agg_field field = field_of(wanted, over, false);
    if (type == "percentiles" || type == "percentile_ranks") {
        std::vector<double> values;
        each_value(wanted, field, over, [&](double value) { values.push_back(value); });
        return percentiles(wanted, std::move(values));
    }
    std::int64_t count = 0;
    running_sum sum;
    running_sum squares;
    double least = INFINITY;
    double most = -INFINITY;
    each_value(wanted, field, over, [&](double value) {
        ++count;
        sum.add(value);
        squares.add(value * value);
        least = std::min(least, value);
        most = std::max(most, value);
    });
    const auto counted = static_cast<double>(count);
    json out = json::object();
    const auto with_text = [&](const std::string& key, const json& value) {
        out.append_member(key, value);
        if (!field.date() || value.is_null()) return;
        const std::string format = text_option(wanted.options, "format");
        const auto ms = static_cast<std::int64_t>(value.as_double());
        out.append_member(key + "_as_string", format.empty() ? field.mapped->format.print(ms) : date_format(format).print(ms));
    };
    if (type == "avg") {
        with_text("value", count > 0 ? json(sum.value / counted) : json());
    } else if (type == "sum") {
        with_text("value", json(sum.value));
    } else if (type == "min") {
        with_text("value", number_or_null(least));
    } else if (type == "max") {
        with_text("value", number_or_null(most));
    } else {
        out.append_member("count", count);
        out.append_member("min", number_or_null(least));
        out.append_member("max", number_or_null(most));
        out.append_member("avg", count > 0 ? json(sum.value / counted) : json());
        out.append_member("sum", sum.value);
        if (type == "stats") {
            if (field.date() && count > 0) {
                const auto text = [&](double value) { return field.mapped->format.print(static_cast<std::int64_t>(value)); };
                out.append_member("min_as_string", text(least));
                out.append_member("max_as_string", text(most));
                out.append_member("avg_as_string", text(sum.value / counted));
                out.append_member("sum_as_string", text(sum.value));
            }
            return out;
        }
        const double mean = sum.value / counted;
        const double variance = std::max((squares.value - sum.value * mean) / counted, 0.0);
        const double sampling = std::max((squares.value - sum.value * mean) / (counted - 1), 0.0);
        const double sigma = number_option(wanted.options, "sigma", 2);
        const auto some = [&](double value) { return count > 0 ? number_or_null(value) : json(); };
        const bool two = count > 1;
        const auto sampled = [&](double value) { return two ? number_or_null(value) : count == 1 ? json("NaN") : json(); };
        out.append_member("sum_of_squares", count > 0 ? json(squares.value) : json());
        out.append_member("variance", some(variance));
        out.append_member("variance_population", some(variance));
        out.append_member("variance_sampling", sampled(sampling));
        out.append_member("std_deviation", some(std::sqrt(variance)));
        out.append_member("std_deviation_population", some(std::sqrt(variance)));
        out.append_member("std_deviation_sampling", sampled(std::sqrt(sampling)));
        const double spread = sigma * std::sqrt(variance);
        out.append_member("std_deviation_bounds", json::object({{"upper", some(mean + spread)},
                                                                {"lower", some(mean - spread)},
                                                                {"upper_population", some(mean + spread)},
                                                                {"lower_population", some(mean - spread)},
                                                                {"upper_sampling", sampled(mean + sigma * std::sqrt(sampling))},
                                                                {"lower_sampling", sampled(mean - sigma * std::sqrt(sampling))}}));
    }
    return out;
}

// ---- pipelines --------------------------------------------------------------------------------------------------------------------

bool is_parent_pipeline(std::string_view type) { return type == "cumulative_sum" || type == "derivative" || type == "bucket_sort"; }

bool is_pipeline(std::string_view type) { return is_parent_pipeline(type) || type.ends_with("_bucket"); }

namespace {

// A member by name, under typed keys too (`sum#s`).
const json* member_of(const json& object, std::string_view name) {
    if (const json* found = object.find(name)) return found;
    if (!object.is_object()) return nullptr;
    for (const auto& [key, value] : object.items())
        if (const std::size_t hash = key.find('#'); hash != std::string::npos && std::string_view(key).substr(hash + 1) == name)
            return &value;
    return nullptr;
}

}  // namespace

std::optional<double> number_at(const json& bucket, std::string_view path) {
    if (path == "_count") return bucket["doc_count"].as_double();
    const std::size_t cut = path.find_first_of(">.");
    const json* found = member_of(bucket, path.substr(0, cut));
    if (found == nullptr) return std::nullopt;
    if (cut != std::string_view::npos) {
        const std::string_view rest = path.substr(cut + 1);
        if (path[cut] == '>') return number_at(*found, rest);
        const json* value = found->find(rest);
        if (value == nullptr) value = (*found)["values"].find(rest);
        return value != nullptr && value->is_number() ? std::optional(value->as_double()) : std::nullopt;
    }
    if (const json* value = found->find("value")) return value->is_number() ? std::optional(value->as_double()) : std::nullopt;
    if (const json* count = found->find("doc_count")) return count->as_double();
    return std::nullopt;
}

json run_sibling_pipeline(const aggregation& wanted, const json& siblings) {
    const std::string path = text_option(wanted.options, "buckets_path");
    const std::size_t cut = path.find('>');
    const std::string head = path.substr(0, cut);
    const json* found = member_of(siblings, head);
    const bool zeros = text_option(wanted.options, "gap_policy") == "insert_zeros";
    if (path.empty()) throw illegal_argument("Required [buckets_path]");
    if (found == nullptr || !found->contains("buckets")) throw validation_fault({"No aggregation found for path [" + path + "]"});
    struct value {
        double number;
        std::string key;
    };
    std::vector<value> values;
    const json& buckets = (*found)["buckets"];
    const auto read = [&](const json& bucket, std::string key) {
        const auto number = cut == std::string::npos ? std::optional(bucket["doc_count"].as_double())
                                                     : number_at(bucket, std::string_view(path).substr(cut + 1));
        // An empty bucket is a gap, whatever its metric says.
        const bool gap = !number || (bucket["doc_count"].as_int64() == 0 && (cut == std::string::npos || path.substr(cut + 1) != "_count"));
        if (gap && !zeros) return;
        values.push_back({gap ? 0.0 : *number, std::move(key)});
    };
    if (buckets.is_array())
        for (const json& bucket : buckets.elements()) {
            const json& key = bucket.contains("key_as_string") ? bucket["key_as_string"] : bucket["key"];
            read(bucket, key.is_string() ? key.as_string() : key.dump());
        }
    else
        for (const auto& [key, bucket] : buckets.items()) read(bucket, key);
    running_sum sum;
    double least = INFINITY;
    double most = -INFINITY;
    for (const value& one : values) {
        sum.add(one.number);
        least = std::min(least, one.number);
        most = std::max(most, one.number);
    }
    const auto count = static_cast<double>(values.size());
    if (wanted.type == "avg_bucket") return json::object({{"value", values.empty() ? json() : json(sum.value / count)}});
    if (wanted.type == "sum_bucket") return json::object({{"value", sum.value}});
    if (wanted.type == "stats_bucket")
        return json::object({{"count", values.size()},
                             {"min", number_or_null(least)},
                             {"max", number_or_null(most)},
                             {"avg", values.empty() ? json() : json(sum.value / count)},
                             {"sum", sum.value}});
    const double best = wanted.type == "max_bucket" ? most : least;
    json keys = json::array();
    for (const value& one : values)
        if (one.number == best) keys.push_back(one.key);
    return json::object({{"value", number_or_null(best)}, {"keys", std::move(keys)}});
}

void run_parent_pipelines(const aggregation& parent, json& buckets) {
    for (const aggregation& one : parent.children) {
        if (!is_parent_pipeline(one.type)) continue;
        if (!buckets.is_array()) throw unsupported("the aggregation [" + one.type + "] inside keyed buckets");
        const std::string path = text_option(one.options, "buckets_path");
        if (one.type == "bucket_sort") {
            std::vector<json> all;
            for (json& bucket : buckets.elements()) all.push_back(std::move(bucket));
            std::vector<std::pair<std::string, bool>> keys;
            const json& sort = one.options["sort"];
            const auto read = [&](const json& key) {
                if (key.is_string()) {
                    keys.emplace_back(key.as_string(), false);
                    return;
                }
                const auto& [name, value] = key.items().front();
                const json& order = value.is_object() ? value["order"] : value;
                keys.emplace_back(name, order.is_string() && order.as_string() == "desc");
            };
            if (sort.is_array())
                for (const json& key : sort.elements()) read(key);
            else if (!sort.is_null())
                read(sort);
            sort_stably(all, [&](const json& a, const json& b) {
                for (const auto& [name, descending] : keys) {
                    const auto value = [&name](const json& bucket) {
                        return name == "_key" && bucket["key"].is_number() ? std::optional(bucket["key"].as_double())
                                                                           : number_at(bucket, name);
                    };
                    if (name == "_key" && a["key"].is_string()) {
                        if (a["key"].as_string() == b["key"].as_string()) continue;
                        return descending ? a["key"].as_string() > b["key"].as_string() : a["key"].as_string() < b["key"].as_string();
                    }
                    const auto left = value(a);
                    const auto right = value(b);
                    if (left.has_value() != right.has_value()) return left.has_value();
                    if (!left || *left == *right) continue;
                    return descending ? *left > *right : *left < *right;
                }
                return false;
            });
            const auto from = static_cast<std::size_t>(std::max<std::int64_t>(whole_option(one.options, "from", 0), 0));
            const auto size = static_cast<std::size_t>(std::max<std::int64_t>(whole_option(one.options, "size", INT32_MAX), 1));
            json kept = json::array();
            for (std::size_t i = from; i < all.size() && i - from < size; ++i) kept.push_back(std::move(all[i]));
            buckets = std::move(kept);
            continue;
        }
        running_sum sum;
        std::optional<double> before;
        bool first = true;
        for (json& bucket : buckets.elements()) {
            auto value = number_at(bucket, path);
            if (one.type == "cumulative_sum") {
                if (value) sum.add(*value);
                bucket.append_member(one.name, json::object({{"value", sum.value}}));
                continue;
            }
            if (bucket["doc_count"].as_int64() == 0 && path != "_count")
                value = text_option(one.options, "gap_policy") == "insert_zeros" ? std::optional(0.0) : std::nullopt;
            if (!first) bucket.append_member(one.name, json::object({{"value", value && before ? json(*value - *before) : json()}}));
            before = value;
            first = false;
        }
    }
}

}  // namespace hem::search::embedded::detail
