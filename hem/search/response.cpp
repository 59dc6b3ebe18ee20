#include "hem/search/response.hpp"

#include "hem/search/detail/json_cursor.hpp"

namespace hem::search {
namespace {

using detail::json_cursor;

std::optional<double> number_or_null(json_cursor& cursor) {
    if (cursor.at_null()) {
        cursor.read_null();
        return std::nullopt;
    }
    return cursor.read_number();
}

std::string text_or_null(json_cursor& cursor) {
    if (cursor.at_null()) {
        cursor.read_null();
        return {};
    }
    return cursor.peek() == '"' ? cursor.read_string() : std::string(cursor.skip());
}

json parse_span(std::string_view span) { return json::parse(span, {.max_depth = 1000}); }

void read_highlight(json_cursor& cursor, highlights& into) {
    cursor.begin_object();
    std::string_view key;
    while (cursor.next_key(key)) {
        std::string field(key);
        std::vector<std::string> fragments;
        cursor.begin_array();
        while (cursor.next_element()) fragments.push_back(cursor.read_string());
        into.add(std::move(field), std::move(fragments));
    }
}

void read_hit(json_cursor& cursor, detail::raw_hit& hit) {
    document_meta& meta = hit.meta;
    cursor.begin_object();
    std::string_view key;
    while (cursor.next_key(key)) {
        if (key == "_source") {
            hit.source = cursor.skip();
        } else if (key == "_id") {
            cursor.read_string(meta.id);
        } else if (key == "_index") {
            cursor.read_string(meta.index);
        } else if (key == "_score") {
            meta.score = number_or_null(cursor);
        } else if (key == "_version") {
            meta.version = cursor.read_integer();
        } else if (key == "_seq_no") {
            meta.seq_no = cursor.read_integer();
        } else if (key == "_primary_term") {
            meta.primary_term = cursor.read_integer();
        } else if (key == "_routing") {
            meta.routing = text_or_null(cursor);
        } else if (key == "sort") {
            cursor.begin_array();
            while (cursor.next_element()) meta.sort.push_back(parse_span(cursor.skip()));
        } else if (key == "highlight") {
            read_highlight(cursor, meta.highlight);
        } else if (key == "matched_queries" && cursor.peek() == '[') {
            cursor.begin_array();
            while (cursor.next_element()) meta.matched_queries.push_back(cursor.read_string());
        } else if (key == "inner_hits") {
            meta.inner_hits = parse_span(cursor.skip());
        } else if (key == "fields") {
            meta.fields = parse_span(cursor.skip());
        } else {
            cursor.skip();
        }
    }
}

void read_total(json_cursor& cursor, std::optional<total_hits>& total) {
    if (cursor.at_null()) {
        cursor.read_null();
    } else if (cursor.peek() != '{') {
        total = total_hits{cursor.read_integer(), total_relation::eq};  // rest_total_hits_as_int
    } else {
        total.emplace();
        cursor.begin_object();
        std::string_view key;
        while (cursor.next_key(key)) {
            if (key == "value") {
                total->value = cursor.read_integer();
            } else if (key == "relation") {
                total->relation = cursor.read_string() == "gte" ? total_relation::gte : total_relation::eq;
            } else {
                cursor.skip();
            }
        }
    }
}

void read_hits(json_cursor& cursor, detail::search_body& body) {
    cursor.begin_object();
    std::string_view key;
    while (cursor.next_key(key)) {
        if (key == "total") {
            read_total(cursor, body.total);
        } else if (key == "max_score") {
            body.max_score = number_or_null(cursor);
        } else if (key == "hits") {
            cursor.begin_array();
            while (cursor.next_element()) read_hit(cursor, body.hits.emplace_back());
        } else {
            cursor.skip();
        }
    }
}

void read_shard_failure(json_cursor& cursor, shard_failure& failure) {
    cursor.begin_object();
    std::string_view key;
    while (cursor.next_key(key)) {
        if (key == "shard") {
            failure.shard = static_cast<int>(cursor.read_integer());
        } else if (key == "index") {
            failure.index = text_or_null(cursor);
        } else if (key == "node") {
            failure.node = text_or_null(cursor);
        } else if (key == "reason") {
            if (cursor.peek() != '{') {
                failure.reason = text_or_null(cursor);
                continue;
            }
            cursor.begin_object();
            std::string_view inner;
            while (cursor.next_key(inner)) {
                if (inner == "type") {
                    failure.type = text_or_null(cursor);
                } else if (inner == "reason") {
                    failure.reason = text_or_null(cursor);
                } else {
                    cursor.skip();
                }
            }
        } else {
            cursor.skip();
        }
    }
}

void read_shards(json_cursor& cursor, shards_info& shards) {
    cursor.begin_object();
    std::string_view key;
    while (cursor.next_key(key)) {
        if (key == "total") {
            shards.total = static_cast<int>(cursor.read_integer());
        } else if (key == "successful") {
            shards.successful = static_cast<int>(cursor.read_integer());
        } else if (key == "skipped") {
            shards.skipped = static_cast<int>(cursor.read_integer());
        } else if (key == "failed") {
            shards.failed = static_cast<int>(cursor.read_integer());
        } else if (key == "failures") {
            cursor.begin_array();
            while (cursor.next_element()) read_shard_failure(cursor, shards.failures.emplace_back());
        } else {
            cursor.skip();
        }
    }
}

}  // namespace

const std::vector<std::string>& highlights::operator[](std::string_view field) const noexcept {
    static const std::vector<std::string> none;
    for (const auto& [name, fragments] : fields_) {
        if (name == field) return fragments;
    }
    return none;
}

namespace detail {

search_body::search_body(std::string body) : bytes(std::move(body)) {
    json_cursor cursor(bytes);
    cursor.begin_object();
    std::string_view key;
    while (cursor.next_key(key)) {
        if (key == "hits") {
            read_hits(cursor, *this);
        } else if (key == "took") {
            took = cursor.read_integer();
        } else if (key == "timed_out") {
            timed_out = cursor.read_bool();
        } else if (key == "terminated_early") {
            terminated_early = cursor.read_bool();
        } else if (key == "_shards") {
            read_shards(cursor, shards);
        } else if (key == "aggregations" || key == "aggs") {
            aggregations = cursor.skip();
        } else if (key == "suggest") {
            suggest = cursor.skip();
        } else if (key == "_scroll_id") {
            scroll_id = cursor.read_string();
        } else if (key == "pit_id" || key == "id") {
            pit_id = cursor.read_string();
        } else {
            cursor.skip();
        }
    }
    if (!cursor.finished()) cursor.fail("unexpected text after the answer");
}

std::shared_ptr<search_body> read_search_body(std::string body, const response_meta& meta) {
    const std::size_t bytes = body.size();
    try {
        return std::make_shared<search_body>(std::move(body));
    } catch (const cursor_error& fault) {
        throw serialization_error("cannot read the answer of " + (meta.node.empty() ? std::string("the server") : meta.node) + " (" +
                                      std::to_string(bytes) + " bytes) as a search response: " + fault.reason(),
                                  meta);
    } catch (const json_parse_error& fault) {
        throw serialization_error("cannot read a part of the answer of " + (meta.node.empty() ? std::string("the server") : meta.node) +
                                      ": " + fault.what(),
                                  meta);
    }
}

json parse_source(std::string_view source, const std::string& id) {
    if (source.empty()) return {};
    try {
        return json::parse(source, {.max_depth = 1000});
    } catch (const json_parse_error& fault) {
        throw decode_error(id, "", fault.what());
    }
}

json value_at(std::string_view source, std::string_view path) {
    json_cursor cursor(source);
    while (true) {
        if (cursor.peek() != '{') return {};
        cursor.begin_object();
        const std::size_t dot = path.find('.');
        const std::string_view step = path.substr(0, dot);
        std::string_view key;
        bool found = false;
        while (cursor.next_key(key)) {
            // A source may hold the dotted name as one key, as servers allow.
            if (key == path) return parse_span(cursor.skip());
            if (dot != std::string_view::npos && key == step) {
                found = true;
                break;
            }
            cursor.skip();
        }
        if (!found) return {};
        path.remove_prefix(dot + 1);
    }
}

const std::string& empty_text() noexcept {
    static const std::string none;
    return none;
}

json next_page(const std::string& request, const document_meta* last) {
    if (last == nullptr) throw illegal_operation("there is no next page: this page has no hits");
    if (last->sort.empty()) throw illegal_operation("the next page of a search needs a sort: add .sort(…) with a unique last key");
    json body = request.empty() ? json::object() : json::parse(request, {.max_depth = 1000});
    body.set("search_after", json(last->sort));
    body.erase("from");
    return body;
}

}  // namespace detail
}  // namespace hem::search
