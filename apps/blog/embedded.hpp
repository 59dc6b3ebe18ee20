// The files that travel in the binary: the page at `/` and the posts of a new store. `embed.cmake` writes them at build time.
#pragma once

#include <span>
#include <string_view>

namespace blog {

struct embedded_file {
    std::string_view name;   // without folder
    std::string_view bytes;  // lives as long as the program
};

extern const std::span<const embedded_file> page_files;  // page/*
extern const std::span<const embedded_file> seed_posts;  // posts/*.md

}  // namespace blog
