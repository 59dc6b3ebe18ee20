// A doubly linked list through a base class: push, erase and splice in constant time, no allocation. An item is in at most one list per
// `Tag`; the list owns nothing.
#pragma once

namespace hem::detail {

template <class Tag>
struct list_link {
    list_link* next = nullptr;
    list_link* previous = nullptr;
    bool linked() const noexcept { return next != nullptr; }
    void unlink() noexcept {
        previous->next = next;
        next->previous = previous;
        next = previous = nullptr;
    }
};

template <class T, class Tag>
class intrusive_list {
    using link = list_link<Tag>;

public:
    intrusive_list() noexcept { head_.next = head_.previous = &head_; }
    intrusive_list(const intrusive_list&) = delete;
    intrusive_list& operator=(const intrusive_list&) = delete;

    bool empty() const noexcept { return head_.next == &head_; }
    T& front() noexcept { return static_cast<T&>(*head_.next); }
    T& back() noexcept { return static_cast<T&>(*head_.previous); }
    void push_back(T& item) noexcept { insert_before(head_, item); }
    void push_front(T& item) noexcept { insert_before(*head_.next, item); }
    static void insert(T& before, T& item) noexcept { insert_before(before, item); }
    T& pop_front() noexcept {
        T& item = front();
        static_cast<link&>(item).unlink();
        return item;
    }
    static void erase(T& item) noexcept { static_cast<link&>(item).unlink(); }

    // Moves everything of `other` to the end of this list.
    void splice_back(intrusive_list& other) noexcept {
        if (other.empty()) return;
        link* first = other.head_.next;
        link* last = other.head_.previous;
        first->previous = head_.previous;
        head_.previous->next = first;
        last->next = &head_;
        head_.previous = last;
        other.head_.next = other.head_.previous = &other.head_;
    }

    // Iteration; the current item may be unlinked while it is visited, no other.
    struct iterator {
        link* at;
        link* after;
        T& operator*() const noexcept { return static_cast<T&>(*at); }
        iterator& operator++() noexcept {
            at = after;
            after = at->next;
            return *this;
        }
        bool operator==(const iterator& other) const noexcept { return at == other.at; }
    };
    iterator begin() noexcept { return {head_.next, head_.next->next}; }
    iterator end() noexcept { return {&head_, &head_}; }

private:
    static void insert_before(link& position, T& item) noexcept {
        auto& inserted = static_cast<link&>(item);
        inserted.next = &position;
        inserted.previous = position.previous;
        position.previous->next = &inserted;
        position.previous = &inserted;
    }
    link head_;
};

}  // namespace hem::detail
