// A lock on the list of the task that owns it, so that a task that ends without releasing is noticed. A task that holds nothing when
// it ends pays one comparison.
#pragma once

namespace hem::detail {

struct task_header;

class held_lock {
public:
    held_lock() noexcept = default;
    held_lock(const held_lock&) = delete;
    held_lock& operator=(const held_lock&) = delete;

    task_header* owner() const noexcept { return owner_; }

protected:
    ~held_lock() { set_owner(nullptr); }
    // Moves it to the list of `task`, or off all lists.
    void set_owner(task_header* task) noexcept;
    // The owner ended: wake everybody who waits, to find the lock broken.
    virtual void abandoned(task_header& owner) noexcept = 0;

private:
    friend void abandon_locks(task_header& task) noexcept;
    task_header* owner_ = nullptr;
    held_lock* next_ = nullptr;
    held_lock* previous_ = nullptr;
};

// Called when a task has ended and its frames are gone.
void abandon_locks(task_header& task) noexcept;

}  // namespace hem::detail
