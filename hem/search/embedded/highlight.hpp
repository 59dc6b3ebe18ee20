// Highlighted fragments: the field's text is analysed again and the terms of the query are marked.
// Fragments follow sentences of about `fragment_size` characters, the best five in order of the text; cuts may differ from a server's.
#pragma once

#include "hem/model/json.hpp"
#include "hem/search/embedded/index_schema.hpp"
#include "hem/search/embedded/query_exec.hpp"
#include "hem/search/embedded/query_parse.hpp"

#include <string>
#include <vector>

namespace hem::search::embedded {

struct highlight_field {
    std::string pattern;
    std::string pre = "<em>", post = "</em>";
    std::size_t fragment_size = 100, number_of_fragments = 5, no_match_size = 0;
    bool require_field_match = true, by_score = false, html = false;
    json query;  // highlight_query; null for the search's own
};

struct highlight_request {
    std::vector<highlight_field> fields;
    static highlight_request parse(const json& body);  // throws rest_error
};

// Prepared once per index and request.
class highlighter {
public:
    highlighter(const highlight_request& wanted, const query_context& context, const query& own);
    // {"title":["... <em>x</em> ..."]}; null when nothing matches.
    json run(const json& source) const;

private:
    struct field_terms {
        highlight_field options;
        const mapped_field* field = nullptr;
        std::string source_path;  // of a multi-field: its parent
        std::vector<highlight_term> terms;
    };
    const index_schema& schema_;
    std::vector<field_terms> fields_;
};

}  // namespace hem::search::embedded
