#include "hem/service/debug_socket.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "hem/core/cancel_scope.hpp"
#include "hem/core/future.hpp"
#include "hem/core/map_concurrent.hpp"
#include "hem/core/run.hpp"
#include "hem/core/task_group.hpp"
#include "hem/model.hpp"
#include "hem/net/listener.hpp"
#include "hem/resilience/breaker_registry.hpp"
#include "hem/service/breaker_report.hpp"

namespace hem::service {
namespace {

constexpr std::size_t longest_request = 64 * 1024;
constexpr duration request_time = std::chrono::seconds(5);

void make_folder(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        throw std::system_error(errno, std::generic_category(),
                                "cannot make '" + path + "' for the debug socket (XDG_RUNTIME_DIR names another place)");
    }
}

// Same user or root (SO_PEERCRED).
bool may_look(int fd) noexcept {
    ucred peer{};
    socklen_t bytes = sizeof peer;
    return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0 && (peer.uid == ::geteuid() || peer.uid == 0);
}

// What `question` gives on another loop; nothing if it does not answer in time or has ended. A late loop still runs it.
task<std::optional<std::string>> ask(const loop_handle& other, duration patience, std::function<std::string()> question) {
    auto answer = std::make_shared<future<std::string>>();
    const bool sent = other.call_soon_threadsafe([answer, home = loop::current().handle(), question = std::move(question)] {
        home.call_soon_threadsafe([answer, text = question()] { answer->try_set_result(text); });
    });
    if (!sent) co_return std::nullopt;
    auto wait = [&answer]() -> task<std::string> { co_return co_await *answer; };
    co_return co_await move_on_after(patience, wait());
}

task<std::vector<std::optional<std::string>>> ask_all(const debug_socket_options& options, const std::function<std::string()>& question) {
    co_return co_await map_concurrent(
        options.loops,
        [&](const loop_handle& one) -> task<std::optional<std::string>> { co_return co_await ask(one, options.patience, question); },
        unbounded);
}

// {FIRST,"loops":[PART, ...]}
std::string with_loops(std::string first, const std::vector<std::string>& parts) {
    std::string text = "{" + std::move(first) + ",\"loops\":[";
    const char* separator = "";
    for (const auto& part : parts) {
        text += separator + part;
        separator = ",";
    }
    return text + "]}\n";
}

std::string error_text(std::string_view what) { return "{\"error\":" + to_json(what) + "}\n"; }

task<std::string> snapshot(const debug_socket_options& options) {
    const auto answers =
        co_await ask_all(options, [] { return loop::current().snapshot() + ",\"breakers\":" + to_json(breaker_reports()); });
    std::vector<std::string> parts;
    for (const auto& each : answers) {
        parts.push_back(std::string("{\"stuck\":") + (each ? "false" : "true") + ",\"snapshot\":" + each.value_or("null,\"breakers\":[]") +
                        "}");
    }
    co_return with_loops(
        "\"pid\":" + std::to_string(::getpid()) + ",\"program\":" + to_json(std::string_view(program_invocation_short_name)), parts);
}

struct breaker_request {
    std::string name;
    circuit_mode mode;
};

// "NAME MODE"; a name may hold blanks.
std::optional<breaker_request> parse_breaker(std::string_view text) {
    constexpr std::pair<std::string_view, circuit_mode> modes[] = {{"force_open", circuit_mode::forced_open},
                                                                   {"force_closed", circuit_mode::forced_closed},
                                                                   {"metrics_only", circuit_mode::metrics_only},
                                                                   {"reset", circuit_mode::automatic}};
    const auto blank = text.rfind(' ');
    if (blank == std::string_view::npos || blank == 0) return std::nullopt;
    for (const auto& [word, mode] : modes) {
        if (text.substr(blank + 1) == word) return breaker_request{std::string(text.substr(0, blank)), mode};
    }
    return std::nullopt;
}

task<std::string> force(const breaker_request& wanted, const debug_socket_options& options) {
    // First, so that no loop makes the breaker in between and misses it.
    const auto before = begin_breakers_in(wanted.name, wanted.mode);
    const auto answers = co_await ask_all(options, [wanted] { return set_breaker_mode(wanted.name, wanted.mode) ? "true" : "false"; });
    std::vector<std::string> parts;
    bool any = before != circuit_mode::automatic;
    for (const auto& each : answers) {
        any = any || each != "false";
        parts.push_back(each ? "{\"stuck\":false,\"found\":" + *each + "}" : "{\"stuck\":true,\"found\":false}");
    }
    if (!any) {
        begin_breakers_in(wanted.name, before);
        co_return error_text("no loop has a circuit breaker '" + wanted.name + "' (the snapshot lists them)");
    }
    co_return with_loops("\"breaker\":" + to_json(wanted.name) + ",\"mode\":" + to_json(to_string(wanted.mode)), parts);
}

task<std::string> answer(std::string_view request, const debug_socket_options& options) {
    if (request == "snapshot") co_return co_await snapshot(options);
    constexpr std::string_view breaker = "breaker ";
    if (request.starts_with(breaker)) {
        if (const auto wanted = parse_breaker(request.substr(breaker.size()))) co_return co_await force(*wanted, options);
    }
    co_return error_text("the requests are: snapshot; breaker NAME force_open, force_closed, metrics_only or reset");
}

task<> serve_one(net::socket_stream peer, const debug_socket_options& options) {
    try {
        co_await move_on_after(request_time, [&]() -> task<> {
            std::string request;
            char block[1024];
            while (request.find('\n') == std::string::npos) {
                const auto got = co_await peer.read_some(block);
                if (got == 0 || request.size() > longest_request) co_return;
                request.append(block, got);
            }
            co_await peer.write_all(co_await answer(std::string_view(request).substr(0, request.find('\n')), options));
        });
    } catch (const network_error&) {  // the tool went away
    }
}

task<> serve_requests(const debug_socket_options& options, std::promise<void>& opened) {
    std::optional<net::listener> listening;
    try {
        listening.emplace(net::listener::open(net::endpoint::parse("unix:" + options.path)));
        if (::chmod(options.path.c_str(), 0600) != 0)
            throw std::system_error(errno, std::generic_category(), "cannot protect " + options.path);
        opened.set_value();
    } catch (...) {
        opened.set_exception(std::current_exception());
        co_return;
    }
    co_await with_task_group([&](task_group& group) -> task<> {
        for (;;) {
            auto peer = co_await listening->accept();
            if (may_look(peer.fd())) group.create_task(serve_one, std::move(peer), std::cref(options));
        }
    });
}

debug_socket_options complete(debug_socket_options options) {
    if (options.path.empty()) {
        const std::string folder = debug_socket_folder();
        make_folder(folder);
        options.path = folder + "/" + std::to_string(::getpid()) + ".sock";
    }
    if (options.loops.empty()) options.loops.push_back(loop::current().handle());
    return options;
}

}  // namespace

std::string debug_socket_folder() {
    if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime && *runtime) return std::string(runtime) + "/hem";
    return ::geteuid() == 0 ? "/run/hem" : "/tmp/hem-" + std::to_string(::geteuid());
}

bool debug_socket_wanted() {
    const char* text = std::getenv("HEM_DEBUG");
    if (!text || !*text || std::strcmp(text, "0") == 0) return false;
    if (std::strcmp(text, "1") == 0) return true;
    throw std::invalid_argument(std::string("HEM_DEBUG=") + text + " is neither 0 nor 1");
}

struct debug_socket::server {
    debug_socket_options options;
    runner loop;
    std::thread thread;
};

debug_socket::debug_socket(debug_socket_options options)
    : server_(new server{complete(std::move(options)), runner({.name = "debug socket", .handle_interrupt = false}), {}}) {
    std::promise<void> opened;
    // Signals are for the program's own threads.
    sigset_t all, before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    server_->thread = std::thread([own = server_.get(), &opened] {
        try {
            own->loop.run(serve_requests, std::cref(own->options), std::ref(opened));
        } catch (const task_cancelled&) {  // how it ends
        }
    });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    try {
        opened.get_future().get();
    } catch (...) {
        server_->thread.join();
        throw;
    }
}

debug_socket::~debug_socket() {
    server_->loop.cancel("the program closes its debug socket");
    server_->thread.join();
}

const std::string& debug_socket::path() const noexcept { return server_->options.path; }

}  // namespace hem::service
