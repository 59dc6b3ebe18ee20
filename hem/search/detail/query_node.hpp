// The inside of a query: its parts are kept as JSON text that was written once, so sending a query is appending strings.
// Only bools keep their clauses apart, because the operators join them.
#pragma once

#include "hem/search/query.hpp"

#include <string>
#include <utility>
#include <vector>

namespace hem::search {

struct query::node {
    enum class shape {
        boolean,    // {"bool": {lists…}}
        per_field,  // {kind: {field: value}} or {kind: {field: {value_key: value, options…}}}
        beside,     // {kind: {field: value, options…}}
        flat,       // {kind: {options…}}
        verbatim,   // {kind: value}
    };
    shape layout = shape::flat;
    std::string kind;
    std::string field;
    std::string_view value_key;                                // a literal
    std::string value;                                         // JSON text
    std::vector<std::pair<std::string, std::string>> options;  // key, JSON text
    std::vector<query> must, filter, should, must_not;
    std::string minimum;  // JSON text; empty when it was not given

    void set_option(std::string_view key, std::string value);
    void append_to(std::string& out) const;
};

}  // namespace hem::search
