// What a task's context is made of: an immutable linked list of (variable, value), shared by everybody who copied it. Copying a context is
// copying a counted pointer; setting a variable puts a node in front. Belongs to one thread at a time, except that the count is atomic
// because workers take a copy along.
#pragma once

#include <atomic>
#include <utility>

namespace hem::detail {

struct context_node {
    const void* key;
    context_node* next;
    std::atomic<unsigned> references{1};
    void (*destroy)(context_node*) noexcept;
    context_node* (*clone)(const context_node*);  // a copy without a next
    unsigned depth = 1;                           // nodes from here to the end
};

class context_pointer {
public:
    // Beyond so many nodes a list is rebuilt with one node per variable, so that setting in a loop costs bounded memory.
    static constexpr unsigned compact_above = 32;

    context_pointer() noexcept = default;
    explicit context_pointer(context_node* adopted) noexcept : node_(adopted) {}
    context_pointer(const context_pointer& other) noexcept : node_(other.node_) {
        if (node_) node_->references.fetch_add(1, std::memory_order_relaxed);
    }
    context_pointer(context_pointer&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    context_pointer& operator=(context_pointer other) noexcept {
        std::swap(node_, other.node_);
        return *this;
    }
    ~context_pointer() {
        if (node_) release(node_);
    }
    context_node* get() const noexcept { return node_; }
    context_node* detach() noexcept { return std::exchange(node_, nullptr); }

    const context_node* find(const void* key) const noexcept {
        for (const context_node* at = node_; at; at = at->next) {
            if (at->key == key) return at;
        }
        return nullptr;
    }

    // Puts a fresh node in front.
    void push(context_node* fresh);

private:
    static void release(context_node* node) noexcept {
        // Who holds the only reference need not count down: nobody else can take one.
        while (node &&
               (node->references.load(std::memory_order_acquire) == 1 || node->references.fetch_sub(1, std::memory_order_acq_rel) == 1)) {
            context_node* next = node->next;
            node->destroy(node);
            node = next;
        }
    }
    context_node* node_ = nullptr;
};

}  // namespace hem::detail
