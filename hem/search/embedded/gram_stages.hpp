// Token filters that cut a term into grams, or join neighbouring ones.
#pragma once

#include "hem/search/embedded/analysis_chain.hpp"

#include <memory>
#include <string>

namespace hem::search::embedded::detail {

// Of each term the pieces of `smallest` to `largest` code points; with `edge` those at its front alone. `preserve` keeps terms that are
// shorter or longer.
std::unique_ptr<stage> make_ngrams(std::size_t smallest, std::size_t largest, bool edge, bool preserve);

// Of neighbouring terms the runs of `smallest` to `largest`, joined by `separator`; with `unigrams` the terms, too. `filler` stands at a
// position without a term.
std::unique_ptr<stage> make_shingles(std::size_t smallest, std::size_t largest, bool unigrams, std::string separator, std::string filler);

}  // namespace hem::search::embedded::detail
