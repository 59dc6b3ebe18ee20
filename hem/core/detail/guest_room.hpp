// Tasks that other loops and threads sent here (submit_to): they belong to the run, next to its main task, and end with it.
#pragma once

#include <cstddef>
#include <optional>

#include "hem/core/detail/remote_call.hpp"
#include "hem/core/detail/scope_state.hpp"

namespace hem::detail {

class guest_room final : public remote_place {
public:
    // For the length of one run.
    void open(kernel& loop);
    // Refuses newcomers and cancels who is there.
    void close() noexcept;
    // After the last guest has left.
    void tear_down() noexcept { scope_.reset(); }
    std::size_t size() const noexcept { return size_; }

    // run_finished if the room is closed.
    void admit(kernel& loop, task_header& child) override;
    void child_ended(task_header& child) noexcept override;

private:
    std::optional<scope_state> scope_;
    std::size_t size_ = 0;
    bool open_ = false;
};

struct loop_access {
    static guest_room& guests(loop& of) noexcept;
};

}  // namespace hem::detail
