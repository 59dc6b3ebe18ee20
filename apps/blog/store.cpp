#include "apps/blog/store.hpp"

#include "apps/blog/bulk_upload.hpp"
#include "apps/blog/embedded.hpp"
#include "apps/blog/post_files.hpp"
#include "apps/blog/post_search.hpp"

#include <filesystem>
#include <fmt/format.h>

namespace blog {

std::string prepare_store(const options& chosen) {
    if (!chosen.is_embedded() || chosen.store_path() == ":memory:") return {};
    const std::filesystem::path folder = std::filesystem::path(chosen.store_path()).parent_path();
    if (folder.empty()) return {};
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (!failed) return {};
    return fmt::format("cannot make the folder {} for the store: {} (--data or HEM_BLOG_DATA names another)", folder.string(),
                       failed.message());
}

std::string describe_store(const options& chosen) {
    if (!chosen.is_embedded()) return "the search cluster at " + chosen.search;
    if (chosen.store_path() == ":memory:") return "a store in memory, gone when the program ends";
    return chosen.store_path();
}

hem::task<std::size_t> open_posts(post_search& posts, const options& chosen) {
    hem::search::client client = posts.client();
    const bool is_new = chosen.is_embedded() && !co_await client.indices().exists(std::string(blog_post::index.name));
    co_await posts.open();
    if (!is_new) co_return 0;
    std::vector<checked_post> seeds;
    for (const embedded_file& file : seed_posts) {
        const auto post = parse_post(file.bytes, file.name.substr(0, file.name.rfind('.')), {});
        if (!post) continue;
        auto checked = check_post(to_json_line(*post), moment());
        if (!checked) throw std::runtime_error(fmt::format("{}: {}", file.name, checked.error()));
        seeds.push_back(std::move(*checked));
    }
    const auto failures = co_await posts.write(seeds);
    if (!failures.empty())
        throw std::runtime_error(fmt::format("the store refused {} of the first posts: {}", failures.size(), failures.front().error));
    co_return seeds.size();
}

std::string explain_store_failure(const options& chosen, const std::exception& error) {
    const std::string text = error.what();
    if (!chosen.is_embedded()) return fmt::format("cannot use {}: {} (HEM_BLOG_SEARCH or --search names it)", describe_store(chosen), text);
    if (text.find("pid") == std::string::npos) return text;
    switch (chosen.command) {
    case command::import_posts: return text + "\n  a running blog can take the posts: add --to http://127.0.0.1:8000";
    case command::export_posts: return text + "\n  a running blog can give the posts: add --from http://127.0.0.1:8000";
    default: return text + "\n  stop that process, or name another store with --data or --search";
    }
}

}  // namespace blog
