#include "hem/web/detail/names.hpp"

namespace hem::web::detail {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool is_word(char c) noexcept { return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_'; }

void append_lower(std::string& out, std::string_view text) {
    for (const char c : text) out += lower(c);
}

}  // namespace

std::string title_of(std::string_view name) {
    std::string title;
    bool start = true;
    for (const char c : name) {
        if (c == '_') {
            title += ' ';
            start = true;
            continue;
        }
        title += start ? upper(c) : c;
        start = false;
    }
    return title;
}

std::string operation_id(std::string_view name, std::string_view path, std::string_view method) {
    std::string id(name);
    for (const char c : path) id += is_word(c) ? c : '_';
    id += '_';
    append_lower(id, method);
    return id;
}

std::string unnamed_route(std::string_view path, std::string_view method) {
    std::string name;
    append_lower(name, method);
    bool gap = true;
    for (const char c : path) {
        if (!is_word(c)) {
            gap = true;
            continue;
        }
        if (gap) name += '_';
        gap = false;
        name += c;
    }
    return name;
}

std::string_view unqualified(std::string_view name) noexcept {
    int depth = 0;
    std::size_t begin = 0, end = name.size();
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (c == '<' && depth++ == 0 && i > begin) end = i;
        if (c == '>') --depth;
        if (depth == 0 && c == ':') {
            begin = i + 1;
            end = name.size();
        }
    }
    return name.substr(begin, end - begin);
}

}  // namespace hem::web::detail
