// Scrolls and points in time: pinned snapshots with an id and a time to live. They end with the process.
#pragma once

#include "hem/search/embedded/search_run.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace hem::search::embedded {

struct search_context {
    bool scroll = false;
    std::uint64_t number = 0;
    std::vector<search_shard> shards;
    search_body body;  // of a scroll
    search_settings settings;
    scroll_cursor cursor;
    std::int64_t keep_alive_ms = 0, expires_ms = 0, created_ms = 0;
    std::mutex turn;  // pages of one scroll come one after the other
};

class context_table {
public:
    static constexpr std::size_t max_scrolls = 500;
    static constexpr std::size_t max_points = 300;
    static constexpr std::int64_t max_keep_alive_ms = 86'400'000;

    // Throws rest_error: too many, or `keep_alive` too long.
    std::string open(std::shared_ptr<search_context> made, std::string_view keep_alive, std::int64_t now_ms);
    // Renews when `keep_alive` is given. Throws rest_error for an id that is no id, is unknown or has expired.
    std::shared_ptr<search_context> find(std::string_view id, bool scroll, std::string_view keep_alive, std::int64_t now_ms);
    // How many were open; ids that are none are a fault.
    std::size_t close(const std::vector<std::string>& ids, bool scroll, std::int64_t now_ms);
    std::vector<std::string> close_all(bool scroll);
    std::vector<std::shared_ptr<search_context>> points(std::int64_t now_ms);
    std::size_t size() const;
    static std::string id_of(const search_context& context);

private:
    void expire(std::int64_t now_ms);
    mutable std::mutex guard_;
    std::map<std::uint64_t, std::shared_ptr<search_context>> open_;
    std::uint64_t next_ = 1;
};

}  // namespace hem::search::embedded
