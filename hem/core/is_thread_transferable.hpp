// Which argument types may cross to another thread: into to_thread, submit_to and portals. Values may; raw pointers and views may not,
// since nothing says who keeps what they point to; nor may what belongs to one loop (locks, queues, groups, tasks), since nobody guards it
// there. std::ref and std::cref may, because the caller waits for the call to end.
//
// Specialise is_loop_bound<T> for a type of your own that only its loop's thread may touch.
#pragma once

#include <type_traits>

#include "hem/core/is_spawn_safe.hpp"

namespace hem {

class barrier;
class bounded_semaphore;
class cancel_scope;
class capacity_limiter;
class condition;
class event;
class latch;
class lock;
class rw_lock;
class semaphore;
class signal_stream;
class task_group;
class timer_handle;
template <class T>
class async_context;
template <class T>
class async_generator;
template <class T>
class broadcast;
template <class T>
class future;
template <class T>
class lifo_queue;
template <class T, class Less>
class priority_queue;
template <class T>
class queue;
template <class T>
class receiver;
template <class T>
class sender;
template <class T>
class subscription;
template <class T>
class watch;
template <class T>
class watch_subscription;
template <class T>
class generator_stream;
template <class T>
class task;
template <class T>
class task_handle;
namespace detail {
class io_descriptor;
}

template <class T>
inline constexpr bool is_loop_bound = false;
template <>
inline constexpr bool is_loop_bound<cancel_scope> = true;
template <>
inline constexpr bool is_loop_bound<event> = true;
template <>
inline constexpr bool is_loop_bound<lock> = true;
template <>
inline constexpr bool is_loop_bound<semaphore> = true;
template <>
inline constexpr bool is_loop_bound<signal_stream> = true;
template <>
inline constexpr bool is_loop_bound<task_group> = true;
template <>
inline constexpr bool is_loop_bound<timer_handle> = true;
template <>
inline constexpr bool is_loop_bound<detail::io_descriptor> = true;
template <class T>
inline constexpr bool is_loop_bound<async_context<T>> = true;
template <class T>
inline constexpr bool is_loop_bound<async_generator<T>> = true;
template <class T>
inline constexpr bool is_loop_bound<future<T>> = true;
template <class T>
inline constexpr bool is_loop_bound<generator_stream<T>> = true;
template <class T>
inline constexpr bool is_loop_bound<task<T>> = true;
template <class T>
inline constexpr bool is_loop_bound<task_handle<T>> = true;

template <>
inline constexpr bool is_loop_bound<barrier> = true;
template <>
inline constexpr bool is_loop_bound<bounded_semaphore> = true;
template <>
inline constexpr bool is_loop_bound<capacity_limiter> = true;
template <>
inline constexpr bool is_loop_bound<condition> = true;
template <>
inline constexpr bool is_loop_bound<latch> = true;
template <>
inline constexpr bool is_loop_bound<rw_lock> = true;
template <class T>
inline constexpr bool is_loop_bound<broadcast<T>> = true;
template <class T>
inline constexpr bool is_loop_bound<lifo_queue<T>> = true;
template <class T, class Less>
inline constexpr bool is_loop_bound<priority_queue<T, Less>> = true;
template <class T>
inline constexpr bool is_loop_bound<queue<T>> = true;
template <class T>
inline constexpr bool is_loop_bound<receiver<T>> = true;
template <class T>
inline constexpr bool is_loop_bound<sender<T>> = true;
template <class T>
inline constexpr bool is_loop_bound<subscription<T>> = true;
template <class T>
inline constexpr bool is_loop_bound<watch<T>> = true;
template <class T>
inline constexpr bool is_loop_bound<watch_subscription<T>> = true;

template <class T>
inline constexpr bool is_thread_transferable = is_spawn_safe<T> && !is_loop_bound<T>;
template <class T>
inline constexpr bool is_thread_transferable<std::reference_wrapper<T>> = !is_loop_bound<std::remove_const_t<T>>;

namespace detail {

template <class T>
inline constexpr bool is_reference_wrapper = false;
template <class T>
inline constexpr bool is_reference_wrapper<std::reference_wrapper<T>> = true;
template <class T>
inline constexpr bool is_bound_to_its_loop = is_loop_bound<T>;
template <class T>
inline constexpr bool is_bound_to_its_loop<std::reference_wrapper<T>> = is_loop_bound<std::remove_const_t<T>>;
template <class T>
inline constexpr bool is_raw_pointer = std::is_pointer_v<T> && !is_thread_transferable<T>;

// One sentence per mistake. Arguments that cross are decayed values.
template <class... Args>
consteval void check_transferable() {
    static_assert((!is_raw_pointer<Args> && ...),
                  "an argument is a raw pointer: move the value in, or pass std::ref; a string literal is written std::string(\"..\")");
    static_assert((!is_bound_to_its_loop<Args> && ...),
                  "an argument belongs to its loop and may not be used on another thread: send values across, or let the thread call back "
                  "with from_thread::run");
    static_assert(((is_thread_transferable<Args> || is_raw_pointer<Args> || is_bound_to_its_loop<Args>) && ...),
                  "an argument is a view that may dangle on the other thread: move the value in, or pass std::ref");
}
// For calls that go on when the caller has left.
template <class... Args>
consteval void check_abandonable() {
    check_transferable<Args...>();
    static_assert((!is_reference_wrapper<Args> && ...),
                  "a call that may be abandoned takes no references: it may outlive what they refer to; move the value in");
}

}  // namespace detail
}  // namespace hem
