// A search over several shards: checked, run on each, merged, aggregated, and written.
#include "hem/search/embedded/search_run_detail.hpp"

#include <algorithm>
#include <limits>
#include <unordered_set>

namespace hem::search::embedded::detail {

namespace {

void collect_named(const query& from, std::vector<const query*>& into) {
    if (!from.name.empty()) into.push_back(&from);
    const auto each = [&](const std::vector<query>& children) {
        for (const query& child : children) collect_named(child, into);
    };
    if (const auto* boolean = std::get_if<boolean_query>(&from.node)) {
        each(boolean->must);
        each(boolean->filter);
        each(boolean->should);
        each(boolean->must_not);
    } else if (const auto* constant = std::get_if<constant_score_query>(&from.node))
        each(constant->filter);
    else if (const auto* best = std::get_if<dis_max_query>(&from.node))
        each(best->queries);
    else if (const auto* boosting = std::get_if<boosting_query>(&from.node)) {
        each(boosting->positive);
        each(boosting->negative);
    }
}

}  // namespace

search_runner::search_runner(const search_body& body, const std::vector<search_shard>& shards, const search_settings& settings,
                             scroll_cursor* cursor)
    : body_(body), shards_(shards), settings_(settings), cursor_(cursor), wishes_(body.sort) {
    // Falling score alone is the order without a sort.
    if (wishes_.size() == 1 && wishes_.front().field == "_score" && wishes_.front().descending) wishes_.clear();
    shown_keys_ = wishes_.size();
    if (cursor_ != nullptr) {
        if (!wishes_.empty()) wishes_.push_back({.field = "_doc"});
        cursor_->after.resize(shards_.size());
    } else if (settings_.point_in_time && !wishes_.empty() &&
               std::none_of(wishes_.begin(), wishes_.end(), [](const sort_wish& wish) { return wish.field == "_shard_doc"; })) {
        wishes_.push_back({.field = "_shard_doc"});
        shown_keys_ = wishes_.size();
    }
}

template <class F>
void search_runner::on_shard(std::size_t i, F&& f) {
    const std::string& name = shards_[i].index.name;
    try {
        f();
    } catch (const query_shard_fault& fault) {
        throw search_phase_error(fault.cause, name);
    } catch (const query_error& fault) {
        throw search_phase_error(rest_error(400, "query_shard_exception", std::string("failed to create query: ") + fault.what())
                                     .with("index", name)
                                     .with("index_uuid", shards_[i].index.uuid)
                                     .caused_by("illegal_argument_exception", fault.what()),
                                 name);
    } catch (const value_fault& fault) {
        throw search_phase_error(rest_error(400, fault.causes.front().first, fault.causes.front().second), name);
    }
}

std::string search_runner::run() {
    check();
    runs_.reserve(shards_.size());
    for (std::size_t i = 0; i < shards_.size(); ++i) on_shard(i, [&] { search_shard_at(i); });
    merge();
    json aggregations;
    if (!body_.aggregations.empty() && !settings_.pattern_without_match && (cursor_ == nullptr || cursor_->delivered == 0))
        aggregations = aggregate();
    const std::string hits = write_hits(merged_, body_.source, body_.version, body_.seq_no_primary_term, true);
    if (cursor_ != nullptr) move_cursor();
    return write(hits, aggregations);
}

void search_runner::check() {
    const std::string& name = shards_.empty() ? none_ : shards_.front().index.name;
    if (!body_.search_after.is_null()) {
        if (body_.from > 0 && cursor_ == nullptr)
            throw search_phase_error(rest_error(400, "search_exception", "`from` parameter must be set to 0 when `search_after` is used."),
                                     name);
        if (cursor_ != nullptr) throw validation_fault({"`search_after` cannot be used in a scroll context."});
    }
    if (shards_.empty()) return;
    if (!body_.search_after.is_null()) {
        if (wishes_.empty()) throw search_phase_error(illegal_argument("Sort must contain at least one field."), name);
        const std::size_t given = body_.search_after.size();
        if (given != wishes_.size() && !(wishes_.back().field == "_shard_doc" && given + 1 == wishes_.size() && body_.sort.size() == given))
            throw search_phase_error(illegal_argument("search_after has " + std::to_string(given) + " value(s) but sort has " +
                                                      std::to_string(wishes_.size()) + "."),
                                     name);
    }
    std::int64_t window = settings_.max_window;
    for (const search_shard& shard : shards_) window = std::min(window, shard.index.schema->max_result_window);
    const std::size_t wanted = body_.from + body_.size;
    if (static_cast<std::int64_t>(wanted) <= window) return;
    if (cursor_ != nullptr)
        throw search_phase_error(
            illegal_argument("Batch size is too large, size must be less than or equal to: [" + std::to_string(window) + "] but was [" +
                             std::to_string(body_.size) +
                             "]. Scroll batch sizes cost as much memory as result windows so they are controlled by the "
                             "[index.max_result_window] index level setting."),
            name);
    throw search_phase_error(
        illegal_argument("Result window is too large, from + size must be less than or equal to: [" + std::to_string(window) +
                         "] but was [" + std::to_string(wanted) +
                         "]. See the scroll api for a more efficient way to request large data sets. This limit can be set by changing "
                         "the [index.max_result_window] index level setting."),
        name);
}

void search_runner::search_shard_at(std::size_t i) {
    const search_shard& shard = shards_[i];
    runs_.push_back(std::make_unique<shard_run>(shard_run{
        &shard, {*shard.index.schema, shard.view, shard.index.name, shard.index.uuid, settings_.now_ms}, {}, {}, {}, {}, {}, {}}));
    shard_run& run = *runs_.back();
    run.what = body_.query.is_null() ? make_query(match_all_query{}) : parse_query(body_.query, run.context);
    if (!body_.post_filter.is_null()) run.post = parse_query(body_.post_filter, run.context);
    run.keys = bind_sort(wishes_, run.context, settings_.point_in_time);
    search_options options;
    const bool several = shards_.size() > 1;
    options.from = several || cursor_ != nullptr ? 0 : body_.from;
    options.size = several ? body_.from + body_.size : body_.size;
    if (!body_.collapse.empty()) {
        options.from = 0;
        options.size = static_cast<std::size_t>(shard.view->live_count());
    }
    for (const bound_key& key : run.keys) {
        options.sort.push_back(key.key);
        options.track_scores = options.track_scores || key.kind == sort_kind::score;
    }
    options.track_scores = options.track_scores || body_.track_scores;
    options.track_total_hits = body_.no_total ? 0 : body_.track_total_hits;
    options.min_score = body_.min_score;
    options.post_filter = run.post ? &*run.post : nullptr;
    options.collect_matches = !body_.aggregations.empty() && (cursor_ == nullptr || cursor_->delivered == 0);
    options.slice = body_.slice;
    options.slices = body_.slices;
    if (cursor_ != nullptr)
        options.search_after = cursor_->after[i];
    else if (!body_.search_after.is_null()) {
        std::vector<sort_value> after;
        for (std::size_t at = 0; at < run.keys.size(); ++at)
            after.push_back(at < body_.search_after.size() ? read_sort_value(body_.search_after[at], run.keys[at], i, run.context)
                                                           : sort_value(std::numeric_limits<std::int64_t>::max()));
        options.search_after = std::move(after);
    }
    run.result = embedded::search(shard.view, run.what, options);
    if (body_.highlight && !body_.highlight->fields.empty()) run.marks.emplace(*body_.highlight, run.context, run.what);
    std::vector<const query*> named;
    collect_named(run.what, named);
    for (const query* one : named) run.named.emplace_back(one->name, matches(shard.view, *one));
}

void search_runner::merge() {
    for (std::size_t i = 0; i < runs_.size(); ++i) {
        const search_result& result = runs_[i]->result;
        total_ += result.total;
        exact_ = exact_ && result.exact;
        if (result.max_score) max_score_ = max_score_ ? std::max(*max_score_, *result.max_score) : *result.max_score;
        for (const search_hit& hit : result.hits) merged_.push_back({i, &hit});
    }
    if (runs_.size() > 1) {
        // Equal hits stay in index order, and within an index in its own order.
        std::vector<std::size_t> place(merged_.size());
        for (std::size_t i = 0; i < place.size(); ++i) place[i] = i;
        std::sort(place.begin(), place.end(), [&](std::size_t x, std::size_t y) {
            const merged_hit& a = merged_[x];
            const merged_hit& b = merged_[y];
            if (wishes_.empty()) {
                if (a.hit->score != b.hit->score) return a.hit->score > b.hit->score;
            } else if (const int way = compare_sort_values(a.hit->sort, b.hit->sort, runs_[a.shard]->keys); way != 0)
                return way < 0;
            return x < y;
        });
        std::vector<merged_hit> sorted;
        for (const std::size_t i : place) sorted.push_back(merged_[i]);
        merged_ = std::move(sorted);
    }
    if (!body_.collapse.empty()) collapse();
    if (runs_.size() > 1 || !body_.collapse.empty()) {
        const std::size_t from = cursor_ != nullptr ? 0 : std::min(body_.from, merged_.size());
        merged_.erase(merged_.begin(), merged_.begin() + static_cast<std::ptrdiff_t>(from));
        if (merged_.size() > body_.size) merged_.resize(body_.size);
    }
}

void search_runner::collapse() {
    std::unordered_set<std::string> seen;
    std::vector<merged_hit> kept;
    for (const merged_hit& one : merged_) {
        const shard_run& run = *runs_[one.shard];
        const mapped_field* field = run.context.schema.fields.find(body_.collapse);
        if (field == nullptr || !(field->type == field_type::keyword || is_whole_number(field->type)))
            throw search_phase_error(
                illegal_argument("unknown type for collapse field `" + body_.collapse + "`, only keywords and numbers are accepted"),
                run.shard->index.name);
        const column_view* column = column_of(run, body_.collapse);
        std::string key = "missing";
        if (column != nullptr && column->value_count(one.hit->document) > 0) {
            const std::size_t at = column->first(one.hit->document);
            key = "=" + (column->kind == field_kind::keyword ? std::string(column->term(column->ordinal(at)))
                                                             : std::to_string(column->integer(at)));
        }
        if (seen.insert(std::move(key)).second) kept.push_back(one);
    }
    merged_ = std::move(kept);
}

json search_runner::aggregate() {
    std::vector<agg_shard> over;
    for (const auto& run : runs_) {
        agg_shard made;
        made.schema = run->shard->index.schema.get();
        made.view = run->shard->view;
        made.index = run->shard->index.name;
        made.uuid = run->shard->index.uuid;
        made.set = &run->result.matches;
        over.push_back(std::move(made));
    }
    agg_context context;
    context.now_ms = settings_.now_ms;
    context.typed_keys = settings_.typed_keys;
    context.top_hits = [&](const std::vector<agg_shard>& documents, const json& options) { return top_hits(documents, options); };
    try {
        return run_aggregations(body_.aggregations, over, context);
    } catch (const search_phase_error&) {
        throw;
    } catch (const query_shard_fault& fault) {
        throw search_phase_error(fault.cause, shards_.front().index.name);
    } catch (const value_fault& fault) {
        throw search_phase_error(rest_error(400, fault.causes.front().first, fault.causes.front().second), shards_.front().index.name);
    } catch (const rest_error& fault) {
        // Refusals and syntax are the request's fault, not a shard's.
        if (fault.reason().starts_with("the embedded engine does not support") || fault.type() == "action_request_validation_exception" ||
            fault.type() == "parsing_exception" || fault.type() == "x_content_parse_exception")
            throw;
        search_phase_error failed(fault, shards_.empty() ? none_ : shards_.front().index.name);
        if (fault.type() == "too_many_buckets_exception") throw std::move(failed).of_reduce();
        throw failed;
    }
}

void search_runner::move_cursor() {
    for (const merged_hit& one : merged_) {
        std::vector<sort_value> after = one.hit->sort;
        if (after.empty()) after = {static_cast<double>(one.hit->score), static_cast<std::int64_t>(one.hit->document)};
        cursor_->after[one.shard] = std::move(after);
    }
    cursor_->delivered += static_cast<std::int64_t>(merged_.size());
}

std::string search_runner::write(const std::string& hits, const json& aggregations) {
    std::string out;
    json_writer writer(out);
    writer.begin_object();
    if (!settings_.scroll_id.empty()) writer.member("_scroll_id", settings_.scroll_id);
    if (!settings_.pit_id.empty()) writer.member("pit_id", settings_.pit_id);
    writer.member("took", 0);
    writer.member("timed_out", false);
    std::vector<target> targets;
    for (const search_shard& shard : shards_) targets.push_back(shard.index);
    writer.member("_shards", shards_json(targets));
    writer.key("hits").begin_object();
    const bool capped = !exact_ || total_ > body_.track_total_hits;
    const std::int64_t value = capped ? body_.track_total_hits : total_;
    if (settings_.total_as_int)
        writer.member("total", body_.no_total ? std::int64_t{-1} : total_);
    else if (!body_.no_total) {
        writer.key("total").begin_object();
        writer.member("value", value);
        writer.member("relation", capped ? "gte" : "eq");
        writer.end_object();
    }
    writer.key("max_score");
    if (settings_.pattern_without_match)
        writer.value(0.0f);
    else if (max_score_ && body_.size > 0 && (wishes_.empty() || body_.track_scores))
        writer.value(*max_score_);
    else
        writer.value(nullptr);
    writer.key("hits").raw(hits);
    writer.end_object();
    if (!aggregations.is_null()) writer.member("aggregations", aggregations);
    writer.end_object();
    return out;
}

}  // namespace hem::search::embedded::detail

namespace hem::search::embedded {

std::vector<search_shard> pin(const std::vector<target>& targets) {
    std::vector<search_shard> out;
    out.reserve(targets.size());
    for (const target& one : targets) out.push_back({one, one.handle->snapshot()});
    return out;
}

json shards_json(const std::vector<target>& targets, bool skipped) {
    std::int64_t total = 0;
    for (const target& one : targets) total += one.schema->shards;
    json out = json::object();
    out.append_member("total", total);
    out.append_member("successful", total);
    if (skipped) out.append_member("skipped", 0);
    out.append_member("failed", 0);
    return out;
}

std::string run_search(const search_body& body, const std::vector<search_shard>& shards, const search_settings& settings,
                       scroll_cursor* cursor) {
    if (shards.empty() && !body.query.is_null()) {
        // Nothing to search, yet a faulty query is a fault.
        static const auto schema = index_schema::make(normalize_settings({}), {});
        const query_context context{*schema, {}, "", "", settings.now_ms};
        try {
            parse_query(body.query, context);
        } catch (const query_shard_fault&) {
        }
    }
    return detail::search_runner(body, shards, settings, cursor).run();
}

}  // namespace hem::search::embedded
