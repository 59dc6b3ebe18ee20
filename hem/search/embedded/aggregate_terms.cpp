// The terms aggregation: counts by value over columns, dense by ordinal for keywords.
#include "hem/search/embedded/aggregate_detail.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace hem::search::embedded::detail {

namespace {

std::string text_of(const json& value) { return value.is_string() ? value.as_string() : value.dump(); }

struct term_bucket {
    std::string_view text;
    std::int64_t whole = 0;
    double number = 0;
    std::int64_t count = 0;
    json extra;  // children that ran already, for an order by them
};

struct order_part {
    std::string path;  // _count, _key, or a sub-aggregation
    bool descending = false;
};

std::vector<order_part> order_of(const aggregation& wanted) {
    std::vector<order_part> out;
    const json& order = wanted.options["order"];
    const auto read = [&](const json& one) {
        if (!one.is_object() || one.size() != 1) throw parsing_fault("Must specify at least one field for [order]", "order");
        const auto& [path, direction] = one.items().front();
        const std::string word = text_of(direction);
        if (word != "asc" && word != "desc") throw parsing_fault("Unknown order direction [" + word + "]", "order");
        out.push_back({path == "_term" ? "_key" : path, word == "desc"});
    };
    if (order.is_array())
        for (const json& one : order.elements()) read(one);
    else if (!order.is_null())
        read(order);
    if (out.empty()) out.push_back({"_count", true});
    for (const order_part& part : out) {
        if (part.path == "_count" || part.path == "_key") continue;
        const std::string head = part.path.substr(0, part.path.find_first_of(".>["));
        const bool known = std::any_of(wanted.children.begin(), wanted.children.end(),
                                       [&](const aggregation& child) { return child.name == head && !is_pipeline(child.type); });
        if (!known) {
            const std::string why = "The provided aggregation [" + head +
                                    "] either does not exist, or is a pipeline aggregation and cannot be used to sort the buckets.";
            throw execution_fault("Invalid aggregation order path [" + part.path + "]. " + why)
                .caused_by("illegal_argument_exception", why);
        }
    }
    return out;
}

// Which keys may make a bucket.
class key_filter {
public:
    key_filter(const aggregation& wanted, const agg_field& field) {
        read(wanted.options["include"], include_, field);
        read(wanted.options["exclude"], exclude_, field);
    }
    bool any() const { return include_.given || exclude_.given; }
    bool takes(const std::string& key) const {
        const auto holds = [&](const list& of) { return std::binary_search(of.keys.begin(), of.keys.end(), key); };
        return (!include_.given || holds(include_)) && (!exclude_.given || !holds(exclude_));
    }

private:
    struct list {
        bool given = false;
        std::vector<std::string> keys;
    };
    static void read(const json& from, list& into, const agg_field& field) {
        if (from.is_null()) return;
        into.given = true;
        if (from.is_object()) throw unsupported("partitions in the terms aggregation");
        if (from.is_string()) {
            if (from.as_string().find_first_of(".?+*|{}[]()\"\\#@&<>~") != std::string::npos)
                throw unsupported("a regular expression in include or exclude of terms");
            into.keys.push_back(from.as_string());
        } else
            for (const json& one : from.elements()) {
                if (field.mapped != nullptr && !field.keyword() && !field.boolean() && field.mapped->type != field_type::date) {
                    const double number = one.is_number() ? one.as_double() : number_option(json::object({{"v", one}}), "v", 0);
                    into.keys.push_back(json(field.mapped->rounded(number)).dump());
                } else
                    into.keys.push_back(text_of(one));
            }
        std::sort(into.keys.begin(), into.keys.end());
    }
    list include_, exclude_;
};

class terms_run {
public:
    terms_run(const aggregation& wanted, const std::vector<agg_shard>& over, agg_context& context)
        : wanted_(wanted), over_(over), context_(context), field_(field_of(wanted, over, true)), filter_(wanted, field_),
          order_(order_of(wanted)) {
        const json& missing = wanted.options["missing"];
        if (!missing.is_null()) has_missing_ = true;
        if (!has_missing_) return;
        if (field_.mapped == nullptr || field_.keyword())
            missing_text_ = text_of(missing);
        else if (field_.fraction())
            missing_number_ = field_.mapped->rounded(number_option(wanted.options, "missing", 0));
        else if (field_.date())
            missing_whole_ = field_.mapped->to_date(missing);
        else if (field_.boolean())
            missing_whole_ = field_.mapped->to_boolean(missing) ? 1 : 0;
        else
            missing_whole_ = whole_option(wanted.options, "missing", 0);
    }

    json run() {
        const std::int64_t least = whole_option(wanted_.options, "min_doc_count", 1);
        count(least == 0);
        // Candidates: every bucket that has enough documents and passes include and exclude.
        std::vector<std::uint32_t> chosen;
        std::int64_t others = 0;
        for (std::uint32_t i = 0; i < buckets_.size(); ++i)
            if (buckets_[i].count >= least && (buckets_[i].count > 0 || least == 0) &&
                (!filter_.any() || filter_.takes(key_text(buckets_[i])))) {
                chosen.push_back(i);
                others += buckets_[i].count;
            }
        const bool by_child =
            std::any_of(order_.begin(), order_.end(), [](const order_part& part) { return part.path != "_count" && part.path != "_key"; });
        if (by_child) children_of(chosen);
        const auto size = static_cast<std::size_t>(std::max<std::int64_t>(whole_option(wanted_.options, "size", 10), 1));
        const auto before = [&](std::uint32_t a, std::uint32_t b) { return precedes(buckets_[a], buckets_[b]); };
        if (chosen.size() > size) {
            std::partial_sort(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(size), chosen.end(), before);
            chosen.resize(size);
        } else
            std::sort(chosen.begin(), chosen.end(), before);
        if (!by_child) children_of(chosen);
        count_bucket(context_, chosen.size());
        json buckets = json::array();
        for (const std::uint32_t i : chosen) {
            others -= buckets_[i].count;
            buckets.push_back(bucket_json(buckets_[i]));
        }
        json out = json::object();
        out.append_member("doc_count_error_upper_bound", 0);
        out.append_member("sum_other_doc_count", others);
        out.append_member("buckets", std::move(buckets));
        return out;
    }

private:
    bool text_keys() const { return field_.mapped == nullptr || field_.keyword(); }

    std::string key_text(const term_bucket& bucket) const {
        if (text_keys()) return std::string(bucket.text);
        if (field_.boolean()) return bucket.whole != 0 ? "true" : "false";
        if (field_.date()) return field_.mapped->format.print(bucket.whole);
        return field_.fraction() ? json(bucket.number).dump() : json(static_cast<double>(bucket.whole)).dump();
    }

    std::uint32_t text_bucket(std::string_view text) {
        const auto [found, made] = by_text_.try_emplace(text, static_cast<std::uint32_t>(buckets_.size()));
        if (made) buckets_.push_back({text});
        return found->second;
    }
    std::uint32_t whole_bucket(std::int64_t whole) {
        const auto [found, made] = by_whole_.try_emplace(whole, static_cast<std::uint32_t>(buckets_.size()));
        if (made) buckets_.push_back({{}, whole});
        return found->second;
    }
    std::uint32_t number_bucket(double number) {
        const auto [found, made] = by_number_.try_emplace(number, static_cast<std::uint32_t>(buckets_.size()));
        if (made) buckets_.push_back({{}, 0, number});
        return found->second;
    }
    std::uint32_t missing_bucket() {
        return text_keys() ? text_bucket(missing_text_) : field_.fraction() ? number_bucket(missing_number_) : whole_bucket(missing_whole_);
    }

    static constexpr std::uint32_t none = UINT32_MAX;

    void count(bool zero_counts) {
        ordinals_.resize(over_.size());
        for (std::size_t s = 0; s < over_.size(); ++s) {
            const column_view* column = field_.columns[s];
            if (column == nullptr) {
                if (has_missing_ && over_[s].count() > 0) buckets_[missing_bucket()].count += over_[s].count();
                continue;
            }
            std::int64_t without = 0;
            if (column->kind == field_kind::keyword) {
                std::vector<std::uint32_t> counts(column->ordinal_count());
                if (column->single_valued())
                    over_[s].for_each([&](docno document) { ++counts[column->ordinal(document)]; });
                else
                    over_[s].for_each([&](docno document) {
                        const std::size_t last = column->last(document);
                        std::size_t at = column->first(document);
                        without += at == last;
                        for (; at < last; ++at) ++counts[column->ordinal(at)];
                    });
                ordinals_[s].assign(counts.size(), none);
                if (zero_counts) mark_live(s, *column);
                for (std::uint32_t ordinal = 0; ordinal < counts.size(); ++ordinal) {
                    if (counts[ordinal] == 0 && !(zero_counts && live_[ordinal])) continue;
                    const std::uint32_t bucket = text_bucket(column->term(ordinal));
                    ordinals_[s][ordinal] = bucket;
                    buckets_[bucket].count += counts[ordinal];
                }
            } else
                over_[s].for_each([&](docno document) {
                    std::uint32_t previous = none;
                    const std::size_t last = column->last(document);
                    std::size_t at = column->first(document);
                    without += at == last;
                    for (; at < last; ++at) {
                        const std::uint32_t bucket = bucket_of(*column, at);
                        if (bucket != previous) ++buckets_[bucket].count;
                        previous = bucket;
                    }
                });
            if (has_missing_ && without > 0) buckets_[missing_bucket()].count += without;
        }
    }

    void mark_live(std::size_t shard, const column_view& column) {
        live_.assign(column.ordinal_count(), false);
        for (docno document = 0; document < over_[shard].view->limit(); ++document) {
            if (!over_[shard].view->live(document)) continue;
            for (std::size_t at = column.first(document); at < column.last(document); ++at) live_[column.ordinal(at)] = true;
        }
    }

    std::uint32_t bucket_of(const column_view& column, std::size_t at) {
        return column.kind == field_kind::floating ? number_bucket(column.floating(at)) : whole_bucket(column.integer(at));
    }

    // Runs the children of the chosen buckets over their documents.
    void children_of(const std::vector<std::uint32_t>& chosen) {
        if (wanted_.children.empty()) return;
        std::vector<std::uint32_t> place(buckets_.size(), none);
        for (std::uint32_t i = 0; i < chosen.size(); ++i) place[chosen[i]] = i;
        std::vector<std::vector<agg_shard>> documents(chosen.size(), no_documents(over_));
        for (std::size_t s = 0; s < over_.size(); ++s) {
            const column_view* column = field_.columns[s];
            const auto add = [&](std::uint32_t bucket, docno document) {
                if (bucket == none || place[bucket] == none) return;
                auto& into = documents[place[bucket]][s].documents;
                if (into.empty() || into.back() != document) into.push_back(document);
            };
            const std::uint32_t without = has_missing_ ? missing_bucket() : none;
            if (without != none && without >= place.size()) place.resize(without + 1, none);
            over_[s].for_each([&](docno document) {
                if (column == nullptr) {
                    add(without, document);
                    return;
                }
                const std::size_t last = column->last(document);
                std::size_t at = column->first(document);
                if (at == last) add(without, document);
                for (; at < last; ++at)
                    add(column->kind == field_kind::keyword ? ordinals_[s][column->ordinal(at)] : bucket_of(*column, at), document);
            });
        }
        for (std::uint32_t i = 0; i < chosen.size(); ++i) {
            json made = json::object();
            run_children(made, wanted_, documents[i], context_);
            buckets_[chosen[i]].extra = std::move(made);
        }
    }

    int compare_keys(const term_bucket& a, const term_bucket& b) const {
        if (text_keys()) return a.text.compare(b.text) < 0 ? -1 : a.text == b.text ? 0 : 1;
        if (field_.fraction()) return a.number < b.number ? -1 : a.number > b.number;
        return a.whole < b.whole ? -1 : a.whole > b.whole;
    }

    bool precedes(const term_bucket& a, const term_bucket& b) const {
        for (const order_part& part : order_) {
            int way = 0;
            if (part.path == "_count")
                way = a.count < b.count ? -1 : a.count > b.count;
            else if (part.path == "_key")
                way = compare_keys(a, b);
            else {
                const auto left = number_at(a.extra, part.path);
                const auto right = number_at(b.extra, part.path);
                if (left.has_value() != right.has_value()) return left.has_value();  // without a value: last, in both directions
                if (left) way = *left < *right ? -1 : *left > *right;
            }
            if (way != 0) return part.descending ? way > 0 : way < 0;
        }
        return compare_keys(a, b) < 0;
    }

    json bucket_json(term_bucket& bucket) {
        json out = json::object();
        if (text_keys())
            out.append_member("key", bucket.text);
        else if (field_.fraction())
            out.append_member("key", bucket.number);
        else {
            out.append_member("key", bucket.whole);
            if (field_.boolean()) out.append_member("key_as_string", bucket.whole != 0 ? "true" : "false");
            if (field_.date()) {
                const std::string format = text_option(wanted_.options, "format");
                out.append_member("key_as_string",
                                  format.empty() ? field_.mapped->format.print(bucket.whole) : date_format(format).print(bucket.whole));
            }
        }
        out.append_member("doc_count", bucket.count);
        for (auto& [name, value] : bucket.extra.items()) out.append_member(std::move(name), std::move(value));
        return out;
    }

    const aggregation& wanted_;
    const std::vector<agg_shard>& over_;
    agg_context& context_;
    agg_field field_;
    key_filter filter_;
    std::vector<order_part> order_;
    bool has_missing_ = false;
    std::string missing_text_;
    std::int64_t missing_whole_ = 0;
    double missing_number_ = 0;
    std::vector<term_bucket> buckets_;
    std::vector<std::vector<std::uint32_t>> ordinals_;  // by shard and ordinal: bucket
    std::vector<bool> live_;
    std::unordered_map<std::string_view, std::uint32_t> by_text_;
    std::unordered_map<std::int64_t, std::uint32_t> by_whole_;
    std::unordered_map<double, std::uint32_t> by_number_;
};

}  // namespace

json run_terms(const aggregation& wanted, const std::vector<agg_shard>& over, agg_context& context) {
    if (!text_option(wanted.options, "format").empty()) {
        const agg_field field = field_of(wanted, over, true);
        if (field.mapped != nullptr && !field.date()) throw unsupported("[format] of a terms aggregation on a field that is not a date");
    }
    return terms_run(wanted, over, context).run();
}

}  // namespace hem::search::embedded::detail
