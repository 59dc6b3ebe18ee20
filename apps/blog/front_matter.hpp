// Reads one Markdown post as Jekyll, Hugo and Zola write it: front matter (YAML between `---` lines, TOML between `+++` lines), then text.
//
// Use it for what `blog import` finds in a folder and for the posts in the binary. The three generators' keys are read alike: title,
// author(s), date, tags and categories, slug, draft. Every mistake is an `import_error` that says what is wrong in which line.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace hem {
class json;
}

namespace blog {

// A file that cannot be imported; the text says why, without the file's name.
class import_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// What the front matter says; nothing is filled in.
struct front_matter {
    std::string title;
    std::vector<std::string> authors;
    std::vector<std::string> tags;              // tags and categories in the order of the file, each once
    std::optional<std::string> published_date;  // UTC, as 2025-11-20T06:30:00Z with a fraction if the file has one
    std::string slug;
    bool draft = false;
};

enum class matter_format { none, yaml, toml };

// The two parts of a file; views into the text.
struct split_post {
    matter_format format = matter_format::none;
    std::string_view matter;
    std::string_view body;
};

// Throws import_error if the front matter is opened and never closed. A byte order mark is skipped, line ends may be CRLF.
split_post split_front_matter(std::string_view text);

// Throws import_error: not YAML or TOML, over 64 KiB, a value of a wrong kind, a date that is none.
front_matter read_front_matter(matter_format format, std::string_view matter);

// The parsed front matter as a JSON object: scalars of YAML are strings, dates of TOML their RFC 3339 text.
hem::json parse_yaml_matter(std::string_view matter);
hem::json parse_toml_matter(std::string_view matter);

// A date or date-time in the forms of the three generators, in UTC; without a zone it is UTC already. Empty if it is none of them.
std::optional<std::string> normalized_date(std::string_view text);

// True if the bytes are UTF-8 (RFC 3629: no overlong forms, no surrogates).
bool is_utf8(std::string_view text);

}  // namespace blog
