#include "hem/search/aggregation.hpp"

#include "hem/search/errors.hpp"

#include "hem/model/json_writer.hpp"

#include <stdexcept>

namespace hem::search {
namespace {

json on_field(const field_name& field) { return json::object({{"field", field.text()}}); }

std::int64_t integer_of(const json& value, std::string_view name) {
    const json* found = value.find(name);
    return found != nullptr && found->is_number() ? found->as_int64() : 0;
}

std::optional<double> number_of(const json& value, std::string_view name) {
    const json* found = value.find(name);
    return found != nullptr && found->is_number() ? std::optional(found->as_double()) : std::nullopt;
}

std::string text_of(const json& value, std::string_view name) {
    const json* found = value.find(name);
    return found != nullptr && found->is_string() ? found->as_string() : std::string();
}

const json& buckets_of(const json& value, const char* wanted) {
    const json* buckets = value.find("buckets");
    if (buckets == nullptr || (!buckets->is_array() && !buckets->is_object())) {
        throw serialization_error(std::string("cannot read an aggregation as ") + wanted + ": it has no buckets");
    }
    return *buckets;
}

// Calls f(key, shared bucket) for each bucket of an array or of a keyed object.
template <class F>
void each_bucket(const std::shared_ptr<const json>& owner, const char* wanted, F f) {
    const json& buckets = buckets_of(*owner, wanted);
    if (buckets.is_array()) {
        for (const json& bucket : buckets.elements()) f(text_of(bucket, "key"), std::shared_ptr<const json>(owner, &bucket));
    } else {
        for (const auto& [key, bucket] : buckets.items()) f(key, std::shared_ptr<const json>(owner, &bucket));
    }
}

bucket_key key_of(const json& bucket) {
    const json* key = bucket.find("key");
    if (key == nullptr) return {};
    switch (key->kind()) {
    case json_kind::string: return bucket_key(key->as_string());
    case json_kind::integer: return bucket_key(key->as_int64());
    case json_kind::boolean: return bucket_key(key->as_bool());
    case json_kind::unsigned_integer:
    case json_kind::number: return bucket_key(key->as_double());
    default: return bucket_key(key->dump());
    }
}

}  // namespace

json aggregation::to_json() const {
    json body = json::object({{kind_, parameters_}});
    if (!inner_.empty()) {
        json inner = json::object();
        for (const auto& [name, value] : inner_) inner.set(name, value);
        body.set("aggs", std::move(inner));
    }
    return body;
}

std::vector<std::string> aggregation_results::names() const {
    std::vector<std::string> names;
    if (values_ == nullptr || !values_->is_object()) return names;
    for (const auto& [name, value] : values_->items()) {
        if (value.is_object()) names.push_back(name);
    }
    return names;
}

std::shared_ptr<const json> aggregation_results::share(std::string_view name) const {
    const json& found = (*this)[name];
    return {values_, &found};
}

const json& aggregation_results::operator[](std::string_view name) const {
    if (values_ != nullptr) {
        if (const json* found = values_->find(name)) return *found;
    }
    std::string text = "the response has no aggregation '" + std::string(name) + "'; it has";
    const std::vector<std::string> there = names();
    for (std::size_t i = 0; i < there.size(); ++i) text += (i == 0 ? " '" : ", '") + there[i] + "'";
    if (there.empty()) text += " none";
    throw std::out_of_range(text);
}

std::string bucket_key::text() const {
    struct visitor {
        std::string operator()(const std::string& value) const { return value; }
        std::string operator()(std::int64_t value) const { return std::to_string(value); }
        std::string operator()(bool value) const { return value ? "true" : "false"; }
        std::string operator()(double value) const {
            std::string out;
            append_json_number(out, value);
            return out;
        }
    };
    return std::visit(visitor{}, value_);
}

terms_result terms_result::read(const std::shared_ptr<const json>& value) {
    terms_result read;
    read.sum_other_doc_count = integer_of(*value, "sum_other_doc_count");
    read.doc_count_error_upper_bound = integer_of(*value, "doc_count_error_upper_bound");
    each_bucket(value, "terms", [&](const std::string&, std::shared_ptr<const json> bucket) {
        read.buckets.push_back(
            {key_of(*bucket), text_of(*bucket, "key_as_string"), integer_of(*bucket, "doc_count"), aggregation_results(bucket)});
    });
    return read;
}

date_histogram_result date_histogram_result::read(const std::shared_ptr<const json>& value) {
    date_histogram_result read;
    each_bucket(value, "date_histogram", [&](const std::string&, std::shared_ptr<const json> bucket) {
        read.buckets.push_back({std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(integer_of(*bucket, "key"))),
                                text_of(*bucket, "key_as_string"), integer_of(*bucket, "doc_count"), aggregation_results(bucket)});
    });
    return read;
}

histogram_result histogram_result::read(const std::shared_ptr<const json>& value) {
    histogram_result read;
    each_bucket(value, "histogram", [&](const std::string&, std::shared_ptr<const json> bucket) {
        read.buckets.push_back({number_of(*bucket, "key").value_or(0), text_of(*bucket, "key_as_string"), integer_of(*bucket, "doc_count"),
                                aggregation_results(bucket)});
    });
    return read;
}

range_result range_result::read(const std::shared_ptr<const json>& value) {
    range_result read;
    each_bucket(value, "named buckets", [&](const std::string& key, std::shared_ptr<const json> bucket) {
        read.buckets.push_back(
            {key, number_of(*bucket, "from"), number_of(*bucket, "to"), integer_of(*bucket, "doc_count"), aggregation_results(bucket)});
    });
    return read;
}

single_bucket_result single_bucket_result::read(const std::shared_ptr<const json>& value) {
    if (!value->contains("doc_count")) throw serialization_error("cannot read an aggregation as a single bucket: it has no doc_count");
    return {integer_of(*value, "doc_count"), aggregation_results(value)};
}

metric_result metric_result::read(const std::shared_ptr<const json>& value) {
    if (!value->contains("value")) throw serialization_error("cannot read an aggregation as a metric: it has no value");
    return {number_of(*value, "value"), text_of(*value, "value_as_string")};
}

count_result count_result::read(const std::shared_ptr<const json>& value) {
    if (!value->contains("value")) throw serialization_error("cannot read an aggregation as a count: it has no value");
    return {integer_of(*value, "value")};
}

stats_result stats_result::read(const std::shared_ptr<const json>& value) {
    if (!value->contains("sum")) throw serialization_error("cannot read an aggregation as stats: it has no sum");
    return {integer_of(*value, "count"), number_of(*value, "min"), number_of(*value, "max"), number_of(*value, "avg"),
            number_of(*value, "sum").value_or(0)};
}

terms_aggregation terms(const field_name& field) { return {"terms", on_field(field)}; }
terms_aggregation significant_terms(const field_name& field) { return {"significant_terms", on_field(field)}; }
generic_aggregation multi_terms(const field_list& fields) {
    json list = json::array();
    for (const field_name& field : fields.names()) list.push_back(on_field(field));
    return {"multi_terms", json::object({{"terms", std::move(list)}})};
}
date_histogram_aggregation date_histogram(const field_name& field) { return {"date_histogram", on_field(field)}; }
date_histogram_aggregation auto_date_histogram(const field_name& field, int buckets) {
    return {"auto_date_histogram", json::object({{"field", field.text()}, {"buckets", buckets}})};
}
histogram_aggregation histogram(const field_name& field, double interval) {
    return {"histogram", json::object({{"field", field.text()}, {"interval", interval}})};
}
metric_aggregation avg(const field_name& field) { return {"avg", on_field(field)}; }
metric_aggregation sum(const field_name& field) { return {"sum", on_field(field)}; }
metric_aggregation min(const field_name& field) { return {"min", on_field(field)}; }
metric_aggregation max(const field_name& field) { return {"max", on_field(field)}; }
count_aggregation value_count(const field_name& field) { return {"value_count", on_field(field)}; }
count_aggregation cardinality(const field_name& field) { return {"cardinality", on_field(field)}; }
stats_aggregation stats(const field_name& field) { return {"stats", on_field(field)}; }
generic_aggregation extended_stats(const field_name& field) { return {"extended_stats", on_field(field)}; }
generic_aggregation percentiles(const field_name& field, const std::vector<double>& percents) {
    json parameters = on_field(field);
    if (!percents.empty()) parameters.set("percents", json(json::array_type(percents.begin(), percents.end())));
    return {"percentiles", std::move(parameters)};
}
generic_aggregation percentile_ranks(const field_name& field, const std::vector<double>& values) {
    json parameters = on_field(field);
    parameters.set("values", json(json::array_type(values.begin(), values.end())));
    return {"percentile_ranks", std::move(parameters)};
}
generic_aggregation top_hits(int size) { return {"top_hits", json::object({{"size", size}})}; }

namespace agg {

range_aggregation range(const field_name& field, const std::vector<range_bound>& bounds) {
    json ranges = json::array();
    for (const range_bound& bound : bounds) {
        json one = json::object();
        if (!bound.key.empty()) one.set("key", bound.key);
        if (bound.from) one.set("from", *bound.from);
        if (bound.to) one.set("to", *bound.to);
        ranges.push_back(std::move(one));
    }
    return {"range", json::object({{"field", field.text()}, {"ranges", std::move(ranges)}})};
}

range_aggregation date_range(const field_name& field, const std::vector<date_bound>& bounds) {
    json ranges = json::array();
    for (const date_bound& bound : bounds) {
        json one = json::object();
        if (!bound.key.empty()) one.set("key", bound.key);
        if (!bound.from.empty()) one.set("from", bound.from);
        if (!bound.to.empty()) one.set("to", bound.to);
        ranges.push_back(std::move(one));
    }
    return {"date_range", json::object({{"field", field.text()}, {"ranges", std::move(ranges)}})};
}

range_aggregation filters(const std::vector<std::pair<std::string, query>>& named) {
    json members = json::object();
    for (const auto& [name, q] : named) members.set(name, (q.empty() ? match_all() : q).to_json());
    return {"filters", json::object({{"filters", std::move(members)}})};
}

single_bucket_aggregation filter(const query& q) { return {"filter", (q.empty() ? match_all() : q).to_json()}; }
single_bucket_aggregation global() { return {"global"}; }
single_bucket_aggregation missing(const field_name& field) { return {"missing", on_field(field)}; }
single_bucket_aggregation nested(const field_name& path) { return {"nested", json::object({{"path", path.text()}})}; }
single_bucket_aggregation reverse_nested() { return {"reverse_nested"}; }

generic_aggregation pipeline(std::string kind, std::string_view buckets_path, json options) {
    options.set("buckets_path", buckets_path);
    return {std::move(kind), std::move(options)};
}

generic_aggregation raw(const json& value) {
    if (!value.is_object() || value.size() != 1) {
        throw std::invalid_argument("an aggregation is an object with exactly one key, its kind; this is " + value.dump().substr(0, 200));
    }
    return {value.items().front().first, value.items().front().second};
}

}  // namespace agg
}  // namespace hem::search
