// `hem`: looks into running programs through their debug sockets.
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hem/core.hpp"
#include "hem/model.hpp"
#include "hem/net.hpp"
#include "hem/service/debug_socket.hpp"
#include "tools/hem/view.hpp"

namespace {

using namespace std::chrono_literals;

constexpr const char* help = R"(usage: hem ps [PID] [--waiting SECONDS] [--json]
       hem top [PID] [--interval SECONDS]
       hem breaker [PID] NAME force_open|force_closed|metrics_only|reset

Looks into a running program that has a debug socket: start it with HEM_DEBUG=1.

  ps       the tasks of each loop as a tree, what each waits for, and where
  top      the busiest tasks, every second, until Ctrl-C; printed once where there is no terminal
  breaker  puts the circuit breaker of that name into a mode on all loops, until it is changed again

  --waiting SECONDS    only tasks that are at least so old
  --json               what the program says, as it is
  --interval SECONDS   between two looks (default 1)

Without PID: the only program that has a socket; if there are several they are listed.
)";

struct command_line {
    bool top = false;
    bool json = false;
    double waiting = 0;
    double interval = 1;
    std::string pid;
    std::string breaker;  // name and mode
};

class wrong_usage : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};
class no_process : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

double read_seconds(std::string_view name, std::string_view text, double least) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !(value >= least) || value > 1e6) {
        throw wrong_usage(std::string(name) + " takes a number of seconds, not '" + std::string(text) + "'");
    }
    return value;
}

bool is_number(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; }

command_line read_breaker(const std::vector<std::string_view>& arguments) {
    command_line line;
    const bool with_pid = arguments.size() == 4 && is_number(arguments[1]);
    if (arguments.size() != (with_pid ? 4u : 3u)) throw wrong_usage("breaker takes a name and a mode");
    if (with_pid) line.pid = arguments[1];
    const auto name = arguments[arguments.size() - 2], mode = arguments.back();
    line.breaker = std::string(name) + " " + std::string(mode);
    if (name.empty() || line.breaker.find('\n') != std::string::npos) throw wrong_usage("breaker takes a name of one line");
    return line;
}

command_line read_arguments(const std::vector<std::string_view>& arguments) {
    if (arguments[0] == "breaker") return read_breaker(arguments);
    command_line line;
    line.top = arguments[0] == "top";
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const auto value = [&] {
            if (i + 1 == arguments.size()) throw wrong_usage(std::string(arguments[i]) + " needs a value");
            return arguments[++i];
        };
        const auto name = arguments[i];
        if (name == "--json" && !line.top) {
            line.json = true;
        } else if (name == "--waiting" && !line.top) {
            line.waiting = read_seconds(name, value(), 0);
        } else if (name == "--interval" && line.top) {
            line.interval = read_seconds(name, value(), 0.1);
        } else if (line.pid.empty() && is_number(name)) {
            line.pid = name;
        } else {
            throw wrong_usage("unknown argument '" + std::string(name) + "'");
        }
    }
    return line;
}

// The socket to ask.
std::string choose_socket(const std::string& pid) {
    const std::string folder = hem::service::debug_socket_folder();
    if (!pid.empty()) {
        const std::string path = folder + "/" + pid + ".sock";
        if (::access(path.c_str(), F_OK) != 0) {
            throw no_process("process " + pid + " has no debug socket in " + folder + ": start it with HEM_DEBUG=1");
        }
        return path;
    }
    std::vector<std::string> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        const auto process = entry.path().stem().string();
        if (entry.path().extension() != ".sock" || process.find_first_not_of("0123456789") != std::string::npos) continue;
        if (::access(("/proc/" + process).c_str(), F_OK) == 0) found.push_back(process);
    }
    if (found.empty()) throw no_process("no program has a debug socket in " + folder + ": start one with HEM_DEBUG=1");
    if (found.size() > 1) {
        std::string text = "several programs have a debug socket, name one:";
        for (const auto& process : found) {
            std::string name;
            if (std::FILE* file = std::fopen(("/proc/" + process + "/comm").c_str(), "r")) {
                char line[64] = {};
                if (std::fgets(line, sizeof line, file)) name.assign(line, std::string_view(line).find_last_not_of('\n') + 1);
                std::fclose(file);
            }
            text += "\n  " + process + "  " + name;
        }
        throw no_process(text);
    }
    return folder + "/" + found[0] + ".sock";
}

hem::task<std::string> ask(const std::string& path, const std::string& request = "snapshot") {
    try {
        auto stream = co_await hem::net::connect(hem::net::endpoint::parse("unix:" + path));
        co_await stream.write_all(request + "\n");
        std::string text;
        std::vector<char> block(64 * 1024);
        while (const auto got = co_await stream.read_some(block)) text.append(block.data(), got);
        if (text.empty()) throw no_process("the program closed its debug socket without an answer");
        co_return text;
    } catch (const hem::network_error& error) {
        throw no_process(std::string("the program is gone: ") + error.what());
    }
}

shown_program parse(const std::string& text) {
    auto program = hem::read_json<shown_program>(text);
    if (!program) throw std::runtime_error("the program's answer cannot be read; is it of another version of Hem?");
    return *std::move(program);
}

view_options view_of_terminal() {
    view_options options{.columns = 0};
    if (!::isatty(STDOUT_FILENO)) return options;
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        options.columns = size.ws_col;
        options.rows = size.ws_row > 1 ? size.ws_row - 1u : 0;
    }
    options.colours = std::getenv("NO_COLOR") == nullptr;
    return options;
}

void print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

hem::task<> ps(command_line line) {
    const std::string answer = co_await ask(choose_socket(line.pid));
    if (line.json) {
        print(answer);
        co_return;
    }
    auto options = view_of_terminal();
    options.rows = 0;
    options.waiting_longer_ms = line.waiting * 1000;
    print(tree_view(parse(answer), options));
}

hem::task<> breaker(command_line line) {
    const hem::json answer = hem::json::parse(co_await ask(choose_socket(line.pid), "breaker " + line.breaker));
    if (answer.contains("error")) throw no_process(answer["error"].as_string());
    std::size_t stuck = 0;
    for (const hem::json& loop : answer["loops"].elements()) stuck += loop["stuck"].as_bool() ? 1 : 0;
    print("breaker " + answer["breaker"].as_string() + ": " + answer["mode"].as_string() + " on all loops\n");
    if (stuck != 0) print(std::to_string(stuck) + " of them did not answer: they follow when they run again\n");
}

hem::task<> top(command_line line) {
    const std::string path = choose_socket(line.pid);
    std::optional<shown_program> before;
    const bool terminal = ::isatty(STDOUT_FILENO);
    const auto show = [&](const std::string& text) { print(terminal ? "\x1b[H\x1b[2J" + text : text); };
    if (terminal) print("\x1b[?1049h");
    auto loop = [&]() -> hem::task<> {
        for (;;) {
            shown_program now = parse(co_await ask(path));
            if (before || terminal) show(top_view(now, before ? &*before : nullptr, line.interval, view_of_terminal()));
            if (before && !terminal) co_return;
            before = std::move(now);
            co_await hem::sleep_for(std::chrono::duration<double>(line.interval));
        }
    };
    auto restore = [terminal]() -> hem::task<> {
        if (terminal) print("\x1b[?1049l");
        co_return;
    };
    co_await hem::finally(loop(), restore);
}

}  // namespace

int main(int count, char** values) {
    const std::vector<std::string_view> arguments(values + 1, values + count);
    if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
        std::fputs(help, arguments.empty() ? stderr : stdout);
        return arguments.empty() ? 2 : 0;
    }
    try {
        if (arguments[0] != "ps" && arguments[0] != "top" && arguments[0] != "breaker")
            throw wrong_usage("no command '" + std::string(arguments[0]) + "'");
        if (std::find(arguments.begin(), arguments.end(), "--help") != arguments.end()) {
            std::fputs(help, stdout);
            return 0;
        }
        const command_line line = read_arguments(arguments);
        hem::run(!line.breaker.empty() ? breaker : line.top ? top : ps, line);
        return 0;
    } catch (const hem::interrupted&) {
        return 0;
    } catch (const wrong_usage& error) {
        std::fprintf(stderr, "hem: %s\n\n%s", error.what(), help);
        return 2;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "hem: %s\n", error.what());
    }
    return 1;
}
