// Reads the inputs of a request into request structs.
#pragma once

#include "hem/http/request.hpp"
#include "hem/model/validation.hpp"
#include "hem/web/detail/plan.hpp"

#include <array>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::web::detail {

// Path, query, header and cookie values of one request, decoded once. Lives on the stack of one synchronous step; the views that it gives
// live as long as the request.
class parameter_reader {
public:
    parameter_reader(http::request& request, validation_errors& errors) noexcept : request_(request), errors_(errors) {}

    // Reads all members but bodies and dependencies.
    void read(const struct_plan& plan, void* object);

private:
    struct text_pair {
        std::string_view name;
        std::string_view value;
    };
    static constexpr std::size_t inline_pairs = 16;

    void read_member(const member_plan& member, void* object);
    void read_members_of_model(const member_plan& member, void* object);
    std::span<const text_pair> pairs(source_kind kind);
    void parse_query();
    void parse_cookies();
    void add_pair(bool query, std::string_view name, std::string_view value);
    std::string_view form_decoded(std::string_view text);
    void find_texts(source_kind kind, std::string_view wire_name, bool list, std::vector<std::string_view>& many);

    http::request& request_;
    validation_errors& errors_;
    std::array<text_pair, inline_pairs> first_;
    std::size_t count_ = 0;
    std::vector<text_pair> more_;
    std::vector<text_pair> cookies_;
    bool query_parsed_ = false;
    bool cookies_parsed_ = false;
};

// What the content type says about a body.
enum class body_type : std::uint8_t { json, other, wrong_charset };
body_type body_type_of(const http::request& request) noexcept;

// Reads the body's members from the bytes. Throws http_exception for 415 and for bytes that are not UTF-8.
void read_body(const struct_plan& plan, void* object, const http::request& request, std::string_view bytes, validation_errors& errors);

}  // namespace hem::web::detail
