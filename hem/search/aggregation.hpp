// Aggregations: builders that nest, and the typed results they give.
//
//     auto authors = terms("author").size(10).named("authors");
//     auto found = co_await posts.search().aggregate(authors).execute();
//     for (const terms_bucket& bucket : found[authors].buckets) …
//
// Without a handle: `found.aggregation<terms_result>("authors")`, or the JSON itself, `found.aggregations["authors"]`.
// A name that the answer does not have throws and lists the names it has.
#pragma once

#include "hem/model/json.hpp"
#include "hem/search/field_name.hpp"
#include "hem/search/query.hpp"

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hem::search {

template <class Result>
class named_aggregation;

// What all builders share. Calls return a changed copy, so a builder can be kept and varied.
class aggregation {
public:
    aggregation(std::string kind, json parameters = json::object()) : kind_(std::move(kind)), parameters_(std::move(parameters)) {}

    [[nodiscard]] auto option(this auto self, std::string_view key, json value) {
        self.parameters_.set(key, std::move(value));
        return self;
    }
    [[nodiscard]] auto aggregate(this auto self, std::string_view name, const aggregation& inner) {
        self.inner_.emplace_back(name, inner.to_json());
        return self;
    }
    template <class Result>
    [[nodiscard]] auto aggregate(this auto self, const named_aggregation<Result>& inner) {
        self.inner_.emplace_back(inner.name(), inner.to_json());
        return self;
    }
    [[nodiscard]] auto missing(this auto self, json value) { return self.option("missing", std::move(value)); }
    [[nodiscard]] auto format(this auto self, std::string_view pattern) { return self.option("format", pattern); }

    template <class Self>
    [[nodiscard]] named_aggregation<typename Self::result> named(this const Self& self, std::string name) {
        return {std::move(name), self.to_json()};
    }

    json to_json() const;

private:
    std::string kind_;
    json parameters_;
    std::vector<std::pair<std::string, json>> inner_;
};

template <class Result>
class named_aggregation {
public:
    named_aggregation(std::string name, json body) : name_(std::move(name)), body_(std::move(body)) {}
    const std::string& name() const noexcept { return name_; }
    const json& to_json() const noexcept { return body_; }

private:
    std::string name_;
    json body_;
};

// ---- results --------------------------------------------------------------------------------------------------------------------

// The aggregations of a response or of a bucket, by name.
class aggregation_results {
public:
    aggregation_results() = default;
    explicit aggregation_results(std::shared_ptr<const json> values) : values_(std::move(values)) {}

    // As the server sent it. Throws std::out_of_range that lists the names that are there.
    const json& operator[](std::string_view name) const;
    template <class Result>
    Result get(std::string_view name) const {
        return Result::read(share(name));
    }
    template <class Result>
    Result operator[](const named_aggregation<Result>& handle) const {
        return get<Result>(handle.name());
    }
    bool contains(std::string_view name) const noexcept { return values_ != nullptr && values_->contains(name); }
    std::vector<std::string> names() const;

private:
    std::shared_ptr<const json> share(std::string_view name) const;

    std::shared_ptr<const json> values_;
};

// Key of a terms bucket: text, whole number, number or boolean.
class bucket_key {
public:
    using value_type = std::variant<std::string, std::int64_t, double, bool>;
    bucket_key() = default;
    explicit bucket_key(value_type value) : value_(std::move(value)) {}

    const value_type& value() const noexcept { return value_; }
    std::string text() const;                                                       // any kind as text
    const std::string& as_string() const { return std::get<std::string>(value_); }  // throw std::bad_variant_access for another kind
    std::int64_t as_integer() const { return std::get<std::int64_t>(value_); }
    friend bool operator==(const bucket_key& a, std::string_view b) {
        return std::holds_alternative<std::string>(a.value_) && a.as_string() == b;
    }
    friend bool operator==(const bucket_key& a, const bucket_key& b) = default;

private:
    value_type value_;
};

struct terms_bucket {
    bucket_key key;
    std::string key_as_string;  // empty for text keys
    std::int64_t doc_count = 0;
    aggregation_results aggregations;
};
struct terms_result {
    std::vector<terms_bucket> buckets;
    std::int64_t sum_other_doc_count = 0;
    std::int64_t doc_count_error_upper_bound = 0;
    static terms_result read(const std::shared_ptr<const json>& value);
};

struct date_bucket {
    std::chrono::sys_time<std::chrono::milliseconds> key;
    std::string key_as_string;
    std::int64_t doc_count = 0;
    aggregation_results aggregations;
};
struct date_histogram_result {
    std::vector<date_bucket> buckets;
    static date_histogram_result read(const std::shared_ptr<const json>& value);
};

struct histogram_bucket {
    double key = 0;
    std::string key_as_string;
    std::int64_t doc_count = 0;
    aggregation_results aggregations;
};
struct histogram_result {
    std::vector<histogram_bucket> buckets;
    static histogram_result read(const std::shared_ptr<const json>& value);
};

struct named_bucket {
    std::string key;
    std::optional<double> from;
    std::optional<double> to;
    std::int64_t doc_count = 0;
    aggregation_results aggregations;
};
struct range_result {  // of range, date_range and filters
    std::vector<named_bucket> buckets;
    static range_result read(const std::shared_ptr<const json>& value);
};

struct single_bucket_result {  // of filter, global, missing, nested, reverse_nested
    std::int64_t doc_count = 0;
    aggregation_results aggregations;
    static single_bucket_result read(const std::shared_ptr<const json>& value);
};

struct metric_result {  // of avg, sum, min, max; empty when nothing was counted
    std::optional<double> value;
    std::string value_as_string;
    static metric_result read(const std::shared_ptr<const json>& value);
};
struct count_result {  // of value_count and cardinality
    std::int64_t value = 0;
    static count_result read(const std::shared_ptr<const json>& value);
};
struct stats_result {
    std::int64_t count = 0;
    std::optional<double> min;
    std::optional<double> max;
    std::optional<double> avg;
    double sum = 0;
    static stats_result read(const std::shared_ptr<const json>& value);
};
struct json_result {  // of everything without a type of its own
    json value;
    static json_result read(const std::shared_ptr<const json>& value) { return {*value}; }
};

// ---- builders -------------------------------------------------------------------------------------------------------------------

struct terms_aggregation : aggregation {
    using aggregation::aggregation;
    using result = terms_result;
    [[nodiscard]] auto size(this auto self, int buckets) { return self.option("size", buckets); }
    [[nodiscard]] auto min_doc_count(this auto self, int count) { return self.option("min_doc_count", count); }
    // `order("_key", "asc")`, `order("avg_rating", "desc")`.
    [[nodiscard]] auto order(this auto self, std::string_view by, std::string_view direction) {
        return self.option("order", json::object({{std::string(by), direction}}));
    }
    [[nodiscard]] auto include(this auto self, json values) { return self.option("include", std::move(values)); }
    [[nodiscard]] auto exclude(this auto self, json values) { return self.option("exclude", std::move(values)); }
};
struct date_histogram_aggregation : aggregation {
    using aggregation::aggregation;
    using result = date_histogram_result;
    [[nodiscard]] auto calendar_interval(this auto self, std::string_view interval) { return self.option("calendar_interval", interval); }
    [[nodiscard]] auto fixed_interval(this auto self, std::string_view interval) { return self.option("fixed_interval", interval); }
    [[nodiscard]] auto time_zone(this auto self, std::string_view zone) { return self.option("time_zone", zone); }
    [[nodiscard]] auto offset(this auto self, std::string_view by) { return self.option("offset", by); }
    [[nodiscard]] auto min_doc_count(this auto self, int count) { return self.option("min_doc_count", count); }
    [[nodiscard]] auto order(this auto self, std::string_view by, std::string_view direction) {
        return self.option("order", json::object({{std::string(by), direction}}));
    }
};
struct histogram_aggregation : aggregation {
    using aggregation::aggregation;
    using result = histogram_result;
    [[nodiscard]] auto offset(this auto self, double by) { return self.option("offset", by); }
    [[nodiscard]] auto min_doc_count(this auto self, int count) { return self.option("min_doc_count", count); }
};
struct range_aggregation : aggregation {
    using aggregation::aggregation;
    using result = range_result;
};
struct single_bucket_aggregation : aggregation {
    using aggregation::aggregation;
    using result = single_bucket_result;
};
struct metric_aggregation : aggregation {
    using aggregation::aggregation;
    using result = metric_result;
};
struct count_aggregation : aggregation {
    using aggregation::aggregation;
    using result = count_result;
};
struct stats_aggregation : aggregation {
    using aggregation::aggregation;
    using result = stats_result;
};
struct generic_aggregation : aggregation {
    using aggregation::aggregation;
    using result = json_result;
};

terms_aggregation terms(const field_name& field);
terms_aggregation significant_terms(const field_name& field);
generic_aggregation multi_terms(const field_list& fields);
date_histogram_aggregation date_histogram(const field_name& field);
date_histogram_aggregation auto_date_histogram(const field_name& field, int buckets);
histogram_aggregation histogram(const field_name& field, double interval);
metric_aggregation avg(const field_name& field);
metric_aggregation sum(const field_name& field);
metric_aggregation min(const field_name& field);
metric_aggregation max(const field_name& field);
count_aggregation value_count(const field_name& field);
count_aggregation cardinality(const field_name& field);
stats_aggregation stats(const field_name& field);
generic_aggregation extended_stats(const field_name& field);
generic_aggregation percentiles(const field_name& field, const std::vector<double>& percents = {});
generic_aggregation percentile_ranks(const field_name& field, const std::vector<double>& values);
generic_aggregation top_hits(int size);

// Those whose names are queries too.
namespace agg {
struct range_bound {
    std::optional<double> from;
    std::optional<double> to;
    std::string key;
};
struct date_bound {
    std::string from;  // date or date math; empty: open
    std::string to;
    std::string key;
};
range_aggregation range(const field_name& field, const std::vector<range_bound>& bounds);
range_aggregation date_range(const field_name& field, const std::vector<date_bound>& bounds);
range_aggregation filters(const std::vector<std::pair<std::string, query>>& named);
single_bucket_aggregation filter(const query& q);
single_bucket_aggregation global();
single_bucket_aggregation missing(const field_name& field);
single_bucket_aggregation nested(const field_name& path);
single_bucket_aggregation reverse_nested();
generic_aggregation pipeline(std::string kind, std::string_view buckets_path, json options = json::object());  // avg_bucket, derivative, …
generic_aggregation raw(const json& value);                                                                    // one key, its kind
}  // namespace agg

}  // namespace hem::search
