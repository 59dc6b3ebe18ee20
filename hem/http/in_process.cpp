#include "hem/http/in_process.hpp"

#include <string>
#include <vector>

#include "hem/http/serialise.hpp"

namespace hem::http {
namespace {

task<void> run_hooks(std::vector<std::unique_ptr<detail::sent_hook>> hooks) {
    for (const auto& hook : hooks) co_await hook->run();
}

// Runs the hooks of a streamed response when its body has ended.
class hooked_body final : public body_source {
public:
    hooked_body(std::unique_ptr<body_source> inner, std::vector<std::unique_ptr<detail::sent_hook>> hooks)
        : inner_(std::move(inner)), hooks_(std::move(hooks)) {}

    task<std::string_view> next() override {
        const std::string_view piece = co_await inner_->next();
        if (piece.empty()) co_await run_hooks(std::exchange(hooks_, {}));
        co_return piece;
    }
    task<void> close() override {
        co_await inner_->close();
        co_await run_hooks(std::exchange(hooks_, {}));
    }
    std::optional<std::uint64_t> size() const noexcept override { return inner_->size(); }
    const headers* trailers() const noexcept override { return inner_->trailers(); }

private:
    std::unique_ptr<body_source> inner_;
    std::vector<std::unique_ptr<detail::sent_hook>> hooks_;
};

}  // namespace

task<response> in_process::send(request& message) {
    if (message.peer().empty()) message.set_peer("127.0.0.1", 0);
    if (!message.headers().contains(field::host) && !message.host().empty()) message.headers().set(field::host, message.host());
    response answer = co_await serve_(message);
    const response_plan plan = plan_response(answer, message.method_id(), http_version::http_1_1, true, true);
    if (plan.length && answer.status() != 204) answer.headers().set(field::content_length, std::to_string(*plan.length));
    if (plan.body == body_kind::none) {
        if (body_source* stream = answer.content().stream()) co_await stream->close();
        answer.set_content({});
    }
    if (answer.has_after_sent()) {
        std::vector<std::unique_ptr<detail::sent_hook>> hooks;
        while (auto hook = answer.take_after_sent()) hooks.push_back(std::move(hook));
        if (answer.content().is_stream())
            answer.set_content(body(std::make_unique<hooked_body>(answer.content().take_stream(), std::move(hooks))));
        else
            co_await run_hooks(std::move(hooks));
    }
    co_return answer;
}

task<void> in_process::aclose() { co_return; }

}  // namespace hem::http
