#include "hem/http/url.hpp"

#include <algorithm>
#include <charconv>
#include <expected>

#include "hem/http/detail/bytes.hpp"
#include "hem/http/errors.hpp"

namespace hem::http {
namespace {

struct url_problem {
    std::size_t offset;
    const char* what;
};

using std::string_view;

std::string lower(string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), detail::to_lower);
    return result;
}

// The offset of the first byte that is neither of `bits` nor a whole percent escape, or npos.
std::size_t find_outside(string_view text, std::uint8_t bits) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (detail::has_class(text[i], bits)) continue;
        if (text[i] != '%' || text.size() - i < 3 || detail::hex_value(text[i + 1]) < 0 || detail::hex_value(text[i + 2]) < 0) return i;
        i += 2;
    }
    return string_view::npos;
}

bool valid_ipv4_tail(string_view text) noexcept {
    int parts = 0;
    while (true) {
        unsigned number = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
        const auto digits = static_cast<std::size_t>(end - text.data());
        if (problem != std::errc{} || number > 255 || digits > 3 || (digits > 1 && text.front() == '0')) return false;
        ++parts;
        text.remove_prefix(digits);
        if (text.empty()) return parts == 4;
        if (text.front() != '.' || parts == 4) return false;
        text.remove_prefix(1);
    }
}

// RFC 3986 3.2.2: eight groups of up to four hex digits, one run of them as "::", the last two as IPv4 if liked.
bool valid_ipv6(string_view text) noexcept {
    int groups = 0;
    bool compressed = false;
    if (text.starts_with("::")) {
        compressed = true;
        text.remove_prefix(2);
        if (text.empty()) return true;
    }
    while (true) {
        const std::size_t end = std::min(text.find(':'), text.size());
        const string_view group = text.substr(0, end);
        if (end == text.size() && group.find('.') != string_view::npos) {
            groups += 2;
            return valid_ipv4_tail(group) && (compressed ? groups < 8 : groups == 8);
        }
        if (group.empty() || group.size() > 4 || !std::all_of(group.begin(), group.end(), [](char c) { return detail::hex_value(c) >= 0; }))
            return false;
        ++groups;
        text.remove_prefix(end);
        if (text.empty()) return compressed ? groups < 8 : groups == 8;
        text.remove_prefix(1);
        if (text.starts_with(':')) {
            if (compressed) return false;
            compressed = true;
            text.remove_prefix(1);
            if (text.empty()) return groups < 8;
        }
        if (groups >= 8) return false;
    }
}

bool valid_host(string_view host) noexcept {
    if (host.empty()) return false;
    if (host.front() == '[') return host.size() > 2 && host.back() == ']' && valid_ipv6(host.substr(1, host.size() - 2));
    return find_outside(host, detail::host_char) == string_view::npos;
}

bool parse_port(string_view text, std::optional<std::uint16_t>& port) noexcept {
    if (text.empty()) return true;
    unsigned number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{} || end != text.data() + text.size() || number > 65535 || text.size() > 5) return false;
    port = static_cast<std::uint16_t>(number);
    return true;
}

bool is_scheme(string_view text) noexcept {
    return !text.empty() && detail::is_alpha(static_cast<unsigned char>(text.front())) && std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return detail::is_alpha(byte) || detail::is_digit(byte) || c == '+' || c == '-' || c == '.';
    });
}

// Takes query and fragment off the end of `rest`; offsets are from `text`.
std::expected<void, url_problem> take_query_and_fragment(string_view text, string_view& rest, url& result) {
    const auto check = [&](string_view part, const char* what) -> std::expected<void, url_problem> {
        const std::size_t wrong = find_outside(part, detail::query_char);
        if (wrong == string_view::npos) return {};
        return std::unexpected(url_problem{static_cast<std::size_t>(part.data() - text.data()) + wrong, what});
    };
    if (const std::size_t hash = rest.find('#'); hash != string_view::npos) {
        const string_view fragment = rest.substr(hash + 1);
        if (auto good = check(fragment, "this byte must be percent-encoded in a fragment"); !good) return good;
        result.fragment = std::string(fragment);
        rest = rest.substr(0, hash);
    }
    if (const std::size_t mark = rest.find('?'); mark != string_view::npos) {
        const string_view query = rest.substr(mark + 1);
        if (auto good = check(query, "this byte must be percent-encoded in a query"); !good) return good;
        result.query = std::string(query);
        rest = rest.substr(0, mark);
    }
    return {};
}

std::expected<url, url_problem> parse_url(string_view text, bool path_only = false) {
    url result;
    string_view rest = text;
    const auto fail = [&](string_view at, const char* what) {
        return std::unexpected(url_problem{static_cast<std::size_t>(at.data() - text.data()), what});
    };

    if (auto good = take_query_and_fragment(text, rest, result); !good) return std::unexpected(good.error());
    const std::size_t colon = rest.find(':');
    if (!path_only && colon != string_view::npos && colon < rest.find('/') && is_scheme(rest.substr(0, colon))) {
        result.scheme = lower(rest.substr(0, colon));
        rest = rest.substr(colon + 1);
    }
    if (!path_only && rest.starts_with("//")) {
        rest = rest.substr(2);
        const std::size_t slash = std::min(rest.find('/'), rest.size());
        string_view authority = rest.substr(0, slash);
        rest = rest.substr(slash);
        if (const std::size_t at = authority.rfind('@'); at != string_view::npos) {
            const string_view userinfo = authority.substr(0, at);
            if (const std::size_t wrong = find_outside(userinfo, detail::segment_char);
                wrong != string_view::npos || userinfo.find('@') != string_view::npos)
                return fail(userinfo.substr(std::min(wrong, userinfo.find('@'))), "this byte must be percent-encoded before '@'");
            result.userinfo = std::string(userinfo);
            authority = authority.substr(at + 1);
        }
        const auto [host, port] = split_authority(authority);
        if (host.empty() && result.scheme != "file") return fail(authority, "the host is missing");
        if (!host.empty() && !valid_host(host))
            return fail(authority, "the host is not a name, an IPv4 address or a bracketed IPv6 address");
        if (!parse_port(port, result.port)) return fail(port, "the port is not a number up to 65535");
        result.host = lower(host);
        result.path = rest.empty() ? "/" : "";
    }
    if (const std::size_t wrong = find_outside(rest, detail::segment_char | detail::query_char); wrong != string_view::npos)
        return fail(rest.substr(wrong), "this byte must be percent-encoded in a path");
    result.path += rest;
    return result;
}

[[noreturn]] void throw_invalid(string_view text, const url_problem& problem) {
    std::string shown;
    for (const char c : text.substr(0, 200)) shown += c >= 0x20 && c < 0x7f ? c : '?';
    throw invalid_url("\"" + shown + "\" is not a URL: at offset " + std::to_string(problem.offset) + ", " + problem.what);
}

}  // namespace

url url::parse(string_view text) {
    auto result = parse_url(text);
    if (!result) throw_invalid(text, result.error());
    return *std::move(result);
}

std::optional<url> url::try_parse(string_view text) noexcept {
    auto result = parse_url(text);
    return result ? std::optional(*std::move(result)) : std::nullopt;
}

std::uint16_t url::effective_port() const noexcept {
    if (port) return *port;
    if (scheme == "http" || scheme == "ws") return 80;
    return scheme == "https" || scheme == "wss" ? 443 : 0;
}

std::string url::authority() const { return port ? host + ":" + std::to_string(*port) : host; }

std::string url::target() const { return query ? path + "?" + *query : path; }

std::string url::text() const {
    std::string out;
    if (!scheme.empty()) out += scheme + ":";
    if (!host.empty() || (scheme == "file" && path.starts_with('/'))) {
        out += "//";
        if (!userinfo.empty()) out += userinfo + "@";
        out += authority();
    }
    out += target();
    if (fragment) out += "#" + *fragment;
    return out;
}

host_and_port split_authority(string_view authority) noexcept {
    if (authority.starts_with('[')) {
        const std::size_t close = authority.find(']');
        if (close == string_view::npos) return {authority, {}};
        if (close + 1 < authority.size() && authority[close + 1] != ':') return {authority, {}};
        return {authority.substr(0, close + 1), authority.substr(std::min(close + 2, authority.size()))};
    }
    const std::size_t colon = authority.rfind(':');
    if (colon == string_view::npos) return {authority, authority.substr(authority.size())};
    return {authority.substr(0, colon), authority.substr(colon + 1)};
}

bool valid_authority(string_view text) noexcept {
    const auto [host, port] = split_authority(text);
    std::optional<std::uint16_t> number;
    return valid_host(host) && parse_port(port, number);
}

url join(const url& base, string_view path) {
    if (path.find("://") != string_view::npos && path.find("://") < path.find('/')) return url::parse(path);
    auto parsed = parse_url(path, true);
    if (!parsed) throw_invalid(path, parsed.error());
    url result = *std::move(parsed);
    std::string joined = base.path;
    if (!result.path.empty()) {
        if (joined.ends_with('/')) joined.pop_back();
        if (!result.path.starts_with('/')) joined += '/';
        joined += result.path;
    }
    if (joined.empty()) joined = "/";
    result.scheme = base.scheme;
    result.userinfo = base.userinfo;
    result.host = base.host;
    result.port = base.port;
    result.path = std::move(joined);
    if (base.query) result.query = result.query ? *base.query + "&" + *result.query : *base.query;
    return result;
}

}  // namespace hem::http
