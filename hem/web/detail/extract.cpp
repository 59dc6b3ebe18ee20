#include "hem/web/detail/extract.hpp"

#include "hem/http/url.hpp"
#include "hem/model/read_json.hpp"
#include "hem/model/read_text.hpp"
#include "hem/web/exceptions.hpp"

namespace hem::web::detail {

namespace {

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

bool same_word(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const char c = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] - 'A' + 'a') : a[i];
        if (c != b[i]) return false;
    }
    return true;
}

bool ends_with_word(std::string_view text, std::string_view ending) noexcept {
    return text.size() > ending.size() && same_word(text.substr(text.size() - ending.size()), ending);
}

}  // namespace

std::string_view parameter_reader::form_decoded(std::string_view text) {
    if (text.find_first_of("%+") == std::string_view::npos) return text;
    char* room = request_.allocate(text.size());
    const auto size = http::form_decode(text, room);
    request_.shrink_last(text.size() - size);
    return {room, size};
}

void parameter_reader::parse_query() {
    query_parsed_ = true;
    http::query_reader reader(request_.query());
    std::string_view name, value;
    while (reader.next(name, value)) {
        const text_pair pair{form_decoded(name), form_decoded(value)};
        if (count_ < inline_pairs) {
            first_[count_++] = pair;
        } else {
            if (more_.empty()) more_.assign(first_.begin(), first_.end());
            more_.push_back(pair);
        }
    }
}

void parameter_reader::parse_cookies() {
    cookies_parsed_ = true;
    for (const auto& field : request_.headers()) {
        if (field.id != http::field::cookie) continue;
        auto rest = field.value;
        while (!rest.empty()) {
            const auto end = rest.find(';');
            const auto part = trimmed(rest.substr(0, end));
            const auto equals = part.find('=');
            if (equals != std::string_view::npos) {
                auto value = trimmed(part.substr(equals + 1));
                if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
                cookies_.push_back({trimmed(part.substr(0, equals)), value});
            }
            if (end == std::string_view::npos) break;
            rest.remove_prefix(end + 1);
        }
    }
}

std::span<const parameter_reader::text_pair> parameter_reader::pairs(source_kind kind) {
    if (kind == source_kind::cookie) {
        if (!cookies_parsed_) parse_cookies();
        return cookies_;
    }
    if (!query_parsed_) parse_query();
    if (!more_.empty()) return more_;
    return {first_.data(), count_};
}

void parameter_reader::find_texts(source_kind kind, std::string_view wire_name, bool list, std::vector<std::string_view>& many) {
    if (kind == source_kind::header) {
        for (const auto& field : request_.headers()) {
            if (!same_word(wire_name, field.name)) continue;
            many.push_back(field.value);
            if (!list) return;
        }
        return;
    }
    for (const auto& pair : pairs(kind)) {
        if (pair.name == wire_name) many.push_back(pair.value);
    }
}

void parameter_reader::read_members_of_model(const member_plan& member, void* object) {
    struct origin {
        parameter_reader* reader;
        source_kind kind;
    };
    const origin from{this, member.kind};
    const text_lookup lookup{[](const void* source, std::string_view name, std::vector<std::string_view>& out) {
                                 const auto& at = *static_cast<const origin*>(source);
                                 const auto before = out.size();
                                 at.reader->find_texts(at.kind, name, true, out);
                                 return out.size() - before;
                             },
                             &from};
    json seen = json::object();
    if (member.kind == source_kind::header) {
        for (const auto& field : request_.headers()) {
            const bool secret = field.id == http::field::authorization || field.id == http::field::cookie;
            seen.set(field.name, secret ? "**********" : field.value);
        }
    } else {
        for (const auto& pair : pairs(member.kind)) seen.set(pair.name, pair.value);
    }
    read_context context(errors_, std::span(member.loc).first(1));
    const auto& info = member.operations->model();
    if (read_text_model(info, member.value(object), lookup, member.kind == source_kind::header, seen, context))
        member.flags(object)->given = true;
}

void parameter_reader::read_member(const member_plan& member, void* object) {
    if (member.operations->model != nullptr && member.kind != source_kind::path) return read_members_of_model(member, object);
    read_context context(errors_, member.loc);
    context.secret = member.secret;
    std::string_view one;
    std::span<const std::string_view> texts;
    std::vector<std::string_view> many;
    if (member.kind == source_kind::path) {
        for (const auto& parameter : request_.path_parameters()) {
            if (parameter.name != member.wire_name) continue;
            one = parameter.value;
            texts = {&one, 1};
        }
    } else if (member.list) {
        find_texts(member.kind, member.wire_name, true, many);
        texts = many;
    } else if (member.kind == source_kind::header) {
        if (const auto found = request_.headers().get(member.wire_name)) {
            one = *found;
            texts = {&one, 1};
        }
    } else {
        for (const auto& pair : pairs(member.kind)) {
            if (pair.name != member.wire_name) continue;
            one = pair.value;
            texts = {&one, 1};
        }
    }
    if (texts.empty()) {
        if (!member.optional) context.fail_missing(nullptr);
        return;
    }
    member.flags(object)->given = true;
    member.operations->read(json_source::text(texts.data(), texts.size()), member.value(object), context);
}

void parameter_reader::read(const struct_plan& plan, void* object) {
    for (const auto& member : plan.members) {
        if (member.kind == source_kind::body || member.kind == source_kind::depends) continue;
        read_member(member, member.member(object));
    }
}

body_type body_type_of(const http::request& request) noexcept {
    const auto field = request.headers().get(http::field::content_type);
    if (!field) return body_type::other;
    const auto semicolon = field->find(';');
    const auto type = trimmed(field->substr(0, semicolon));
    const bool is_json = same_word(type, "application/json") ||
                         (type.size() > 12 && same_word(type.substr(0, 12), "application/") && ends_with_word(type, "+json"));
    if (!is_json) return body_type::other;
    auto rest = semicolon == std::string_view::npos ? std::string_view() : field->substr(semicolon + 1);
    while (!rest.empty()) {
        const auto end = rest.find(';');
        const auto part = trimmed(rest.substr(0, end));
        const auto equals = part.find('=');
        if (equals != std::string_view::npos && same_word(trimmed(part.substr(0, equals)), "charset")) {
            auto value = trimmed(part.substr(equals + 1));
            if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
            if (!same_word(value, "utf-8") && !same_word(value, "utf8") && !same_word(value, "us-ascii")) return body_type::wrong_charset;
        }
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
    }
    return body_type::json;
}

namespace {

void read_from(const member_plan& member, void* object, const json_source* source, validation_errors& errors, const json_input* input) {
    void* at = member.member(object);
    read_context context(errors, member.loc);
    context.secret = member.secret;
    if (source == nullptr) {
        if (!member.optional) context.fail_missing(nullptr);
        return;
    }
    member.flags(at)->given = true;
    member.operations->read(*source, member.value(at), context);
    if (input != nullptr) input->report_duplicate(context, errors, std::span(member.loc).first(1));
}

void read_all(const struct_plan& plan, void* object, const json_source* whole, validation_errors& errors, const json_input* input) {
    for (const auto& member : plan.members) {
        if (member.kind != source_kind::body) continue;
        if (!member.embedded) {
            read_from(member, object, whole, errors, input);
        } else if (whole == nullptr) {
            read_from(member, object, nullptr, errors, input);
        } else if (!whole->is_object()) {
            read_context context(errors, std::span(member.loc).first(1));
            context.fail(*whole, "model_attributes_type", "Input should be a valid dictionary or object to extract fields from");
            return;
        } else {
            bool found = false;
            for (const auto [key, value] : whole->members()) {
                if (key != member.wire_name) continue;
                found = true;
                read_from(member, object, &value, errors, input);
                break;
            }
            if (!found) read_from(member, object, nullptr, errors, input);
        }
        if (errors.is_json_invalid()) return;
    }
}

}  // namespace

void read_body(const struct_plan& plan, void* object, const http::request& request, std::string_view bytes, validation_errors& errors) {
    if (bytes.empty()) return read_all(plan, object, nullptr, errors, nullptr);
    const auto type = body_type_of(request);
    if (type == body_type::wrong_charset) throw http_exception(415);
    if (hem::detail::find_invalid_utf8(bytes) != std::string_view::npos) throw http_exception(400, "There was an error parsing the body");
    if (type == body_type::other) {
        const auto text = json_source::text(&bytes);
        return read_all(plan, object, &text, errors, nullptr);
    }
    const json_input input(bytes);
    static const json body_loc[] = {json("body")};
    if (!input.valid()) return input.report_invalid(errors, body_loc);
    const auto root = input.root();
    read_all(plan, object, &root, errors, &input);
}

}  // namespace hem::web::detail
