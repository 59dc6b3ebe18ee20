#include "hem/search/embedded/postings.hpp"

namespace hem::search::embedded::detail {

std::string posting_cache::key(std::int64_t index, std::uint32_t field, std::string_view term) {
    std::string made;
    made.reserve(term.size() + 12);
    made.append(reinterpret_cast<const char*>(&index), sizeof index);
    made.append(reinterpret_cast<const char*>(&field), sizeof field);
    made.append(term);
    return made;
}

std::string posting_cache::holes_key(std::int64_t index, std::uint32_t field, std::uint32_t block) {
    // No field has that number.
    return key(index, ~field, std::string_view(reinterpret_cast<const char*>(&block), sizeof block));
}

shared_postings posting_cache::find(std::string_view key) {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return found->second->list;
}

void posting_cache::put(const std::string& key, shared_postings list) {
    const std::size_t bytes = list->bytes() + key.size() + sizeof(entry);
    std::vector<shared_postings> dropped;  // freed after the lock is released
    const std::lock_guard lock(mutex_);
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
        bytes_ -= found->second->bytes;
        dropped.push_back(std::move(found->second->list));
        const auto place = found->second;
        by_key_.erase(found);
        order_.erase(place);
    }
    if (bytes > limit_) return;
    order_.push_front({key, std::move(list), bytes});
    by_key_.emplace(order_.front().key, order_.begin());
    bytes_ += bytes;
    while (bytes_ > limit_) {
        auto& last = order_.back();
        bytes_ -= last.bytes;
        dropped.push_back(std::move(last.list));
        by_key_.erase(last.key);
        order_.pop_back();
    }
}

void posting_cache::clear() {
    const std::lock_guard lock(mutex_);
    by_key_.clear();
    order_.clear();
    bytes_ = 0;
}

}  // namespace hem::search::embedded::detail
