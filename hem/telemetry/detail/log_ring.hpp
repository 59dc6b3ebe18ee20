// Bytes from one thread to the writer, without a lock: each thread that logs has its own ring, so producers never meet.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace hem::log::detail {

class log_ring {
public:
    static constexpr std::size_t capacity = 256u << 10;

    // Producer. False if the line does not fit now.
    bool push(std::string_view line) noexcept {
        const auto head = head_.load(std::memory_order_relaxed);
        if (capacity - (head - tail_.load(std::memory_order_acquire)) < line.size()) return false;
        const std::size_t at = head % capacity;
        const std::size_t first = std::min(line.size(), capacity - at);
        std::memcpy(bytes_.get() + at, line.data(), first);
        std::memcpy(bytes_.get(), line.data() + first, line.size() - first);
        head_.store(head + line.size(), std::memory_order_release);
        return true;
    }

    // Consumer. Appends everything that is there; only whole lines were pushed.
    bool drain(std::string& out) {
        const auto tail = tail_.load(std::memory_order_relaxed);
        const auto head = head_.load(std::memory_order_acquire);
        if (tail == head) return false;
        const std::size_t bytes = head - tail, at = tail % capacity;
        const std::size_t first = std::min(bytes, capacity - at);
        out.append(bytes_.get() + at, first);
        out.append(bytes_.get(), bytes - first);
        tail_.store(head, std::memory_order_release);
        return true;
    }

    std::atomic<std::uint64_t> dropped{0};  // since the writer said so last
    std::atomic<bool> abandoned{false};     // its thread has ended

private:
    std::unique_ptr<char[]> bytes_ = std::make_unique_for_overwrite<char[]>(capacity);
    alignas(64) std::atomic<std::uint64_t> head_{0};
    alignas(64) std::atomic<std::uint64_t> tail_{0};
};

}  // namespace hem::log::detail
