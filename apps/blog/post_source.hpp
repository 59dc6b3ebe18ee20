// Where `blog import` reads from: a folder of Markdown posts, or a file of JSON lines. Read in batches, on a worker thread.
#pragma once

#include "apps/blog/options.hpp"
#include "apps/blog/post_search.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace blog {

// A post and the file, or file and line, that it came from.
struct found_post {
    std::string where;
    checked_post post;
};

struct unreadable_post {
    std::string where;
    std::string why;
};

struct post_batch {
    std::vector<found_post> posts;
    std::vector<unreadable_post> unreadable;
    std::size_t drafts = 0;  // left out
    std::size_t seen = 0;    // files or lines, in all batches so far
    bool last = false;
};

class post_source {
public:
    virtual ~post_source() = default;
    // Blocks. A file that cannot be read is in the batch; throws import_error when nothing can be read any more.
    virtual post_batch next() = 0;
    // How many files there are; unknown for a stream.
    virtual std::optional<std::size_t> total() const noexcept = 0;
};

// Blocks while it lists the folder. Throws import_error when there is no such folder or file.
std::unique_ptr<post_source> open_post_source(const options& chosen);

}  // namespace blog
