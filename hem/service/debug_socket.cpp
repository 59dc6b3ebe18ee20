#include "hem/service/debug_socket.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <future>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "hem/core/cancel_scope.hpp"
#include "hem/core/future.hpp"
#include "hem/core/map_concurrent.hpp"
#include "hem/core/run.hpp"
#include "hem/core/task_group.hpp"
#include "hem/net/listener.hpp"

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

// Asks another loop for its snapshot; "null" if it does not answer in time or has ended.
task<std::string> ask(const loop_handle& other, duration patience) {
    auto answer = std::make_shared<future<std::string>>();
    const bool sent = other.call_soon_threadsafe([answer, home = loop::current().handle()] {
        home.call_soon_threadsafe([answer, text = loop::current().snapshot()] { answer->try_set_result(text); });
    });
    if (!sent) co_return "null";
    auto wait = [&answer]() -> task<std::string> { co_return co_await *answer; };
    auto got = co_await move_on_after(patience, wait());
    co_return got ? *std::move(got) : "null";
}

task<std::string> answer(std::string_view request, const debug_socket_options& options) {
    if (request != "snapshot") co_return "{\"error\":\"the only request is: snapshot\"}\n";
    const auto parts = co_await map_concurrent(
        options.loops, [&](const loop_handle& one) -> task<std::string> { co_return co_await ask(one, options.patience); }, unbounded);
    std::string text = "{\"pid\":" + std::to_string(::getpid()) + ",\"program\":\"";
    for (const char* c = program_invocation_short_name; *c; ++c) {
        if (*c != '"' && *c != '\\' && static_cast<unsigned char>(*c) >= 0x20) text += *c;
    }
    text += "\",\"loops\":[";
    const char* separator = "";
    for (const auto& part : parts) {
        text += std::string(separator) + "{\"stuck\":" + (part == "null" ? "true" : "false") + ",\"snapshot\":" + part + "}";
        separator = ",";
    }
    co_return text + "]}\n";
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
