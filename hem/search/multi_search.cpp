#include "hem/search/multi_search.hpp"

#include "hem/model/json_writer.hpp"
#include "hem/search/detail/client_state.hpp"

namespace hem::search::detail {

task<std::vector<multi_answer>> run_multi_search(std::vector<search_core> searches) {
    const std::shared_ptr<client_state> state = searches.front().state;
    if (!state) throw usage_error("this search has no client: start it from posts.search() or client.search()");
    std::string body;
    for (const search_core& search : searches) {
        json_writer header(body);
        header.begin_object();
        if (!search.targets.empty()) {
            header.key("index").begin_array();
            for (const std::string& target : search.targets) header.value(target);
            header.end_array();
        }
        for (const auto& [name, value] : search.params) header.member(name, value);
        header.end_object();
        body += '\n';
        body += search.dump();
        body += '\n';
    }
    const api_response answer = co_await state->perform("POST", "/_msearch", {}, std::move(body), {.ndjson = true});

    std::vector<multi_answer> answers;
    const auto one = [&](std::string text) {
        multi_answer made;
        made.meta = answer.meta;
        json_cursor cursor(text);
        cursor.begin_object();
        std::string_view key;
        bool failed = false;
        while (cursor.next_key(key)) {
            if (key == "status") {
                made.meta.status = static_cast<int>(cursor.read_integer());
            } else {
                failed = failed || key == "error";
                cursor.skip();
            }
        }
        if (failed) {
            try {
                throw_api_error(made.meta, std::move(text));
            } catch (...) {
                made.error = std::current_exception();
            }
        } else {
            made.body = read_search_body(std::move(text), made.meta);
        }
        answers.push_back(std::move(made));
    };
    try {
        json_cursor cursor(answer.body);
        cursor.begin_object();
        std::string_view key;
        while (cursor.next_key(key)) {
            if (key != "responses") {
                cursor.skip();
                continue;
            }
            cursor.begin_array();
            while (cursor.next_element()) one(std::string(cursor.skip()));
        }
    } catch (const cursor_error& fault) {
        throw serialization_error(std::string("cannot read the answer to a multi_search: ") + fault.what(), answer.meta);
    }
    if (answers.size() != searches.size()) {
        throw serialization_error("the answer to a multi_search of " + std::to_string(searches.size()) + " has " +
                                      std::to_string(answers.size()) + " parts",
                                  answer.meta);
    }
    co_return answers;
}

}  // namespace hem::search::detail
