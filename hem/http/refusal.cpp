#include "hem/http/refusal.hpp"

#include <array>

#include "hem/http/detail/writer.hpp"
#include "hem/http/status.hpp"

namespace hem::http {
namespace {

struct row {
    refusal reason;
    refusal_action action;
};

constexpr bool keep = true;
constexpr bool close = false;

constexpr std::array rows = {
    row{refusal::none, {"none", 200, keep, ""}},
    row{refusal::length_and_transfer_encoding, {"length_and_transfer_encoding", 400, close, ""}},
    row{refusal::repeated_length, {"repeated_length", 400, close, ""}},
    row{refusal::invalid_length, {"invalid_length", 400, close, ""}},
    row{refusal::transfer_encoding_in_1_0, {"transfer_encoding_in_1_0", 400, close, ""}},
    row{refusal::invalid_transfer_encoding, {"invalid_transfer_encoding", 400, close, ""}},
    row{refusal::unknown_transfer_coding, {"unknown_transfer_coding", 501, close, ""}},
    row{refusal::underscore_framing_field, {"underscore_framing_field", 400, close, ""}},
    row{refusal::whitespace_in_field_name, {"whitespace_in_field_name", 400, close, ""}},
    row{refusal::obsolete_fold, {"obsolete_fold", 400, close, ""}},
    row{refusal::invalid_field_name, {"invalid_field_name", 400, close, ""}},
    row{refusal::invalid_field_value, {"invalid_field_value", 400, close, ""}},
    row{refusal::bare_line_end, {"bare_line_end", 400, close, ""}},
    row{refusal::empty_lines, {"empty_lines", 400, close, ""}},
    row{refusal::invalid_request_line, {"invalid_request_line", 400, close, ""}},
    row{refusal::unsupported_version, {"unsupported_version", 505, close, ""}},
    row{refusal::invalid_method, {"invalid_method", 400, close, ""}},
    row{refusal::long_method, {"long_method", 501, close, ""}},
    row{refusal::long_request_line, {"long_request_line", 414, close, ""}},
    row{refusal::invalid_target, {"invalid_target", 400, close, ""}},
    row{refusal::connect, {"connect", 501, close, ""}},
    row{refusal::wrong_target_form, {"wrong_target_form", 400, close, ""}},
    row{refusal::https_on_plain_port, {"https_on_plain_port", 421, close, ""}},
    row{refusal::invalid_host, {"invalid_host", 400, close, ""}},
    row{refusal::host_not_allowed, {"host_not_allowed", 421, keep, ""}},
    row{refusal::long_header_section, {"long_header_section", 431, close, ""}},
    row{refusal::too_many_fields, {"too_many_fields", 431, close, ""}},
    row{refusal::long_field_name, {"long_field_name", 431, close, ""}},
    row{refusal::body_too_large, {"body_too_large", 413, close, ""}},
    row{refusal::invalid_chunk_size, {"invalid_chunk_size", 400, close, ""}},
    row{refusal::invalid_chunk_end, {"invalid_chunk_end", 400, close, ""}},
    row{refusal::invalid_chunk_extension, {"invalid_chunk_extension", 400, close, ""}},
    row{refusal::invalid_trailer, {"invalid_trailer", 400, close, ""}},
    row{refusal::unknown_expectation, {"unknown_expectation", 417, close, ""}},
    row{refusal::unknown_content_encoding, {"unknown_content_encoding", 415, keep, "accept-encoding: identity\r\n"}},
    row{refusal::trace, {"trace", 405, keep, "allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"}},
    row{refusal::invalid_status_line, {"invalid_status_line", 502, close, ""}},
};

constexpr bool rows_in_order() {
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (static_cast<std::size_t>(rows[i].reason) != i) return false;
    return rows.size() == static_cast<std::size_t>(refusal::invalid_status_line) + 1;
}
static_assert(rows_in_order(), "each refusal has its row, in the order of the enumeration");

}  // namespace

const refusal_action& action_of(refusal reason) noexcept { return rows[static_cast<std::size_t>(reason)].action; }

std::size_t write_refusal(char* out, refusal reason, std::string_view date, std::string_view server, bool keep_connection,
                          bool head_only) noexcept {
    const refusal_action& action = action_of(reason);
    return write_error_answer(out, action.status, action.field, date, server, keep_connection && action.keep, head_only);
}

std::size_t write_error_answer(char* out, int status, std::string_view fields, std::string_view date, std::string_view server,
                               bool keep_connection, bool head_only) noexcept {
    constexpr std::string_view before = "{\"detail\":\"";
    constexpr std::string_view after = "\"}";
    const std::string_view phrase = reason_phrase(status);
    detail::writer writer({out, 512});
    writer.text(status_line(status));
    writer.text("content-type: application/json\r\ncontent-length: ");
    writer.number(before.size() + phrase.size() + after.size());
    writer.text("\r\n");
    if (!date.empty()) writer.field("date", date);
    if (!server.empty()) writer.field("server", server.substr(0, 64));
    writer.text(fields.substr(0, 128));
    if (!keep_connection) writer.text("connection: close\r\n");
    writer.text("\r\n");
    if (!head_only) {
        writer.text(before);
        writer.text(phrase);
        writer.text(after);
    }
    return writer.size();
}

}  // namespace hem::http
