#include "hem/search/embedded_transport.hpp"

#include "hem/core/lock.hpp"
#include "hem/core/to_thread.hpp"
#include "hem/search/embedded/engine.hpp"
#include "hem/search/errors.hpp"

#include <filesystem>
#include <map>
#include <mutex>

namespace hem::search {
namespace {

// Engines of this process by file, so that several loops share one writer.
struct engine_table {
    std::mutex guard;
    std::map<std::string, std::weak_ptr<embedded::engine>> open;
};

engine_table& table() {
    static engine_table all;
    return all;
}

// On a worker: opening reads the store.
std::shared_ptr<embedded::engine> open_engine(std::string path) {
    if (path == ":memory:") return embedded::engine::open({.path = path});
    std::error_code ignored;
    const std::string key = std::filesystem::weakly_canonical(path, ignored).string();
    const std::lock_guard hold(table().guard);
    std::weak_ptr<embedded::engine>& slot = table().open[key.empty() ? path : key];
    if (std::shared_ptr<embedded::engine> there = slot.lock()) return there;
    std::shared_ptr<embedded::engine> made = embedded::engine::open({.path = path});
    slot = made;
    return made;
}

embedded::rest_response answer_on_worker(std::shared_ptr<embedded::engine> engine, embedded::rest_request request) {
    return engine->handle(request);
}

// The last owner closes the store, which may wait for the disk.
void drop_on_worker(std::shared_ptr<embedded::engine> engine) { engine.reset(); }

}  // namespace

struct embedded_transport::parts {
    std::string path;
    std::shared_ptr<embedded::engine> engine;
    lock opening;
    bool closed = false;
};

embedded_transport::embedded_transport(std::string path) : parts_(std::make_shared<parts>()) { parts_->path = std::move(path); }

embedded_transport::embedded_transport(std::shared_ptr<embedded::engine> engine) : parts_(std::make_shared<parts>()) {
    parts_->path = "engine";
    parts_->engine = std::move(engine);
}

embedded_transport::~embedded_transport() = default;

task<> embedded_transport::open() {
    const std::shared_ptr<parts> state = parts_;
    if (state->engine) co_return;
    const auto guard = co_await state->opening.acquire();
    if (state->engine) co_return;
    std::string fault;
    try {
        state->engine = co_await to_thread(open_engine, state->path);
    } catch (const std::exception& error) {
        fault = error.what();
    }
    if (!state->engine) throw connection_error("cannot open the embedded search store " + state->path + ": " + fault, false);
}

task<transport_response> embedded_transport::perform(const transport_request& request) {
    const std::shared_ptr<parts> state = parts_;
    if (state->closed) throw closed_resource("the embedded search store " + state->path + " was closed by this client");
    if (!state->engine) co_await open();
    embedded::rest_request rest{.method = request.method,
                                .path = request.path,
                                .params = request.params,
                                .content_type = request.content_type,
                                .accept = request.accept,
                                .body = request.body};
    // A call that has not begun when the task is cancelled is withdrawn; one that runs is waited for.
    embedded::rest_response rest_answer = co_await to_thread(answer_on_worker, state->engine, std::move(rest));
    transport_response answer;
    answer.status = rest_answer.status;
    answer.headers = std::move(rest_answer.headers);
    answer.body = std::move(rest_answer.body);
    answer.http_version = "none";
    co_return answer;
}

task<> embedded_transport::close() {
    const std::shared_ptr<parts> state = parts_;
    if (std::exchange(state->closed, true) || !state->engine) co_return;
    co_await to_thread(drop_on_worker, std::move(state->engine));
}

std::string embedded_transport::name() const { return "embedded:" + parts_->path; }

std::optional<server_flavour> embedded_transport::known_flavour() const {
    return server_flavour{.product = product::elasticsearch, .major = 9, .minor = 1, .version = "9.1.0", .embedded = true};
}

const std::shared_ptr<embedded::engine>& embedded_transport::engine() const noexcept { return parts_->engine; }

}  // namespace hem::search
