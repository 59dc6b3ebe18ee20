#include "hem/core/gather.hpp"

#include "hem/core/errors.hpp"

namespace hem::detail {

void check_limit(std::size_t limit) {
    if (limit == 0) throw std::invalid_argument("limit must be at least 1: write {.limit = n}, or hem::unbounded for no limit");
}

std::exception_ptr empty_task_error() {
    try {
        throw_empty_task();
    } catch (...) {
        return std::current_exception();
    }
}

}  // namespace hem::detail
