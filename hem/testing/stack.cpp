#include "hem/testing/stack.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <system_error>
#include <vector>

#include "hem/core/run.hpp"

namespace hem::testing {
namespace {

constexpr std::size_t stack_bytes = std::size_t{1} << 30;  // only what is touched gets memory

struct measured_call {
    const callable<task<>()>& f;
    std::exception_ptr error;
};

void* run_it(void* data) {
    auto& call = *static_cast<measured_call*>(data);
    try {
        run({.clock = clock_kind::virtual_time, .seed = 1, .handle_interrupt = false}, [&call]() -> task<> { co_await call.f(); });
    } catch (...) {
        call.error = std::current_exception();
    }
    return nullptr;
}

[[noreturn]] void fail(int error, const char* what) { throw std::system_error(error, std::system_category(), what); }

struct mapping {
    void* memory = ::mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    mapping() {
        if (memory == MAP_FAILED) fail(errno, "cannot map a stack");
    }
    mapping(const mapping&) = delete;
    ~mapping() { ::munmap(memory, stack_bytes); }
};

}  // namespace

std::size_t stack_used(callable<task<>()> f) {
    const mapping stack;
    measured_call call{f, nullptr};
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstack(&attributes, stack.memory, stack_bytes);
    pthread_t thread;
    const int error = ::pthread_create(&thread, &attributes, run_it, &call);
    ::pthread_attr_destroy(&attributes);
    if (error != 0) fail(error, "cannot start a thread with a stack of its own");
    ::pthread_join(thread, nullptr);
    if (call.error) std::rethrow_exception(call.error);
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    std::vector<unsigned char> resident(stack_bytes / page);
    if (::mincore(stack.memory, stack_bytes, resident.data()) != 0) fail(errno, "cannot ask for the touched pages of a stack");
    return page *
           static_cast<std::size_t>(std::count_if(resident.begin(), resident.end(), [](unsigned char state) { return (state & 1) != 0; }));
}

void expect_stack_bounded(callable<task<>()> f, std::size_t limit) {
    const auto used = stack_used(std::move(f));
    EXPECT_LE(used, limit) << "the code touched " << used << " bytes of stack";
}

}  // namespace hem::testing
