#include "hem/web/test_client.hpp"

#include "hem/http/in_process.hpp"

namespace hem::web {

http::client test_client::make_client() {
    http::client_options options;
    options.base_url = options_.base_url;
    options.transport = std::make_unique<http::in_process>(target_->handler());
    return http::client(std::move(options));
}

void test_client::raise_errors(bool on) noexcept { target_->raise_unexpected(on); }

task<http::response> test_client::call(std::string method, http::request_path path, http::call_options options) {
    if (client_ == nullptr) throw usage_error("test_client is used outside of hem::with(web::test_client(app), …)");
    auto answer = co_await client_->call(std::move(method), std::move(path), std::move(options));
    if (options_.wait_for_background) co_await target_->background_done();
    co_return answer;
}

task<http::response> test_client::get(http::request_path path, http::call_options options) {
    co_return co_await call("GET", std::move(path), std::move(options));
}
task<http::response> test_client::head(http::request_path path, http::call_options options) {
    co_return co_await call("HEAD", std::move(path), std::move(options));
}
task<http::response> test_client::post(http::request_path path, http::call_options options) {
    co_return co_await call("POST", std::move(path), std::move(options));
}
task<http::response> test_client::put(http::request_path path, http::call_options options) {
    co_return co_await call("PUT", std::move(path), std::move(options));
}
task<http::response> test_client::patch(http::request_path path, http::call_options options) {
    co_return co_await call("PATCH", std::move(path), std::move(options));
}
task<http::response> test_client::del(http::request_path path, http::call_options options) {
    co_return co_await call("DELETE", std::move(path), std::move(options));
}

}  // namespace hem::web
