// The command line and the environment of `blog`: read once, checked whole, every wrong value reported with the accepted ones.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace blog {

enum class command { serve, import_posts, export_posts, engine, help };
enum class export_format { lines, document };

struct options {
    blog::command command = blog::command::serve;
    std::string help;  // the text to print, for `help`
    std::string host = "127.0.0.1";
    std::uint16_t port = 8000;  // 0: any free one
    std::string search;         // embedded:FILE, embedded::memory:, http://HOST:PORT
    std::string data;           // folder of the store
    bool debug_page = false;    // of serve
    // import
    std::string source;  // a folder or a file of JSON lines
    bool drafts = false;
    std::string unknown_author = "unknown";
    std::string server;  // --to of import, --from of export: URL of a running blog; empty: the store itself
    // export
    export_format format = export_format::lines;

    bool is_embedded() const noexcept { return search.starts_with("embedded:"); }
    // The store's file, or `:memory:`. Only for embedded stores.
    std::string store_path() const { return search.substr(std::string_view("embedded:").size()); }
};

// Variables by name; an empty value counts as unset.
using environment = std::vector<std::pair<std::string, std::string>>;

// The variables that `blog` reads, from this process.
environment current_environment();

struct parsed_options {
    blog::options options;
    std::vector<std::string> errors;  // one line each; if there is any, `options` must not be used
};

// `arguments` without the program's name. Nothing is touched but these: no file, no socket.
parsed_options parse_options(std::span<const std::string_view> arguments, const environment& variables);

// What is printed for wrong settings before exit code 2.
std::string describe_errors(const std::vector<std::string>& errors);

}  // namespace blog
