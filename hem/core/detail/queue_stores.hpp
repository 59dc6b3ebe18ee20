// Where the items of a queue lie, by the order in which they leave. A store grows and never shrinks: no allocation in steady state.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace hem::detail {

// A ring whose size is a power of two.
template <class T>
class fifo_store {
public:
    fifo_store() noexcept = default;
    fifo_store(const fifo_store&) = delete;
    fifo_store& operator=(const fifo_store&) = delete;
    ~fifo_store() { clear(); }

    void push(T&& item) {
        if (tail_ - head_ == size_) [[unlikely]]
            grow();
        std::construct_at(&at(tail_), std::move(item));
        ++tail_;
    }
    T pop() {
        T& oldest = at(head_);
        T item = std::move(oldest);
        std::destroy_at(&oldest);
        ++head_;
        return item;
    }
    void drop_oldest() noexcept { std::destroy_at(&at(head_++)); }
    void clear() noexcept {
        while (head_ != tail_) drop_oldest();
    }

private:
    union slot {
        slot() noexcept {}
        ~slot() {}
        T value;
    };
    T& at(std::size_t number) noexcept { return slots_[number & (size_ - 1)].value; }
    [[gnu::noinline]] void grow() {
        const std::size_t size = size_ == 0 ? 8 : 2 * size_;
        std::unique_ptr<slot[]> larger(new slot[size]);
        for (std::size_t i = head_; i != tail_; ++i) {
            std::construct_at(&larger[i & (size - 1)].value, std::move(at(i)));
            std::destroy_at(&at(i));
        }
        slots_ = std::move(larger);
        size_ = size;
    }
    std::unique_ptr<slot[]> slots_;
    std::size_t size_ = 0;
    std::size_t head_ = 0;  // numbers of the oldest item and of the next one
    std::size_t tail_ = 0;
};

template <class T>
class lifo_store {
public:
    void push(T&& item) { items_.push_back(std::move(item)); }
    T pop() {
        T item = std::move(items_.back());
        items_.pop_back();
        return item;
    }
    void drop_oldest() { items_.erase(items_.begin()); }
    void clear() noexcept { items_.clear(); }

private:
    std::vector<T> items_;
};

// Smallest first; first in, first out among equals.
template <class T, class Less>
class priority_store {
    struct entry {
        T item;
        std::uint64_t number;
    };
    struct later {
        bool operator()(const entry& a, const entry& b) const {
            if (Less()(a.item, b.item)) return false;
            if (Less()(b.item, a.item)) return true;
            return a.number > b.number;
        }
    };

public:
    void push(T&& item) {
        heap_.push_back({std::move(item), next_++});
        std::push_heap(heap_.begin(), heap_.end(), later());
    }
    T pop() {
        std::pop_heap(heap_.begin(), heap_.end(), later());
        T item = std::move(heap_.back().item);
        heap_.pop_back();
        return item;
    }
    void drop_oldest() {
        auto oldest = std::min_element(heap_.begin(), heap_.end(), [](const entry& a, const entry& b) { return a.number < b.number; });
        heap_.erase(oldest);
        std::make_heap(heap_.begin(), heap_.end(), later());
    }
    void clear() noexcept { heap_.clear(); }

private:
    std::vector<entry> heap_;
    std::uint64_t next_ = 0;
};

struct less_than {
    template <class T>
    bool operator()(const T& a, const T& b) const {
        return a < b;
    }
};

}  // namespace hem::detail
