#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "hem/telemetry/log.hpp"

namespace hem::log {
namespace {

// Lines are complete when they come: spdlog only carries them.
class spdlog_sink final : public sink {
public:
    explicit spdlog_sink(std::unique_ptr<spdlog::sinks::sink> target) : target_(std::move(target)) {
        target_->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc, ""));
    }
    void write(std::string_view lines) override {
        target_->log(
            spdlog::details::log_msg(spdlog::string_view_t(), spdlog::level::info, spdlog::string_view_t(lines.data(), lines.size())));
    }
    void flush() override { target_->flush(); }

private:
    std::unique_ptr<spdlog::sinks::sink> target_;
};

}  // namespace

std::unique_ptr<sink> stderr_sink() { return std::make_unique<spdlog_sink>(std::make_unique<spdlog::sinks::stderr_sink_st>()); }

std::unique_ptr<sink> rotating_file_sink(const std::string& path, std::size_t max_bytes, std::size_t max_files) {
    try {
        return std::make_unique<spdlog_sink>(std::make_unique<spdlog::sinks::rotating_file_sink_st>(path, max_bytes, max_files));
    } catch (const spdlog::spdlog_ex& e) {
        throw std::runtime_error("cannot log to " + path + ": " + e.what());
    }
}

}  // namespace hem::log
