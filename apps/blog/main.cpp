// The reference service of Hem: `blog` serves a searchable blog; `blog --help` lists what else it does.
#include "apps/blog/commands.hpp"
#include "apps/blog/options.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <string_view>
#include <vector>

int main(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    const blog::parsed_options parsed = blog::parse_options(arguments, blog::current_environment());
    if (!parsed.errors.empty()) {
        fmt::print(stderr, "{}", blog::describe_errors(parsed.errors));
        return 2;
    }
    switch (parsed.options.command) {
    case blog::command::help: fmt::print("{}", parsed.options.help); return 0;
    case blog::command::serve: return blog::serve(parsed.options);
    case blog::command::import_posts: return blog::import_posts(parsed.options);
    case blog::command::export_posts: return blog::export_posts(parsed.options);
    case blog::command::engine: return blog::serve_engine(parsed.options);
    }
    return 2;
}
