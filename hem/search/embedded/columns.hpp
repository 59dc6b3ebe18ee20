// Columns: the values of keyword, number, date and boolean fields by document number, in memory, for filters, sorting and aggregations.
//
// One writer appends, any number of readers hold views. A view is fixed at the moment it was taken: it sees the documents of its
// generation and never changes. Nothing that a view can reach is ever moved or freed while the view lives, so no reader takes a lock
// (but for looking a keyword up, which takes a shared one).
#pragma once

#include "hem/search/embedded/fields.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace hem::search::embedded {

using docno = std::uint32_t;

namespace detail {

// An array that grows in chunks that never move. `push` is for the one writer; `view` may be read by others once published.
template <class T>
class grow_array {
public:
    static constexpr std::size_t shift = 12, chunk = std::size_t{1} << shift;
    using directory = std::vector<std::shared_ptr<T[]>>;

    struct view {
        std::shared_ptr<const directory> owner;
        const std::shared_ptr<T[]>* chunks = nullptr;
        std::size_t size = 0;

        const T& operator[](std::size_t at) const noexcept { return chunks[at >> shift][at & (chunk - 1)]; }
        const T* chunk_at(std::size_t number) const noexcept { return chunks[number].get(); }
    };

    void push(T value) {
        if ((size_ & (chunk - 1)) == 0) {
            auto wider = std::make_shared<directory>(*directory_);
            wider->push_back(std::make_shared<T[]>(chunk));
            directory_ = std::move(wider);
        }
        (*directory_)[size_ >> shift][size_ & (chunk - 1)] = value;
        ++size_;
    }
    std::size_t size() const noexcept { return size_; }
    const T& operator[](std::size_t at) const noexcept { return (*directory_)[at >> shift][at & (chunk - 1)]; }
    view look() const noexcept { return {directory_, directory_->data(), size_}; }

private:
    std::shared_ptr<directory> directory_ = std::make_shared<directory>();
    std::size_t size_ = 0;
};

class dictionary;

}  // namespace detail

// The values of one field up to the last document of a snapshot. Cheap to copy.
class column_view {
public:
    field_kind kind = field_kind::keyword;

    // Every document of the snapshot has exactly one value: the value of document d is the one at index d.
    bool single_valued() const noexcept { return starts.size == 0; }
    std::size_t value_count(docno document) const noexcept { return single_valued() ? 1 : starts[document + 1] - starts[document]; }
    // [first, last) of the values of a document; for ordinal(), integer() and floating().
    std::size_t first(docno document) const noexcept { return single_valued() ? document : starts[document]; }
    std::size_t last(docno document) const noexcept { return single_valued() ? document + 1 : starts[document + 1]; }

    // keyword: number of the text in the field's dictionary, in order of first use. A document's ordinals are distinct.
    std::uint32_t ordinal(std::size_t index) const noexcept { return ordinals[index]; }
    // integer, boolean (0, 1), date (epoch milliseconds); rising within a document.
    std::int64_t integer(std::size_t index) const noexcept { return integers[index]; }
    double floating(std::size_t index) const noexcept { return doubles[index]; }

    // keyword: all ordinals are below this; some may belong to deleted documents only.
    std::uint32_t ordinal_count() const noexcept { return static_cast<std::uint32_t>(terms.size); }
    std::string_view term(std::uint32_t number) const noexcept { return terms[number]; }
    std::optional<std::uint32_t> find(std::string_view term) const;

    detail::grow_array<std::uint32_t>::view starts;  // empty while single valued
    detail::grow_array<std::uint32_t>::view ordinals;
    detail::grow_array<std::int64_t>::view integers;
    detail::grow_array<double>::view doubles;
    detail::grow_array<std::string_view>::view terms;
    std::shared_ptr<const detail::dictionary> dictionary;
};

}  // namespace hem::search::embedded
