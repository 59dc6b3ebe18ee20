// The readers of the query DSL by family, and the options and checks that they share.
#pragma once

#include "hem/search/embedded/json_text.hpp"
#include "hem/search/embedded/query_parse.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace hem::search::embedded::detail {

// Numbers and flags as the server reads them, from JSON or from a text; throw parsing_fault with `key`.
float float_of(const json& value, std::string_view key);
std::int64_t whole_of(const json& value, std::string_view key);
bool flag_of(const json& value, std::string_view key);

// Of the queries that read their options by a table, as ids does.
rest_error unknown_key(std::string_view query, const std::string& key);
[[noreturn]] void no_support(std::string_view query, const std::string& key);
// What every query takes; true when `key` was one of them.
bool common_option(query& out, const std::string& key, const json& value);
const json& object_body(std::string_view name, const json& body);
// {"field": value} or {"field": {...}}: the one field and what stands under it.
const json::member& one_field(std::string_view name, const json& body);
void fuzziness(match_options& into, const json& value);

// Full text
query parse_match(std::string_view name, match_kind kind, const json& body, const query_context& context);
query parse_multi_match(const json& body, const query_context& context);
query parse_string_query(bool simple, const json& body, const query_context& context);

// Exact values and patterns
query parse_term(const json& body, const query_context& context);
query parse_terms(const json& body, const query_context& context);
query parse_range(const json& body, const query_context& context);
query parse_exists(const json& body, const query_context& context);
query parse_ids(const json& body);
// prefix, wildcard, regexp and fuzzy: one field, a text, some options.
query parse_pattern(std::string_view name, const json& body, const query_context& context);

// Queries of queries
query parse_bool(const json& body, const query_context& context);
// constant_score, dis_max and boosting.
query parse_compound(std::string_view name, const json& body, const query_context& context);

}  // namespace hem::search::embedded::detail
