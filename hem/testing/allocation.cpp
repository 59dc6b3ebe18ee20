#include "hem/testing/allocation.hpp"

#include <cstdlib>
#include <new>
#include <utility>

namespace hem::testing {
namespace {

struct thread_state {
    std::uint64_t count = 0;
    detail::allocation_hook hook;
};
constinit thread_local thread_state state;

[[maybe_unused]] void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
    ++state.count;
    if (state.hook.refuses) [[unlikely]] {
        const auto hook = std::exchange(state.hook, {});
        const bool refused = hook.refuses(hook.data, bytes);
        state.hook = hook;
        if (refused) return nullptr;
    }
    if (bytes == 0) bytes = 1;
    if (alignment <= alignof(std::max_align_t)) return std::malloc(bytes);
    return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

[[maybe_unused]] void* allocate_or_throw(std::size_t bytes, std::size_t alignment = 0) {
    if (void* memory = allocate(bytes, alignment)) return memory;
    throw std::bad_alloc();
}

}  // namespace

std::uint64_t allocation_count() noexcept { return state.count; }

detail::allocation_hook detail::set_allocation_hook(allocation_hook hook) noexcept { return std::exchange(state.hook, hook); }

}  // namespace hem::testing

#if HEM_REPLACES_NEW
// Every form is replaced, so that none pairs with a sanitizer's own.
void* operator new(std::size_t bytes) { return hem::testing::allocate_or_throw(bytes); }
void* operator new[](std::size_t bytes) { return hem::testing::allocate_or_throw(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return hem::testing::allocate(bytes, 0); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return hem::testing::allocate(bytes, 0); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return hem::testing::allocate_or_throw(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
    return hem::testing::allocate_or_throw(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return hem::testing::allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return hem::testing::allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t, const std::nothrow_t&) noexcept { std::free(memory); }
#endif
