// Finds and reads the Markdown posts of a folder: Jekyll's `_posts`, Hugo's and Zola's `content`, or any folder of posts.
//
// Reading blocks, so it runs before the loop or on a worker. A file that cannot be read is an `import_error` for that file alone.
#pragma once

#include "apps/blog/post_record.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blog {

struct post_file_options {
    bool drafts = false;                     // read drafts, too
    std::string unknown_author = "unknown";  // author of posts that name none
};

// A file that holds a post, and the name that its id and date may come from: the file's, or the folder's for a page bundle.
struct post_file {
    std::filesystem::path path;
    std::string name;
};

// All posts below `folder`, sorted by path. Sections (`_index.md`, and `index.md` of the folder itself), hidden files and what lies in
// a page bundle beside its `index.md` are left out; so are Jekyll's `_drafts` unless asked for. A folder that is a whole site (it has
// `_posts`, or `content` and a configuration) is read there only. Throws import_error if the folder cannot be read.
std::vector<post_file> find_post_files(const std::filesystem::path& folder, const post_file_options& options);

// The post in a file's text; empty if it is a draft and drafts are not wanted. Throws import_error.
// id: the slug, else the name without its date. Date: the front matter's, else the name's. Title: else the name in words.
// The first author is the author, the others become tags `author:…`.
std::optional<post_record> parse_post(std::string_view text, std::string_view name, const post_file_options& options);

// The same of a file on disk, at most 8 MiB. Throws import_error.
std::optional<post_record> read_post_file(const post_file& file, const post_file_options& options);

}  // namespace blog
