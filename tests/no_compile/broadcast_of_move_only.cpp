// expect: every subscriber gets a copy of the item: it must be copyable, a shared_ptr<const T> is
#include <memory>

#include "hem/core.hpp"

hem::broadcast<std::unique_ptr<int>> news(8);
