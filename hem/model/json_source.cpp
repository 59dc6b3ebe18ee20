#include "hem/model/json_source.hpp"

#include "hem/model/detail/json_document.hpp"
#include "hem/model/model_info.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace hem {

namespace {

std::size_t part_count(const std::uint64_t word) { return word >> 32 & 0xffffff; }

// Length of the text, but counting stops beyond `bytes`. Escapes count as one byte.
std::size_t text_length(const json_source& source, std::size_t bytes) {
    switch (source.kind()) {
    case json_kind::string: return source.string().size() + 2;
    case json_kind::big_number: return source.string().size();
    case json_kind::array: {
        std::size_t length = 2;
        for (const json_source element : source.elements()) {
            length += text_length(element, bytes) + 1;
            if (length > bytes) break;
        }
        return length;
    }
    case json_kind::object: {
        std::size_t length = 2;
        for (const auto [key, value] : source.members()) {
            length += key.size() + 4 + text_length(value, bytes);
            if (length > bytes) break;
        }
        return length;
    }
    default: return 4;
    }
}

constexpr std::size_t longest_input = 4096;

}  // namespace

json_kind json_source::kind() const noexcept {
    if (!word_) return json_kind::string;
    switch (tag()) {
    case 'n': return json_kind::null;
    case 't':
    case 'f': return json_kind::boolean;
    case 'l': return json_kind::integer;
    case 'u': return json_kind::unsigned_integer;
    case 'd': return json_kind::number;
    case 'b': return json_kind::big_number;
    case '"': return json_kind::string;
    case '[': return json_kind::array;
    default: return json_kind::object;
    }
}

// Fills in place, because moving a json through return values costs more than its making.
void json_source::fill(json& out) const {
    auto& stored = out.value_;
    switch (tag()) {
    case 'n': break;
    case 't': stored.emplace<1>(true); break;
    case 'f': stored.emplace<1>(false); break;
    case 'l': stored.emplace<2>(integer()); break;
    case 'u': stored.emplace<3>(unsigned_integer()); break;
    case 'd': stored.emplace<4>(number()); break;
    case 'b': stored.emplace<5>(detail::json_big_number{std::string(string())}); break;
    case '"': stored.emplace<6>(string()); break;
    case '[': {
        auto& parts = stored.emplace<7>();
        parts.reserve(part_count(*word_));
        for (const json_source element : elements()) element.fill(parts.emplace_back());
        break;
    }
    default: {
        auto& parts = stored.emplace<8>();
        parts.reserve(part_count(*word_));
        for (const auto [key, value] : members())
            value.fill(parts.emplace_back(std::piecewise_construct, std::tuple(key), std::tuple()).second);
    }
    }
}

json json_source::value() const {
    json tree;
    if (word_) {
        fill(tree);
        return tree;
    }
    if (text_count_ == 1) return texts_[0];
    json texts = json::array();
    for (std::size_t i = 0; i < text_count_; ++i) texts.push_back(texts_[i]);
    return texts;
}

bool json_source::longer_than(std::size_t bytes) const noexcept {
    if (word_) return text_length(*this, bytes) > bytes;
    std::size_t length = 0;
    for (std::size_t i = 0; i < text_count_; ++i) length += texts_[i].size() + 3;
    return length > bytes;
}

json read_context::location() const {
    json::array_type loc(prefix_.begin(), prefix_.end());
    const std::size_t first = loc.size();
    for (const auto* node = at_; node; node = node->parent) loc.push_back(node->is_index ? json(node->index) : json(node->key));
    for (std::size_t i = first, j = loc.size(); i + 1 < j; ++i) std::swap(loc[i], loc[--j]);
    return loc;
}

bool read_context::add(std::string_view type, std::string_view msg, const json_source* input, json ctx) {
    if (errors_.full()) return false;
    validation_error_entry entry{std::string(type), location(), std::string(msg), json(), std::move(ctx)};
    if (input) {
        if (secret) {
            entry.input = "**********";
        } else if (input->longer_than(longest_input)) {
            entry.input.reset();
        } else {
            entry.input = input->value();
            if (masking) masking(*entry.input);
        }
    }
    errors_.add(std::move(entry));
    return false;
}

bool read_context::fail(const json_source& input, std::string_view type, std::string_view msg, json ctx) {
    return add(type, msg, &input, std::move(ctx));
}

bool read_context::fail_missing(const json_source* object) {
    const bool masked = secret;
    secret = false;
    add("missing", "Field required", object, {});
    secret = masked;
    return false;
}

// ---- json::parse ----------------------------------------------------------------------------------------------------------------

namespace {

// First key of an object that stands there twice, as the tape word of its second occurrence; nullptr if there is none.
const std::uint64_t* find_duplicate(const json_source& source, std::vector<std::pair<std::string_view, const std::uint64_t*>>& keys) {
    if (source.is_array()) {
        for (const json_source element : source.elements()) {
            if (!element.is_array() && !element.is_object()) continue;
            if (const auto* found = find_duplicate(element, keys)) return found;
        }
        return nullptr;
    }
    if (!source.is_object()) return nullptr;
    const auto members = source.members();
    const std::uint64_t* first = nullptr;
    constexpr std::size_t few = 16;
    if (part_count(*source.word()) <= few) {
        std::string_view known[few];
        std::size_t count = 0;
        for (auto at = members.begin(); !first && at != members.end(); ++at) {
            const std::string_view key = (*at).key;
            for (std::size_t i = 0; i < count; ++i) {
                if (known[i].size() == key.size() && known[i] == key) first = at.word();
            }
            known[count++] = key;
        }
    } else {
        keys.clear();
        for (auto at = members.begin(); at != members.end(); ++at) keys.emplace_back((*at).key, at.word());
        std::sort(keys.begin(), keys.end());
        for (std::size_t i = 1; i < keys.size(); ++i) {
            if (keys[i].first == keys[i - 1].first && (!first || keys[i].second < first)) first = keys[i].second;
        }
    }
    if (first) return first;
    for (const auto [key, value] : members) {
        if (!value.is_array() && !value.is_object()) continue;
        if (const auto* found = find_duplicate(value, keys)) return found;
    }
    return nullptr;
}

[[noreturn]] void throw_parse_error(std::string_view text, std::string reason, std::size_t offset) {
    const auto position = detail::position_of(text, offset);
    throw json_parse_error(std::move(reason), position.character, position.line, position.column);
}

void drop_repeated(json& value) {
    for (auto& element : value.is_array() ? value.elements() : std::span<json>()) drop_repeated(element);
    if (!value.is_object()) return;
    auto members = value.items();
    json::object_type kept;
    for (auto& [key, member] : members) {
        drop_repeated(member);
        auto found = std::find_if(kept.begin(), kept.end(), [&](const json::member& other) { return other.first == key; });
        if (found == kept.end()) {
            kept.emplace_back(key, std::move(member));
        } else {
            found->second = std::move(member);
        }
    }
    value = json(std::move(kept));
}

}  // namespace

json json::parse(std::string_view text, const json_parse_options& options) {
    const detail::json_document document(text, options.max_depth);
    if (!document.valid()) throw_parse_error(text, document.fault().reason, document.fault().offset);
    const json_source root = document.root();
    std::vector<std::pair<std::string_view, const std::uint64_t*>> keys;
    const std::uint64_t* const duplicate = find_duplicate(root, keys);
    if (!duplicate) return root.value();
    if (options.duplicates == duplicate_keys::refuse) {
        const auto key = json_source::at_word(duplicate, root.tape()).string();
        throw_parse_error(text, fmt::format("Duplicate key '{}'", key), document.offset_of(duplicate));
    }
    json value = root.value();
    drop_repeated(value);
    return value;
}

}  // namespace hem
