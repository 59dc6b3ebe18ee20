// For a resource whose closing must be awaited: notes who opened it and where, and reports one that is destroyed open (its destructor then
// closes by force). A member of the resource:
//
//     open_record opened_{"http::client"};       // aclose() ends with opened_.closed()
#pragma once

#include <cstdint>
#include <source_location>
#include <string>
#include <utility>

namespace hem::detail {

class open_record {
public:
    // `type` lives as long as the program. Outside of a task there is no owner to name.
    explicit open_record(const char* type, const std::source_location& where = std::source_location::current());
    open_record(open_record&& other) noexcept
        : type_(std::exchange(other.type_, nullptr)), owner_(std::move(other.owner_)), where_(other.where_) {}
    open_record& operator=(open_record&&) = delete;
    ~open_record() {
        if (type_) [[unlikely]]
            report();
    }
    void closed() noexcept { type_ = nullptr; }

private:
    void report() const noexcept;
    const char* type_;
    std::string owner_;
    std::source_location where_;
};

}  // namespace hem::detail
