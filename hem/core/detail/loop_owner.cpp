#include "hem/core/detail/loop_owner.hpp"

#include "hem/core/errors.hpp"

namespace hem::detail {

std::string with_name(const char* what, const std::string& name) {
    return name.empty() ? std::string(what) : std::string(what) + " '" + name + "'";
}

void loop_owner::bind(const kernel* now, const char* what, const std::string& name) {
    if (serial_ != 0 && loop_number::is_living(id_, serial_)) {
        throw usage_error(with_name(what, name) + " belongs to loop " + std::to_string(id_) + ", touched from " +
                          (now ? "loop " + std::to_string(now->id.value()) : std::string("a thread without a loop")) +
                          ": primitives are not shared between threads; post to the loop with call_soon_threadsafe");
    }
    serial_ = now ? now->id.serial() : 0;
    id_ = now ? now->id.value() : 0;
}

}  // namespace hem::detail
