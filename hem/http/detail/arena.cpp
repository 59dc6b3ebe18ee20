#include "hem/http/detail/arena.hpp"

#include <algorithm>
#include <new>

namespace hem::http::detail {

namespace {
constexpr std::size_t first_block = 256;
constexpr std::size_t kept_block = 16 * 1024;
}  // namespace

void arena::grow(std::size_t bytes) {
    const std::size_t wanted = head_ == nullptr ? first_block : std::min(head_->capacity * 2, kept_block);
    const std::size_t capacity = std::max(bytes, wanted);
    void* memory = ::operator new(sizeof(block) + capacity);
    head_ = ::new (memory) block{head_, capacity, 0};
}

void arena::clear() noexcept {
    if (head_ == nullptr) return;
    while (head_->next != nullptr) {
        block* old = head_->next;
        head_->next = old->next;
        ::operator delete(old);
    }
    if (head_->capacity > kept_block) {
        ::operator delete(head_);
        head_ = nullptr;
        return;
    }
    head_->used = 0;
}

void arena::release() noexcept {
    while (head_ != nullptr) {
        block* old = head_;
        head_ = old->next;
        ::operator delete(old);
    }
}

}  // namespace hem::http::detail
