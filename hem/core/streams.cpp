#include "hem/core/streams.hpp"

#include <stdexcept>

namespace hem::detail {

void check_buffer(std::size_t ahead) {
    if (ahead == 0) throw std::invalid_argument("buffered needs room for at least one item");
}

}  // namespace hem::detail
