#include "hem/search/embedded/aggregate_detail.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace hem::search::embedded {

using namespace detail;

namespace {

std::string text_of(const json& value) { return value.is_string() ? value.as_string() : value.dump(); }

struct known_type {
    std::string_view name;
    bool buckets;  // may have children
    std::vector<std::string_view> options;
    std::vector<std::string_view> cluster_options;  // known, refused
};

const std::vector<known_type>& known_types() {
    static const std::vector<known_type> types{
        {"terms",
         true,
         {"field", "size", "shard_size", "min_doc_count", "shard_min_doc_count", "order", "include", "exclude", "missing",
          "show_term_doc_count_error", "collect_mode", "execution_hint", "format"},
         {"script", "value_type"}},
        {"date_histogram",
         true,
         {"field", "calendar_interval", "fixed_interval", "interval", "time_zone", "offset", "format", "min_doc_count", "missing", "keyed",
          "extended_bounds", "hard_bounds", "order"},
         {"script"}},
        {"histogram",
         true,
         {"field", "interval", "offset", "min_doc_count", "missing", "keyed", "extended_bounds", "hard_bounds", "order"},
         {"script", "format"}},
        {"range", true, {"field", "ranges", "keyed", "missing"}, {"script", "format"}},
        {"date_range", true, {"field", "ranges", "keyed", "missing", "format", "time_zone"}, {"script"}},
        {"filter", true, {}, {}},
        {"filters", true, {"filters", "other_bucket", "other_bucket_key", "keyed"}, {}},
        {"global", true, {}, {}},
        {"missing", true, {"field"}, {"missing"}},
        {"avg", false, {"field", "missing"}, {"script", "format"}},
        {"sum", false, {"field", "missing"}, {"script", "format"}},
        {"min", false, {"field", "missing", "format"}, {"script"}},
        {"max", false, {"field", "missing", "format"}, {"script"}},
        {"value_count", false, {"field", "missing"}, {"script"}},
        {"cardinality", false, {"field", "missing", "precision_threshold", "execution_hint"}, {"script"}},
        {"stats", false, {"field", "missing"}, {"script", "format"}},
        {"extended_stats", false, {"field", "missing", "sigma"}, {"script", "format"}},
        {"percentiles", false, {"field", "missing", "percents", "keyed", "tdigest", "hdr"}, {"script", "format"}},
        {"percentile_ranks", false, {"field", "missing", "values", "keyed", "tdigest", "hdr"}, {"script", "format"}},
        {"top_hits",
         false,
         {"from", "size", "sort", "_source", "version", "seq_no_primary_term", "fields", "docvalue_fields", "highlight", "track_scores"},
         {"script_fields", "explain", "stored_fields"}},
        {"avg_bucket", false, {"buckets_path", "gap_policy"}, {"format"}},
        {"sum_bucket", false, {"buckets_path", "gap_policy"}, {"format"}},
        {"min_bucket", false, {"buckets_path", "gap_policy"}, {"format"}},
        {"max_bucket", false, {"buckets_path", "gap_policy"}, {"format"}},
        {"stats_bucket", false, {"buckets_path", "gap_policy"}, {"format"}},
        {"cumulative_sum", false, {"buckets_path"}, {"format"}},
        {"derivative", false, {"buckets_path", "gap_policy"}, {"format", "unit"}},
        {"bucket_sort", false, {"sort", "from", "size", "gap_policy"}, {}},
    };
    return types;
}

constexpr std::array<std::string_view, 34> cluster_types{"multi_terms",
                                                         "significant_terms",
                                                         "significant_text",
                                                         "rare_terms",
                                                         "auto_date_histogram",
                                                         "composite",
                                                         "nested",
                                                         "reverse_nested",
                                                         "children",
                                                         "parent",
                                                         "sampler",
                                                         "diversified_sampler",
                                                         "geo_distance",
                                                         "geohash_grid",
                                                         "geotile_grid",
                                                         "geo_bounds",
                                                         "geo_centroid",
                                                         "ip_range",
                                                         "ip_prefix",
                                                         "adjacency_matrix",
                                                         "variable_width_histogram",
                                                         "scripted_metric",
                                                         "matrix_stats",
                                                         "weighted_avg",
                                                         "median_absolute_deviation",
                                                         "string_stats",
                                                         "top_metrics",
                                                         "boxplot",
                                                         "moving_fn",
                                                         "moving_avg",
                                                         "bucket_script",
                                                         "bucket_selector",
                                                         "serial_diff",
                                                         "percentiles_bucket"};

void check_options(const known_type& type, const std::string& name, const json& options) {
    if (type.name == "filter" || type.name == "global") return;
    if (!options.is_object())
        throw parsing_fault("Expected [START_OBJECT] under [" + std::string(type.name) + "], but got a [" +
                                std::string(options.kind_name()) + "] in [" + name + "]",
                            type.name);
    for (const auto& [key, value] : options.items()) {
        if (std::find(type.options.begin(), type.options.end(), key) != type.options.end()) continue;
        if (std::find(type.cluster_options.begin(), type.cluster_options.end(), key) != type.cluster_options.end())
            throw unsupported("the option [" + key + "] of the aggregation [" + std::string(type.name) + "]");
        throw content_fault(type.name, "unknown field [" + key + "]", key);
    }
    const bool needs_field = type.buckets ? type.name != "filters" : is_metric(type.name) && type.name != "top_hits";
    if (needs_field && !options.contains("field"))
        throw illegal_argument("Required one of fields [field, script], but none were specified. ");
    if (type.name == "terms") {
        for (const std::string_view key : {"size", "shard_size"})
            if (const json* value = options.find(key); value != nullptr && value->is_number() && value->as_double() <= 0)
                throw content_fault("terms", "failed to parse field [" + std::string(key) + "]", key, true)
                    .caused_by("illegal_argument_exception",
                               "[" + std::string(key) + "] must be greater than 0. Found [" + value->dump() + "] in [" + name + "]");
    }
    if (type.name == "date_histogram") {
        if (const json* value = options.find("calendar_interval"); value != nullptr && !date_interval::parse_calendar(text_of(*value)))
            throw content_fault("date_histogram", "failed to parse field [calendar_interval]", "calendar_interval", true)
                .caused_by("illegal_argument_exception",
                           "The supplied interval [" + text_of(*value) + "] could not be parsed as a calendar interval.");
        if (const json* value = options.find("fixed_interval"); value != nullptr && !date_interval::parse_fixed(text_of(*value)))
            throw content_fault("date_histogram", "failed to parse field [fixed_interval]", "fixed_interval", true)
                .caused_by("illegal_argument_exception", "failed to parse setting [date_histogram.fixedInterval] with value [" +
                                                             text_of(*value) + "] as a time value: unit is missing or unrecognized");
        if (options.contains("calendar_interval") && options.contains("fixed_interval"))
            throw content_fault("date_histogram", "failed to parse field [fixed_interval]", "fixed_interval", true)
                .caused_by("illegal_argument_exception", "Cannot use [fixed_interval] with [calendar_interval] configuration option.");
    }
    if (const json* zone = options.find("time_zone"); zone != nullptr && !text_of(*zone).empty() && !time_zone::find(text_of(*zone))) {
        const std::string wanted = text_of(*zone);
        const bool offset = wanted[0] == '+' || wanted[0] == '-';
        throw content_fault(type.name, "failed to parse field [time_zone]", "time_zone", true)
            .caused_by(offset ? "date_time_exception" : "zone_rules_exception",
                       (offset ? "Invalid ID for ZoneOffset, invalid format: " : "Unknown time-zone ID: ") + wanted);
    }
    if (type.name == "histogram") {
        const json& interval = options["interval"];
        if (interval.is_null()) throw rest_error(400, "illegal_argument_exception", "Required [interval]");
        if (!(interval.is_number() && interval.as_double() > 0))
            throw content_fault("histogram", "failed to parse field [interval]", "interval", true)
                .caused_by("illegal_argument_exception", "[interval] must be >0 for histogram aggregation [" + name + "]");
    }
}

}  // namespace

std::vector<aggregation> parse_aggregations(const json& body, std::size_t depth) {
    if (!body.is_object())
        throw parsing_fault("Found [" + std::string(body.kind_name()) + "] under [aggs] where an object was expected", "aggs");
    if (depth > 100) throw illegal_argument("aggregations are nested deeper than 100");
    std::vector<aggregation> out;
    for (const auto& [name, definition] : body.items()) {
        if (name.empty() || name.find_first_of("[]>") != std::string::npos)
            throw parsing_fault("Invalid aggregation name [" + name +
                                    "]. Aggregation names can contain any character except '[', ']', and '>'",
                                name, false);
        if (!definition.is_object())
            throw parsing_fault("Aggregation definition for [" + name + " starts with a [" + std::string(definition.kind_name()) +
                                    "], expected a [START_OBJECT].",
                                name);
        aggregation made;
        made.name = name;
        const known_type* type = nullptr;
        for (const auto& [key, value] : definition.items()) {
            if (key == "aggs" || key == "aggregations") {
                made.children = parse_aggregations(value, depth + 1);
                continue;
            }
            if (key == "meta") {
                made.meta = value;
                continue;
            }
            if (type != nullptr)
                throw parsing_fault("Found two aggregation type definitions in [" + name + "]: [" + made.type + "] and [" + key + "]", key);
            const auto& types = known_types();
            const auto found = std::find_if(types.begin(), types.end(), [&](const known_type& one) { return one.name == key; });
            if (found == types.end()) {
                if (std::find(cluster_types.begin(), cluster_types.end(), key) != cluster_types.end())
                    throw unsupported("the aggregation [" + key + "]");
                std::vector<std::string_view> names;
                for (const known_type& one : types) names.push_back(one.name);
                throw parsing_fault("Unknown aggregation type [" + key + "]" + did_you_mean(key, names), key)
                    .caused_by("named_object_not_found_exception", "[@] unknown field [" + key + "]");
            }
            type = &*found;
            made.type = key;
            made.options = value;
            check_options(*type, name, value);
        }
        if (type == nullptr) throw parsing_fault("Missing definition for aggregation [" + name + "]", name);
        if (!made.children.empty() && !type->buckets)
            throw rest_error(400, "aggregation_initialization_exception",
                             "Aggregator [" + name + "] of type [" + made.type + "] cannot accept sub-aggregations");
        out.push_back(std::move(made));
    }
    return out;
}

namespace detail {

rest_error execution_fault(std::string reason) { return {400, "aggregation_execution_exception", std::move(reason)}; }

double number_option(const json& options, std::string_view key, double fallback) {
    const json& value = options[key];
    if (value.is_number()) return value.as_double();
    if (value.is_string()) {
        double out = 0;
        const std::string& text = value.as_string();
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
        if (code == std::errc() && end == text.data() + text.size()) return out;
    }
    if (!value.is_null()) throw illegal_argument("failed to parse [" + std::string(key) + "]: " + value.dump());
    return fallback;
}

std::int64_t whole_option(const json& options, std::string_view key, std::int64_t fallback) {
    return static_cast<std::int64_t>(number_option(options, key, static_cast<double>(fallback)));
}

std::string text_option(const json& options, std::string_view key) {
    const json& value = options[key];
    return value.is_null() ? std::string() : text_of(value);
}

bool flag_option(const json& options, std::string_view key, bool fallback) {
    const json& value = options[key];
    if (value.is_bool()) return value.as_bool();
    if (value.is_string()) return value.as_string() == "true";
    return fallback;
}

agg_field field_of(const aggregation& wanted, const std::vector<agg_shard>& over, bool keywords_allowed, const json* options) {
    agg_field out;
    const json& from = options != nullptr ? *options : wanted.options;
    const std::string path = text_option(from, "field");
    out.path = path;
    for (const agg_shard& shard : over) {
        const mapped_field* mapped = shard.schema->fields.find(path);
        const column_view* column = nullptr;
        if (mapped != nullptr) {
            if (mapped->type == field_type::text)
                throw illegal_argument(
                    "Text fields are not optimised for operations that require per-document field data like aggregations and sorting, so these "
                    "operations are disabled by default. Please use a keyword field instead. Alternatively, set fielddata=true on [" +
                    path + "] in order to load field data by uninverting the inverted index. Note that this can use significant memory.");
            if (!mapped->has_column() || (mapped->type == field_type::keyword && !keywords_allowed))
                throw illegal_argument("Field [" + path + "] of type [" + std::string(to_string(mapped->type)) +
                                       "] is not supported for aggregation [" + wanted.type + "]");
            if (out.mapped == nullptr) out.mapped = mapped;
            if ((mapped->type == field_type::keyword) != (out.mapped->type == field_type::keyword))
                throw execution_fault("Merging/Reducing the aggregations failed when computing the aggregation [" + wanted.name +
                                      "] because the field [" + path +
                                      "] you gave in the aggregation query existed as two different types in two different indices");
            if (const field_spec* spec = shard.view->plan().find(mapped->path)) column = shard.view->column(spec->number);
        }
        out.columns.push_back(column);
    }
    return out;
}

std::vector<agg_shard> no_documents(const std::vector<agg_shard>& over) {
    std::vector<agg_shard> out;
    out.reserve(over.size());
    for (const agg_shard& shard : over) {
        agg_shard made;
        made.schema = shard.schema;
        made.view = shard.view;
        made.index = shard.index;
        made.uuid = shard.uuid;
        made.all = shard.all;
        out.push_back(std::move(made));
    }
    return out;
}

void count_bucket(agg_context& context, std::size_t made) {
    context.buckets += made;
    if (context.buckets > max_buckets)
        throw rest_error(503, "too_many_buckets_exception",
                         "Trying to create too many buckets. Must be less than or equal to: [65535] but was [" +
                             std::to_string(context.buckets) +
                             "]. This limit can be set by changing the [search.max_buckets] cluster level setting.")
            .with("max_buckets", max_buckets);
}

void run_children(json& bucket, const aggregation& parent, const std::vector<agg_shard>& documents, agg_context& context) {
    if (parent.children.empty()) return;
    json made = run_aggregations(parent.children, documents, context);
    for (auto& [name, value] : made.items()) bucket.append_member(std::move(name), std::move(value));
}

}  // namespace detail

namespace {

std::int64_t total(const std::vector<agg_shard>& over) {
    std::int64_t out = 0;
    for (const agg_shard& shard : over) out += shard.count();
    return out;
}

std::vector<agg_shard> filtered(const std::vector<agg_shard>& over, const json& filter, const agg_context& context, bool negate = false,
                                const std::vector<match_set>* taken = nullptr) {
    std::vector<agg_shard> out = no_documents(over);
    for (std::size_t i = 0; i < over.size(); ++i) {
        match_set found;
        const match_set* use = taken != nullptr ? &(*taken)[i] : nullptr;
        if (use == nullptr) {
            const query_context parse{*over[i].schema, over[i].view, over[i].index, over[i].uuid, context.now_ms};
            found = matches(over[i].view, parse_query(filter, parse));
            use = &found;
        }
        over[i].for_each([&](docno document) {
            const bool inside = (document >> 6) < use->words.size() && use->contains(document);
            if (inside != negate) out[i].documents.push_back(document);
        });
    }
    return out;
}

json single(const aggregation& wanted, const std::vector<agg_shard>& documents, agg_context& context) {
    count_bucket(context);
    json out = json::object({{"doc_count", total(documents)}});
    run_children(out, wanted, documents, context);
    return out;
}

json run_filters(const aggregation& wanted, const std::vector<agg_shard>& over, agg_context& context) {
    const json& filters = wanted.options["filters"];
    const bool named = filters.is_object();
    if (!named && !filters.is_array()) throw parsing_fault("[filters] requires an object or array of queries", "filters");
    json buckets = named ? json::object() : json::array();
    std::vector<match_set> any(over.size());
    for (std::size_t i = 0; i < over.size(); ++i) any[i].words.resize((over[i].view->limit() + 63) / 64);
    const auto run = [&](const std::string& name, const json& filter) {
        const auto documents = filtered(over, filter, context);
        for (std::size_t i = 0; i < over.size(); ++i)
            for (const docno document : documents[i].documents) any[i].words[document >> 6] |= std::uint64_t{1} << (document & 63);
        json bucket = single(wanted, documents, context);
        if (named)
            buckets.append_member(name, std::move(bucket));
        else
            buckets.push_back(std::move(bucket));
    };
    if (named)
        for (const auto& [name, filter] : filters.items()) run(name, filter);
    else
        for (const json& filter : filters.elements()) run({}, filter);
    const std::string other_key = text_option(wanted.options, "other_bucket_key");
    if (flag_option(wanted.options, "other_bucket", !other_key.empty())) {
        json bucket = single(wanted, filtered(over, {}, context, true, &any), context);
        if (named)
            buckets.append_member(other_key.empty() ? "_other_" : other_key, std::move(bucket));
        else
            buckets.push_back(std::move(bucket));
    }
    return json::object({{"buckets", std::move(buckets)}});
}

json run_missing(const aggregation& wanted, const std::vector<agg_shard>& over, agg_context& context) {
    const agg_field field = field_of(wanted, over, true);
    auto documents = no_documents(over);
    for (std::size_t i = 0; i < over.size(); ++i)
        over[i].for_each([&](docno document) {
            if (field.columns[i] == nullptr || field.columns[i]->value_count(document) == 0) documents[i].documents.push_back(document);
        });
    return single(wanted, documents, context);
}

json run_global(const aggregation& wanted, const std::vector<agg_shard>& over, agg_context& context) {
    auto documents = no_documents(over);
    for (std::size_t i = 0; i < over.size(); ++i)
        for (docno document = 0; document < over[i].view->limit(); ++document)
            if (over[i].view->live(document)) documents[i].documents.push_back(document);
    return single(wanted, documents, context);
}

std::string_view wire_type(const aggregation& one, const std::vector<agg_shard>& over) {
    if (one.type == "terms") {
        const agg_field field = field_of(one, over, true);
        return field.mapped == nullptr || field.keyword() ? "sterms" : field.fraction() ? "dterms" : "lterms";
    }
    if (one.type == "percentiles") return "tdigest_percentiles";
    if (one.type == "percentile_ranks") return "tdigest_percentile_ranks";
    if (one.type == "avg_bucket" || one.type == "sum_bucket" || one.type == "cumulative_sum") return "simple_value";
    if (one.type == "max_bucket" || one.type == "min_bucket") return "bucket_metric_value";
    return one.type;
}

}  // namespace

json run_aggregations(const std::vector<aggregation>& wanted, const std::vector<agg_shard>& over, agg_context& context) {
    json out = json::object();
    for (const aggregation& one : wanted) {
        if (is_pipeline(one.type)) continue;
        json made;
        if (one.type == "terms")
            made = run_terms(one, over, context);
        else if (one.type == "date_histogram")
            made = run_date_histogram(one, over, context);
        else if (one.type == "histogram")
            made = run_histogram(one, over, context);
        else if (one.type == "range" || one.type == "date_range")
            made = run_range(one, over, context);
        else if (one.type == "filter")
            made = single(one, filtered(over, one.options, context), context);
        else if (one.type == "filters")
            made = run_filters(one, over, context);
        else if (one.type == "missing")
            made = run_missing(one, over, context);
        else if (one.type == "global")
            made = run_global(one, over, context);
        else if (one.type == "top_hits")
            made = json::object({{"hits", context.top_hits(over, one.options)}});
        else
            made = run_metric(one, over, context);
        if (json* buckets = made.find("buckets")) run_parent_pipelines(one, *buckets);
        out.append_member(one.name, std::move(made));
    }
    for (const aggregation& one : wanted)
        if (is_pipeline(one.type) && !is_parent_pipeline(one.type)) out.append_member(one.name, run_sibling_pipeline(one, out));
    json named = json::object();
    for (const aggregation& one : wanted) {
        json* made = out.find(one.name);
        if (made == nullptr) continue;
        if (!one.meta.is_null()) {
            json with = json::object({{"meta", one.meta}});
            for (auto& [key, value] : made->items()) with.append_member(key, std::move(value));
            *made = std::move(with);
        }
        named.append_member(context.typed_keys ? std::string(wire_type(one, over)) + "#" + one.name : one.name, std::move(*made));
    }
    return named;
}

}  // namespace hem::search::embedded
