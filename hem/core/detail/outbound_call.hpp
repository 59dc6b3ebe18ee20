// A call to another service, or a wait for a pool's slot, on the loop's list while it lasts: one that lasts over a minute is reported, once
// . Clients have finite defaults, so this speaks of those that were told to wait for ever. As with cancel_watch the loop asks `due`
// once per tick; nothing is armed, so a virtual clock is not moved.
//
//     const hem::detail::outbound_call call(name_of_request, &request);       // in the task that waits, until it goes on
#pragma once

#include <string>

#include "hem/core/clock.hpp"
#include "hem/core/detail/intrusive_list.hpp"

namespace hem::detail {

struct task_header;
struct outbound_tag;

class outbound_call : list_link<outbound_tag> {
public:
    // Asked for the name only when there is something to report.
    using namer = std::string (*)(const void* object);
    outbound_call(namer name_of, const void* object);
    outbound_call(const outbound_call&) = delete;
    outbound_call& operator=(const outbound_call&) = delete;
    ~outbound_call();

private:
    friend class call_watch;
    template <class, class>
    friend class intrusive_list;
    namer name_of_;
    const void* object_;
    task_header& task_;
    time_point began_;
};

// The calls of one loop.
class call_watch {
public:
    static constexpr duration patience = std::chrono::seconds(60);

    // When to look next; time_point::max() while nothing is watched.
    time_point due() const noexcept { return due_; }
    void look(time_point now) noexcept;

private:
    friend class outbound_call;
    void note_oldest() noexcept;
    intrusive_list<outbound_call, outbound_tag> calls_;  // oldest first; a reported one is in it no more
    time_point due_ = time_point::max();
};

}  // namespace hem::detail
