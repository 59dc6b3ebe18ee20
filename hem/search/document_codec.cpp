#include "hem/search/document_codec.hpp"

#include "hem/search/errors.hpp"

#include <stdexcept>

namespace hem::search::detail {

void read_members(json_cursor& cursor, std::span<const member_codec> codecs, void* const* addresses) {
    cursor.begin_object();
    std::string_view key;
    std::size_t expected = 0;  // sources usually list members in the order in which they were written
    while (cursor.next_key(key)) {
        std::size_t index = codecs.size();
        for (std::size_t step = 0; step < codecs.size(); ++step) {
            const std::size_t candidate = expected + step < codecs.size() ? expected + step : expected + step - codecs.size();
            if (codecs[candidate].name == key) {
                index = candidate;
                break;
            }
        }
        if (index == codecs.size()) {
            cursor.skip();
            continue;
        }
        expected = index + 1 == codecs.size() ? 0 : index + 1;
        cursor.enter(codecs[index].name);
        codecs[index].read(cursor, addresses[index]);
        cursor.leave();
    }
}

void write_members(std::string& out, std::span<const member_codec> codecs, const void* const* addresses, const write_options& options) {
    char separator = '{';
    for (std::size_t i = 0; i < codecs.size(); ++i) {
        if (options.skip_empty && codecs[i].empty(addresses[i])) continue;
        out += separator;
        separator = ',';
        append_json_string(out, codecs[i].name);
        out += ':';
        codecs[i].write(out, addresses[i], options);
    }
    if (separator == '{') out += '{';
    out += '}';
}

bool all_empty(std::span<const member_codec> codecs, const void* const* addresses) {
    for (std::size_t i = 0; i < codecs.size(); ++i) {
        if (!codecs[i].empty(addresses[i])) return false;
    }
    return true;
}

void read_date(json_cursor& cursor, date& into) {
    try {
        if (cursor.peek() == '"') {
            static_cast<date&>(into) = date::parse(cursor.read_string());
        } else {
            static_cast<date&>(into) = date::from_milliseconds(cursor.read_integer());
        }
    } catch (const std::invalid_argument& fault) {
        cursor.fail(fault.what());
    }
}

void read_day(json_cursor& cursor, std::chrono::sys_days& into) {
    date time;
    read_date(cursor, time);
    into = std::chrono::floor<std::chrono::days>(time.time());
}

void read_geo_point(json_cursor& cursor, geo_point& into) {
    if (cursor.peek() == '[') {  // GeoJSON order
        cursor.begin_array();
        double* const parts[] = {&into.lon, &into.lat};
        for (std::size_t i = 0; cursor.next_element(); ++i) {
            if (i < 2) {
                *parts[i] = cursor.read_number();
            } else {
                cursor.skip();
            }
        }
        return;
    }
    cursor.begin_object();
    std::string_view key;
    while (cursor.next_key(key)) {
        if (key == "lat") {
            into.lat = cursor.read_number();
        } else if (key == "lon") {
            into.lon = cursor.read_number();
        } else {
            cursor.skip();
        }
    }
}

void write_geo_point(std::string& out, const geo_point& value) {
    json_writer(out).begin_object().member("lat", value.lat).member("lon", value.lon).end_object();
}

void read_join(json_cursor& cursor, join& into) {
    if (cursor.peek() == '"') {
        cursor.read_string(into.name);
        return;
    }
    cursor.begin_object();
    std::string_view key;
    while (cursor.next_key(key)) {
        if (key == "name") {
            cursor.read_string(into.name);
        } else if (key == "parent") {
            cursor.read_string(into.parent);
        } else {
            cursor.skip();
        }
    }
}

void write_join(std::string& out, const join& value) {
    json_writer writer(out);
    if (value.parent.empty()) {
        writer.value(value.name);
    } else {
        writer.begin_object().member("name", value.name).member("parent", value.parent).end_object();
    }
}

void read_json(json_cursor& cursor, json& into) {
    try {
        into = json::parse(cursor.skip(), {.max_depth = 1000});
    } catch (const json_parse_error& fault) {
        cursor.fail(fault.what());
    }
}

void throw_decode_error(const cursor_error& fault, const std::string& id) { throw decode_error(id, fault.path(), fault.reason()); }

}  // namespace hem::search::detail
