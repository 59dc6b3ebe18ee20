#include "hem/core/broadcast.hpp"

namespace hem::detail {

std::size_t checked_broadcast_capacity(std::size_t capacity) {
    if (capacity == 0) throw std::invalid_argument("a broadcast keeps one item or more: who waits has not taken it when it is published");
    return capacity;
}

}  // namespace hem::detail
