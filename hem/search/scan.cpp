#include "hem/search/scan.hpp"

#include "hem/core/cancel_scope.hpp"
#include "hem/model/json_writer.hpp"
#include "hem/search/detail/client_state.hpp"

#include <charconv>

namespace hem::search::detail {
namespace {

constexpr duration clear_grace = std::chrono::seconds(2);

std::string take_param(string_pairs& params, std::string_view name, std::string fallback) {
    for (auto it = params.begin(); it != params.end(); ++it) {
        if (it->first != name) continue;
        fallback = std::move(it->second);
        params.erase(it);
        break;
    }
    return fallback;
}

std::int64_t page_size_of(const std::string& text) {
    std::int64_t size = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (fault != std::errc() || end != text.data() + text.size() || size < 1) {
        throw std::invalid_argument("cannot scan with size '" + text + "': it is a number of hits per page, at least 1");
    }
    return size;
}

// Sends a request that ends a context. Its failure is not the reader's: the server forgets the context when its keep-alive is over.
task<> end_context(client_state& state, std::string path, std::string body) {
    try {
        (void)co_await state.perform("DELETE", std::move(path), {}, std::move(body),
                                     {.repeat = repeat::unsafe, .raise = false, .request_timeout = clear_grace});
    } catch (const error&) {
        ++state.link->failed_clears;
    } catch (const closed_resource&) {
        ++state.link->failed_clears;
    }
}

class scroll final : public page_source {
public:
    scroll(search_core core, scan_options options) : core_(std::move(core)), state_(core_.state) {
        if (!state_) throw usage_error("this search has no client: start it from posts.search() or client.search()");
        keep_alive_ = take_param(core_.params, "scroll", "5m");
        const std::string size = take_param(core_.params, "size", core_.has("size") ? "" : "1000");
        if (!size.empty()) core_.set("size", std::to_string(page_size_of(size)));
        if (!options.preserve_order) core_.set("sort", "\"_doc\"");
        core_.add_params({{"scroll", keep_alive_}});
    }

    task<std::shared_ptr<search_body>> next() override {
        if (core_.nothing || ended_) co_return nullptr;
        api_response answer = co_await (id_.empty() ? core_.run({}) : next_page());
        auto page = read_search_body(std::move(answer.body), answer.meta);
        if (!page->scroll_id.empty()) {
            if (!counted_) counted_.emplace(*state_->link);
            id_ = page->scroll_id;
        }
        const shards_info& shards = page->shards;
        if (shards.successful + shards.skipped < shards.total) {
            throw scan_error("a scroll page has answers of " + std::to_string(shards.successful) + " of " + std::to_string(shards.total) +
                             " shards (" + std::to_string(shards.skipped) + " skipped): the hits of the others are missing");
        }
        if (page->hits.empty()) {
            ended_ = true;
            co_return nullptr;
        }
        co_return page;
    }

    task<> clear() override {
        if (id_.empty()) co_return;
        std::string body;
        json_writer(body).begin_object().member("scroll_id", std::exchange(id_, {})).end_object();
        co_await end_context(*state_, "/_search/scroll", std::move(body));
        counted_.reset();
    }

private:
    HEM_CORO_WRAPPER task<api_response> next_page() {
        std::string body;
        json_writer(body).begin_object().member("scroll_id", id_).member("scroll", keep_alive_).end_object();
        return state_->perform("POST", "/_search/scroll", {}, std::move(body), {.repeat = repeat::never});
    }

    search_core core_;
    std::shared_ptr<client_state> state_;
    std::string keep_alive_;
    std::string id_;
    std::optional<context_count> counted_;
    bool ended_ = false;
};

bool has_shard_doc(const server_flavour& flavour) {
    return flavour.product == product::elasticsearch || flavour.major > 3 || (flavour.major == 3 && flavour.minor >= 3);
}

// Paths and the name of the id differ between the products.
bool is_opensearch(const server_flavour& flavour) { return flavour.product == product::opensearch; }

class point_in_time_pages final : public page_source {
public:
    point_in_time_pages(search_core core, iterate_options options) : core_(std::move(core)), options_(options), state_(core_.state) {
        if (!state_) throw usage_error("this search has no client: start it from posts.search() or client.search()");
    }

    task<std::shared_ptr<search_body>> next() override {
        if (core_.nothing || ended_) co_return nullptr;
        if (core_.pit_id.empty() && !fallback_) co_await open();
        if (fallback_) co_return co_await fallback_->next();
        api_response answer = co_await core_.run({});
        auto page = read_search_body(std::move(answer.body), answer.meta);
        if (!page->pit_id.empty()) core_.pit_id = page->pit_id;
        if (page->hits.empty()) {
            ended_ = true;
            co_return nullptr;
        }
        core_.set("search_after", json(page->hits.back().meta.sort).dump());
        co_return page;
    }

    task<> clear() override {
        if (fallback_) {
            co_await fallback_->clear();
        } else if (!core_.pit_id.empty()) {
            co_await close_pit(state_, std::exchange(core_.pit_id, {}));
        }
    }

private:
    task<> open() {
        const server_flavour flavour = co_await state_->flavour();
        std::string tie_break = R"("_shard_doc")";
        if (!has_shard_doc(flavour)) {
            if (core_.unique_sort.empty()) {
                search_core plain = core_;
                if (!plain.has("size")) plain.add_params({{"size", std::to_string(options_.page_size)}});
                fallback_ = open_scroll(std::move(plain), {.preserve_order = core_.has("sort")});
                co_return;
            }
            tie_break = json(core_.unique_sort).dump();
        }
        core_.append_sort(tie_break);
        if (!core_.has("size")) core_.set("size", std::to_string(options_.page_size));
        core_.pit_keep_alive = duration_text(options_.keep_alive);
        core_.pit_id = co_await open_pit(core_, options_.keep_alive);
    }

    search_core core_;
    iterate_options options_;
    std::shared_ptr<client_state> state_;
    std::unique_ptr<page_source> fallback_;
    bool ended_ = false;
};

}  // namespace

std::string duration_text(duration d) {
    using namespace std::chrono;
    const auto all = duration_cast<milliseconds>(d).count();
    if (all % 60'000 == 0) return std::to_string(all / 60'000) + "m";
    if (all % 1'000 == 0) return std::to_string(all / 1'000) + "s";
    return std::to_string(all) + "ms";
}

std::unique_ptr<page_source> open_scroll(search_core core, scan_options options) {
    return std::make_unique<scroll>(std::move(core), options);
}

std::unique_ptr<page_source> open_point_in_time(search_core core, iterate_options options) {
    return std::make_unique<point_in_time_pages>(std::move(core), options);
}

task<std::string> open_pit(search_core core, duration keep_alive) {
    if (!core.state) throw usage_error("this search has no client: start it from posts.search() or client.search()");
    if (core.targets.empty()) throw illegal_operation("a point in time needs the name of an index");
    const server_flavour flavour = co_await core.state->flavour();
    const bool other = is_opensearch(flavour);
    core.pit_id.clear();
    const api_response answer = co_await core.state->perform("POST", core.path(other ? "_search/point_in_time" : "_pit"),
                                                             {{"keep_alive", duration_text(keep_alive)}}, {}, {});
    const json body = answer.parse();
    const json& id = body[other ? "pit_id" : "id"];
    if (!id.is_string()) throw serialization_error("the answer to the opening of a point in time has no id", answer.meta);
    ++core.state->link->open_contexts;
    co_return id.as_string();
}

task<> close_pit(std::shared_ptr<client_state> state, std::string id) {
    const bool other = state->link->flavour && is_opensearch(*state->link->flavour);
    std::string body;
    json_writer writer(body);
    if (other) {
        writer.begin_object().key("pit_id").begin_array().value(id).end_array().end_object();
    } else {
        writer.begin_object().member("id", id).end_object();
    }
    co_await end_context(*state, other ? "/_search/point_in_time" : "/_pit", std::move(body));
    --state->link->open_contexts;
}

task<> clear_shielded(page_source& pages) { co_await shield(clear_grace, pages.clear()); }

}  // namespace hem::search::detail
