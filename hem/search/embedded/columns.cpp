#include "hem/search/embedded/store_internal.hpp"

namespace hem::search::embedded {

std::optional<std::uint32_t> column_view::find(std::string_view term) const {
    if (dictionary == nullptr) return std::nullopt;
    const auto found = dictionary->find(term);
    if (found.has_value() && *found >= terms.size) return std::nullopt;  // added after this view was taken
    return found;
}

namespace detail {

std::optional<std::uint32_t> dictionary::find(std::string_view term) const {
    const std::shared_lock lock(mutex_);
    const auto found = ordinals_.find(term);
    if (found == ordinals_.end()) return std::nullopt;
    return found->second;
}

std::uint32_t dictionary::add(std::string_view term) {
    if (const auto found = ordinals_.find(term); found != ordinals_.end()) return found->second;  // only this thread changes the map
    const std::unique_lock lock(mutex_);
    const auto ordinal = static_cast<std::uint32_t>(texts_.size());
    const std::string_view kept = texts_.emplace_back(term);
    terms_.push(kept);
    ordinals_.emplace(kept, ordinal);
    return ordinal;
}

column_writer::column_writer(field_kind kind, docno documents)
    : kind_(kind), single_(documents == 0), dictionary_(kind == field_kind::keyword ? std::make_shared<dictionary>() : nullptr) {
    if (!single_) {
        for (docno each = 0; each <= documents; ++each) starts_.push(0);
    }
}

std::size_t column_writer::values() const noexcept {
    switch (kind_) {
    case field_kind::keyword: return ordinals_.size();
    case field_kind::floating: return doubles_.size();
    default: return integers_.size();
    }
}

void column_writer::begin(docno) { added_ = 0; }

void column_writer::end(docno document) {
    if (single_ && added_ != 1) {
        single_ = false;
        for (docno each = 0; each <= document; ++each) starts_.push(each);
    }
    if (!single_) starts_.push(static_cast<std::uint32_t>(values()));
}

std::int64_t column_writer::distinct(docno document) const noexcept {
    const std::size_t first = single_ ? document : starts_[document], last = single_ ? document + 1 : starts_[document + 1];
    if (kind_ == field_kind::keyword) return static_cast<std::int64_t>(last - first);
    std::int64_t count = 0;
    for (auto at = first; at < last; ++at) {
        if (at > first && (kind_ == field_kind::floating ? doubles_[at] == doubles_[at - 1] : integers_[at] == integers_[at - 1])) continue;
        ++count;
    }
    return count;
}

column_view column_writer::look() const {
    column_view view;
    view.kind = kind_;
    if (!single_) view.starts = starts_.look();
    view.ordinals = ordinals_.look();
    view.integers = integers_.look();
    view.doubles = doubles_.look();
    if (dictionary_ != nullptr) {
        view.terms = dictionary_->look();
        view.dictionary = dictionary_;
    }
    return view;
}

}  // namespace detail

}  // namespace hem::search::embedded
