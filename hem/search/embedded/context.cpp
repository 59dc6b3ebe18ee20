#include "hem/search/embedded/context.hpp"

#include "hem/search/embedded/dates.hpp"
#include "hem/search/embedded/rest_error.hpp"

#include <charconv>

namespace hem::search::embedded {

namespace {

constexpr std::string_view digits = "0123456789abcdef";
constexpr std::string_view scroll_mark = "aGVtU2Nyb2xsOg";
constexpr std::string_view point_mark = "aGVtUG9pbnQ6";

bool parse_id(std::string_view id, bool scroll, std::uint64_t& number) {
    const std::string_view mark = scroll ? scroll_mark : point_mark;
    if (!id.starts_with(mark) || id.size() != mark.size() + 16) return false;
    const char* last = id.data() + id.size();
    return std::from_chars(id.data() + mark.size(), last, number, 16).ptr == last;
}

rest_error bad_id(std::string_view id, bool scroll) {
    return illegal_argument(scroll ? "Cannot parse scroll id" : "invalid id: [" + std::string(id) + "]");
}

std::int64_t keep_alive_of(std::string_view text, bool scroll) {
    const auto ms = parse_time_value(text);
    if (!ms)
        throw illegal_argument("failed to parse setting [" + std::string(scroll ? "scroll" : "keep_alive") + "] with value [" +
                               std::string(text) + "] as a time value: unit is missing or unrecognized");
    if (*ms > context_table::max_keep_alive_ms)
        throw search_phase_error(
            illegal_argument(
                "Keep alive for request (" + std::string(text) +
                ") is too large. It must be less than (1d). This limit can be set by changing the [search.max_keep_alive] cluster "
                "level setting."),
            "");
    return *ms;
}

}  // namespace

std::string context_table::id_of(const search_context& context) {
    std::string out(context.scroll ? scroll_mark : point_mark);
    for (int shift = 60; shift >= 0; shift -= 4) out += digits[context.number >> shift & 15];
    return out;
}

void context_table::expire(std::int64_t now_ms) {
    std::erase_if(open_, [&](const auto& entry) { return entry.second->expires_ms < now_ms; });
}

std::string context_table::open(std::shared_ptr<search_context> made, std::string_view keep_alive, std::int64_t now_ms) {
    const std::int64_t ms = keep_alive_of(keep_alive, made->scroll);
    const std::lock_guard hold(guard_);
    expire(now_ms);
    std::size_t same = 0;
    for (const auto& [number, one] : open_) same += one->scroll == made->scroll;
    if (same >= (made->scroll ? max_scrolls : max_points))
        throw search_phase_error(
            rest_error(
                429, "rejected_execution_exception",
                made->scroll
                    ? "Trying to create too many scroll contexts. Must be less than or equal to: [500]. This limit can be set by changing the "
                      "[search.max_open_scroll_context] setting."
                    : "Trying to create too many Point In Time contexts. Must be less than or equal to: [300]. This limit can be set by changing the "
                      "[search.max_open_pit_context] setting."),
            made->shards.empty() ? "" : made->shards.front().index.name);
    made->number = next_++;
    made->keep_alive_ms = ms;
    made->created_ms = now_ms;
    made->expires_ms = now_ms + ms;
    std::string id = id_of(*made);
    open_.emplace(made->number, std::move(made));
    return id;
}

std::shared_ptr<search_context> context_table::find(std::string_view id, bool scroll, std::string_view keep_alive, std::int64_t now_ms) {
    std::uint64_t number = 0;
    if (!parse_id(id, scroll, number)) throw bad_id(id, scroll);
    const std::int64_t renewed = keep_alive.empty() ? 0 : keep_alive_of(keep_alive, scroll);
    const std::lock_guard hold(guard_);
    expire(now_ms);
    const auto found = open_.find(number);
    if (found == open_.end() || found->second->scroll != scroll) {
        search_phase_error fault(
            rest_error(404, "search_context_missing_exception", "No search context found for id [" + std::to_string(number) + "]"), "");
        throw std::move(fault).without_shard();
    }
    search_context& context = *found->second;
    if (renewed > 0) context.keep_alive_ms = renewed;
    context.expires_ms = now_ms + context.keep_alive_ms;
    return found->second;
}

std::size_t context_table::close(const std::vector<std::string>& ids, bool scroll, std::int64_t now_ms) {
    std::vector<std::uint64_t> numbers;
    for (const std::string& id : ids) {
        std::uint64_t number = 0;
        if (!parse_id(id, scroll, number)) throw bad_id(id, scroll);
        numbers.push_back(number);
    }
    const std::lock_guard hold(guard_);
    expire(now_ms);
    std::size_t closed = 0;
    for (const std::uint64_t number : numbers) closed += open_.erase(number);
    return closed;
}

std::vector<std::string> context_table::close_all(bool scroll) {
    const std::lock_guard hold(guard_);
    std::vector<std::string> out;
    for (auto at = open_.begin(); at != open_.end();) {
        if (at->second->scroll == scroll) {
            out.push_back(id_of(*at->second));
            at = open_.erase(at);
        } else
            ++at;
    }
    return out;
}

std::vector<std::shared_ptr<search_context>> context_table::points(std::int64_t now_ms) {
    const std::lock_guard hold(guard_);
    expire(now_ms);
    std::vector<std::shared_ptr<search_context>> out;
    for (const auto& [number, one] : open_)
        if (!one->scroll) out.push_back(one);
    return out;
}

std::size_t context_table::size() const {
    const std::lock_guard hold(guard_);
    return open_.size();
}

}  // namespace hem::search::embedded
