// Runs the conformance cases (data, see README.md) against the embedded engine, in memory and on a file, and against the server that
// HEM_TEST_SEARCH_URL names. One test per case and engine: `Conformance.memory/documents/index_and_get`.
#include "hem/model/json.hpp"
#include "hem/search/embedded/engine.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace hem::search {
namespace {

struct reply {
    int status = 0;
    std::map<std::string, std::string> headers;
    std::string body;
};

// What the cases talk to.
class endpoint {
public:
    virtual ~endpoint() = default;
    virtual reply send(const std::string& method, const std::string& target, const std::string& body, const std::string& content_type) = 0;
    virtual std::string flavour() const = 0;
};

class embedded_endpoint : public endpoint {
public:
    explicit embedded_endpoint(const std::string& path) : engine_(embedded::engine::open({.path = path})) {}
    reply send(const std::string& method, const std::string& target, const std::string& body, const std::string& content_type) override {
        const auto answer = engine_->handle(embedded::rest_request::from_target(method, target, body, content_type));
        reply out;
        out.status = answer.status;
        for (const auto& [name, value] : answer.headers) out.headers[name] = value;
        out.body = answer.body;
        return out;
    }
    std::string flavour() const override { return "embedded"; }

private:
    std::unique_ptr<embedded::engine> engine_;
};

// A blocking HTTP/1.1 client, one connection per request: enough for tests, and no code of Hem's own under test.
class server_endpoint : public endpoint {
public:
    explicit server_endpoint(std::string url) {
        if (url.starts_with("http://")) url.erase(0, 7);
        if (const std::size_t slash = url.find('/'); slash != std::string::npos) url.erase(slash);
        const std::size_t colon = url.rfind(':');
        host_ = url.substr(0, colon);
        port_ = colon == std::string::npos ? "9200" : url.substr(colon + 1);
        const json about = json::parse(send("GET", "/", "", "").body);
        const json& version = about.at("version");
        const std::string number = version.at("number").as_string();
        const bool open_search = version.contains("distribution");
        flavour_ = (open_search ? "opensearch" : "elasticsearch") + number.substr(0, number.find('.'));
    }

    reply send(const std::string& method, const std::string& target, const std::string& body, const std::string& content_type) override {
        const int socket = connect_socket();
        std::string request = method + " " + target + " HTTP/1.1\r\nhost: " + host_ + "\r\nconnection: close\r\n";
        if (!body.empty()) request += "content-type: " + content_type + "\r\n";
        request += "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        for (std::size_t sent = 0; sent < request.size();) {
            const ssize_t count = ::send(socket, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
            if (count <= 0) throw std::runtime_error("cannot send to the server of HEM_TEST_SEARCH_URL");
            sent += static_cast<std::size_t>(count);
        }
        std::string text;
        char part[16384];
        while (true) {
            const ssize_t count = ::recv(socket, part, sizeof part, 0);
            if (count <= 0) break;
            text.append(part, static_cast<std::size_t>(count));
        }
        ::close(socket);
        return parse(text);
    }
    std::string flavour() const override { return flavour_; }

private:
    int connect_socket() const {
        addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        addrinfo* found = nullptr;
        if (::getaddrinfo(host_.c_str(), port_.c_str(), &hints, &found) != 0) throw std::runtime_error("cannot resolve " + host_);
        const int socket = ::socket(found->ai_family, found->ai_socktype, 0);
        const int done = ::connect(socket, found->ai_addr, found->ai_addrlen);
        ::freeaddrinfo(found);
        if (done != 0) throw std::runtime_error("cannot connect to " + host_ + ":" + port_ + " (HEM_TEST_SEARCH_URL)");
        return socket;
    }

    static reply parse(const std::string& text) {
        reply out;
        const std::size_t head = text.find("\r\n\r\n");
        if (head == std::string::npos) throw std::runtime_error("the server's answer is cut");
        std::istringstream lines(text.substr(0, head));
        std::string line;
        std::getline(lines, line);
        out.status = std::stoi(line.substr(line.find(' ') + 1));
        while (std::getline(lines, line)) {
            if (line.ends_with('\r')) line.pop_back();
            const std::size_t colon = line.find(':');
            if (colon == std::string::npos) continue;
            std::string name = line.substr(0, colon);
            for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            out.headers[name] = line.substr(line.find_first_not_of(' ', colon + 1));
        }
        out.body = text.substr(head + 4);
        if (out.headers["transfer-encoding"] == "chunked") {
            std::string whole;
            for (std::size_t at = 0; at < out.body.size();) {
                const std::size_t end = out.body.find("\r\n", at);
                const std::size_t bytes = std::stoul(out.body.substr(at, end - at), nullptr, 16);
                if (bytes == 0) break;
                whole += out.body.substr(end + 2, bytes);
                at = end + 2 + bytes + 2;
            }
            out.body = whole;
        }
        return out;
    }

    std::string host_, port_, flavour_;
};

// `*` stands for any run of characters.
bool matches(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else
            return false;
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

class case_run {
public:
    case_run(endpoint& to, std::string prefix) : to_(to) { variables_["index"] = std::move(prefix); }

    void run(const json& one) {
        for (const json& step : one["setup"].elements()) {
            const reply answer = send(step);
            ASSERT_LT(answer.status, 300) << "setup " << step.dump() << "\n" << answer.body;
        }
        int number = 0;
        for (const json& step : one["steps"].elements()) {
            ++number;
            const reply answer = send(step);
            json expected = step["expect"];
            if (const json* override_ = step.find("expect@" + to_.flavour())) {
                ASSERT_TRUE(override_->contains("reason")) << "an override carries its reason: " << step.dump();
                for (const auto& [key, value] : override_->items()) expected.set(key, value);
            }
            const std::string where = "step " + std::to_string(number) + ": " + step["request"].as_string() +
                                      (step.contains("body") ? " " + step["body"].dump() : std::string()) + "\nanswer " +
                                      std::to_string(answer.status) + ": " + answer.body.substr(0, 4000);
            if (const json* status = expected.find("status")) {
                EXPECT_EQ(answer.status, status->as_int64()) << where;
            }
            for (const auto& [name, value] : expected["headers"].items()) {
                const auto found = answer.headers.find(name);
                EXPECT_TRUE(found != answer.headers.end() && matches(value.as_string(), found->second)) << "header " << name << "\n"
                                                                                                        << where;
            }
            if (const json* text = expected.find("text")) {
                EXPECT_TRUE(matches(fill(text->as_string()), answer.body)) << "expected text " << text->dump() << "\n" << where;
            }
            if (const json* body = expected.find("body")) {
                std::string fault;
                json got;
                try {
                    got = json::parse(answer.body, {.max_depth = 1000});
                } catch (const json_parse_error& wrong) {
                    fault = std::string("the body is not JSON: ") + wrong.what();
                }
                if (fault.empty()) compare(*body, got, "", fault);
                EXPECT_TRUE(fault.empty()) << fault << "\n" << where;
            }
            if (testing::Test::HasFailure()) return;
        }
    }

    void clean_up() {
        if (to_.flavour() == "embedded") return;
        const reply all = to_.send("GET", "/_cat/indices/" + variables_["index"] + "*?format=json&h=index&expand_wildcards=all", "", "");
        for (const json& row : json::parse(all.body).elements()) to_.send("DELETE", "/" + row.at("index").as_string(), "", "");
    }

private:
    std::string fill(const std::string& text) const {
        std::string out = text;
        for (const auto& [name, value] : variables_) {
            const std::string mark = name == "index" ? "$index" : "${" + name + "}";
            for (std::size_t at = 0; (at = out.find(mark, at)) != std::string::npos; at += value.size())
                out.replace(at, mark.size(), value);
        }
        return out;
    }

    reply send(const json& step) {
        const std::string line = fill(step.at("request").as_string());
        const std::size_t space = line.find(' ');
        std::string body;
        std::string type = "application/json";
        if (const json* given = step.find("body")) body = fill(given->is_string() ? given->as_string() : given->dump());
        if (const json* lines = step.find("ndjson")) {
            type = "application/x-ndjson";
            for (const json& one : lines->elements()) body += fill(one.is_string() ? one.as_string() : one.dump()) + "\n";
        }
        if (const json* given = step.find("content_type")) type = given->as_string();
        return to_.send(line.substr(0, space), line.substr(space + 1), body, type);
    }

    // Subset match: every member of an expected object is there; arrays agree element by element.
    void compare(const json& expected, const json& got, const std::string& path, std::string& fault) {
        if (!fault.empty()) return;
        const auto fail = [&](const std::string& why) { fault = "at [" + path + "]: " + why; };
        if (expected.is_object() && expected.size() == 1 && expected.items().front().first.starts_with('$') &&
            !expected.items().front().first.starts_with("$index")) {
            const auto& [rule, value] = expected.items().front();
            if (rule == "$any") return;
            if (rule == "$save") {
                variables_[value.as_string()] = got.is_string() ? got.as_string() : got.dump();
                return;
            }
            if (rule == "$matches") {
                const std::string text = got.is_string() ? got.as_string() : got.dump();
                if (!matches(fill(value.as_string()), text)) fail("[" + text + "] does not match [" + fill(value.as_string()) + "]");
                return;
            }
            if (rule == "$length") {
                if (static_cast<std::int64_t>(got.size()) != value.as_int64())
                    fail("has " + std::to_string(got.size()) + " elements, expected " + value.dump());
                return;
            }
            if (rule == "$close") {
                if (!got.is_number() || std::fabs(got.as_double() - value[0].as_double()) > value[1].as_double())
                    fail(got.dump() + " is not close to " + value.dump());
                return;
            }
            if (rule == "$keys") {
                std::vector<std::string> names;
                for (const auto& [key, unused] : got.items()) names.push_back(key);
                std::vector<std::string> wanted;
                for (const json& one : value.elements()) wanted.push_back(one.as_string());
                std::sort(names.begin(), names.end());
                std::sort(wanted.begin(), wanted.end());
                if (names != wanted) fail("the members of " + got.dump().substr(0, 200) + " are not " + value.dump());
                return;
            }
            fail("unknown rule " + rule);
            return;
        }
        if (expected.is_object()) {
            if (!got.is_object()) return fail("expected an object, got " + got.dump().substr(0, 200));
            for (const auto& [key, value] : expected.items()) {
                const std::string name = fill(key);
                const json* found = got.find(name);
                const bool absent = value.is_object() && value.size() == 1 && value.contains("$absent");
                if (absent && found != nullptr) return fail("[" + name + "] should be absent, is " + found->dump().substr(0, 200));
                if (absent) continue;
                if (found == nullptr) return fail("[" + name + "] is missing in " + got.dump().substr(0, 300));
                compare(value, *found, path.empty() ? name : path + "." + name, fault);
            }
            return;
        }
        if (expected.is_array()) {
            if (!got.is_array() || got.size() != expected.size())
                return fail("expected " + std::to_string(expected.size()) + " elements, got " + got.dump().substr(0, 300));
            for (std::size_t i = 0; i < expected.size(); ++i) compare(expected[i], got[i], path + "[" + std::to_string(i) + "]", fault);
            return;
        }
        if (expected.is_string()) {
            if (!got.is_string() || got.as_string() != fill(expected.as_string()))
                fail("expected [" + fill(expected.as_string()) + "], got " + got.dump().substr(0, 300));
            return;
        }
        if (expected.kind() == json_kind::number && got.is_number()) {
            const double a = expected.as_double();
            const double b = got.as_double();
            if (std::fabs(a - b) > 1e-6 * std::max(std::fabs(a), std::fabs(b))) fail("expected " + expected.dump() + ", got " + got.dump());
            return;
        }
        if (!(expected == got)) fail("expected " + expected.dump() + ", got " + got.dump().substr(0, 300));
    }

    endpoint& to_;
    std::map<std::string, std::string> variables_;
};

struct loaded_case {
    std::string file, name;
    json data;
};

const std::vector<loaded_case>& all_cases() {
    static const std::vector<loaded_case> cases = [] {
        std::vector<loaded_case> out;
        std::vector<std::filesystem::path> files;
        for (const auto& entry : std::filesystem::directory_iterator(std::string(HEM_SOURCE_DIR) + "/hem/search/conformance"))
            if (entry.path().extension() == ".json") files.push_back(entry.path());
        std::sort(files.begin(), files.end());
        for (const auto& path : files) {
            std::ifstream in(path);
            std::stringstream text;
            text << in.rdbuf();
            const json list = json::parse(text.str(), {.max_depth = 200});
            for (const json& one : list.elements()) out.push_back({path.stem().string(), one.at("name").as_string(), one});
        }
        return out;
    }();
    return cases;
}

enum class kind { memory, file, server };

class conformance : public testing::Test {
public:
    conformance(kind how, const loaded_case& what, std::size_t number) : how_(how), what_(what), number_(number) {}

    void TestBody() override {
        const std::string prefix = "hemtest" + std::to_string(::getpid()) + "x" + std::to_string(number_);
        std::unique_ptr<endpoint> to;
        std::filesystem::path file;
        if (how_ == kind::server) {
            to = std::make_unique<server_endpoint>(std::getenv("HEM_TEST_SEARCH_URL"));
            const auto needs = what_.data["needs"].elements();
            const bool suits = needs.empty() || std::any_of(needs.begin(), needs.end(),
                                                            [&](const json& need) { return to->flavour().starts_with(need.as_string()); });
            if (!suits) GTEST_SKIP() << "needs " << what_.data["needs"].dump() << ", the server is " << to->flavour();
        } else if (how_ == kind::file) {
            file = std::filesystem::temp_directory_path() / (prefix + ".db");
            to = std::make_unique<embedded_endpoint>(file.string());
        } else
            to = std::make_unique<embedded_endpoint>(":memory:");
        {
            case_run run(*to, prefix);
            run.run(what_.data);
            run.clean_up();
        }
        to.reset();
        if (!file.empty())
            for (const char* suffix : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(file.string() + suffix);
    }

private:
    kind how_;
    const loaded_case& what_;
    std::size_t number_;
};

const bool registered = [] {
    const auto add = [](kind how, const std::string& prefix) {
        const auto& cases = all_cases();
        for (std::size_t i = 0; i < cases.size(); ++i)
            testing::RegisterTest(("Conformance_" + prefix).c_str(), (cases[i].file + "_" + cases[i].name).c_str(), nullptr, nullptr,
                                  __FILE__, __LINE__, [how, i]() -> testing::Test* { return new conformance(how, all_cases()[i], i); });
    };
    add(kind::memory, "memory");
    add(kind::file, "file");
    const char* url = std::getenv("HEM_TEST_SEARCH_URL");
    if (url != nullptr && *url != 0) add(kind::server, "server");
    return true;
}();

TEST(Conformance, CasesAreThere) {
    EXPECT_TRUE(registered);
    EXPECT_GE(all_cases().size(), 1U);
    if (std::getenv("HEM_TEST_SEARCH_URL") == nullptr)
        std::printf("conformance: HEM_TEST_SEARCH_URL is not set, the cases were not run against a server\n");
}

}  // namespace
}  // namespace hem::search
