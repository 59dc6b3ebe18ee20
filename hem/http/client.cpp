#include "hem/http/client.hpp"

#include "hem/core/clock.hpp"
#include "hem/core/detail/outbound_call.hpp"
#include "hem/core/with.hpp"
#include "hem/http/detail/exchange.hpp"
#include "hem/http/network_transport.hpp"
#include "hem/resilience/retry.hpp"
#include "hem/telemetry/trace.hpp"

namespace hem::http {

struct client::state {
    client_options options;
    url base;
    network_transport* network = nullptr;
    bool closed = false;

    void prepare(request& message, std::string_view method, const std::string& path, call_options& call) const;
    void check_open() const {
        if (closed)
            throw closed_resource("the HTTP client for " + (options.base_url.empty() ? "any host" : options.base_url) +
                                  " was closed; a request after that cannot be sent");
    }
};

namespace {

// Over a minute without a response head is reported: the phases' limits are finite unless somebody took them away.
task<response> transmit(transport& through, request& message) {
    const hem::detail::outbound_call outbound(
        [](const void* object) {
            const auto& asked = *static_cast<const request*>(object);
            return std::string(asked.method()) + " " + detail::shown_url(asked);
        },
        &message);
    co_return co_await through.send(message);
}

// At most one kind of body, and the type that goes with it unless the caller named another.
void set_content(request& message, call_options& call) {
    const int kinds = int{call.json.has_value()} + int{!call.form.empty()} + int{call.content.has_value()} + int{call.stream != nullptr};
    if (kinds > 1) throw usage_error("a request has one body: give one of json, form, content and stream");
    const auto type = [&](std::string_view value) {
        if (!message.headers().contains(field::content_type)) message.headers().set_view(field::content_type, value);
    };
    if (call.json.has_value()) {
        type(content_type::json);
        message.set_body(call.json.take());
    } else if (!call.form.empty()) {
        type(content_type::form);
        message.set_body(call.form.encode());
    } else if (call.content) {
        message.set_body(*std::move(call.content));
    } else if (call.stream) {
        message.set_body(std::move(call.stream));
    }
}

// The whole body at hand; what was a stream is read and its connection is free again.
task<void> buffer(response& answer, const request& message, std::uint64_t limit) {
    const auto stream = answer.content().take_stream();
    try {
        std::string bytes = co_await read_all(*stream, limit);
        if (const headers* trailers = stream->trailers())
            for (const auto& [name, value, id] : *trailers) answer.trailers().append_copy(name, value, id);
        answer.set_content(std::move(bytes));
    } catch (const body_too_large&) {
        exchange_info info = answer.exchange() != nullptr ? *answer.exchange() : exchange_info{};
        throw response_too_large(std::string(message.method()) + " " + detail::shown_url(message) +
                                     ": the body of the response is over the limit of " + std::to_string(limit) +
                                     " bytes (raise max_body, or use client.stream)",
                                 std::move(info));
    }
}

// What a server may want to know: that it is asked again, and for whose sake.
void tell_circumstances(headers& fields) {
    if (const int attempt = current_retry_attempt(); attempt > 1) fields.set("x-retry-attempt", std::to_string(attempt));
    if (const auto& id = trace::request_id.get(); !id.empty() && !fields.contains(field::x_request_id)) fields.set(field::x_request_id, id);
    const auto& here = trace::current();
    if (!here || fields.contains(field::traceparent)) return;
    fields.set(field::traceparent, here.traceparent());
    if (!here.state.empty()) fields.set("tracestate", here.state);
}

task<void> close_stream(response& answer) {
    if (body_source* stream = answer.content().stream()) co_await stream->close();
}

}  // namespace

void client::state::prepare(request& message, std::string_view method, const std::string& path, call_options& call) const {
    message.set_method(method);
    url whole = join(base, path);
    if (whole.host.empty()) throw invalid_url("\"" + path + "\" is not a whole URL, and the client has no base_url to join it with");
    if (!whole.userinfo.empty()) throw invalid_url("a URL with a user name is not accepted: set the authorization header instead");
    if (!call.params.empty()) whole.query = (whole.query ? *whole.query + "&" : std::string()) + call.params.encode();
    message.set_scheme(whole.scheme);
    message.set_host(whole.authority());
    message.set_target(whole.target());
    headers& fields = message.headers();
    for (const auto& [name, value, id] : options.headers) fields.append(name, value);
    for (const auto& [name, value, id] : call.headers) fields.erase(name);
    for (const auto& [name, value, id] : call.headers) fields.append(name, value);
    if (!fields.contains(field::accept)) fields.set_view(field::accept, "*/*");
    if (!fields.contains(field::user_agent)) fields.set_view(field::user_agent, "hem");
    if (call.timeout) message.set_context(*call.timeout);
    set_content(message, call);
    tell_circumstances(fields);
}

client::client(client_options options) : state_(std::make_unique<state>()) {
    if (!options.base_url.empty()) {
        state_->base = url::parse(options.base_url);
        if (state_->base.scheme.empty() || state_->base.host.empty())
            throw invalid_url("base_url \"" + options.base_url + "\" is not a whole URL such as http://127.0.0.1:8000");
        if (state_->base.scheme == "https" && options.transport == nullptr)
            throw unsupported_protocol("cannot open a client for https://" + state_->base.authority() +
                                           ": https:// is not supported, Hem has no TLS yet; use http:// or put a TLS proxy in front",
                                       {});
    }
    if (options.transport == nullptr)
        options.transport = std::make_unique<network_transport>(options.pool, options.timeout, detail::connect_by_socket());
    state_->network = dynamic_cast<network_transport*>(options.transport.get());
    state_->options = std::move(options);
}

client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;
client::~client() = default;

task<response> client::call(std::string method, request_path path, call_options options) {
    state_->check_open();
    request message;
    state_->prepare(message, method, path.text(), options);
    response answer = co_await transmit(*state_->options.transport, message);
    if (answer.exchange() == nullptr)
        answer.set_exchange(
            {.method = method, .url = detail::shown_url(message), .phase = phase::read, .idempotent = detail::is_repeatable(message)});
    if (answer.content().is_stream()) co_await buffer(answer, message, options.max_body.value_or(state_->options.max_body));
    co_return answer;
}

task<response> client::get(request_path path, call_options options) { return call("GET", std::move(path), std::move(options)); }
task<response> client::head(request_path path, call_options options) { return call("HEAD", std::move(path), std::move(options)); }
task<response> client::post(request_path path, call_options options) { return call("POST", std::move(path), std::move(options)); }
task<response> client::put(request_path path, call_options options) { return call("PUT", std::move(path), std::move(options)); }
task<response> client::patch(request_path path, call_options options) { return call("PATCH", std::move(path), std::move(options)); }
task<response> client::del(request_path path, call_options options) { return call("DELETE", std::move(path), std::move(options)); }

task<void> client::stream(std::string method, request_path path, callable<task<void>(response&)> body, call_options options) {
    state_->check_open();
    request message;
    state_->prepare(message, method, path.text(), options);
    response answer = co_await transmit(*state_->options.transport, message);
    if (answer.exchange() == nullptr)
        answer.set_exchange(
            {.method = method, .url = detail::shown_url(message), .phase = phase::read, .idempotent = detail::is_repeatable(message)});
    co_await finally(body(answer), [&]() -> task<> { co_await close_stream(answer); });
}

task<response> client::send(request& message) {
    state_->check_open();
    const bool whole = !message.host().empty();
    if (!whole) {
        const url target = join(state_->base, message.target());
        if (target.host.empty())
            throw invalid_url("\"" + std::string(message.target()) +
                              "\" is not a whole URL, and the client has no base_url to join it with");
        message.set_scheme(target.scheme);
        message.set_host(target.authority());
        message.set_target(target.target());
    }
    for (const auto& [name, value, id] : state_->options.headers)
        if (!message.headers().contains(name)) message.headers().append(name, value);
    tell_circumstances(message.headers());
    co_return co_await transmit(*state_->options.transport, message);
}

pool_stats client::stats() const noexcept { return state_->network != nullptr ? state_->network->stats() : pool_stats{}; }

task<void> client::aclose() {
    if (state_->closed) co_return;
    state_->closed = true;
    co_await state_->options.transport->aclose();
}

task<client> open(client_options options) { co_return client(std::move(options)); }

std::string detail::fill_path(std::string_view pattern, const path_argument* arguments, std::size_t count) {
    std::string out;
    std::size_t used = 0;
    while (true) {
        const std::size_t at = pattern.find("{}");
        out += pattern.substr(0, at);
        if (at == std::string_view::npos) break;
        if (used < count) append_percent_encoded(out, arguments[used].text(), encode_set::segment);
        ++used;
        pattern.remove_prefix(at + 2);
    }
    if (used != count)
        throw usage_error("the path has " + std::to_string(used) + " places {} but " + std::to_string(count) + " arguments were given");
    return out;
}

}  // namespace hem::http
