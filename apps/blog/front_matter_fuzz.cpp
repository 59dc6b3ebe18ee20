// Any bytes are a post or an import_error; what a post says survives a second look.
#include "apps/blog/front_matter.hpp"
#include "apps/blog/post_files.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const auto post = blog::parse_post(text, "2025-03-04-a-post", {.drafts = true});
        if (!post || post->id.empty() || post->author.empty()) std::abort();
        if (blog::normalized_date(post->published_date) != post->published_date) std::abort();
        if (!blog::is_utf8(blog::to_json_line(*post))) std::abort();
    } catch (const blog::import_error&) {
        return 0;
    }
    return 0;
}
