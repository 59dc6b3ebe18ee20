// URLs (RFC 3986), percent encoding, query strings and urlencoded forms.
//
// Decoding never changes segment borders: a path is split first and its segments are decoded one by one, so `%2F` stays inside its
// segment. `+` means a blank only in a query or form.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::http {

// What stays as it is when text is encoded; everything else becomes %XX of its UTF-8 bytes.
enum class encode_set : std::uint8_t {
    segment,    // one path segment: unreserved, sub-delims, ':' and '@'
    component,  // unreserved only, as JavaScript's encodeURIComponent nearly does
    form,       // unreserved only, blank becomes '+'
};

std::string percent_encode(std::string_view text, encode_set set = encode_set::component);
void append_percent_encoded(std::string& out, std::string_view text, encode_set set);

// Decodes %XX. Nothing for a broken escape; `+` stays `+`.
std::optional<std::string> percent_decode(std::string_view text);

// Decodes a path segment into `out`, which must have room for `text.size()` bytes. Returns the size, or npos for a broken escape.
std::size_t percent_decode(std::string_view text, char* out) noexcept;

// Decodes a name or value of a query or form into `out` (room for `text.size()` bytes): `+` becomes a blank, a broken escape stays
// as it is, as browsers send it (`?q=100%`). Returns the size.
std::size_t form_decode(std::string_view text, char* out) noexcept;
std::string form_decode(std::string_view text);

// True when every '%' is followed by two hex digits.
bool valid_percent_escapes(std::string_view text) noexcept;

// Walks `a=1&b=2` without decoding or allocating: empty parts are skipped, a part without '=' has an empty value.
class query_reader {
public:
    explicit query_reader(std::string_view query) noexcept : rest_(query) {}

    // False at the end. Name and value are as sent; `form_decode` them.
    bool next(std::string_view& name, std::string_view& value) noexcept;

private:
    std::string_view rest_;
};

// A decoded query string or form: ordered, repeated names allowed, names are case-sensitive.
class query_params {
public:
    // A value given as text, number or bool.
    class value {
    public:
        value(std::string text) : text_(std::move(text)) {}
        value(std::string_view text) : text_(text) {}
        value(const char* text) : text_(text) {}
        value(bool flag) : text_(flag ? "true" : "false") {}
        value(double number);
        template <class Integer>
            requires(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool> && !std::is_same_v<Integer, char>)
        value(Integer number) : text_(std::to_string(number)) {}
        const std::string& text() const noexcept { return text_; }

    private:
        std::string text_;
    };

    query_params() = default;
    query_params(std::initializer_list<std::pair<std::string_view, value>> items);
    static query_params parse(std::string_view query);

    std::optional<std::string_view> get(std::string_view name) const noexcept;
    std::vector<std::string_view> get_all(std::string_view name) const;
    void append(std::string name, value value) { items_.emplace_back(std::move(name), value.text()); }
    void set(std::string_view name, value value);

    std::size_t size() const noexcept { return items_.size(); }
    bool empty() const noexcept { return items_.empty(); }
    auto begin() const noexcept { return items_.begin(); }
    auto end() const noexcept { return items_.end(); }

    // `a=1&b=x+y`.
    std::string encode() const;

private:
    std::vector<std::pair<std::string, std::string>> items_;
};

// An absolute or relative URL in its parts, kept percent-encoded as given; scheme and host in lower case.
struct url {
    std::string scheme;    // "https"; empty when relative
    std::string userinfo;  // without '@'
    std::string host;      // "example.com", "[::1]"; empty without authority
    std::optional<std::uint16_t> port;
    std::string path;  // "/" at least, when there is an authority
    std::optional<std::string> query;
    std::optional<std::string> fragment;

    // Throws `invalid_url`, which names the offset. Bytes that a URL must hold encoded (blanks, controls, non-ASCII) are refused.
    static url parse(std::string_view text);
    static std::optional<url> try_parse(std::string_view text) noexcept;

    // The given port, or the scheme's: 80 or 443, 0 for others.
    std::uint16_t effective_port() const noexcept;
    // "example.com" or "example.com:8080": what `Host` takes.
    std::string authority() const;
    // Path and query: what a request line takes.
    std::string target() const;
    std::string text() const;

    bool operator==(const url&) const = default;
};

// True for what `Host` or an authority may be (RFC 9110 7.2, 3986 3.2.2): a name, IPv4 or bracketed IPv6 address with an optional
// port; no userinfo, list or path.
bool valid_authority(std::string_view text) noexcept;

// Splits "host:port" of a valid authority; the port is empty when there is none.
struct host_and_port {
    std::string_view host;
    std::string_view port;
};
host_and_port split_authority(std::string_view authority) noexcept;

// `base` joined with `path` by path: "https://h/v1" and "/posts" give "https://h/v1/posts". The base never loses its own path; an
// absolute `path` ("https://…") stands for itself.
url join(const url& base, std::string_view path);

}  // namespace hem::http
