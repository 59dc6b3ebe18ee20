#include "apps/blog/bulk_upload.hpp"

#include "apps/blog/item_splitter.hpp"
#include "hem/http/request.hpp"
#include "hem/model/read_json.hpp"
#include "hem/search/field_types.hpp"
#include "hem/web/exceptions.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace blog {

namespace web = hem::web;

namespace {

constexpr std::size_t most_errors = 1000;

// What an upload has done so far.
struct progress {
    std::int64_t written = 0;
    std::int64_t failed = 0;
    std::vector<item_error> errors;

    void fail(std::int64_t index, int status, std::string error) {
        ++failed;
        if (errors.size() < most_errors) errors.push_back({index, status, std::move(error)});
    }
};

void require_lines_or_array(const hem::http::request& request) {
    std::string type(request.headers().get("content-type").value_or(""));
    type.resize(std::min(type.find(';'), type.size()));
    while (type.ends_with(' ')) type.pop_back();
    for (char& c : type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    const bool json = type == "application/json" || (type.starts_with("application/") && type.ends_with("+json"));
    const bool lines = type == "application/x-ndjson" || type == "application/ndjson" || type == "application/jsonl";
    if (!json && !lines) throw web::http_exception(415, "Send application/json (an array) or application/x-ndjson (a line each)");
}

// Checked items of one batch, with their places in the request.
template <class Item>
struct batch {
    std::vector<Item> items;
    std::vector<std::int64_t> places;
    std::size_t bytes = 0;

    bool full() const noexcept { return items.size() >= batch_items || bytes >= batch_bytes; }
};

template <class Item>
hem::task<> flush(batch<Item>& pending, hem::task<std::vector<item_error>> (post_search::*write)(std::span<const Item>), post_search& posts,
                  progress& done) {
    if (pending.items.empty()) co_return;
    std::vector<item_error> failures = co_await (posts.*write)(pending.items);
    done.written += static_cast<std::int64_t>(pending.items.size() - failures.size());
    for (item_error& failure : failures) {
        done.fail(pending.places[static_cast<std::size_t>(failure.index)], failure.status, std::move(failure.error));
    }
    pending = {};
}

// Reads the body to its end; `check` turns an item's text into an Item or says why it is none.
template <class Item, class Check>
hem::task<progress> upload(post_search& posts, hem::http::request& request, Check check,
                           hem::task<std::vector<item_error>> (post_search::*write)(std::span<const Item>)) {
    require_lines_or_array(request);
    progress done;
    batch<Item> pending;
    item_splitter items;
    std::int64_t index = 0;
    hem::http::body_source& body = request.stream();
    for (bool more = true; more;) {
        const std::string_view piece = co_await body.next();
        more = !piece.empty();
        if (more) {
            items.feed(piece);
        } else {
            items.finish();
        }
        while (const auto item = items.next()) {
            std::expected<Item, std::string> checked = check(*item);
            if (checked) {
                pending.bytes += item->size();
                pending.items.push_back(std::move(*checked));
                pending.places.push_back(index);
            } else {
                done.fail(index, 422, std::move(checked.error()));
            }
            ++index;
            if (pending.full()) co_await flush(pending, write, posts, done);
        }
    }
    if (!items.begun()) throw web::request_validation_error("missing", {"body"}, "Field required");
    if (!items.error().empty()) {
        if (index == 0) {
            hem::validation_errors errors;
            errors.add({.type = "json_invalid",
                        .loc = hem::json::array({"body", items.error_position()}),
                        .msg = "JSON decode error",
                        .input = hem::json::object(),
                        .ctx = hem::json::object({{"error", items.error()}})});
            throw web::request_validation_error(std::move(errors));
        }
        done.fail(index, 422,
                  fmt::format("JSON decode error at byte {}: {}; what follows was not read", items.error_position(), items.error()));
    }
    co_await flush(pending, write, posts, done);
    std::ranges::sort(done.errors, {}, &item_error::index);
    co_return done;
}

}  // namespace

std::expected<checked_post, std::string> check_post(std::string_view item, moment now) {
    const auto read = hem::read_json<bulk_post>(item);
    if (!read) return std::unexpected(read.error().describe());
    return checked_post{(*read->id).value_or(""), to_blog_post(*read, now)};
}

std::expected<checked_change, std::string> check_change(std::string_view item) {
    const auto read = hem::read_json<bulk_update>(item);
    if (!read) return std::unexpected(read.error().describe());
    // The numbers may stand beside the changes or among them, as in PATCH.
    const bool inner = read->changes.seq_no.has_value();
    return checked_change{*read->id, changed_fields(read->changes), inner ? read->changes.seq_no : read->seq_no,
                          inner ? read->changes.primary_term : read->primary_term};
}

hem::task<bulk_answer> upload_posts(post_search& posts, hem::http::request& request) {
    const moment now = hem::search::date::now().time();
    progress done =
        co_await upload<checked_post>(posts, request, [now](std::string_view item) { return check_post(item, now); }, &post_search::write);
    co_return bulk_answer{done.written, done.failed, std::move(done.errors)};
}

hem::task<bulk_update_answer> upload_changes(post_search& posts, hem::http::request& request) {
    progress done =
        co_await upload<checked_change>(posts, request, [](std::string_view item) { return check_change(item); }, &post_search::change);
    co_return bulk_update_answer{done.written, done.failed, std::move(done.errors)};
}

}  // namespace blog
