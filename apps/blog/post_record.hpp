// A post on its way into the store: what an import reads, what `POST /posts/bulk` takes, one line of an export.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace blog {

struct post_record {
    std::string id;
    std::string title;
    std::string content;  // plain text, see markdown.hpp
    std::string author;
    std::string published_date;  // UTC, 2025-11-20T06:30:00Z
    std::vector<std::string> tags;
};

// One JSON object without a line end, the shape of `POST /posts/bulk`'s items.
std::string to_json_line(const post_record& post);

}  // namespace blog
