// The loop's seeded random numbers: all jitter, shuffling and ids come from here, so that a seed replays a run. SplitMix64 (Steele, Lea,
// Flood 2014) is small, fast and good enough for everything but cryptography.
#pragma once

#include <cstdint>
#include <limits>

namespace hem {

class random_generator {
public:
    using result_type = std::uint64_t;
    explicit random_generator(std::uint64_t seed = 0) noexcept : state_(seed) {}

    static constexpr result_type min() noexcept { return 0; }
    static constexpr result_type max() noexcept { return std::numeric_limits<result_type>::max(); }
    result_type operator()() noexcept {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
    }
    // Uniform in [0, bound), 0 for a bound of 0 (Lemire's multiplication).
    std::uint64_t below(std::uint64_t bound) noexcept {
        return static_cast<std::uint64_t>((static_cast<unsigned __int128>((*this)()) * bound) >> 64);
    }
    // Uniform in [0, 1).
    double uniform() noexcept { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }

private:
    std::uint64_t state_;
};

}  // namespace hem
