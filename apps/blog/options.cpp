#include "apps/blog/options.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>

namespace blog {

namespace {

constexpr std::string_view overview = R"(blog: a searchable blog, served by Hem

  blog [serve]            serve the page, the API and its documentation
  blog import DIR         read a folder of Markdown posts (Jekyll, Hugo, Zola)
  blog import FILE.jsonl  read posts from JSON lines, as `blog export` writes them
  blog export             write all posts to standard output
  blog engine             serve the store's Elasticsearch-compatible REST API

`blog COMMAND --help` tells more. Settings, as a flag or in the environment:

  --host    HEM_BLOG_HOST    address to listen on               127.0.0.1
  --port    HEM_BLOG_PORT    port to listen on, 0: any free     8000
  --search  HEM_BLOG_SEARCH  where the posts are stored         embedded:<data>/blog.db
                             embedded:FILE, embedded::memory:, http://HOST:PORT of Elasticsearch or OpenSearch
  --data    HEM_BLOG_DATA    folder of the embedded store       ${XDG_DATA_HOME:-~/.local/share}/hem-blog

Exit codes: 0 done, 1 failed, 2 wrong settings.
)";

constexpr std::string_view serve_help = R"(blog serve: serve the page, the API and its documentation

  --host ADDRESS  HEM_BLOG_HOST    address to listen on: an IP address or localhost (127.0.0.1)
  --port PORT     HEM_BLOG_PORT    port to listen on, 0 picks a free one (8000)
  --search WHERE  HEM_BLOG_SEARCH  embedded:FILE, embedded::memory:, http://HOST:PORT (embedded:<data>/blog.db)
  --data DIR      HEM_BLOG_DATA    folder of the embedded store (${XDG_DATA_HOME:-~/.local/share}/hem-blog)
  --debug-page    serve /debug/tasks, a live view of the tasks, to this machine; its address is printed with a token

HEM_DEBUG=1 opens a debug socket for `hem ps` and `hem top`. HEM_REACTOR=io_uring takes io_uring instead of epoll.
A new embedded store is filled with a few posts on Hem's patterns. Ctrl-C stops gracefully: requests under way are answered first;
a second Ctrl-C ends at once.
)";

constexpr std::string_view import_help = R"(blog import: read posts into the store

  blog import DIR         Markdown posts with front matter (YAML or TOML) as Jekyll, Hugo and Zola keep them
  blog import FILE.jsonl  one JSON object per line: {"id", "title", "content", "author", "published_date", "tags"}
  blog import -           the same from standard input

  --drafts        import drafts, too
  --author NAME   author of posts that name none (unknown)
  --to URL        send the posts to a running blog, for example http://127.0.0.1:8000
  --search WHERE  HEM_BLOG_SEARCH  the store, if not --to: embedded:FILE, http://HOST:PORT
  --data DIR      HEM_BLOG_DATA    folder of the embedded store

A post's id is its slug, else its file's or folder's name without the date, so a second import updates. Files that cannot be read are
named with the reason, and the others are imported. Exit code: 0 all imported, 1 some were not, 2 wrong settings.
)";

constexpr std::string_view export_help = R"(blog export: write all posts to standard output

  --format jsonl  one JSON object per line, which `blog import` reads (default)
  --format json   one document, {"posts": [...]}
  --from URL      ask a running blog, for example http://127.0.0.1:8000
  --search WHERE  HEM_BLOG_SEARCH  the store, if not --from: embedded:FILE, http://HOST:PORT
  --data DIR      HEM_BLOG_DATA    folder of the embedded store

An export that fails half-way ends with exit code 1; what was written until then is not a whole document.
)";

constexpr std::string_view engine_help = R"(blog engine: serve the embedded store's Elasticsearch-compatible REST API

  --host ADDRESS  address to listen on: an IP address or localhost (127.0.0.1)
  --port PORT     port to listen on, 0 picks a free one (9200)
  --search WHERE  HEM_BLOG_SEARCH  the store: embedded:FILE or embedded::memory:
  --data DIR      HEM_BLOG_DATA    folder of the embedded store

For curl, foreign clients and tests: there is no access control, so keep it on the loopback address.
Only one process opens a store: stop `blog serve` first, or name another file.
)";

std::string_view help_of(command which) {
    switch (which) {
    case command::serve: return serve_help;
    case command::import_posts: return import_help;
    case command::export_posts: return export_help;
    case command::engine: return engine_help;
    default: return overview;
    }
}

std::string_view name_of(command which) {
    switch (which) {
    case command::import_posts: return "import";
    case command::export_posts: return "export";
    case command::engine: return "engine";
    default: return "serve";
    }
}

std::vector<std::string_view> flags_of(command which) {
    switch (which) {
    case command::import_posts: return {"--drafts", "--author", "--to", "--search", "--data", "--help"};
    case command::export_posts: return {"--format", "--from", "--search", "--data", "--help"};
    case command::engine: return {"--host", "--port", "--search", "--data", "--help"};
    default: return {"--host", "--port", "--search", "--data", "--debug-page", "--help"};
    }
}

std::optional<std::uint16_t> port_number(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (failed != std::errc() || end != text.data() + text.size()) return {};
    return port;
}

std::optional<std::string> listen_address(const std::string& text) {
    if (text == "localhost") return "127.0.0.1";
    unsigned char address[16];
    const std::string bare = text.starts_with('[') && text.ends_with(']') ? text.substr(1, text.size() - 2) : text;
    if (inet_pton(AF_INET, bare.c_str(), address) == 1 || inet_pton(AF_INET6, bare.c_str(), address) == 1) return bare;
    return {};
}

// `http://HOST[:PORT][/PATH]`; empty if it is fine, else what is wrong.
std::string_view check_url(std::string_view url) {
    if (url.starts_with("https://")) return "https:// is not possible yet, because Hem has no TLS; use http://HOST:PORT";
    if (!url.starts_with("http://")) return "a URL such as http://127.0.0.1:8000 is expected";
    url.remove_prefix(7);
    const std::string_view authority = url.substr(0, url.find('/'));
    const std::size_t bracket = authority.find(']');
    const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    const std::string_view host = authority.substr(0, colon);
    if (host.empty() || url.find_first_of(" \t?#") != std::string_view::npos) return "a URL such as http://127.0.0.1:8000 is expected";
    if (colon != std::string_view::npos && !port_number(authority.substr(colon + 1)).value_or(0))
        return "its port must be a number from 1 to 65535";
    return {};
}

class reader {
public:
    reader(std::span<const std::string_view> arguments, const environment& variables)
        : arguments_(arguments.begin(), arguments.end()), variables_(variables) {}

    parsed_options read() {
        pick_command();
        for (std::size_t i = 0; i < arguments_.size(); ++i) {
            const std::string_view argument = arguments_[i];
            if (argument == "--help" || argument == "-h") return help(result_.options.command);
            if (argument.starts_with("--") && argument.size() > 2) {
                read_flag(i);
            } else {
                read_positional(argument);
            }
        }
        settle_listener();
        settle_store();
        if (result_.options.command == command::import_posts && result_.options.source.empty()) {
            wrong("import", "names no source: blog import DIR, or blog import FILE.jsonl");
        }
        return std::move(result_);
    }

private:
    parsed_options help(command of) {
        parsed_options result;
        result.options.command = command::help;
        result.options.help = named_command_ ? help_of(of) : overview;
        return result;
    }

    // The first argument that is no flag and no flag's value: flags may stand before the command, too.
    void pick_command() {
        std::size_t at = 0;
        for (; at < arguments_.size(); ++at) {
            const std::string_view argument = arguments_[at];
            if (!argument.starts_with('-') || argument == "-") break;
            const bool alone = argument == "--drafts" || argument == "--debug-page" || argument == "--help" || argument == "-h" ||
                               argument.find('=') != argument.npos;
            if (!alone) ++at;
        }
        if (at >= arguments_.size()) return;
        const std::string_view name = arguments_[at];
        arguments_.erase(arguments_.begin() + static_cast<std::ptrdiff_t>(at));
        named_command_ = true;
        if (name == "serve") {
            result_.options.command = command::serve;
        } else if (name == "import") {
            result_.options.command = command::import_posts;
        } else if (name == "export") {
            result_.options.command = command::export_posts;
        } else if (name == "engine") {
            result_.options.command = command::engine;
            result_.options.port = 9200;
        } else {
            named_command_ = false;
            wrong(name, "is no command; there are serve, import, export and engine");
        }
    }

    void wrong(std::string_view name, std::string_view why) { result_.errors.push_back(fmt::format("{} {}", name, why)); }
    void wrong_value(std::string_view name, std::string_view value, std::string_view why) {
        result_.errors.push_back(fmt::format("{} is '{}': {}", name, value, why));
    }

    void read_flag(std::size_t& i) {
        std::string_view name = arguments_[i];
        std::optional<std::string_view> value;
        if (const std::size_t equals = name.find('='); equals != std::string_view::npos) {
            value = name.substr(equals + 1);
            name = name.substr(0, equals);
        }
        const auto known = flags_of(result_.options.command);
        if (std::ranges::find(known, name) == known.end()) {
            wrong(name, fmt::format("is no setting of '{}'; there are {}", name_of(result_.options.command), fmt::join(known, ", ")));
            return;
        }
        if (name == "--drafts" || name == "--debug-page") {
            if (value) wrong(name, "takes no value");
            (name == "--drafts" ? result_.options.drafts : result_.options.debug_page) = true;
            return;
        }
        if (!value) {
            if (i + 1 >= arguments_.size() || arguments_[i + 1].starts_with("--")) {
                wrong(name, "needs a value after it");
                return;
            }
            value = arguments_[++i];
        }
        flags_.emplace_back(name, *value);
        if (name == "--author") {
            if (value->empty()) {
                wrong(name, "is empty: a name is expected");
            } else {
                result_.options.unknown_author = *value;
            }
        } else if (name == "--to" || name == "--from") {
            if (const std::string_view why = check_url(*value); !why.empty()) wrong_value(name, *value, why);
            result_.options.server = *value;
        } else if (name == "--format") {
            if (*value != "jsonl" && *value != "json") wrong_value(name, *value, "jsonl or json is expected");
            result_.options.format = *value == "json" ? export_format::document : export_format::lines;
        }
    }

    void read_positional(std::string_view argument) {
        if (result_.options.command == command::import_posts && result_.options.source.empty() && !argument.empty()) {
            result_.options.source = argument;
        } else {
            wrong_value("an argument", argument, fmt::format("'{}' does not take it", name_of(result_.options.command)));
        }
    }

    struct setting {
        std::string_view name;  // the flag or the variable that set it
        std::string value;
    };

    // The last flag, else the variable.
    std::optional<setting> find(std::string_view flag, std::string_view variable) const {
        for (auto given = flags_.rbegin(); given != flags_.rend(); ++given) {
            if (given->first == flag) return setting{flag, std::string(given->second)};
        }
        for (const auto& [name, value] : variables_) {
            if (name == variable && !value.empty()) return setting{variable, value};
        }
        return {};
    }

    void settle_listener() {
        options& to = result_.options;
        if (to.command != command::serve && to.command != command::engine) return;
        // The blog's own address is not the engine's.
        const bool serve = to.command == command::serve;
        if (const auto host = find("--host", serve ? "HEM_BLOG_HOST" : "")) {
            if (auto address = listen_address(host->value)) {
                to.host = std::move(*address);
            } else {
                wrong_value(host->name, host->value, "an IP address such as 127.0.0.1, 0.0.0.0 or ::1, or localhost is expected");
            }
        }
        if (const auto port = find("--port", serve ? "HEM_BLOG_PORT" : "")) {
            if (const auto number = port_number(port->value)) {
                to.port = *number;
            } else {
                wrong_value(port->name, port->value, "a number from 0 to 65535 is expected, where 0 picks a free port");
            }
        }
    }

    void settle_store() {
        options& to = result_.options;
        if (const auto data = find("--data", "HEM_BLOG_DATA")) to.data = data->value;
        const auto search = find("--search", "HEM_BLOG_SEARCH");
        if (search) {
            to.search = search->value;
            check_search(*search);
            return;
        }
        if (to.data.empty()) to.data = default_data();
        if (to.data.empty()) {
            if (to.server.empty()) wrong("--data", "is not set, and neither XDG_DATA_HOME nor HOME says where a home for it is");
            return;
        }
        to.search = "embedded:" + to.data + "/blog.db";
    }

    void check_search(const setting& search) {
        constexpr std::string_view accepted = "embedded:FILE, embedded::memory: or http://HOST:PORT is expected";
        if (search.value.starts_with("embedded:")) {
            if (search.value.size() == 9) wrong_value(search.name, search.value, accepted);
            if (result_.options.data.empty()) result_.options.data = default_data();
            return;
        }
        if (result_.options.command == command::engine) {
            wrong_value(search.name, search.value, "the engine serves an embedded store; embedded:FILE or embedded::memory: is expected");
            return;
        }
        const std::string_view why = check_url(search.value);
        if (!why.empty()) wrong_value(search.name, search.value, search.value.starts_with("http") ? why : accepted);
    }

    std::string default_data() const {
        if (const auto home = find("", "XDG_DATA_HOME")) return home->value + "/hem-blog";
        if (const auto home = find("", "HOME")) return home->value + "/.local/share/hem-blog";
        return {};
    }

    std::vector<std::string_view> arguments_;
    const environment& variables_;
    std::vector<std::pair<std::string_view, std::string_view>> flags_;
    parsed_options result_;
    bool named_command_ = false;
};

}  // namespace

environment current_environment() {
    environment variables;
    for (const char* name : {"HEM_BLOG_HOST", "HEM_BLOG_PORT", "HEM_BLOG_SEARCH", "HEM_BLOG_DATA", "XDG_DATA_HOME", "HOME"}) {
        if (const char* value = std::getenv(name)) variables.emplace_back(name, value);
    }
    return variables;
}

parsed_options parse_options(std::span<const std::string_view> arguments, const environment& variables) {
    if (!arguments.empty() && arguments.front() == "help") {
        parsed_options result;
        result.options.command = command::help;
        result.options.help = overview;
        return result;
    }
    return reader(arguments, variables).read();
}

std::string describe_errors(const std::vector<std::string>& errors) {
    std::string text = fmt::format("blog: {} wrong; nothing was started\n",
                                   errors.size() == 1 ? "a setting is" : fmt::format("{} settings are", errors.size()));
    for (const std::string& error : errors) text += fmt::format("  {}\n", error);
    text += "`blog --help` lists all settings.\n";
    return text;
}

}  // namespace blog
