// What the three runners have in common: one run without a fault, which counts, then one run per operation with a fault at that operation.
// Every run gets a fresh loop on virtual time. A run fails if it ends with an unexpected error, reports what is no consequence of the
// fault, takes much longer than the run without a fault, or leaves something behind; the message names operation and place.
#pragma once

#include <cstddef>
#include <exception>
#include <string>

#include "hem/core/callable.hpp"
#include "hem/core/report.hpp"
#include "hem/core/task.hpp"

namespace hem::detail {
struct kernel;
struct task_header;
}  // namespace hem::detail

namespace hem::testing::detail {

struct fault_plan {
    std::size_t target = 0;  // the operation that is to fail; 0: none
    std::size_t seen = 0;
    bool struck = false;
    std::string place;  // where it struck

    // Counts one operation; true if it is the one.
    bool strikes() noexcept {
        if (++seen != target) return false;
        struck = true;
        return true;
    }
};

class fault_kind {
public:
    virtual ~fault_kind() = default;
    // Begins and ends to count the operations of the running loop.
    virtual void arm(fault_plan& plan) = 0;
    virtual void disarm() noexcept = 0;
    virtual bool expects(const std::exception_ptr& error) const = 0;
    virtual bool expects(report_kind) const { return false; }
    // Around each run, outside of the loop.
    virtual void before_run() {}
    virtual void after_run() {}
    const char* did;         // "cancelled"
    const char* operations;  // "await"

protected:
    fault_kind(const char* what_it_did, const char* what_it_counts) : did(what_it_did), operations(what_it_counts) {}
};

// Returns the number of operations of a run without a fault.
std::size_t run_with_faults(fault_kind& kind, const callable<task<>()>& f, const callable<task<>()>& check);

// "the await at queue_test.cpp:12 of task 'main'": where a task waits, or waited last.
std::string place_of(const hem::detail::task_header& task);

}  // namespace hem::testing::detail
