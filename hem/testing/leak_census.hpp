// Counts what a piece of code may leave behind: open descriptors and threads of the process.
#pragma once

#include <cstddef>
#include <string>

namespace hem::testing {

struct leak_census {
    std::size_t descriptors = 0;
    std::size_t threads = 0;

    static leak_census take();
    // Empty if nothing was left since `before`, else what and how many.
    std::string difference_to(const leak_census& before) const;
};

}  // namespace hem::testing
