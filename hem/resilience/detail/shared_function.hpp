// A type-erased function that copies share: policies hold hooks and conditions in it, and policies are copied. Without <functional>, and
// never for functions that return a task.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace hem::detail {

template <class Signature>
class shared_function;

template <class R, class... Args>
class shared_function<R(Args...)> {
public:
    shared_function() noexcept = default;
    shared_function(std::nullptr_t) noexcept {}
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, shared_function> && std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
    shared_function(F&& f)  // NOLINT(google-explicit-constructor): a callable stands wherever a function is expected
        : target_(std::make_shared<holder<std::decay_t<F>>>(std::forward<F>(f))) {}

    explicit operator bool() const noexcept { return target_ != nullptr; }
    R operator()(Args... args) const { return target_->call(static_cast<Args&&>(args)...); }

private:
    struct base {
        virtual ~base() = default;
        virtual R call(Args... args) = 0;
    };
    template <class F>
    struct holder final : base {
        template <class G>
        explicit holder(G&& given) : f(std::forward<G>(given)) {}
        R call(Args... args) override { return f(static_cast<Args&&>(args)...); }
        F f;
    };
    std::shared_ptr<base> target_;
};

}  // namespace hem::detail
