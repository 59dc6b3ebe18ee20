#include "hem/web/app.hpp"

#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"
#include "hem/http/url.hpp"
#include "hem/web/detail/docs_page.hpp"
#include "hem/web/detail/openapi.hpp"
#include "hem/web/detail/sha256.hpp"

namespace hem::web {

namespace {

std::string joined(std::string_view prefix, std::string_view path) {
    if (prefix.empty()) return std::string(path);
    return std::string(prefix) + (path == "/" ? std::string() : std::string(path));
}

// The document and the page that are made at start-up; the routes' handlers keep the views.
struct documentation {
    std::string openapi;
    std::string openapi_etag;
    detail::docs_page page;
    std::string page_etag;
};

}  // namespace

struct router::entry {
    std::string method;
    std::string path;
    detail::endpoint endpoint;
    route_options options;
    place where;
};

router::router(router_options options) : options_(std::move(options)) {
    const auto& prefix = options_.prefix;
    if (!prefix.empty() && (prefix.front() != '/' || prefix.back() == '/')) {
        throw usage_error("router prefix \"" + prefix + "\" must begin with \"/\" and not end so");
    }
}
router::router(router&&) noexcept = default;
router::~router() = default;

void router::add_route(std::string_view method, std::string_view path, detail::endpoint endpoint, route_options options, place where) {
    auto full = joined(options_.prefix, path);
    detail::parse_route_pattern(full);
    if (!options_.tags.empty()) options.tags.insert(options.tags.begin(), options_.tags.begin(), options_.tags.end());
    options.dependencies.insert(options.dependencies.begin(), options_.dependencies.begin(), options_.dependencies.end());
    options.responses.insert(options.responses.begin(), options_.responses.begin(), options_.responses.end());
    options.middleware.insert(options.middleware.begin(), options_.middleware.begin(), options_.middleware.end());
    options.deprecated = options.deprecated || options_.deprecated;
    options.include_in_schema = options.include_in_schema && options_.include_in_schema;
    entries_.push_back({std::string(method), std::move(full), std::move(endpoint), std::move(options), where});
}

void router::include_router(const router& other) {
    for (const auto& each : other.entries_) add_route(each.method, each.path, each.endpoint, each.options, each.where);
}

void route_registrar::embed(std::string_view path, embedded_file file, place where) {
    const auto etag = std::make_shared<const std::string>(detail::content_etag(file.bytes));
    const auto answer = [file, etag](http::request& request) -> task<http::response> {
        co_return detail::embedded_response(file, *etag, request);
    };
    add_route("GET", path, detail::endpoint_of(answer, {}), {.include_in_schema = false}, where);
}

app::app(app_options options) : options_(std::move(options)), core_(std::make_unique<detail::app_core>(*this, options_)) {
    const auto serve_openapi = [this](http::request& request) -> task<http::response> {
        const auto& made = state<documentation>();
        co_return detail::embedded_response({made.openapi, http::content_type::json}, made.openapi_etag, request);
    };
    const auto serve_page = [this](http::request& request) -> task<http::response> {
        const auto& made = state<documentation>();
        co_return detail::embedded_response({made.page.html, http::content_type::html, "no-cache", made.page.content_security_policy},
                                            made.page_etag, request);
    };
    if (options_.openapi_url.empty()) return;
    add_route("GET", options_.openapi_url, detail::endpoint_of(serve_openapi, {}), {.include_in_schema = false}, place::current());
    if (options_.docs_url.empty()) return;
    add_route("GET", options_.docs_url, detail::endpoint_of(serve_page, {}), {.include_in_schema = false}, place::current());
}

app::~app() {
    for (auto it = states_.rbegin(); it != states_.rend(); ++it) it->destroy(it->value);
}

void app::add_route(std::string_view method, std::string_view path, detail::endpoint endpoint, route_options options, place where) {
    core_->add({std::string(method), detail::parse_route_pattern(path), std::move(endpoint), std::move(options), where});
}

void app::include_router(const router& routes) {
    for (const auto& each : routes.entries_) add_route(each.method, each.path, each.endpoint, each.options, each.where);
}

void app::add_provider(detail::provider_record record) { core_->add_provider(std::move(record)); }

app::override_guard app::add_override(detail::provider_record record) {
    if (core_->running) throw usage_error("override_provider while the app runs; override before start-up");
    core_->overrides.push_back(std::make_unique<detail::provider_record>(std::move(record)));
    core_->resolved = false;
    return {*core_, core_->overrides.back().get()};
}

app::override_guard::~override_guard() {
    if (core_ == nullptr) return;
    std::erase_if(core_->overrides, [this](const auto& each) { return each.get() == record_; });
    core_->resolved = false;
}

void app::use(middleware layer) { core_->middleware.push_back(std::move(layer)); }

void app::add_exception_handler(std::unique_ptr<detail::exception_handler_base> handler, int status) {
    if (status == 0) {
        core_->exception_handlers.push_back(std::move(handler));
    } else if (status < 400 || status > 599) {
        throw usage_error("exception_handler(" + std::to_string(status) + ", …): errors have statuses from 400 to 599");
    } else {
        core_->status_handlers.push_back({status, std::move(handler)});
    }
}

void app::set_validation_shape(detail::validation_shape shape) {
    core_->validation = std::move(shape);
    core_->resolved = false;
}

void app::add_lifespan(std::unique_ptr<detail::lifespan_base> lifespan) {
    if (core_->running) throw usage_error("lifespan added while the app runs");
    core_->lifespans.push_back(std::move(lifespan));
    core_->order.push_back(std::make_unique<detail::start_step>(detail::start_step{core_->lifespans.back().get(), nullptr}));
    core_->resolved = false;
}

void* app::find_state(const void* key) const noexcept {
    for (const auto& each : states_) {
        if (each.key == key) return each.value;
    }
    return nullptr;
}

void* app::put_state(const void* key, void* value, void (*destroy)(void*) noexcept) {
    states_.push_back({key, value, destroy});
    return value;
}

std::string app::url_for(std::string_view name, const std::vector<std::pair<std::string_view, std::string>>& parameters) const {
    const auto* route = core_->find_name(name);
    if (route == nullptr) throw usage_error("url_for(\"" + std::string(name) + "\"): no route has this name");
    std::string url;
    for (const auto& segment : route->pattern.segments) {
        url += '/';
        if (segment.kind == detail::segment_kind::literal) {
            http::append_percent_encoded(url, segment.text, http::encode_set::segment);
            continue;
        }
        const std::string* value = nullptr;
        for (const auto& [key, text] : parameters) {
            if (key == segment.text) value = &text;
        }
        if (value == nullptr) throw usage_error("url_for(\"" + std::string(name) + "\"): parameter \"" + segment.text + "\" is missing");
        if (segment.kind != detail::segment_kind::wildcard) {
            http::append_percent_encoded(url, *value, http::encode_set::segment);
            continue;
        }
        std::size_t begin = 0;
        for (auto end = value->find('/'); end != std::string::npos; begin = end + 1, end = value->find('/', begin)) {
            http::append_percent_encoded(url, value->substr(begin, end - begin), http::encode_set::segment);
            url += '/';
        }
        http::append_percent_encoded(url, value->substr(begin), http::encode_set::segment);
    }
    return url;
}

void app::check() {
    core_->resolve();
    if (options_.openapi_url.empty()) return;
    auto& made = state<documentation>();
    const auto document = detail::make_openapi(*core_);
    made.openapi = document.dump();
    made.openapi_etag = detail::content_etag(made.openapi);
    if (options_.docs_url.empty()) return;
    made.page = detail::make_docs_page(document, options_.docs_url, options_.openapi_url);
    made.page_etag = detail::content_etag(made.page.html);
}

json app::openapi() {
    core_->resolve();
    return detail::make_openapi(*core_);
}

const app_options& app::settings() const noexcept { return options_; }

task<void> app::run_with(task<void> (*body)(void* state), std::unique_ptr<holder> state) {
    check();
    co_await core_->run(body, state->get());
}

void app::raise_unexpected(bool on) noexcept { core_->raise_unexpected = on; }

task<void> app::background_done() { co_await core_->wait_for_jobs(); }

namespace {

struct direct_handler {
    detail::app_core* core;
    HEM_CORO_WRAPPER task<http::response> operator()(http::request& request) const { return core->dispatch(request); }
};
struct layered_handler {
    detail::app_core* core;
    HEM_CORO_WRAPPER task<http::response> operator()(http::request& request) const { return core->handle(request); }
};

}  // namespace

http::handler app::handler() {
    http::handler made =
        core_->middleware.empty() ? http::handler(direct_handler{core_.get()}) : http::handler(layered_handler{core_.get()});
    made.set_body_limit_rule(core_.get(), [](const void* core, const http::request& head, std::uint64_t servers) noexcept {
        return static_cast<const detail::app_core*>(core)->body_limit_of(head, servers);
    });
    return made;
}

}  // namespace hem::web
