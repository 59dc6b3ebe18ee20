// From a parsed document to rows: analysis, packing, and the compact form of column values.
#include "hem/search/embedded/fts_tokenizer.hpp"
#include "hem/search/embedded/store_internal.hpp"
#include "hem/search/embedded/varint.hpp"

#include <algorithm>
#include <cstring>

namespace hem::search::embedded {

namespace {

constexpr std::size_t longest_term = 32'766;

[[noreturn]] void throw_immense(const field_spec& field, std::size_t bytes) {
    throw analysis_error("Document contains at least one immense term in field=\"" + field.name +
                         "\" (whose UTF8 encoding is longer than the max length 32766), found " + std::to_string(bytes) + " bytes");
}

// Collects the tokens of all values of one text field.
struct text_packer {
    const field_spec& field;
    prepared_document::postings& out;
    std::uint32_t number = 0;   // tokens so far, without those at the same position
    std::uint32_t carried = 0;  // holes to add before the next token
    bool first_value = true;

    void operator()(const token& each) {
        if (each.text.size() > longest_term) throw_immense(field, each.text.size());
        const bool same = each.position_increment == 0 && number > 0 && carried == 0;
        const std::uint32_t increment = std::max<std::uint32_t>(each.position_increment, number == 0 ? 1 : 0) + carried;
        carried = 0;
        detail::append_packed(out.packed, each.text, same);
        if (same) {
            ++out.overlaps;
            return;
        }
        if (increment > 1) {
            detail::append_varint(out.gaps, number);
            detail::append_varint(out.gaps, increment - 1);
        }
        ++number;
        ++out.length;
    }
};

}  // namespace

prepared_document prepare(const field_plan& plan, const document& parsed) {
    prepared_document made{.id = parsed.id,
                           .routing = parsed.routing,
                           .source = std::string(parsed.source),
                           .texts = {},
                           .keywords = {},
                           .integers = parsed.integers,
                           .doubles = parsed.doubles};
    std::vector<const document::text*> ordered;
    ordered.reserve(parsed.texts.size());
    for (const auto& each : parsed.texts) ordered.push_back(&each);
    std::ranges::sort(ordered, [](const auto* a, const auto* b) { return a->field != b->field ? a->field < b->field : a < b; });
    for (std::size_t at = 0; at < ordered.size();) {
        const auto& field = plan.fields.at(ordered[at]->field);
        if (field.kind != field_kind::text) {
            if (ordered[at]->value.size() > longest_term) throw_immense(field, ordered[at]->value.size());
            made.keywords.emplace_back(field.number, ordered[at]->value);
            ++at;
            continue;
        }
        auto& out = made.texts.emplace_back();
        out.field = field.number;
        const auto& with = plan.index_analyzer(field);
        text_packer packer{field, out};
        for (; at < ordered.size() && ordered[at]->field == field.number; ++at) {
            if (!packer.first_value) packer.carried += field.position_increment_gap;
            packer.first_value = false;
            packer.carried += with.analyze(ordered[at]->value, packer);
        }
    }
    std::ranges::sort(made.keywords);
    made.keywords.erase(std::ranges::unique(made.keywords).begin(), made.keywords.end());
    auto less = [](const auto& a, const auto& b) { return a.field != b.field ? a.field < b.field : a.value < b.value; };
    std::ranges::sort(made.integers, less);
    std::ranges::sort(made.doubles, less);
    return made;
}

namespace detail {

// Lengths: (field, length, overlaps) as varints. Columns: (field, kind, payload) per value.
void encode_lengths(std::string& to, const column_row& row) {
    for (const auto& each : row.texts) {
        append_varint(to, each.field);
        append_varint(to, each.length);
        append_varint(to, each.overlaps);
    }
}

namespace {

constexpr char text_value = 0, integer_value = 1, double_value = 2;

}  // namespace

void encode_columns(std::string& to, const column_row& row) {
    for (const auto& [field, text] : row.keywords) {
        append_varint(to, field);
        to.push_back(text_value);
        append_varint(to, text.size());
        to.append(text);
    }
    for (const auto& each : row.integers) {
        append_varint(to, each.field);
        to.push_back(integer_value);
        append_varint(to, static_cast<std::uint64_t>(each.value) << 1 ^ static_cast<std::uint64_t>(each.value >> 63));
    }
    for (const auto& each : row.doubles) {
        append_varint(to, each.field);
        to.push_back(double_value);
        to.append(reinterpret_cast<const char*>(&each.value), sizeof each.value);
    }
}

bool decode_lengths(std::string_view lengths, std::vector<column_row::text>& to) {
    while (!lengths.empty()) {
        std::uint64_t field = 0, length = 0, overlaps = 0;
        if (!take_varint(lengths, field) || !take_varint(lengths, length) || !take_varint(lengths, overlaps)) return false;
        to.push_back({static_cast<std::uint32_t>(field), static_cast<std::uint32_t>(length), static_cast<std::uint32_t>(overlaps)});
    }
    return true;
}

bool decode_row(std::string_view lengths, std::string_view columns, column_row& to) {
    to.texts.clear();
    to.keywords.clear();
    to.integers.clear();
    to.doubles.clear();
    if (!decode_lengths(lengths, to.texts)) return false;
    while (!columns.empty()) {
        std::uint64_t number = 0, value = 0;
        if (!take_varint(columns, number) || columns.empty()) return false;
        const auto field = static_cast<std::uint32_t>(number);
        const char kind = columns.front();
        columns.remove_prefix(1);
        if (kind == text_value) {
            if (!take_varint(columns, value) || value > columns.size()) return false;
            to.keywords.emplace_back(field, columns.substr(0, value));
            columns.remove_prefix(value);
        } else if (kind == integer_value) {
            if (!take_varint(columns, value)) return false;
            to.integers.push_back({field, static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1))});
        } else if (kind == double_value) {
            double real = 0;
            if (columns.size() < sizeof real) return false;
            std::memcpy(&real, columns.data(), sizeof real);
            to.doubles.push_back({field, real});
            columns.remove_prefix(sizeof real);
        } else {
            return false;
        }
    }
    return true;
}

}  // namespace detail

}  // namespace hem::search::embedded
