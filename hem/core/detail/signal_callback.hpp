// A plain function that the loop calls when a signal has come (loop::add_signal_handler).
#pragma once

#include <memory>
#include <utility>

#include "hem/core/detail/interrupts.hpp"

namespace hem::detail {

class signal_callback : public signal_subscription, public std::enable_shared_from_this<signal_callback> {
public:
    explicit signal_callback(int of) noexcept;
    signal_callback(const signal_callback&) = delete;
    virtual ~signal_callback();
    virtual void call() = 0;

private:
    bool posted_ = false;  // on its way; more signals until then are the same call
};

template <class F>
class signal_callback_of final : public signal_callback {
public:
    signal_callback_of(int number, F&& f) : signal_callback(number), f_(std::move(f)) {}
    void call() override { f_(); }

private:
    F f_;
};

}  // namespace hem::detail
