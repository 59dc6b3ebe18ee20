#include "hem/web/request_id.hpp"

#include "hem/core/clock.hpp"
#include "hem/core/loop.hpp"
#include "hem/telemetry/log.hpp"
#include "hem/telemetry/trace.hpp"

#include <array>
#include <chrono>
#include <cstdint>

namespace hem::web {

namespace {

bool is_acceptable(std::string_view id) noexcept {
    if (id.empty() || id.size() > 128) return false;
    for (const char c : id) {
        const bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
        if (!word) return false;
    }
    return true;
}

}  // namespace

const std::string& current_request_id() noexcept { return trace::request_id.get(); }

std::string make_request_id() {
    const auto milliseconds =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(system_now().time_since_epoch()).count());
    auto& random = loop::current().random();
    std::uint64_t high = milliseconds << 16 | 0x7000 | (random() & 0x0fff);
    std::uint64_t low = (random() & 0x3fffffffffffffffU) | 0x8000000000000000U;
    std::string id;
    constexpr std::string_view digits = "0123456789abcdef";
    for (const std::uint64_t half : {high, low}) {
        for (int shift = 60; shift >= 0; shift -= 4) {
            if (id.size() == 8 || id.size() == 13 || id.size() == 18 || id.size() == 23) id += '-';
            id += digits[half >> shift & 15];
        }
    }
    return id;
}

task<http::response> request_ids::operator()(http::request& request, next& following) const {
    const auto given = request.headers().get(http::field::x_request_id);
    std::string id = given && is_acceptable(*given) ? std::string(*given) : make_request_id();
    const auto bound = trace::request_id.bind(id);
    const auto logged = log::bind({{"request_id", id}});
    auto answer = co_await following(request);
    answer.headers().set(http::field::x_request_id, id);
    co_return answer;
}

}  // namespace hem::web
