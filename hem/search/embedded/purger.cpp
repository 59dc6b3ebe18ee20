#include "hem/search/embedded/purger.hpp"

namespace hem::search::embedded {

purger::purger(store& data, write_queue& writes) : data_(data), writes_(writes), thread_([this] { run(); }) {}

purger::~purger() {
    {
        const std::lock_guard hold(guard_);
        stop_ = true;
    }
    changed_.notify_all();
    writes_.wake_idle();
    thread_.join();
}

void purger::wake() {
    {
        const std::lock_guard hold(guard_);
        ++asked_;
    }
    changed_.notify_all();
}

void purger::wait() {
    std::unique_lock hold(guard_);
    const auto wanted = ++asked_;
    changed_.notify_all();
    changed_.wait(hold, [&] { return done_ >= wanted; });
}

void purger::run() {
    for (;;) {
        std::uint64_t now = 0;
        {
            std::unique_lock hold(guard_);
            changed_.wait(hold, [&] { return stop_ || asked_ > done_; });
            if (stop_) return;
            now = asked_;
        }
        std::size_t purged = 1;
        while (purged > 0) {
            const bool ran = writes_.when_idle(
                [&] {
                    try {
                        purged = data_.purge(slice);
                    } catch (const std::exception&) {
                        purged = 0;  // a full disk, say: the next write wakes us again
                    }
                },
                stop_);
            if (!ran) return;
        }
        {
            const std::lock_guard hold(guard_);
            done_ = now;
        }
        changed_.notify_all();
    }
}

}  // namespace hem::search::embedded
