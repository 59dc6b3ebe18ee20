#include "apps/blog/post_files.hpp"

#include "apps/blog/front_matter.hpp"
#include "apps/blog/markdown.hpp"
#include "hem/model/json_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fstream>

namespace blog {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_file_bytes = 8 * 1024 * 1024;
constexpr std::size_t most_id_bytes = 512;

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

bool is_markdown(const fs::path& path) {
    const std::string extension = lower(path.extension().string());
    return extension == ".md" || extension == ".markdown" || extension == ".mkd" || extension == ".mdown";
}

// `index`, or `index.de` for one language of a bundle; what follows the word is the language.
std::optional<std::string> index_suffix(const fs::path& path, std::string_view word) {
    const std::string stem = path.stem().string();
    if (stem == word) return "";
    if (stem.starts_with(std::string(word) + '.')) return stem.substr(word.size());
    return {};
}

struct dated_name {
    std::optional<std::string> date;
    std::string rest;
};

// `2025-03-04-title` as Jekyll and Zola write it; `_` and a blank may stand for the last hyphen.
dated_name split_date(std::string_view name) {
    if (name.size() > 11 && (name[10] == '-' || name[10] == '_' || name[10] == ' ') && name[4] == '-' && name[7] == '-') {
        if (auto date = normalized_date(name.substr(0, 10))) return {std::move(date), std::string(name.substr(11))};
    }
    return {{}, std::string(name)};
}

std::string in_words(std::string_view name) {
    std::string words(name);
    std::ranges::replace(words, '-', ' ');
    std::ranges::replace(words, '_', ' ');
    if (!words.empty() && words[0] >= 'a' && words[0] <= 'z') words[0] = static_cast<char>(words[0] - 32);
    return words;
}

class finder {
public:
    explicit finder(const post_file_options& options) : options_(options) {}

    void read_folder(const fs::path& folder, bool top) {
        std::vector<fs::path> files;
        std::vector<fs::path> folders;
        std::error_code failed;
        for (fs::directory_iterator entry(folder, failed); !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
            const std::string name = entry->path().filename().string();
            if (name.starts_with('.') || name == "node_modules" || name == "_site") continue;
            if (name == "_drafts" && !options_.drafts) continue;
            std::error_code ignored;
            if (entry->is_directory(ignored)) {
                if (!entry->is_symlink(ignored)) folders.push_back(entry->path());
            } else if (is_markdown(entry->path())) {
                files.push_back(entry->path());
            }
        }
        if (failed) throw import_error(fmt::format("cannot read the folder {}: {}", folder.string(), failed.message()));
        bool bundle = false;
        for (const fs::path& file : files) {
            if (const auto language = index_suffix(file, "index"); language && !top) {
                bundle = true;
                found.push_back({file, folder.filename().string() + *language});
            }
        }
        if (bundle) return;
        for (const fs::path& file : files) {
            if (index_suffix(file, "_index") || (top && index_suffix(file, "index"))) continue;
            found.push_back({file, file.stem().string()});
        }
        for (const fs::path& inner : folders) read_folder(inner, false);
    }

    std::vector<post_file> found;

private:
    const post_file_options& options_;
};

bool has_site_configuration(const fs::path& folder) {
    std::error_code ignored;
    for (const char* name : {"hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config.toml", "config.yaml", "config.yml", "config.json",
                             "zola.toml", "config"}) {
        if (fs::exists(folder / name, ignored)) return true;
    }
    return false;
}

}  // namespace

std::string to_json_line(const post_record& post) {
    std::string line;
    hem::json_writer writer(line);
    writer.begin_object();
    if (!post.id.empty()) writer.member("id", post.id);
    writer.member("title", post.title).member("content", post.content).member("author", post.author);
    if (!post.published_date.empty()) writer.member("published_date", post.published_date);
    if (!post.tags.empty()) {
        writer.key("tags").begin_array();
        for (const std::string& tag : post.tags) writer.value(tag);
        writer.end_array();
    }
    writer.end_object();
    return line;
}

std::vector<post_file> find_post_files(const fs::path& folder, const post_file_options& options) {
    finder files(options);
    std::error_code ignored;
    if (fs::is_directory(folder / "_posts", ignored)) {
        files.read_folder(folder / "_posts", true);
        if (options.drafts && fs::is_directory(folder / "_drafts", ignored)) files.read_folder(folder / "_drafts", true);
    } else if (fs::is_directory(folder / "content", ignored) && has_site_configuration(folder)) {
        files.read_folder(folder / "content", true);
    } else {
        files.read_folder(folder, true);
    }
    std::ranges::sort(files.found, {}, &post_file::path);
    return std::move(files.found);
}

std::optional<post_record> parse_post(std::string_view text, std::string_view name, const post_file_options& options) {
    if (text.find('\0') != std::string_view::npos) throw import_error("is not a text: it holds a NUL byte");
    if (!is_utf8(text)) throw import_error("is not UTF-8; convert it with iconv");
    const split_post parts = split_front_matter(text);
    front_matter matter = read_front_matter(parts.format, parts.matter);
    if (matter.draft && !options.drafts) return {};
    const dated_name file = split_date(name);
    post_record post;
    post.id = matter.slug.empty() ? file.rest : matter.slug;
    if (post.id.empty()) throw import_error("has no name that could be its id; add a slug to the front matter");
    if (post.id.size() > most_id_bytes)
        throw import_error(fmt::format("its id has {} bytes, at most {} are possible; shorten the slug", post.id.size(), most_id_bytes));
    if (!matter.published_date && !file.date) {
        throw import_error("has no date: add `date` to the front matter, or begin the file's name with one (2025-11-20-title.md)");
    }
    post.published_date = matter.published_date ? *matter.published_date : *file.date;
    post.title = matter.title.empty() ? in_words(file.rest) : std::move(matter.title);
    post.author = matter.authors.empty() ? options.unknown_author : matter.authors.front();
    post.tags = std::move(matter.tags);
    for (std::size_t i = 1; i < matter.authors.size(); ++i) post.tags.push_back("author:" + matter.authors[i]);
    post.content = markdown_to_text(parts.body);
    // Escapes in a quoted text can spell what is no character.
    bool whole = is_utf8(post.id) && is_utf8(post.title) && is_utf8(post.author) && is_utf8(post.content);
    for (const std::string& tag : post.tags) whole = whole && is_utf8(tag);
    if (!whole) throw import_error("an escape in it is not a Unicode character");
    return post;
}

std::optional<post_record> read_post_file(const post_file& file, const post_file_options& options) {
    std::ifstream input(file.path, std::ios::binary);
    if (!input) throw import_error(fmt::format("cannot be opened: {}", std::strerror(errno)));
    std::string text;
    char block[16 * 1024];
    while (input.read(block, sizeof block) || input.gcount() > 0) {
        text.append(block, static_cast<std::size_t>(input.gcount()));
        if (text.size() > most_file_bytes) throw import_error("is larger than 8 MiB");
    }
    if (input.bad()) throw import_error(fmt::format("cannot be read: {}", std::strerror(errno)));
    return parse_post(text, file.name, options);
}

}  // namespace blog
