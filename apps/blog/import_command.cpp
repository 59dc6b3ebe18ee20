// `blog import`: posts from files into the store, or through a running blog.
#include "apps/blog/bulk_upload.hpp"
#include "apps/blog/commands.hpp"
#include "apps/blog/front_matter.hpp"
#include "apps/blog/post_source.hpp"
#include "apps/blog/store.hpp"
#include "hem/core.hpp"
#include "hem/http/client.hpp"
#include "hem/model/read_json.hpp"
#include "hem/model/to_json.hpp"
#include "hem/search/document_codec.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <functional>
#include <unistd.h>

namespace blog {

namespace {

// Where posts go: gives the failures of one batch by their place in it.
class post_sink {
public:
    virtual ~post_sink() = default;
    virtual hem::task<std::vector<item_error>> write(const std::vector<checked_post>& posts) = 0;
};

class store_sink final : public post_sink {
public:
    explicit store_sink(post_search& posts) : posts_(posts) {}
    hem::task<std::vector<item_error>> write(const std::vector<checked_post>& posts) override { co_return co_await posts_.write(posts); }

private:
    post_search& posts_;
};

class server_sink final : public post_sink {
public:
    explicit server_sink(hem::http::client& server) : server_(server) {}
    hem::task<std::vector<item_error>> write(const std::vector<checked_post>& posts) override {
        std::string lines;
        for (const checked_post& each : posts) {
            std::string post;
            hem::search::detail::encode_document(post, each.post);
            // The id goes in front of the document's own members.
            lines += "{\"id\":";
            hem::append_json_string(lines, each.id);
            lines += ',';
            lines.append(post, 1);
            lines += '\n';
        }
        hem::http::call_options call;
        call.headers.set("content-type", "application/x-ndjson");
        call.content = std::move(lines);
        call.timeout = hem::http::timeout_options(std::chrono::seconds(60));
        hem::http::response answer = co_await server_.post("/posts/bulk", std::move(call));
        if (answer.status() != 200) {
            throw std::runtime_error(
                fmt::format("the blog answered {} to POST /posts/bulk: {}", answer.status(), answer.text().substr(0, 300)));
        }
        const auto read = hem::read_json<bulk_answer>(answer.text());
        if (!read) throw std::runtime_error("what answers there is no blog: its answer to POST /posts/bulk is of another shape");
        co_return read->errors;
    }

private:
    hem::http::client& server_;
};

struct import_report {
    std::size_t imported = 0;
    std::size_t failed = 0;
    std::size_t drafts = 0;
};

// One line that is written over on a terminal; nothing elsewhere.
class progress_line {
public:
    explicit progress_line(std::optional<std::size_t> total) : total_(total), visible_(isatty(STDERR_FILENO) == 1) {}
    void show(std::size_t seen, const import_report& report) {
        if (!visible_) return;
        const std::string of = total_ ? fmt::format(" of {}", *total_) : std::string();
        fmt::print(stderr, "\r\x1b[K  {}{} read, {} imported{}", seen, of, report.imported,
                   report.failed != 0 ? fmt::format(", {} failed", report.failed) : std::string());
        std::fflush(stderr);
        shown_ = true;
    }
    void clear() {
        if (shown_) fmt::print(stderr, "\r\x1b[K");
        shown_ = false;
    }

private:
    std::optional<std::size_t> total_;
    bool visible_;
    bool shown_ = false;
};

hem::task<import_report> copy_posts(post_source& source, post_sink& sink) {
    import_report report;
    progress_line line(source.total());
    const auto complain = [&](const std::string& where, const std::string& why) {
        ++report.failed;
        line.clear();
        fmt::print(stderr, "blog: {}: {}\n", where, why);
    };
    for (bool more = true; more;) {
        post_batch batch = co_await hem::to_thread([](post_source& from) { return from.next(); }, std::ref(source));
        more = !batch.last;
        report.drafts += batch.drafts;
        for (const unreadable_post& each : batch.unreadable) complain(each.where, each.why);
        std::vector<checked_post> posts;
        posts.reserve(batch.posts.size());
        for (found_post& each : batch.posts) posts.push_back(std::move(each.post));
        if (!posts.empty()) {
            const std::vector<item_error> failures = co_await sink.write(posts);
            report.imported += posts.size() - failures.size();
            for (const item_error& failure : failures)
                complain(batch.posts.at(static_cast<std::size_t>(failure.index)).where, failure.error);
        }
        line.show(batch.seen, report);
    }
    line.clear();
    co_return report;
}

hem::task<import_report> import_through_server(post_source& source, const options& chosen) {
    co_return co_await hem::with(hem::http::open({.base_url = chosen.server}), [&](hem::http::client& server) -> hem::task<import_report> {
        server_sink sink(server);
        co_return co_await copy_posts(source, sink);
    });
}

hem::task<import_report> import_into_store(post_source& source, const options& chosen) {
    co_return co_await hem::with(hem::search::connect(chosen.search), [&](hem::search::client& client) -> hem::task<import_report> {
        post_search posts(client);
        co_await posts.open();
        store_sink sink(posts);
        co_return co_await copy_posts(source, sink);
    });
}

std::string counted(std::size_t count, std::string_view word) { return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s"); }

}  // namespace

int import_posts(const options& chosen) {
    const bool through_server = !chosen.server.empty();
    try {
        const std::unique_ptr<post_source> source = open_post_source(chosen);
        if (!through_server) {
            if (const std::string problem = prepare_store(chosen); !problem.empty()) {
                fmt::print(stderr, "blog: {}\n", problem);
                return 1;
            }
        }
        const import_report report = hem::run([&]() -> hem::task<import_report> {
            if (through_server) co_return co_await import_through_server(*source, chosen);
            co_return co_await import_into_store(*source, chosen);
        });
        fmt::print("imported {} from {} into {}\n", counted(report.imported, "post"), chosen.source,
                   through_server ? "the blog at " + chosen.server : describe_store(chosen));
        if (report.drafts != 0) fmt::print("left out {} (--drafts imports them)\n", counted(report.drafts, "draft"));
        if (report.failed != 0) fmt::print("{} could not be imported, see above\n", counted(report.failed, "post"));
        return report.failed == 0 ? 0 : 1;
    } catch (const import_error& error) {
        fmt::print(stderr, "blog: {}\n", error.what());
    } catch (const hem::interrupted&) {
        fmt::print(stderr, "blog: interrupted; the posts before are imported, and a second import goes on where nothing is lost\n");
        return 130;
    } catch (const std::exception& error) {
        if (through_server) {
            fmt::print(stderr, "blog: cannot import through {}: {} (is the blog running there?)\n", chosen.server, error.what());
        } else {
            fmt::print(stderr, "blog: {}\n", explain_store_failure(chosen, error));
        }
    }
    return 1;
}

}  // namespace blog
