// Takes superseded documents out of the store while nobody writes.
//
// One thread per engine. It wakes after a write, waits until the writer is idle, removes one slice (a few milliseconds' worth of rows,
// so that a write that comes meanwhile hardly waits), and goes on until nothing is left that no snapshot needs. Any thread may call.
#pragma once

#include "hem/search/embedded/bulk_write.hpp"
#include "hem/search/embedded/store.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace hem::search::embedded {

class purger {
public:
    purger(store& data, write_queue& writes);
    ~purger();
    purger(const purger&) = delete;
    purger& operator=(const purger&) = delete;

    // Something may have been superseded, or a snapshot was released.
    void wake();
    // Returns when all that was there to purge at the call is gone.
    void wait();

    static constexpr std::size_t slice = 200;  // documents

private:
    void run();

    store& data_;
    write_queue& writes_;
    std::atomic<bool> stop_{false};
    std::mutex guard_;
    std::condition_variable changed_;
    std::uint64_t asked_ = 0, done_ = 0;
    std::thread thread_;
};

}  // namespace hem::search::embedded
