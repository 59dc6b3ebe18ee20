// How a message is framed and whether it may be served: the semantic rows of the refusal table, in its order.
#include <algorithm>
#include <charconv>

#include "hem/http/detail/bytes.hpp"
#include "hem/http/parser.hpp"
#include "hem/http/url.hpp"

namespace hem::http {
namespace {

using detail::equals_lower;
using std::string_view;

constexpr std::uint64_t bit(field id) noexcept { return std::uint64_t{1} << static_cast<unsigned>(id); }

// RFC 9110 8.6: digits alone; stricter: no leading zero, at most 18 digits.
bool parse_length(string_view text, std::uint64_t& length) noexcept {
    if (text.empty() || text.size() > 18 || (text.size() > 1 && text.front() == '0')) return false;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), length);
    return problem == std::errc{} && end == text.data() + text.size() && detail::is_digit(static_cast<unsigned char>(text.front()));
}

// RFC 9112 6.1, 7: a list without empty members whose last and only `chunked` has no parameters.
refusal check_transfer_encoding(string_view value) noexcept {
    bool other_codings = false;
    while (true) {
        const std::size_t comma = value.find(',');
        const string_view member = detail::trim_blanks(value.substr(0, comma));
        const bool last = comma == string_view::npos;
        const string_view coding = detail::trim_blanks(member.substr(0, member.find(';')));
        const bool token =
            !coding.empty() && std::all_of(coding.begin(), coding.end(), [](char c) { return detail::has_class(c, detail::token_char); });
        if (!token) return refusal::invalid_transfer_encoding;
        const bool chunked = equals_lower(coding, "chunked");
        if (chunked != last || (chunked && coding.size() != member.size())) return refusal::invalid_transfer_encoding;
        if (last) return other_codings ? refusal::unknown_transfer_coding : refusal::none;
        other_codings = true;
        value = value.substr(comma + 1);
    }
}

struct connection_options {
    bool close = false;
    bool keep_alive = false;
    bool upgrade = false;
};

template <class Head>
connection_options read_connection(const Head& head, const char* bytes) noexcept {
    connection_options options;
    for (std::uint32_t i = 0; i < head.field_count(); ++i) {
        if (head.id(i) != field::connection) continue;
        string_view rest = head.value(bytes, i);
        string_view member;
        while (detail::next_list_member(rest, member)) {
            if (equals_lower(member, "close"))
                options.close = true;
            else if (equals_lower(member, "keep-alive"))
                options.keep_alive = true;
            else if (equals_lower(member, "upgrade"))
                options.upgrade = true;
        }
    }
    return options;
}

// RFC 9112 3.2, RFC 3986 2.1. `%00` and broken escapes are refused in the path only: browsers send `?q=100%`.
bool valid_odd_target(string_view target) noexcept {
    for (const char c : target)
        if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f || c == '#') return false;
    const string_view path = target.substr(0, target.find('?'));
    return valid_percent_escapes(path) && path.find("%00") == string_view::npos;
}

// `valid_authority` for what nearly all hosts are, in one pass: a name or IPv4 address and a port below 10000.
bool valid_host_field(string_view host) noexcept {
    std::size_t at = 0;
    while (at != host.size() && detail::has_class(host[at], detail::host_char)) ++at;
    if (at == host.size()) return at != 0;
    if (at == 0 || host[at] != ':' || host.size() - at > 5) return valid_authority(host);
    while (++at != host.size())
        if (!detail::is_digit(static_cast<unsigned char>(host[at]))) return false;
    return true;
}

bool starts_with_lower(string_view text, string_view lower) noexcept {
    return text.size() >= lower.size() && equals_lower(text.substr(0, lower.size()), lower);
}

bool host_allowed(string_view host, std::span<const std::string> allowed) noexcept {
    if (allowed.empty()) return true;
    const string_view name = split_authority(host).host;
    return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& pattern) {
        if (!pattern.starts_with('.')) return equals_lower(name, pattern);
        return equals_lower(name, string_view(pattern).substr(1)) ||
               (name.size() > pattern.size() && equals_lower(name.substr(name.size() - pattern.size()), pattern));
    });
}

// RFC 9112 3.2: which of the four forms; the authority of the absolute one replaces `Host`.
refusal check_target_form(string_view target, method_kind method, bool secure, framing& result) noexcept {
    if (target.front() == '/') return refusal::none;
    if (target == "*") return method == method_kind::options ? refusal::none : refusal::wrong_target_form;
    const bool https = starts_with_lower(target, "https://");
    if (!https && !starts_with_lower(target, "http://")) return refusal::wrong_target_form;
    const string_view rest = target.substr(https ? 8 : 7);
    const string_view authority = rest.substr(0, rest.find_first_of("/?"));
    if (!valid_authority(authority)) return refusal::wrong_target_form;  // userinfo among others: RFC 9110 4.2.4
    if (https && !secure) return refusal::https_on_plain_port;           // RFC 9110 7.4
    result.absolute_target = true;
    result.host = authority;
    return refusal::none;
}

}  // namespace

refusal decide_framing(const head_parser& head, const char* bytes, const request_rules& rules, framing& result) noexcept {
    result = {};
    const std::uint64_t present = head.present();
    const std::uint64_t repeated = head.repeated();
    const bool http_1_0 = head.version_major() == 1 && head.version_minor() == 0;

    // RFC 9112 6.1, 6.3; RFC 9110 8.6
    if ((present & bit(field::content_length)) != 0) {
        if ((present & bit(field::transfer_encoding)) != 0) return refusal::length_and_transfer_encoding;
        const string_view value = *head.find(bytes, field::content_length);
        if ((repeated & bit(field::content_length)) != 0 || value.find(',') != string_view::npos) return refusal::repeated_length;
        if (!parse_length(value, result.length)) return refusal::invalid_length;
        if (result.length != 0) result.body = body_kind::length;
    } else if ((present & bit(field::transfer_encoding)) != 0) {
        if (http_1_0) return refusal::transfer_encoding_in_1_0;
        if ((repeated & bit(field::transfer_encoding)) != 0) return refusal::invalid_transfer_encoding;
        if (const refusal why = check_transfer_encoding(*head.find(bytes, field::transfer_encoding)); why != refusal::none) return why;
        result.body = body_kind::chunked;
    }
    if (head.fields_.underscore_framing()) return refusal::underscore_framing_field;
    // RFC 9110 2.5, 15.6.6
    if (head.version_major() != 1) return refusal::unsupported_version;
    // RFC 9110 9.1
    if (head.method_size_ > head.limits_.method) return refusal::long_method;
    // RFC 9112 3.2, RFC 9110 9.3.6
    const string_view target = head.target(bytes);
    if (head.odd_target_ && !valid_odd_target(target)) return refusal::invalid_target;
    if (head.method_id() == method_kind::connect) return refusal::connect;
    if (const refusal why = check_target_form(target, head.method_id(), rules.secure, result); why != refusal::none) return why;
    // RFC 9112 3.2, RFC 9110 7.2
    if ((present & bit(field::host)) != 0) {
        const string_view host = *head.find(bytes, field::host);
        if ((repeated & bit(field::host)) != 0 || !valid_host_field(host)) return refusal::invalid_host;
        if (!result.absolute_target) result.host = host;
    } else if (!http_1_0) {
        return refusal::invalid_host;
    }
    if (!host_allowed(result.host, rules.allowed_hosts)) return refusal::host_not_allowed;
    // RFC 9110 15.5.14
    if (rules.body_limit != 0 && result.length > rules.body_limit) return refusal::body_too_large;

    result.keep_alive = !http_1_0;
    if ((present & (bit(field::connection) | bit(field::expect) | bit(field::content_encoding))) != 0) {
        const connection_options options = read_connection(head, bytes);
        result.keep_alive = !options.close && (!http_1_0 || options.keep_alive);
        result.upgrade = options.upgrade && (present & bit(field::upgrade)) != 0;
        // RFC 9110 10.1.1
        if ((present & bit(field::expect)) != 0 && !http_1_0) {
            if ((repeated & bit(field::expect)) != 0 || !equals_lower(*head.find(bytes, field::expect), "100-continue"))
                return refusal::unknown_expectation;
            result.expect_continue = result.body != body_kind::none;
        }
        // RFC 9110 8.4, 15.5.16
        if ((present & bit(field::content_encoding)) != 0) {
            for (std::uint32_t i = 0; i < head.field_count(); ++i) {
                if (head.id(i) != field::content_encoding) continue;
                string_view rest = head.value(bytes, i);
                string_view coding;
                while (detail::next_list_member(rest, coding))
                    if (!equals_lower(coding, "identity")) return refusal::unknown_content_encoding;
            }
        }
    }
    // RFC 9110 9.3.8
    if (head.method_id() == method_kind::trace) return refusal::trace;
    return refusal::none;
}

refusal decide_response_framing(const response_head_parser& head, const char* bytes, method_kind method, framing& result) noexcept {
    result = {};
    const std::uint64_t present = head.present();
    const connection_options options = read_connection(head, bytes);
    result.keep_alive = !options.close && (head.version_minor() != 0 || options.keep_alive);
    const auto value_of = [&](field id) {
        for (std::uint32_t i = 0; i < head.field_count(); ++i)
            if (head.id(i) == id) return head.value(bytes, i);
        return string_view{};
    };

    const bool has_length = (present & bit(field::content_length)) != 0;
    const bool has_coding = (present & bit(field::transfer_encoding)) != 0;
    if (has_length && has_coding) return refusal::length_and_transfer_encoding;
    if (has_length) {
        if ((head.repeated() & bit(field::content_length)) != 0) return refusal::repeated_length;
        if (!parse_length(value_of(field::content_length), result.length)) return refusal::invalid_length;
    }
    if (has_coding) {
        if (head.version_minor() == 0) return refusal::transfer_encoding_in_1_0;
        if ((head.repeated() & bit(field::transfer_encoding)) != 0) return refusal::invalid_transfer_encoding;
        if (const refusal why = check_transfer_encoding(value_of(field::transfer_encoding)); why != refusal::none) return why;
    }
    // RFC 9112 6.3, 1: these end with their head whatever the fields say.
    if (method == method_kind::head || head.status() < 200 || head.status() == 204 || head.status() == 304) {
        result.length = 0;
        return refusal::none;
    }
    if (has_coding) {
        result.body = body_kind::chunked;
    } else if (has_length) {
        result.body = result.length != 0 ? body_kind::length : body_kind::none;
    } else {
        result.body = body_kind::until_close;
        result.keep_alive = false;
    }
    return refusal::none;
}

}  // namespace hem::http
