#include "hem/search/query_value.hpp"

#include "hem/model/json_writer.hpp"

namespace hem::search {

query_value::query_value(std::string_view text) {
    wire_.reserve(text.size() + 2);
    append_json_string(wire_, text);
}
query_value::query_value(const json& value) { value.dump_to(wire_); }
query_value::query_value(const date& time) : wire_('"' + time.to_string() + '"') {}
query_value::query_value(const date_nanos& time) : wire_('"' + time.to_string() + '"') {}
query_value::query_value(std::chrono::sys_days day) : wire_('"' + detail::format_day(day) + '"') {}
query_value::query_value(double value) { append_json_number(wire_, value); }
std::string query_value::signed_text(std::int64_t value) { return std::to_string(value); }
std::string query_value::unsigned_text(std::uint64_t value) { return std::to_string(value); }

}  // namespace hem::search
