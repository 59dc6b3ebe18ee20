// Filters over columns: ranges, sets, existence.
#include "hem/search/embedded/query_nodes.hpp"

#include <type_traits>

namespace hem::search::embedded::detail {

namespace {

static_assert(grow_array<std::int64_t>::chunk == window_documents, "a window of a single-valued column is one chunk");

// A document matches if any of its values does. `Test` answers for an index into the column.
template <class Test>
class value_node final : public query_node {
public:
    value_node(const index_generation& over, const column_view& column, std::int64_t cost, Test test)
        : column_(column), limit_(over.limit()), cost_(cost), test_(std::move(test)) {}

    void evaluate(std::size_t window, const std::uint64_t* candidates, bits& out, float* scores) override {
        const auto base = static_cast<docno>(window * window_documents);
        const bool single = column_.single_valued();
        for (std::size_t word = 0; word < window_words; ++word) {
            std::uint64_t found = 0;
            const auto wanted = candidates[word];
            if (wanted != 0) {
                const docno first = base + static_cast<docno>(word * 64);
                if (single && wanted == ~std::uint64_t{0}) {
                    for (std::uint32_t at = 0; at < 64; ++at) found |= static_cast<std::uint64_t>(test_(column_, first + at)) << at;
                } else {
                    for (auto left = wanted; left != 0; left &= left - 1) {
                        const auto at = static_cast<unsigned>(__builtin_ctzll(left));
                        if (matches(first + at)) found |= std::uint64_t{1} << at;
                    }
                }
            }
            out[word] = found;
        }
        if (scores != nullptr) for_each_bit(out, [&](std::uint32_t at) { scores[at] = 1; });
    }
    docno seek(docno from) override { return from < limit_ ? from : no_more; }
    std::int64_t cost() const override { return cost_; }

private:
    bool matches(docno document) const {
        for (auto at = column_.first(document), last = column_.last(document); at < last; ++at) {
            if (test_(column_, at)) return true;
        }
        return false;
    }

    const column_view& column_;
    docno limit_;
    std::int64_t cost_;
    Test test_;
};

template <class Test>
node_pointer make_value_node(const index_generation& over, const column_view& column, std::int64_t cost, Test test) {
    return std::make_unique<value_node<Test>>(over, column, cost, std::move(test));
}

class column_exists_node final : public query_node {
public:
    column_exists_node(const index_generation& over, const column_view& column) : column_(column), limit_(over.limit()) {}
    void evaluate(std::size_t window, const std::uint64_t* candidates, bits& out, float* scores) override {
        out.fill(0);
        const auto base = static_cast<docno>(window * window_documents);
        for (std::size_t word = 0; word < window_words; ++word) {
            for (auto left = candidates[word]; left != 0; left &= left - 1) {
                const auto at = static_cast<unsigned>(__builtin_ctzll(left));
                if (column_.value_count(base + static_cast<docno>(word * 64) + at) > 0) out[word] |= std::uint64_t{1} << at;
            }
        }
        if (scores != nullptr) for_each_bit(out, [&](std::uint32_t at) { scores[at] = 1; });
    }
    docno seek(docno from) override { return from < limit_ ? from : no_more; }
    std::int64_t cost() const override { return limit_; }

private:
    const column_view& column_;
    docno limit_;
};

class text_exists_node final : public query_node {
public:
    text_exists_node(const index_generation& over, std::uint32_t field) : norms_(over.norms(field)), limit_(over.limit()) {}
    void evaluate(std::size_t window, const std::uint64_t* candidates, bits& out, float* scores) override {
        out.fill(0);
        const auto base = static_cast<docno>(window * window_documents);
        for (std::size_t word = 0; word < window_words; ++word) {
            for (auto left = candidates[word]; left != 0; left &= left - 1) {
                const auto at = static_cast<unsigned>(__builtin_ctzll(left));
                if (norms_[base + static_cast<docno>(word * 64) + at] != 0) out[word] |= std::uint64_t{1} << at;
            }
        }
        if (scores != nullptr) for_each_bit(out, [&](std::uint32_t at) { scores[at] = 1; });
    }
    docno seek(docno from) override { return from < limit_ ? from : no_more; }
    std::int64_t cost() const override { return limit_; }

private:
    const grow_array<std::uint8_t>::view& norms_;
    docno limit_;
};

}  // namespace

node_pointer make_integer_range_node(const index_generation& over, const column_view& column, std::int64_t low, std::int64_t high) {
    return make_value_node(over, column, over.limit(), [low, high](const column_view& in, std::size_t at) {
        const auto value = in.integer(at);
        return value >= low && value <= high;
    });
}

node_pointer make_double_range_node(const index_generation& over, const column_view& column, double low, double high) {
    return make_value_node(over, column, over.limit(), [low, high](const column_view& in, std::size_t at) {
        const auto value = in.floating(at);
        return value >= low && value <= high;
    });
}

node_pointer make_integer_set_node(const index_generation& over, const column_view& column, std::vector<std::int64_t> sorted) {
    return make_value_node(over, column, over.limit(), [set = std::move(sorted)](const column_view& in, std::size_t at) {
        return std::binary_search(set.begin(), set.end(), in.integer(at));
    });
}

node_pointer make_double_set_node(const index_generation& over, const column_view& column, std::vector<double> sorted) {
    return make_value_node(over, column, over.limit(), [set = std::move(sorted)](const column_view& in, std::size_t at) {
        return std::binary_search(set.begin(), set.end(), in.floating(at));
    });
}

node_pointer make_ordinal_set_node(const index_generation& over, const column_view& column, std::vector<std::uint64_t> ordinals,
                                   std::int64_t cost) {
    return make_value_node(over, column, cost, [set = std::move(ordinals)](const column_view& in, std::size_t at) {
        const auto ordinal = in.ordinal(at);
        return (set[ordinal >> 6] >> (ordinal & 63) & 1) != 0;
    });
}

node_pointer make_column_exists_node(const index_generation& over, const column_view& column) {
    return std::make_unique<column_exists_node>(over, column);
}

node_pointer make_text_exists_node(const index_generation& over, std::uint32_t field) {
    return std::make_unique<text_exists_node>(over, field);
}

}  // namespace hem::search::embedded::detail
