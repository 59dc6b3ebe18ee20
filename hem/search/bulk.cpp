#include "hem/search/bulk.hpp"

#include "hem/core/lock.hpp"
#include "hem/core/loop.hpp"
#include "hem/core/task_group.hpp"
#include "hem/model/json_writer.hpp"
#include "hem/search/detail/client_state.hpp"
#include "hem/search/detail/worth_repeating.hpp"

#include <algorithm>

namespace hem::search {
namespace {

std::string_view name_of(bulk_op op) {
    switch (op) {
    case bulk_op::index: return "index";
    case bulk_op::create: return "create";
    case bulk_op::update: return "update";
    case bulk_op::remove: return "delete";
    }
    return "";
}

bool contains(const std::vector<int>& list, int status) { return std::find(list.begin(), list.end(), status) != list.end(); }

std::string text_of(const json& value) { return value.is_string() ? value.as_string() : value.dump(); }

std::string make_id() {
    constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    random_generator& random = loop::current().random();
    std::string id;
    for (int i = 0; i < 20; ++i) id += digits[random.below(64)];
    return id;
}

struct packed_item {
    std::size_t position;
    bulk_op op;
    std::string id;
    std::size_t begin;  // of its lines in the chunk
    std::size_t bytes;
};

struct chunk {
    std::string body;
    std::vector<packed_item> items;
    bool repeatable = true;  // every action has an id and none is create or conditional
};

// Appends the action's lines; returns how many bytes they take.
std::size_t append_lines(std::string& body, const bulk_action& action) {
    const std::size_t before = body.size();
    json_writer writer(body);
    writer.begin_object().key(name_of(action.op)).begin_object();
    if (!action.index.empty()) writer.member("_index", action.index);
    if (!action.id.empty()) writer.member("_id", action.id);
    if (!action.routing.empty()) writer.member("routing", action.routing);
    if (action.if_seq_no && action.if_primary_term)
        writer.member("if_seq_no", *action.if_seq_no).member("if_primary_term", *action.if_primary_term);
    if (action.retry_on_conflict > 0) writer.member("retry_on_conflict", action.retry_on_conflict);
    writer.end_object().end_object();
    body += '\n';
    if (action.op != bulk_op::remove) {
        const std::size_t source = body.size();
        body += action.source;
        // A source is one line: line breaks between its values become blanks (inside strings JSON has none).
        std::replace(body.begin() + static_cast<std::ptrdiff_t>(source), body.end(), '\n', ' ');
        body += '\n';
    }
    return body.size() - before;
}

class bulk_runner {
public:
    bulk_runner(client on, detail::bulk_source& source, bulk_options options)
        : client_(std::move(on)), source_(source), options_(std::move(options)),
          policy_({.name = "search bulk",
                   .stop = stop_after_attempt(std::max(options_.max_retries, 0) + 1),
                   .wait = wait_exponential({.multiplier = options_.backoff, .max = options_.max_backoff}),
                   .retry_after_spread = 0,
                   .max_retry_after = duration::max(),
                   .retry_if = retry_if_exception_type<detail::worth_repeating>,
                   .retries_inside = true}) {  // the client's, after transport errors
        if (options_.chunk_size == 0 || options_.concurrency == 0)
            throw usage_error("bulk needs a chunk_size and a concurrency of at least 1");
    }

    const bulk_options& options() const noexcept { return options_; }

    // Pulls the next chunk; false when nothing is left.
    task<bool> fill(chunk& into) {
        into = {};
        while (!ended_ && into.items.size() < options_.chunk_size) {
            if (!pending_) {
                pending_ = co_await source_.next();
                if (!pending_) {
                    ended_ = true;
                    break;
                }
                prepare(*pending_);
            }
            const std::size_t begin = into.body.size();
            const std::size_t bytes = append_lines(into.body, *pending_);
            if (begin + bytes > options_.max_chunk_bytes && !into.items.empty()) {
                into.body.resize(begin);  // it opens the next chunk
                break;
            }
            if (pending_->id.empty() || pending_->op == bulk_op::create || pending_->if_seq_no) into.repeatable = false;
            into.items.push_back({position_++, pending_->op, std::move(pending_->id), begin, bytes});
            pending_.reset();
        }
        co_return !into.items.empty();
    }

    // Sends a chunk with its retries.
    task<> send(chunk work, std::vector<bulk_outcome>& done) {
        std::optional<api_response> refused;  // the whole request, at the last attempt
        int attempt = 0;
        const auto try_once = [&]() -> task<> {
            // Another try of these has begun: what the one before gave is no outcome.
            std::erase_if(done, [&](const bulk_outcome& each) { return contains(options_.retry_on_status, each.status); });
            refused.reset();
            const bool last = ++attempt > options_.max_retries;
            api_response answer = co_await send_once(work, last);
            const int status = answer.status();
            const bool whole_again = contains(options_.retry_on_status, status) || status == 429 || status == 503 ||
                                     ((status == 502 || status == 504) && work.repeatable);
            if (status >= 400) {
                if (!whole_again) detail::throw_api_error(answer.meta, answer.body);
                refused = std::move(answer);
                throw detail::worth_repeating("a bulk was answered with status " + std::to_string(status),
                                              detail::retry_after_of(refused->meta));
            }
            chunk again = sort_out(work, answer, last, done);
            if (again.items.empty()) co_return;
            work = std::move(again);
            throw detail::worth_repeating(std::to_string(work.items.size()) + " actions of a bulk were turned away",
                                          detail::retry_after_of(answer.meta));
        };
        try {
            co_await retry(policy_, try_once);
        } catch (const detail::worth_repeating&) {  // the retries are used up
            if (refused) detail::throw_api_error(refused->meta, refused->body);
        }
    }

private:
    task<api_response> send_once(chunk& work, bool last) {
        std::string path = options_.index.empty() ? "/_bulk" : "/" + encode_segment(options_.index) + "/_bulk";
        string_pairs params;
        if (!options_.refresh.empty()) params.emplace_back("refresh", options_.refresh);
        if (!options_.routing.empty()) params.emplace_back("routing", options_.routing);
        if (!options_.pipeline.empty()) params.emplace_back("pipeline", options_.pipeline);
        // The chunk is kept for the items that have to go again; it is dropped at once when nothing can be retried.
        std::string body = last ? std::move(work.body) : work.body;
        co_return co_await client_.perform(
            "POST", std::move(path), std::move(params), std::move(body),
            {.repeat = work.repeatable ? repeat::safe : repeat::unsafe, .ndjson = true, .raise = false, .retry_on_status = false});
    }

    void prepare(bulk_action& action) {
        if (options_.assign_ids && action.id.empty() && (action.op == bulk_op::index || action.op == bulk_op::create)) {
            action.id = make_id();
            action.op = bulk_op::create;
        }
        if (action.id.empty() && (action.op == bulk_op::update || action.op == bulk_op::remove)) {
            throw illegal_operation("bulk action " + std::to_string(position_) + " (" + std::string(name_of(action.op)) + ") has no id");
        }
    }

    // Reads the answer's items; those to be retried make the next chunk, unless this was the last try.
    chunk sort_out(const chunk& work, const api_response& answer, bool last, std::vector<bulk_outcome>& done) const {
        chunk again;
        again.repeatable = work.repeatable;
        std::size_t index = 0;
        const auto one = [&](detail::json_cursor& cursor) {
            if (index == work.items.size()) cursor.fail("there are more items than were sent");
            const packed_item& item = work.items[index++];
            bulk_outcome outcome{.position = item.position, .op = item.op, .id = item.id};
            cursor.begin_object();
            std::string_view key;
            while (cursor.next_key(key)) {
                cursor.begin_object();
                std::string_view inner;
                while (cursor.next_key(inner)) {
                    if (inner == "status") {
                        outcome.status = static_cast<int>(cursor.read_integer());
                    } else if (inner == "_id" && cursor.peek() == '"') {
                        cursor.read_string(outcome.id);
                    } else if (inner == "result") {
                        cursor.read_string(outcome.result);
                    } else if (inner == "error") {
                        outcome.error = json::parse(cursor.skip(), {.max_depth = 1000});
                    } else {
                        cursor.skip();
                    }
                }
            }
            if (!last && contains(options_.retry_on_status, outcome.status)) {
                packed_item repeated = item;
                repeated.begin = again.body.size();
                again.body.append(work.body, item.begin, item.bytes);
                again.items.push_back(std::move(repeated));
            }
            done.push_back(std::move(outcome));
        };
        try {
            detail::json_cursor cursor(answer.body);
            cursor.begin_object();
            std::string_view key;
            while (cursor.next_key(key)) {
                if (key != "items") {
                    cursor.skip();
                    continue;
                }
                cursor.begin_array();
                while (cursor.next_element()) one(cursor);
            }
        } catch (const detail::cursor_error& fault) {
            throw serialization_error(std::string("cannot read the answer to a bulk: ") + fault.what(), answer.meta);
        } catch (const json_parse_error& fault) {
            throw serialization_error(std::string("cannot read an error in the answer to a bulk: ") + fault.what(), answer.meta);
        }
        if (index != work.items.size()) {
            throw serialization_error("the answer to a bulk of " + std::to_string(work.items.size()) + " actions has " +
                                          std::to_string(index) + " items",
                                      answer.meta);
        }
        return again;
    }

    client client_;
    detail::bulk_source& source_;
    bulk_options options_;
    retry_policy policy_;
    std::optional<bulk_action> pending_;  // pulled, but not in a chunk yet
    std::size_t position_ = 0;
    bool ended_ = false;
};

void count(const bulk_options& options, std::vector<bulk_outcome> outcomes, bulk_summary& summary) {
    std::vector<bulk_outcome> failures;
    for (bulk_outcome& outcome : outcomes) {
        if (outcome.ok() || contains(options.ignore_status, outcome.status)) {
            ++summary.succeeded;
        } else {
            ++summary.failed;
            failures.push_back(std::move(outcome));
        }
    }
    if (options.raise_on_error && !failures.empty()) throw bulk_error(std::move(failures));
    for (bulk_outcome& failure : failures) {
        if (summary.failures.size() < options.max_failures) summary.failures.push_back(std::move(failure));
    }
}

struct shared_run {
    bulk_runner& runner;
    lock& pulling;
    bulk_summary& summary;
};

task<> bulk_worker(shared_run run) {
    while (true) {
        chunk work;
        {
            const auto guard = co_await run.pulling.acquire();
            if (!co_await run.runner.fill(work)) co_return;
        }
        std::vector<bulk_outcome> outcomes;
        co_await run.runner.send(std::move(work), outcomes);
        count(run.runner.options(), std::move(outcomes), run.summary);
    }
}

}  // namespace

bulk_action bulk_action::put(std::string source, std::string id) {
    return {.op = bulk_op::index, .id = std::move(id), .source = std::move(source)};
}
bulk_action bulk_action::create(std::string source, std::string id) {
    return {.op = bulk_op::create, .id = std::move(id), .source = std::move(source)};
}
bulk_action bulk_action::update(std::string id, const json& changed_fields) {
    return {.op = bulk_op::update, .id = std::move(id), .source = json::object({{"doc", changed_fields}}).dump()};
}
bulk_action bulk_action::remove(std::string id) { return {.op = bulk_op::remove, .id = std::move(id)}; }

bulk_action bulk_action::from_json(const json& value) {
    if (!value.is_object()) throw std::invalid_argument("a bulk action is a JSON object, not " + std::string(value.kind_name()));
    bulk_action action;
    json rest = json::object();
    const json* source = nullptr;
    const bool has_source = value.contains("_source");
    for (const auto& [name, part] : value.items()) {
        const bool underscored = name.starts_with('_');
        const std::string_view key = underscored ? std::string_view(name).substr(1) : std::string_view(name);
        // Without `_source`, plain names belong to the document: `id` may well be one of its fields.
        const bool meta = underscored || has_source;
        if (meta && key == "op_type") {
            const std::string op = text_of(part);
            if (op != "index" && op != "create" && op != "update" && op != "delete") {
                throw std::invalid_argument("a bulk action has the unknown _op_type '" + op +
                                            "'; there are index, create, update and delete");
            }
            action.op = op == "create"   ? bulk_op::create
                        : op == "update" ? bulk_op::update
                        : op == "delete" ? bulk_op::remove
                                         : bulk_op::index;
        } else if (meta && key == "index") {
            action.index = text_of(part);
        } else if (meta && key == "id") {
            action.id = text_of(part);
        } else if (meta && (key == "routing")) {
            action.routing = text_of(part);
        } else if (meta && key == "if_seq_no") {
            action.if_seq_no = part.as_int64();
        } else if (meta && key == "if_primary_term") {
            action.if_primary_term = part.as_int64();
        } else if (meta && key == "retry_on_conflict") {
            action.retry_on_conflict = static_cast<int>(part.as_int64());
        } else if (name == "_source") {
            source = &part;
        } else {
            rest.set(name, part);
        }
    }
    if (action.op != bulk_op::remove) action.source = source != nullptr ? source->dump() : rest.dump();
    return action;
}

bulk_error::bulk_error(std::vector<bulk_outcome> failures)
    : std::runtime_error([&] {
          std::string text = std::to_string(failures.size()) + " bulk action(s) failed";
          if (!failures.empty()) {
              const bulk_outcome& first = failures.front();
              text += "; the first is " + std::string(name_of(first.op)) + " of '" + first.id + "' (position " +
                      std::to_string(first.position) + "): status " + std::to_string(first.status);
              if (const json& reason = first.error["reason"]; reason.is_string()) text += ", " + reason.as_string();
          }
          return text;
      }()),
      failures_(std::move(failures)) {}

namespace detail {

task<bulk_summary> run_bulk(client on, bulk_source& source, bulk_options options) {
    bulk_runner runner(std::move(on), source, std::move(options));
    lock pulling;
    bulk_summary summary;
    const shared_run run{runner, pulling, summary};
    if (runner.options().concurrency == 1) {
        co_await bulk_worker(run);
    } else {
        co_await with_task_group([&](task_group& group) -> task<> {
            for (std::size_t i = 0; i < runner.options().concurrency; ++i) group.create_task(bulk_worker, run);
            co_return;
        });
    }
    co_return summary;
}

async_generator<bulk_outcome> run_streaming_bulk(client on, std::shared_ptr<bulk_source> source, bulk_options options) {
    bulk_runner runner(std::move(on), *source, std::move(options));
    chunk work;
    while (co_await runner.fill(work)) {
        std::vector<bulk_outcome> outcomes;
        co_await runner.send(std::move(work), outcomes);
        if (runner.options().raise_on_error) {
            bulk_summary unused;
            count(runner.options(), outcomes, unused);
        }
        for (bulk_outcome& outcome : outcomes) co_yield std::move(outcome);
    }
}

}  // namespace detail
}  // namespace hem::search
