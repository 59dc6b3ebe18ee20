#include "hem/search/embedded/search_run.hpp"

#include "hem/model/json_writer.hpp"
#include "hem/search/embedded/search_sort.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_set>

namespace hem::search::embedded {

namespace {

struct shard_run {
    const search_shard* shard = nullptr;
    query_context context;
    query what;
    std::optional<query> post;
    std::vector<bound_key> keys;
    search_result result;
    std::optional<highlighter> marks;
    std::vector<std::pair<std::string, match_set>> named;
};

struct merged_hit {
    std::size_t shard = 0;
    const search_hit* hit = nullptr;
};

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

class runner {
public:
    runner(const search_body& body, const std::vector<search_shard>& shards, const search_settings& settings, scroll_cursor* cursor)
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

    std::string run() {
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

private:
    template <class F>
    void on_shard(std::size_t i, F&& f) {
        const std::string& name = shards_[i].index.name;
        try {
            f();
        } catch (const query_shard_fault& fault) {
            throw search_phase_error(fault.cause, name);
        } catch (const query_error& fault) {
            throw search_phase_error(rest_error(400, "query_shard_exception", std::string("failed to create query: ") + fault.what())
                                         .with("index", name)
                                         .with("index_uuid", shards_[i].index.uuid),
                                     name);
        } catch (const value_fault& fault) {
            throw search_phase_error(rest_error(400, fault.causes.front().first, fault.causes.front().second), name);
        }
    }

    void check() {
        const std::string& name = shards_.empty() ? none_ : shards_.front().index.name;
        if (!body_.search_after.is_null()) {
            if (body_.from > 0 && cursor_ == nullptr)
                throw validation_fault({"`from` parameter must be set to 0 when `search_after` is used."});
            if (cursor_ != nullptr) throw validation_fault({"`search_after` cannot be used in a scroll context."});
        }
        if (shards_.empty()) return;
        if (!body_.search_after.is_null()) {
            if (wishes_.empty()) throw search_phase_error(illegal_argument("Sort must contain at least one field."), name);
            const std::size_t given = body_.search_after.size();
            if (given != wishes_.size() &&
                !(wishes_.back().field == "_shard_doc" && given + 1 == wishes_.size() && body_.sort.size() == given))
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

    void search_shard_at(std::size_t i) {
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

    void merge() {
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

    const column_view* column_of(const shard_run& run, std::string_view path) const {
        const mapped_field* field = run.context.schema.fields.find(path);
        const field_spec* spec = field == nullptr ? nullptr : run.shard->view->plan().find(field->path);
        return spec == nullptr ? nullptr : run.shard->view->column(spec->number);
    }

    void collapse() {
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

    json aggregate() {
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
            if (fault.reason().starts_with("the embedded engine does not support") ||
                fault.type() == "action_request_validation_exception" || fault.type() == "parsing_exception" ||
                fault.type() == "x_content_parse_exception")
                throw;
            throw search_phase_error(fault, shards_.empty() ? none_ : shards_.front().index.name);
        }
    }

    // One search in the wanted order ranks every document; each bucket takes its first ones.
    json top_hits(const std::vector<agg_shard>& documents, const json& options) {
        auto [found, made] = rankings_.try_emplace(&options);
        ranking& ranks = found->second;
        if (made) {
            ranks.body = search_body::parse(options);
            if (!ranks.body.size_given) ranks.body.size = 3;
            ranks.results.resize(runs_.size());
            ranks.keys.resize(runs_.size());
            ranks.place.resize(runs_.size());
            std::vector<sort_wish> wishes = ranks.body.sort;
            if (wishes.size() == 1 && wishes.front().field == "_score" && wishes.front().descending) wishes.clear();
            for (std::size_t i = 0; i < runs_.size(); ++i) {
                search_options order;
                order.size = static_cast<std::size_t>(runs_[i]->shard->view->live_count());
                ranks.keys[i] = bind_sort(wishes, runs_[i]->context, false);
                for (const bound_key& key : ranks.keys[i]) order.sort.push_back(key.key);
                order.track_scores = ranks.body.track_scores || wishes.empty();
                order.track_total_hits = 0;
                ranks.results[i] = embedded::search(runs_[i]->shard->view, runs_[i]->what, order);
                ranks.place[i].assign(runs_[i]->shard->view->limit(), UINT32_MAX);
                for (std::size_t at = 0; at < ranks.results[i].hits.size(); ++at)
                    ranks.place[i][ranks.results[i].hits[at].document] = static_cast<std::uint32_t>(at);
            }
        }
        std::vector<merged_hit> hits;
        std::int64_t total = 0;
        for (std::size_t i = 0; i < documents.size(); ++i) {
            total += documents[i].count();
            documents[i].for_each([&](docno document) {
                const std::uint32_t at = ranks.place[i][document];
                if (at != UINT32_MAX) hits.push_back({i, &ranks.results[i].hits[at]});
            });
        }
        const std::size_t wanted = ranks.body.from + ranks.body.size;
        const auto before = [&](const merged_hit& a, const merged_hit& b) {
            if (a.shard == b.shard) return ranks.place[a.shard][a.hit->document] < ranks.place[b.shard][b.hit->document];
            if (ranks.keys[a.shard].empty()) {
                if (a.hit->score != b.hit->score) return a.hit->score > b.hit->score;
            } else if (const int way = compare_sort_values(a.hit->sort, b.hit->sort, ranks.keys[a.shard]); way != 0)
                return way < 0;
            return a.shard < b.shard;
        };
        std::sort(hits.begin(), hits.end(), before);
        std::optional<float> best;
        if (ranks.keys.empty() || ranks.keys.front().empty())
            for (const merged_hit& one : hits)
                if (!std::isnan(one.hit->score)) best = best ? std::max(*best, one.hit->score) : one.hit->score;
        hits.erase(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(std::min(ranks.body.from, hits.size())));
        if (hits.size() > wanted - ranks.body.from) hits.resize(wanted - ranks.body.from);
        // The hits of a bucket are shown under the aggregation's own options.
        std::swap(shown_sort_, ranks.keys);
        const std::string text = write_hits(hits, ranks.body.source, ranks.body.version, ranks.body.seq_no_primary_term, false);
        std::swap(shown_sort_, ranks.keys);
        json out = json::object();
        out.append_member("total", json::object({{"value", total}, {"relation", "eq"}}));
        out.append_member("max_score", best ? json(static_cast<double>(*best)) : json());
        out.append_member("hits", json::parse(text, {.max_depth = 1010}));
        return out;
    }

    std::string write_hits(const std::vector<merged_hit>& hits, const source_filter& source, bool version, bool seq_no, bool main) {
        std::vector<std::vector<docno>> wanted(runs_.size());
        for (const merged_hit& one : hits) wanted[one.shard].push_back(one.hit->document);
        std::vector<std::vector<stored_document>> rows(runs_.size());
        for (std::size_t i = 0; i < runs_.size(); ++i)
            if (!wanted[i].empty()) rows[i] = runs_[i]->shard->view->fetch(wanted[i]);
        std::vector<std::size_t> next(runs_.size());
        std::string out;
        json_writer writer(out);
        writer.begin_array();
        for (const merged_hit& one : hits) {
            const stored_document& row = rows[one.shard][next[one.shard]++];
            write_hit(writer, one, row, source, version, seq_no, main);
        }
        writer.end_array();
        return out;
    }

    void write_hit(json_writer& writer, const merged_hit& one, const stored_document& row, const source_filter& source, bool version,
                   bool seq_no, bool main) {
        const shard_run& run = *runs_[one.shard];
        const std::vector<bound_key>& keys = main ? run.keys : shown_sort_[one.shard];
        const bool by_score = keys.empty();
        const bool scored = by_score || body_.track_scores ||
                            std::any_of(keys.begin(), keys.end(), [](const bound_key& key) { return key.kind == sort_kind::score; });
        writer.begin_object();
        writer.member("_index", run.shard->index.name);
        writer.member("_id", row.id);
        if (version) writer.member("_version", row.version);
        if (seq_no) {
            writer.member("_seq_no", row.seq_no);
            writer.member("_primary_term", 1);
        }
        writer.key("_score");
        if (scored && !std::isnan(one.hit->score))
            writer.value(one.hit->score);
        else
            writer.value(nullptr);
        if (!row.routing.empty()) writer.member("_routing", row.routing);
        const bool fields = main && (!body_.fields.empty() || !body_.docvalue_fields.empty() || !body_.collapse.empty());
        const bool marks = main && run.marks.has_value();
        json parsed;
        if (fields || marks || !source.whole()) parsed = json::parse(row.source, {.max_depth = 1000});
        if (source.wanted) {
            writer.key("_source");
            if (source.whole())
                writer.raw(row.source);
            else
                writer.value(source.apply(parsed));
        }
        if (fields) {
            const json values = field_values(run, one.hit->document, parsed);
            if (values.size() > 0) writer.member("fields", values);
        }
        if (marks) {
            const json fragments = run.marks->run(parsed);
            if (!fragments.is_null()) writer.member("highlight", fragments);
        }
        if (!keys.empty() && (!main || shown_keys_ > 0)) {
            writer.key("sort").begin_array();
            const std::size_t shown = main ? shown_keys_ : keys.size();
            for (std::size_t i = 0; i < shown && i < one.hit->sort.size(); ++i)
                write_sort_value(writer, one.hit->sort[i], keys[i], one.shard);
            writer.end_array();
        }
        if (main) {
            std::vector<std::string_view> names;
            for (const auto& [name, set] : run.named)
                if ((one.hit->document >> 6) < set.words.size() && set.contains(one.hit->document) &&
                    std::find(names.begin(), names.end(), name) == names.end())
                    names.push_back(name);
            if (!names.empty()) {
                writer.key("matched_queries").begin_array();
                for (const std::string_view name : names) writer.value(name);
                writer.end_array();
            }
        }
        writer.end_object();
    }

    json field_values(const shard_run& run, docno document, const json& source) const {
        json out = json::object();
        const mapping& fields = run.context.schema.fields;
        for (const auto& [pattern, format] : body_.fields)
            for (const mapped_field* field : fields.matching(pattern)) {
                std::string path = field->path;
                if (const std::size_t dot = path.rfind('.'); dot != std::string::npos)
                    if (const mapped_field* parent = fields.find(std::string_view(path).substr(0, dot));
                        parent != nullptr && parent->fields.contains(field->name))
                        path = parent->path;
                std::vector<const json*> found;
                values_at(source, path, found);
                json values = json::array();
                for (const json* value : found) try {
                        if (field->type == field_type::date)
                            values.push_back((format.empty() ? field->format : date_format(format)).print(field->to_date(*value)));
                        else if (is_whole_number(field->type))
                            values.push_back(field->to_integer(*value));
                        else if (is_fraction(field->type))
                            values.push_back(value->is_number() ? *value : json(field->to_double(*value)));
                        else if (field->type == field_type::boolean)
                            values.push_back(field->to_boolean(*value));
                        else
                            values.push_back(value->is_string() ? *value : json(value->dump()));
                    } catch (const value_fault&) {
                        continue;  // ignored when it was indexed, too
                    }
                if (values.size() > 0) out.set(field->path, std::move(values));
            }
        const auto from_column = [&](const mapped_field& field, const std::string& format) {
            const column_view* column = column_of(run, field.path);
            if (column == nullptr || column->value_count(document) == 0) return;
            json values = json::array();
            std::vector<std::string> texts;
            for (std::size_t at = column->first(document); at < column->last(document); ++at) {
                if (column->kind == field_kind::keyword)
                    texts.emplace_back(column->term(column->ordinal(at)));
                else if (column->kind == field_kind::floating)
                    values.push_back(column->floating(at));
                else if (column->kind == field_kind::boolean)
                    values.push_back(column->integer(at) != 0);
                else if (column->kind == field_kind::date)
                    values.push_back((format.empty() ? field.format : date_format(format)).print(column->integer(at)));
                else
                    values.push_back(column->integer(at));
            }
            std::sort(texts.begin(), texts.end());
            for (std::string& text : texts) values.push_back(std::move(text));
            out.set(field.path, std::move(values));
        };
        for (const auto& [pattern, format] : body_.docvalue_fields)
            for (const mapped_field* field : fields.matching(pattern)) {
                if (field->type == field_type::text && pattern.find('*') == std::string::npos)
                    throw search_phase_error(
                        illegal_argument(
                            "Text fields are not optimised for operations that require per-document field data like aggregations and "
                            "sorting, so these operations are disabled by default. Please use a keyword field instead. Alternatively, "
                            "set fielddata=true on [" +
                            field->path +
                            "] in order to load field data by uninverting the inverted index. Note that this can use significant memory."),
                        run.shard->index.name);
                if (field->has_column()) from_column(*field, format);
            }
        if (!body_.collapse.empty())
            if (const mapped_field* field = fields.find(body_.collapse)) from_column(*field, {});
        return out;
    }

    void move_cursor() {
        for (const merged_hit& one : merged_) {
            std::vector<sort_value> after = one.hit->sort;
            if (after.empty()) after = {static_cast<double>(one.hit->score), static_cast<std::int64_t>(one.hit->document)};
            cursor_->after[one.shard] = std::move(after);
        }
        cursor_->delivered += static_cast<std::int64_t>(merged_.size());
    }

    std::string write(const std::string& hits, const json& aggregations) {
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

    struct ranking {
        search_body body;
        std::vector<search_result> results;
        std::vector<std::vector<bound_key>> keys;
        std::vector<std::vector<std::uint32_t>> place;  // by shard and document
    };

    const search_body& body_;
    const std::vector<search_shard>& shards_;
    const search_settings& settings_;
    scroll_cursor* cursor_;
    std::vector<sort_wish> wishes_;
    std::size_t shown_keys_ = 0;
    std::string none_;
    std::vector<std::unique_ptr<shard_run>> runs_;
    std::vector<merged_hit> merged_;
    std::vector<std::vector<bound_key>> shown_sort_;
    std::map<const json*, ranking> rankings_;
    std::int64_t total_ = 0;
    bool exact_ = true;
    std::optional<float> max_score_;
};

}  // namespace

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
    return runner(body, shards, settings, cursor).run();
}

}  // namespace hem::search::embedded
