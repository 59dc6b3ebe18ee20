// The hits of a search as JSON: the page of the answer, and those of each bucket of a top_hits aggregation.
#include "hem/search/embedded/search_run_detail.hpp"

#include <algorithm>
#include <cmath>

namespace hem::search::embedded::detail {

json search_runner::top_hits(const std::vector<agg_shard>& documents, const json& options) {
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

std::string search_runner::write_hits(const std::vector<merged_hit>& hits, const source_filter& source, bool version, bool seq_no,
                                      bool main) {
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

void search_runner::write_hit(json_writer& writer, const merged_hit& one, const stored_document& row, const source_filter& source,
                              bool version, bool seq_no, bool main) {
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
    const index_schema& schema = *run.shard->index.schema;
    if (const auto ignored = schema.fields.ignored_fields(row.source, run.shard->view->plan(), *schema.analyzers); !ignored.empty()) {
        writer.key("_ignored").begin_array();
        for (const std::string& each : ignored) writer.value(each);
        writer.end_array();
    }
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
        for (std::size_t i = 0; i < shown && i < one.hit->sort.size(); ++i) write_sort_value(writer, one.hit->sort[i], keys[i], one.shard);
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

const column_view* search_runner::column_of(const shard_run& run, std::string_view path) const {
    const mapped_field* field = run.context.schema.fields.find(path);
    const field_spec* spec = field == nullptr ? nullptr : run.shard->view->plan().find(field->path);
    return spec == nullptr ? nullptr : run.shard->view->column(spec->number);
}

json search_runner::field_values(const shard_run& run, docno document, const json& source) const {
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

}  // namespace hem::search::embedded::detail
