// Why a request is refused before any handler runs: one name per row of the refusal table, with its status and what follows.
#pragma once

#include <cstdint>
#include <string_view>

namespace hem::http {

// In the order of the table: where two match, the first one wins. The name is the label of `http_refused_total`.
enum class refusal : std::uint8_t {
    none,
    length_and_transfer_encoding,
    repeated_length,
    invalid_length,
    transfer_encoding_in_1_0,
    invalid_transfer_encoding,
    unknown_transfer_coding,
    underscore_framing_field,
    whitespace_in_field_name,
    obsolete_fold,
    invalid_field_name,
    invalid_field_value,
    bare_line_end,
    empty_lines,
    invalid_request_line,
    unsupported_version,
    invalid_method,
    long_method,
    long_request_line,
    invalid_target,
    connect,
    wrong_target_form,
    https_on_plain_port,
    invalid_host,
    host_not_allowed,
    long_header_section,
    too_many_fields,
    long_field_name,
    body_too_large,
    invalid_chunk_size,
    invalid_chunk_end,
    invalid_chunk_extension,
    invalid_trailer,
    unknown_expectation,
    unknown_content_encoding,
    trace,
    invalid_status_line,  // client side: not HTTP/1.x, or no three-digit status
};

struct refusal_action {
    std::string_view label;  // the enumerator's name
    std::uint16_t status;    // what is answered
    bool keep;               // the connection may stay open (the body is drained)
    std::string_view field;  // an extra field of the answer ("accept-encoding: identity\r\n"), or empty
};

const refusal_action& action_of(refusal reason) noexcept;

// The whole answer, head and body (`{"detail":"<reason phrase>"}`), with `Content-Length` and, unless `keep`, `Connection: close`.
// Writes at most 512 bytes to `out` and returns how many. `date` is an IMF-fixdate; `head_only` leaves the body out (HEAD).
std::size_t write_refusal(char* out, refusal reason, std::string_view date, std::string_view server, bool keep, bool head_only) noexcept;

// The same for a status that no row names: 408, 503, 504, 500. `fields` are whole lines ("retry-after: 1\r\n"), at most 128 bytes.
std::size_t write_error_answer(char* out, int status, std::string_view fields, std::string_view date, std::string_view server, bool keep,
                               bool head_only) noexcept;

}  // namespace hem::http
