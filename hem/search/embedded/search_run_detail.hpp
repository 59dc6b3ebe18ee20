// One search on its way over several shards: what is found, what is merged, and how its hits are written.
#pragma once

#include "hem/model/json_writer.hpp"
#include "hem/search/embedded/search_run.hpp"
#include "hem/search/embedded/search_sort.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hem::search::embedded::detail {

// A shard with the queries bound to its mapping, and what they found.
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

// Lives for one search; body, shards, settings and cursor must outlive it.
class search_runner {
public:
    search_runner(const search_body& body, const std::vector<search_shard>& shards, const search_settings& settings, scroll_cursor* cursor);
    std::string run();

private:
    template <class F>
    void on_shard(std::size_t i, F&& f);
    void check();
    void search_shard_at(std::size_t i);
    void merge();
    const column_view* column_of(const shard_run& run, std::string_view path) const;
    void collapse();
    json aggregate();
    // One search in the wanted order ranks every document; each bucket takes its first ones.
    json top_hits(const std::vector<agg_shard>& documents, const json& options);
    std::string write_hits(const std::vector<merged_hit>& hits, const source_filter& source, bool version, bool seq_no, bool main);
    void write_hit(json_writer& writer, const merged_hit& one, const stored_document& row, const source_filter& source, bool version,
                   bool seq_no, bool main);
    json field_values(const shard_run& run, docno document, const json& source) const;
    void move_cursor();
    std::string write(const std::string& hits, const json& aggregations);

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

}  // namespace hem::search::embedded::detail
