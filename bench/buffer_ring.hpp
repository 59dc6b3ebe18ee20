// A ring of receive buffers that the kernel picks from. liburing has a function for it since 2.4; Debian 12 has 2.3.
#pragma once

#include <liburing.h>
#include <sys/mman.h>

#include <cstdlib>

namespace hem::bench {

class buffer_ring {
public:
    // Registers `count` (a power of two) buffers of `bytes` each as group 0 of the ring. `ok()` is false if the kernel refuses.
    buffer_ring(io_uring& ring, unsigned count, unsigned bytes) : count_(count), bytes_(bytes) {
        void* memory = mmap(nullptr, count * sizeof(io_uring_buf), PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
        if (memory == MAP_FAILED) return;
        io_uring_buf_reg registration{};
        registration.ring_addr = reinterpret_cast<unsigned long>(memory);
        registration.ring_entries = count;
        if (io_uring_register_buf_ring(&ring, &registration, 0) != 0) return;
        ring_ = static_cast<io_uring_buf_ring*>(memory);
        io_uring_buf_ring_init(ring_);
        buffers_ = static_cast<char*>(std::malloc(std::size_t(count) * bytes));
        for (unsigned id = 0; id < count; ++id) give_back(id);
        publish();
    }
    buffer_ring(const buffer_ring&) = delete;
    buffer_ring& operator=(const buffer_ring&) = delete;

    bool ok() const { return buffers_ != nullptr; }
    // The kernel may use the buffer again after the next `publish()`.
    void give_back(unsigned id) {
        io_uring_buf_ring_add(ring_, buffers_ + std::size_t(id) * bytes_, bytes_, static_cast<unsigned short>(id),
                              io_uring_buf_ring_mask(count_), added_++);
    }
    void publish() {
        if (added_ > 0) io_uring_buf_ring_advance(ring_, added_);
        added_ = 0;
    }

private:
    io_uring_buf_ring* ring_ = nullptr;
    char* buffers_ = nullptr;
    unsigned count_, bytes_;
    int added_ = 0;
};

}  // namespace hem::bench
