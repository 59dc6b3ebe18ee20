// From the query tree to running nodes over one generation.
#pragma once

#include "hem/search/embedded/query_exec.hpp"
#include "hem/search/embedded/query_nodes.hpp"

#include <map>
#include <memory>

namespace hem::search::embedded::detail {

// Binds queries to a generation; what several clauses share (norm factors) is made once. The generation must outlive the nodes.
class query_compiler {
public:
    explicit query_compiler(const index_generation& over) : over_(over) {}

    // `scored`: scores will be asked for; without, cheaper nodes are made.
    node_pointer compile(const query& what, bool scored) { return compile(what, 1.0f, scored); }

private:
    node_pointer compile(const query& what, float boost, bool scored);
    node_pointer term(const term_query& what, float boost, bool scored);
    node_pointer terms(const terms_query& what, float boost);
    node_pointer range(const range_query& what, float boost);
    node_pointer exists(const exists_query& what, float boost);
    node_pointer ids(const ids_query& what, float boost);
    template <class Match>
    node_pointer expanded(const field_spec& field, std::string_view prefix, float boost, Match&& match);
    node_pointer fuzzy(const fuzzy_query& what, float boost, bool scored);
    node_pointer phrase(const phrase_query& what, float boost);
    node_pointer synonym(const synonym_query& what, float boost);
    node_pointer boolean(const boolean_query& what, float boost, bool scored);
    node_pointer dis_max(const dis_max_query& what, float boost, bool scored);
    node_pointer with_frequency(const field_spec& field, shared_postings list, std::int64_t doc_freq, float boost);

    std::vector<std::string> expand_prefix(const field_spec& field, std::string_view prefix, std::size_t most) const;
    const std::shared_ptr<const norm_factors>& factors(std::uint32_t field);
    const field_spec* field(std::string_view name) const { return over_.plan().find(name); }

    const index_generation& over_;
    std::map<std::uint32_t, std::shared_ptr<const norm_factors>> factors_;
};

// The text a term of this field is indexed under; a boolean's is "0" or "1".
std::string term_text(const field_value& value);

}  // namespace hem::search::embedded::detail
