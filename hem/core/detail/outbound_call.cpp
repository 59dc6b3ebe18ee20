#include "hem/core/detail/outbound_call.hpp"

#include "hem/core/detail/kernel.hpp"
#include "hem/core/detail/wait_graph.hpp"
#include "hem/core/report.hpp"

namespace hem::detail {

outbound_call::outbound_call(namer name_of, const void* object)
    : name_of_(name_of), object_(object), task_(current_task_header()), began_(task_.loop->now()) {
    call_watch& watch = task_.loop->outbound;
    watch.calls_.push_back(*this);
    watch.note_oldest();
}

outbound_call::~outbound_call() {
    if (!linked()) return;
    unlink();
    task_.loop->outbound.note_oldest();
}

void call_watch::note_oldest() noexcept { due_ = calls_.empty() ? time_point::max() : saturating_add(calls_.front().began_, patience); }

void call_watch::look(time_point now) noexcept {
    constexpr int most = 5;
    int seen = 0;
    while (due_ <= now) {
        const outbound_call& call = calls_.pop_front();
        note_oldest();
        if (++seen > most) continue;
        send_report_if_possible([&] {
            const auto name = call.task_.display_name();
            return report{.kind = report_kind::lint,
                          .text = call.name_of_(call.object_) + ": task '" + name + "' waits for it for " +
                                  std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now - call.began_).count()) + " s (it " +
                                  describe_wait(call.task_) + "): give it a timeout",
                          .task = name,
                          .location = await_location(call.task_)};
        });
    }
    if (seen <= most) return;
    send_report_if_possible([&] {
        return report{.kind = report_kind::lint,
                      .text = std::to_string(seen - most) + " more calls to other services last over a minute",
                      .task = {}};
    });
}

}  // namespace hem::detail
