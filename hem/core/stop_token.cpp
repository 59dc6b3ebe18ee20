#include "hem/core/stop_token.hpp"

#include "hem/core/detail/kernel.hpp"

namespace hem {
namespace {

class stop_link final : public detail::scope_watcher, public detail::post_node, public std::enable_shared_from_this<stop_link> {
public:
    explicit stop_link(detail::kernel& loop) noexcept : loop_(loop) {
        run = [](post_node* self) { static_cast<stop_link*>(self)->posted(); };
        destroy = [](post_node* self) noexcept { static_cast<stop_link*>(self)->posted(); };
    }
    // Callbacks of the token are other people's code, so they wait until the loop is between tasks.
    void scope_cancelled() noexcept override {
        if (keep_) return;
        keep_ = shared_from_this();
        loop_.post(this);
    }
    void stop() noexcept { source_.request_stop(); }
    std::stop_token token() const noexcept { return source_.get_token(); }

private:
    void posted() noexcept {
        const auto keep = std::move(keep_);
        stop();
    }
    detail::kernel& loop_;
    std::shared_ptr<stop_link> keep_;  // until the loop has come to it
    std::stop_source source_;
};

}  // namespace

std::stop_token current_stop_token() {
    detail::task_header& task = detail::current_task_header();
    detail::scope_state& scope = *task.scope;
    if (!scope.watcher()) scope.watch(std::make_shared<stop_link>(*task.loop));
    auto& link = static_cast<stop_link&>(*scope.watcher());
    if (scope.cancelled()) link.stop();
    return link.token();
}

}  // namespace hem
