#include "hem/model/model_info.hpp"

#include "hem/core/errors.hpp"
#include "hem/model/constraints.hpp"
#include "hem/model/members.hpp"
#include "hem/model/pattern_matcher.hpp"

#include <cstring>
#include <fmt/format.h>
#include <map>
#include <new>

namespace hem {

namespace {

using detail::constraint_kind;

const detail::constraint* find_constraint(const type_operations& operations, constraint_kind kind) {
    for (const auto& each : operations.constraints) {
        if (each.kind == kind) return &each;
    }
    return nullptr;
}

bool has(const type_operations& operations, constraint_kind kind) { return find_constraint(operations, kind) != nullptr; }

std::uint32_t hash_key(std::string_view key, std::uint32_t seed) noexcept {
    if (key.empty()) return seed;
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(key[i])); };
    std::uint32_t hash = static_cast<std::uint32_t>(key.size()) * 0x9e3779b1u + seed;
    hash = (hash ^ byte(0)) * 0x85ebca6bu;
    hash = (hash ^ byte(key.size() / 2)) * 0xc2b2ae35u;
    hash = (hash ^ byte(key.size() - 1)) * 0x27d4eb2fu;
    return hash ^ hash >> 15;
}

// Keeps the compiler from knowing what is in the memory.
void forget_contents(void* memory) { asm volatile("" : : "r"(memory) : "memory"); }

}  // namespace

model_info::model_info(const detail::model_seed& seed) : seed_(seed) {
    const std::size_t count = seed_.members.size();
    initial_ = ::operator new(seed_.size, std::align_val_t(seed_.alignment));
    seed_.make(initial_);
    std::vector<const void*> places(count + 1);
    seed_.addresses(initial_, places.data());
    for (std::size_t i = 0; i < count; ++i) {
        const auto offset = static_cast<std::size_t>(static_cast<const char*>(places[i]) - static_cast<const char*>(initial_));
        if (seed_.roles[i] == detail::member_role::fields_set) fields_set_member_ = static_cast<int>(offset);
        if (seed_.roles[i] == detail::member_role::extras) extras_member_ = static_cast<int>(offset);
        if (seed_.roles[i] != detail::member_role::value) continue;
        const type_operations& operations = *seed_.members[i];
        member_info& member = members_.emplace_back();
        member.name = seed_.name_at ? seed_.name_at(i) : detail::name_in(seed_.names_text, i);
        const auto* alias = find_constraint(operations, constraint_kind::alias);
        member.wire_name = alias ? alias->text : member.name;
        append_json_string(member.quoted_key, member.wire_name);
        member.quoted_key += ':';
        member.offset = offset;
        member.operations = &operations;
        member.secret = has(operations, constraint_kind::secret);
        member.read_only = has(operations, constraint_kind::read_only) || operations.write_computed;
        member.write_only = has(operations, constraint_kind::write_only);
        for (const auto& each : operations.constraints) {
            if (each.kind == constraint_kind::pattern) {
                try {
                    (void)detail::pattern_for(each.text);
                } catch (const usage_error& error) {
                    throw usage_error(fmt::format("member '{}' of '{}': {}", member.name, seed_.type_name, error.what()));
                }
            }
        }
    }
    find_initialised();
    for (auto& member : members_) {
        if (member.operations->has_default) member.required = !member.operations->has_default(member.in(initial_));
        if (member.operations->write_computed || has(*member.operations, constraint_kind::read_only)) member.required = false;
        all_have_defaults_ = all_have_defaults_ && !member.required;
        is_split_ = is_split_ || member.read_only || member.write_only;
    }
    build_slots();
}

model_info::~model_info() {
    seed_.destroy(initial_);
    ::operator delete(initial_, std::align_val_t(seed_.alignment));
}

// Numbers and enums have a default when they have an initialiser: default-initialising the object over two byte patterns leaves a
// member without one as the pattern was.
void model_info::find_initialised() {
    constexpr unsigned char patterns[] = {0xa5, 0x5a};
    std::vector<bool> untouched(members_.size(), true);
    void* memory = ::operator new(seed_.size, std::align_val_t(seed_.alignment));
    for (const unsigned char pattern : patterns) {
        std::memset(memory, pattern, seed_.size);
        forget_contents(memory);
        seed_.make_bare(memory);
        forget_contents(memory);
        for (std::size_t i = 0; i < members_.size(); ++i) {
            if (members_[i].operations->has_default) continue;
            const auto* bytes = static_cast<const unsigned char*>(members_[i].in(memory));
            for (std::size_t k = 0; k < members_[i].operations->size; ++k) {
                if (bytes[k] != pattern) untouched[i] = false;
            }
        }
        seed_.destroy(memory);
    }
    ::operator delete(memory, std::align_val_t(seed_.alignment));
    for (std::size_t i = 0; i < members_.size(); ++i) members_[i].required = untouched[i];
}

void model_info::build_slots() {
    if (members_.size() < 4) return;
    for (std::size_t size = 8; size <= 1024; size *= 2) {
        if (size < 2 * members_.size()) continue;
        for (std::uint32_t attempt = 1; attempt <= 64; ++attempt) {
            slots_.assign(size, 0);
            slot_seed_ = attempt * 0x9e3779b9u;
            bool free = true;
            for (std::size_t i = 0; free && i < members_.size(); ++i) {
                auto& slot = slots_[slot_of(members_[i].wire_name)];
                free = slot == 0;
                slot = static_cast<std::uint8_t>(i + 1);
            }
            if (free) return;
        }
    }
    slots_.clear();
}

std::size_t model_info::slot_of(std::string_view key) const noexcept { return hash_key(key, slot_seed_) & (slots_.size() - 1); }

std::size_t model_info::index_of(std::string_view key) const noexcept {
    if (!slots_.empty()) {
        const std::size_t slot = slots_[slot_of(key)];
        return slot != 0 && members_[slot - 1].wire_name == key ? slot - 1 : members_.size();
    }
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (members_[i].wire_name == key) return i;
    }
    return members_.size();
}

const member_info* model_info::find(std::string_view wire_name) const noexcept {
    const std::size_t index = index_of(wire_name);
    return index < members_.size() ? &members_[index] : nullptr;
}

std::string model_info::schema_name() const {
    return std::string(seed_.schema_name.empty() ? detail::short_type_name(seed_.type_name) : std::string(seed_.schema_name));
}

bool model_info::read(const json_source& in, void* out, read_context& context) const {
    if (!in.is_object()) {
        return context.fail(in, "model_attributes_type", "Input should be a valid dictionary or object to extract fields from");
    }
    const read_context::flags saved(context);
    context.strict = context.strict || seed_.strict;
    context.masking = seed_.mask;

    const std::size_t count = members_.size();
    const std::uint64_t* found[64];
    std::memset(found, 0, count * sizeof found[0]);
    std::size_t expected = 0;
    bool unknown = false;
    const auto range = in.members();
    for (auto at = range.begin(); at != range.end(); ++at) {
        const std::string_view key = json_source::at_word(at.word(), in.tape()).string();
        const std::size_t index = expected < count && members_[expected].wire_name == key ? expected : index_of(key);
        if (index == count) {
            unknown = true;
            continue;
        }
        if (found[index]) {
            if (!context.duplicate) context.duplicate = at.word();
            return false;
        }
        found[index] = at.word() + 1;
        expected = index + 1;
    }

    const std::size_t errors_before = context.error_count();
    bool good = true;
    auto* seen =
        fields_set_member_ < 0 ? nullptr : static_cast<fields_set*>(static_cast<void*>(static_cast<char*>(out) + fields_set_member_));
    for (std::size_t i = 0; i < count; ++i) {
        const member_info& member = members_[i];
        if (!found[i] && !member.required) continue;
        if (member.read_only) continue;
        const read_context::step step(context, member.wire_name);
        if (!found[i]) {
            good = context.fail_missing(&in);
        } else if (member.operations->read(json_source::at_word(found[i], in.tape()), member.in(out), context)) {
            if (seen) seen->insert(i);
        } else {
            good = false;
        }
        if (!good && (context.full() || context.duplicate)) return false;
    }

    if (unknown && seed_.extra != extra::ignore) {
        for (auto at = range.begin(); at != range.end(); ++at) {
            const auto [key, value] = *at;
            if (index_of(key) != count) continue;
            if (seed_.extra == extra::keep) {
                if (extras_member_ < 0) continue;
                void* place = static_cast<char*>(out) + extras_member_;
                static_cast<std::map<std::string, json>*>(place)->insert_or_assign(std::string(key), value.value());
                continue;
            }
            const read_context::step step(context, key);
            good = context.fail(value, "extra_forbidden", "Extra inputs are not permitted");
        }
    }
    return good && context.error_count() == errors_before && validate(in, out, context);
}

bool model_info::validate(const json_source& in, const void* object, read_context& context) const {
    if (!seed_.validate) return true;
    try {
        seed_.validate(object);
        return true;
    } catch (const value_error& error) {
        return context.fail(in, "value_error", fmt::format("Value error, {}", error.what()), json::object({{"error", json::object()}}));
    }
}

void model_info::mask_secrets(json& object) const {
    for (const auto& member : members_) {
        json* part = object.find(member.wire_name);
        if (!part) continue;
        if (member.operations->mask) member.operations->mask(*part);
    }
}

void model_info::write(json_writer& out, const void* object) const {
    const write_options* const options = out.options();
    out.begin_object();
    if (!options) {
        for (const auto& member : members_) {
            if (member.write_only) continue;
            out.quoted_key(member.quoted_key);
            if (member.operations->write_computed) {
                member.operations->write_computed(out, object);
            } else {
                member.operations->write(out, member.in(object));
            }
        }
    } else {
        write_selected(out, object, *options);
    }
    if (extras_member_ >= 0) {
        const void* place = static_cast<const char*>(object) + extras_member_;
        for (const auto& [key, value] : *static_cast<const std::map<std::string, json>*>(place)) out.member(key, value);
    }
    out.end_object();
}

void model_info::write_selected(json_writer& out, const void* object, const write_options& options) const {
    const auto names = [](const std::vector<std::string_view>& list, std::string_view name) {
        for (const auto each : list) {
            if (each == name) return true;
        }
        return false;
    };
    const bool outermost = out.model_depth() == 0;
    const fields_set* seen = nullptr;
    if (options.exclude_unset) {
        if (fields_set_member_ < 0) {
            throw usage_error(fmt::format(
                "exclude_unset: '{}' does not know which members were given; add a member of type hem::fields_set", seed_.type_name));
        }
        seen = static_cast<const fields_set*>(static_cast<const void*>(static_cast<const char*>(object) + fields_set_member_));
    }
    ++out.model_depth();
    for (std::size_t i = 0; i < members_.size(); ++i) {
        const auto& member = members_[i];
        const auto& operations = *member.operations;
        if (options.write_only ? operations.write_computed != nullptr : member.write_only) continue;
        if (outermost && !options.include.empty() && !names(options.include, member.wire_name)) continue;
        if (outermost && names(options.exclude, member.wire_name)) continue;
        if (seen && !operations.write_computed && !seen->contains(i)) continue;
        if (options.exclude_none && operations.is_null && operations.is_null(member.in(object))) continue;
        if (options.exclude_defaults && !operations.write_computed && !member.required) {
            std::string current;
            std::string initial;
            json_writer current_writer(current);
            json_writer initial_writer(initial);
            operations.write(current_writer, member.in(object));
            operations.write(initial_writer, member.in(initial_));
            if (current == initial) continue;
        }
        if (options.by_alias) {
            out.quoted_key(member.quoted_key);
        } else {
            out.key(member.name);
        }
        if (operations.write_computed) {
            operations.write_computed(out, object);
        } else {
            operations.write(out, member.in(object));
        }
    }
    --out.model_depth();
}

namespace detail {

std::string short_type_name(std::string_view type_name) {
    std::string text(type_name);
    const auto replace = [&](std::string_view from, std::string_view to) {
        for (std::size_t at; (at = text.find(from)) != std::string::npos;) text.replace(at, from.size(), to);
    };
    replace("(anonymous namespace)::", "");
    replace("std::basic_string<char>", "string");
    std::string name;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == ':' && i + 1 < text.size() && text[i + 1] == ':') {
            while (!name.empty() && name.back() != '<') name.pop_back();
            ++i;
        } else if (c == '<' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_') {
            name += c;
        } else if (c == '>') {
            name += '_';
        } else if (c == ',') {
            name += '<';  // begins an argument; becomes `_` below
        }
    }
    for (char& c : name) {
        if (c == '<') c = '_';
    }
    return name;
}

}  // namespace detail

}  // namespace hem
