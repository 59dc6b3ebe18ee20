#include <memory>

#include "hem/core.hpp"

hem::broadcast<std::shared_ptr<const int>> news(8);
