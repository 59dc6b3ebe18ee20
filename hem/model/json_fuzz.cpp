// Any bytes: what is JSON survives writing and reading again, simdjson and the plain scanner agree on what is JSON, and reading into
// models never does worse than report.
#include "hem/core/errors.hpp"
#include "hem/model.hpp"
#include "hem/model/detail/json_document.hpp"
#include "hem/model/pattern_matcher.hpp"

#include <cstdlib>
#include <set>

namespace {

enum class color { red, green };

struct inner {
    hem::field<std::string, hem::min_length<1>, hem::max_length<5>, hem::pattern<"^[a-z]+$">> word;
    std::optional<double> number;
    std::map<std::string, int> counts;
};

struct outer {
    std::string name;
    bool flag = false;
    std::int8_t small = 0;
    std::uint64_t large = 0;
    hem::field<double, hem::ge<0>, hem::multiple_of<0.5>> amount = 1.0;
    color tint = color::red;
    std::vector<inner> list;
    std::set<int> set;
    std::pair<int, std::string> pair;
    std::variant<int, std::string, inner> any;
    std::chrono::sys_time<std::chrono::nanoseconds> when;
    hem::datetime zoned;
    std::chrono::year_month_day day;
    hem::time_of_day time;
    std::chrono::milliseconds span{};
    hem::uuid id;
    hem::bytes data;
    hem::json rest;
};

void demand(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    hem::detail::json_scanner scanner;
    const bool valid = scanner.scan(text, 64);
    const hem::detail::json_document document(text, 64);
    demand(valid == document.valid());
    if (valid) {
        const hem::detail::json_tape tape{scanner.words.data(), scanner.strings.data()};
        const hem::json value = document.root().value();
        demand(hem::json_source::at_word(tape.words + 1, &tape).value() == value);
        demand(hem::json::parse(value.dump()).dump() == hem::json::parse(text).dump());
    }
    const auto model = hem::read_json<outer>(text);
    if (model) {
        const auto again = hem::read_json<outer>(hem::to_json(*model));
        demand(again.has_value());
        demand(hem::to_json(*again) == hem::to_json(*model));
    } else {
        (void)model.error().to_json().dump();
    }
    (void)hem::read_json<std::vector<inner>>(text, {.strict = true});
    (void)hem::read_text<double>(text);
    (void)hem::read_text<std::int64_t>(text);
    (void)hem::read_text<std::chrono::nanoseconds>(text);
    (void)hem::read_text<hem::datetime>(text);
    if (size < 64) {
        try {
            (void)hem::detail::pattern_matcher(text).search("some text, 2024-01-31");
        } catch (const hem::usage_error&) {
        }
    }
    return 0;
}
