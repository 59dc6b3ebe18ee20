// Bytes with stable addresses and one lifetime: what the views into a request or a field list point to.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

namespace hem::http::detail {

// Grows by blocks that never move; `clear` keeps one block, so an object that is used again does not allocate.
class arena {
public:
    arena() noexcept = default;
    arena(arena&& other) noexcept : head_(std::exchange(other.head_, nullptr)) {}
    arena& operator=(arena&& other) noexcept {
        if (this != &other) {
            if (head_ != nullptr) release();
            head_ = std::exchange(other.head_, nullptr);
        }
        return *this;
    }
    ~arena() {
        if (head_ != nullptr) release();
    }

    // `bytes` uninitialized bytes, unaligned.
    char* allocate(std::size_t bytes) {
        if (head_ == nullptr || head_->capacity - head_->used < bytes) grow(bytes);
        char* result = reinterpret_cast<char*>(head_ + 1) + head_->used;
        head_->used += bytes;
        return result;
    }

    std::string_view copy(std::string_view text) {
        if (text.empty()) return {};
        char* to = allocate(text.size());
        std::memcpy(to, text.data(), text.size());
        return {to, text.size()};
    }

    // Gives back the unused end of the newest allocation.
    void shrink_last(std::size_t bytes) noexcept { head_->used -= bytes; }

    void clear() noexcept;

private:
    struct block {
        block* next;
        std::size_t capacity;
        std::size_t used;
    };

    void grow(std::size_t bytes);
    void release() noexcept;

    block* head_ = nullptr;
};

}  // namespace hem::http::detail
