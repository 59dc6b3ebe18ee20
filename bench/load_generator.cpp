// Sends the same request over many kept-alive connections, as lightly as the kernel allows (io_uring, many completions per system call), so
// that the server and not the generator is the bottleneck. Usage: load_generator PORT PATH CONNECTIONS SECONDS [PIPELINED]
// The environment's LOAD_BODY makes it POST that JSON text. Responses must have one size; the first one tells it.
// Prints one line of JSON: requests per second, latency quantiles in microseconds, the generator's own CPU use, errors.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "bench/buffer_ring.hpp"

namespace {

long now() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1'000'000'000L + time.tv_nsec;
}

double cpu_seconds() {
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    auto seconds = [](const timeval& time) { return double(time.tv_sec) + double(time.tv_usec) / 1e6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

[[noreturn]] void fail(const char* text) {
    std::fprintf(stderr, "load_generator: %s\n", text);
    std::exit(1);
}

// Durations in 64 buckets per power of two.
class histogram {
public:
    void add(long nanoseconds) {
        ++count_;
        if (nanoseconds > longest_) longest_ = nanoseconds;
        int exponent = 63 - __builtin_clzl(static_cast<unsigned long>(nanoseconds) | 64);
        ++buckets_[std::size_t(exponent) * 64 + ((nanoseconds >> (exponent - 6)) & 63)];
    }
    double microseconds(double quantile) const {
        long wanted = long(double(count_) * quantile), seen = 0;
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            seen += buckets_[i];
            if (seen > wanted) return double((1L << (i / 64)) + (long(i % 64) << (i / 64 - 6))) / 1e3;
        }
        return double(longest_) / 1e3;
    }

private:
    std::vector<long> buckets_ = std::vector<long>(64 * 64);
    long count_ = 0, longest_ = 0;
};

struct options {
    int port;
    std::string path;
    int connections;
    double seconds;
    int pipelined;
};

class generator {
public:
    explicit generator(const options& chosen) : options_(chosen) {
        const char* body = std::getenv("LOAD_BODY");
        std::string one =
            std::string(body ? "POST " : "GET ") + chosen.path + " HTTP/1.1\r\nhost: 127.0.0.1:" + std::to_string(chosen.port) + "\r\n";
        if (body) one += "content-type: application/json\r\ncontent-length: " + std::to_string(std::strlen(body)) + "\r\n";
        one += "\r\n";
        if (body) one += body;
        for (int i = 0; i < chosen.pipelined; ++i) request_ += one;
        measure_response(one);
        io_uring_params parameters{};
        parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
        parameters.cq_entries = 16384;
        if (io_uring_queue_init_params(4096, &ring_, &parameters) != 0) fail("io_uring is not permitted here");
    }

    void run() {
        hem::bench::buffer_ring buffers(ring_, 2048, 4096);
        if (!buffers.ok()) fail("the kernel has no buffer rings for io_uring");
        peers_.resize(std::size_t(options_.connections));
        for (std::size_t i = 0; i < peers_.size(); ++i) {
            peers_[i].descriptor = connect_once();
            receive(i);
        }
        const long start = now(), warm = start + 300'000'000L, end = warm + long(options_.seconds * 1e9);
        long begin = 0, time = start;
        double cpu = 0;
        for (std::size_t i = 0; i < peers_.size(); ++i) send(i, start);
        for (;;) {
            io_uring_submit_and_wait(&ring_, 1);
            time = now();
            if (time > end) break;
            if (begin == 0 && time > warm) {
                begin = time;
                answered_ = 0;
                latencies_ = histogram{};
                cpu = cpu_seconds();
            }
            complete(buffers, time);
        }
        double wall = double(time - begin) / 1e9;
        std::printf("{\"rps\": %.0f, \"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"generator_cpu\": %.2f, \"errors\": %ld}\n",
                    double(answered_) / wall, latencies_.microseconds(.5), latencies_.microseconds(.99), latencies_.microseconds(.999),
                    (cpu_seconds() - cpu) / wall, errors_);
    }

private:
    static constexpr std::uint64_t sent = ~0ull;  // user data of sends; receives carry the connection's index
    struct peer {
        int descriptor = -1;
        std::size_t received = 0;
        long sent_at = 0;
    };

    int connect_once() const {
        int descriptor = socket(AF_INET, SOCK_STREAM, 0), one = 1;
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<unsigned short>(options_.port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("cannot connect: is the server running?");
        return descriptor;
    }

    // One exchange by hand, the response read to the end of what its content-length says.
    void measure_response(const std::string& one) {
        int descriptor = connect_once();
        if (write(descriptor, one.data(), one.size()) != ssize_t(one.size())) fail("cannot send");
        std::string response;
        for (std::size_t wanted = 0; wanted == 0 || response.size() < wanted;) {
            char part[8192];
            ssize_t bytes = read(descriptor, part, sizeof part);
            if (bytes <= 0) fail("the server closed the connection");
            response.append(part, std::size_t(bytes));
            std::size_t head = response.find("\r\n\r\n");
            if (head == std::string::npos) continue;
            const char* length = strcasestr(response.c_str(), "\r\ncontent-length: ");
            if (!length) fail("the response has no content-length");
            wanted = head + 4 + std::strtoul(length + 18, nullptr, 10);
        }
        if (response.compare(8, 4, " 200") != 0) fail(("bad response: " + response.substr(0, response.find('\r'))).c_str());
        response_bytes_ = response.size();
        close(descriptor);
    }

    io_uring_sqe* entry() {
        io_uring_sqe* entry = io_uring_get_sqe(&ring_);
        if (entry) return entry;
        io_uring_submit(&ring_);
        return io_uring_get_sqe(&ring_);
    }
    void send(std::size_t index, long time) {
        peers_[index].sent_at = time;
        peers_[index].received = 0;
        io_uring_sqe* sqe = entry();
        io_uring_prep_send(sqe, peers_[index].descriptor, request_.data(), request_.size(), MSG_WAITALL);
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
        io_uring_sqe_set_data64(sqe, sent);
    }
    void receive(std::size_t index) {
        io_uring_sqe* sqe = entry();
        io_uring_prep_recv_multishot(sqe, peers_[index].descriptor, nullptr, 0, 0);
        sqe->flags |= IOSQE_BUFFER_SELECT;
        sqe->buf_group = 0;
        io_uring_sqe_set_data64(sqe, index);
    }

    void complete(hem::bench::buffer_ring& buffers, long time) {
        io_uring_cqe* cqe;
        unsigned head, completions = 0;
        io_uring_for_each_cqe(&ring_, head, cqe) {
            ++completions;
            if (cqe->user_data == sent) {
                ++errors_;  // successes are skipped
                continue;
            }
            if (cqe->flags & IORING_CQE_F_BUFFER) buffers.give_back(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
            received(std::size_t(cqe->user_data), cqe->res, time);
            bool ended = cqe->res == 0 || (cqe->res < 0 && cqe->res != -ENOBUFS);
            if (!(cqe->flags & IORING_CQE_F_MORE) && !ended) receive(std::size_t(cqe->user_data));
        }
        buffers.publish();
        io_uring_cq_advance(&ring_, completions);
    }
    void received(std::size_t index, int result, long time) {
        if (result == -ENOBUFS) return;
        if (result <= 0) {
            ++errors_;
            return;
        }
        peer& from = peers_[index];
        from.received += std::size_t(result);
        std::size_t wanted = response_bytes_ * std::size_t(options_.pipelined);
        if (from.received < wanted) return;
        if (from.received > wanted) ++errors_;
        answered_ += options_.pipelined;
        latencies_.add(time - from.sent_at);
        send(index, time);
    }

    options options_;
    std::string request_;
    std::size_t response_bytes_ = 0;
    io_uring ring_{};
    std::vector<peer> peers_;
    histogram latencies_;
    long answered_ = 0, errors_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
    if (count < 5) fail("usage: load_generator PORT PATH CONNECTIONS SECONDS [PIPELINED]");
    generator({.port = std::atoi(arguments[1]),
               .path = arguments[2],
               .connections = std::atoi(arguments[3]),
               .seconds = std::atof(arguments[4]),
               .pipelined = count > 5 ? std::atoi(arguments[5]) : 1})
        .run();
}
