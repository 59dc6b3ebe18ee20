#include "hem/search/embedded/query_nodes.hpp"

#pragma clang fp contract(off)

namespace hem::search::embedded::detail {

namespace {

class none_node final : public query_node {
public:
    void evaluate(std::size_t, const std::uint64_t*, bits& out, float*) override { out.fill(0); }
    docno seek(docno) override { return no_more; }
    std::int64_t cost() const override { return 0; }
};

void fill_scores(const bits& matched, float score, float* scores) {
    if (scores == nullptr) return;
    for_each_bit(matched, [&](std::uint32_t at) { scores[at] = score; });
}

class all_node final : public query_node {
public:
    all_node(const index_generation& over, float score) : limit_(over.limit()), score_(score) {}
    void evaluate(std::size_t, const std::uint64_t* candidates, bits& out, float* scores) override {
        std::copy_n(candidates, window_words, out.begin());
        fill_scores(out, score_, scores);
    }
    docno seek(docno from) override { return from < limit_ ? from : no_more; }
    std::int64_t cost() const override { return limit_; }

private:
    docno limit_;
    float score_;
};

bool contains(const std::uint64_t* set, std::uint32_t at) noexcept { return (set[at >> 6] >> (at & 63) & 1) != 0; }

class term_node final : public query_node {
public:
    term_node(const index_generation& over, shared_postings list, float weight, std::shared_ptr<const norm_factors> factors)
        : list_(std::move(list)), factors_(std::move(factors)), weight_(weight) {
        const auto& documents = list_->documents;
        size_ = static_cast<std::size_t>(
            (list_->limit <= over.limit() ? documents.end() : std::ranges::lower_bound(documents, over.limit())) - documents.begin());
        if (list_->frequencies.empty() && factors_ != nullptr) plain_score_ = bm25_score(weight_, 1.0f, (*factors_)[1]);
    }

    void evaluate(std::size_t window, const std::uint64_t* candidates, bits& out, float* scores) override {
        out.fill(0);
        walk(window, candidates, [&](std::size_t at, std::uint32_t local) {
            out[local >> 6] |= std::uint64_t{1} << (local & 63);
            if (scores != nullptr) scores[local] = score(at);
        });
    }
    bool accumulate(std::size_t window, const std::uint64_t* candidates, bits& seen, double* sums) override {
        walk(window, candidates, [&](std::size_t at, std::uint32_t local) {
            seen[local >> 6] |= std::uint64_t{1} << (local & 63);
            sums[local] += score(at);
        });
        return true;
    }
    docno seek(docno from) override {
        advance(from);
        return at_ < size_ ? list_->documents[at_] : no_more;
    }
    std::int64_t cost() const override { return static_cast<std::int64_t>(size_); }

private:
    float score(std::size_t at) const {
        if (list_->frequencies.empty()) return plain_score_;
        return bm25_score(weight_, static_cast<float>(list_->frequencies[at]), (*factors_)[list_->norms[at]]);
    }
    void advance(docno to) { at_ = advance_to(std::span(list_->documents).first(size_), at_, to); }
    template <class F>
    void walk(std::size_t window, const std::uint64_t* candidates, F&& f) {
        const auto base = static_cast<docno>(window * window_documents);
        advance(base);
        const auto* documents = list_->documents.data();
        for (std::size_t at = at_; at < size_; ++at) {
            const std::uint32_t local = documents[at] - base;
            if (local >= window_documents) break;
            if (contains(candidates, local)) f(at, local);
        }
    }

    shared_postings list_;
    std::shared_ptr<const norm_factors> factors_;
    float weight_, plain_score_ = 1;
    std::size_t size_ = 0, at_ = 0;
};

class bitmap_node final : public query_node {
public:
    bitmap_node(std::vector<std::uint64_t> words, float score) : words_(std::move(words)), score_(score) {
        for (const auto word : words_) cost_ += __builtin_popcountll(word);
    }
    void evaluate(std::size_t window, const std::uint64_t* candidates, bits& out, float* scores) override {
        const std::size_t base = window * window_words;
        for (std::size_t at = 0; at < window_words; ++at) out[at] = base + at < words_.size() ? words_[base + at] & candidates[at] : 0;
        fill_scores(out, score_, scores);
    }
    docno seek(docno from) override {
        std::size_t at = from >> 6;
        if (at >= words_.size()) return no_more;
        auto word = words_[at] & (~std::uint64_t{0} << (from & 63));
        while (word == 0) {
            if (++at == words_.size()) return no_more;
            word = words_[at];
        }
        return static_cast<docno>(at * 64 + static_cast<unsigned>(__builtin_ctzll(word)));
    }
    std::int64_t cost() const override { return cost_; }

private:
    std::vector<std::uint64_t> words_;
    float score_;
    std::int64_t cost_ = 0;
};

class constant_node final : public query_node {
public:
    constant_node(node_pointer inner, float score) : inner_(std::move(inner)), score_(score) {}
    void evaluate(std::size_t window, const std::uint64_t* candidates, bits& out, float* scores) override {
        inner_->evaluate(window, candidates, out, nullptr);
        fill_scores(out, score_, scores);
    }
    docno seek(docno from) override { return inner_->seek(from); }
    std::int64_t cost() const override { return inner_->cost(); }

private:
    node_pointer inner_;
    float score_;
};

class several_nodes : public query_node {
public:
    explicit several_nodes(std::vector<node_pointer> children) : children_(std::move(children)) {}
    docno seek(docno from) override {
        docno least = no_more;
        for (const auto& each : children_) least = std::min(least, each->seek(from));
        return least;
    }
    std::int64_t cost() const override {
        std::int64_t sum = 0;
        for (const auto& each : children_) sum += each->cost();
        return sum;
    }

protected:
    std::vector<node_pointer> children_;
};

// The sum of the matching clauses' scores, in double, as a float; at least `minimum` must match.
class disjunction_node final : public several_nodes {
public:
    disjunction_node(std::vector<node_pointer> children, int minimum) : several_nodes(std::move(children)), minimum_(minimum) {}
    void evaluate(std::size_t window, const std::uint64_t* candidates, bits& out, float* scores) override {
        out.fill(0);
        bits found;
        if (minimum_ > 1) {
            counted(window, candidates, out, scores);
            return;
        }
        if (scores == nullptr) {
            for (const auto& each : children_) {
                each->evaluate(window, candidates, found, nullptr);
                for (std::size_t at = 0; at < window_words; ++at) out[at] |= found[at];
            }
            return;
        }
        prepare();
        for (const auto& each : children_) {
            if (each->accumulate(window, candidates, out, sums_.data())) continue;
            each->evaluate(window, candidates, found, own_.data());
            for_each_bit(found, [&](std::uint32_t at) { sums_[at] += own_[at]; });
            for (std::size_t at = 0; at < window_words; ++at) out[at] |= found[at];
        }
        for_each_bit(out, [&](std::uint32_t at) {
            scores[at] = static_cast<float>(sums_[at]);
            sums_[at] = 0;
        });
    }

private:
    void prepare() {
        if (!sums_.empty()) return;
        sums_.resize(window_documents);
        own_.resize(window_documents);
    }
    void counted(std::size_t window, const std::uint64_t* candidates, bits& out, float* scores) {
        prepare();
        counts_.resize(window_documents);
        bits any{}, found;
        for (const auto& each : children_) {
            each->evaluate(window, candidates, found, scores != nullptr ? own_.data() : nullptr);
            for_each_bit(found, [&](std::uint32_t at) {
                ++counts_[at];
                if (scores != nullptr) sums_[at] += own_[at];
            });
            for (std::size_t at = 0; at < window_words; ++at) any[at] |= found[at];
        }
        for_each_bit(any, [&](std::uint32_t at) {
            if (counts_[at] >= minimum_) {
                out[at >> 6] |= std::uint64_t{1} << (at & 63);
                if (scores != nullptr) scores[at] = static_cast<float>(sums_[at]);
            }
            counts_[at] = 0;
            sums_[at] = 0;
        });
    }

    int minimum_;
    std::vector<double> sums_;
    std::vector<float> own_;
    std::vector<int> counts_;
};

class dis_max_node final : public several_nodes {
public:
    dis_max_node(std::vector<node_pointer> children, float tie_breaker) : several_nodes(std::move(children)), tie_breaker_(tie_breaker) {}
    void evaluate(std::size_t window, const std::uint64_t* candidates, bits& out, float* scores) override {
        out.fill(0);
        bits found;
        if (scores != nullptr && best_.empty()) {
            best_.resize(window_documents);
            own_.resize(window_documents);
            rest_.resize(window_documents);
        }
        for (const auto& each : children_) {
            each->evaluate(window, candidates, found, scores != nullptr ? own_.data() : nullptr);
            if (scores != nullptr) {
                for_each_bit(found, [&](std::uint32_t at) {
                    if (!contains(out.data(), at)) {
                        best_[at] = own_[at];
                        rest_[at] = 0;
                    } else if (own_[at] >= best_[at]) {
                        rest_[at] += best_[at];
                        best_[at] = own_[at];
                    } else {
                        rest_[at] += own_[at];
                    }
                });
            }
            for (std::size_t at = 0; at < window_words; ++at) out[at] |= found[at];
        }
        if (scores != nullptr)
            for_each_bit(out, [&](std::uint32_t at) { scores[at] = static_cast<float>(best_[at] + rest_[at] * tie_breaker_); });
    }

private:
    float tie_breaker_;
    std::vector<float> best_, own_;
    std::vector<double> rest_;
};

class boosting_node final : public query_node {
public:
    boosting_node(node_pointer positive, node_pointer negative, float factor)
        : positive_(std::move(positive)), negative_(std::move(negative)), factor_(factor) {}
    void evaluate(std::size_t window, const std::uint64_t* candidates, bits& out, float* scores) override {
        positive_->evaluate(window, candidates, out, scores);
        if (scores == nullptr) return;
        bits lowered;
        negative_->evaluate(window, out.data(), lowered, nullptr);
        for_each_bit(lowered, [&](std::uint32_t at) { scores[at] *= factor_; });
    }
    docno seek(docno from) override { return positive_->seek(from); }
    std::int64_t cost() const override { return positive_->cost(); }

private:
    node_pointer positive_, negative_;
    float factor_;
};

// Required scores are summed in double and cast; the optional sum is cast and added in float.
class boolean_node final : public query_node {
public:
    explicit boolean_node(boolean_parts parts) : parts_(std::move(parts)) {
        for (auto& each : parts_.must) required_.push_back({each.get(), true, {}});
        for (auto& each : parts_.filter) required_.push_back({each.get(), false, {}});
        if (parts_.should_required) required_.push_back({parts_.should.get(), true, {}});
        std::ranges::sort(required_, {}, [](const clause& each) { return each.node->cost(); });
    }
    void evaluate(std::size_t window, const std::uint64_t* candidates, bits& out, float* scores) override;
    docno seek(docno from) override {
        docno furthest = from;
        for (const auto& each : required_) furthest = std::max(furthest, each.node->seek(furthest));
        return furthest;
    }
    std::int64_t cost() const override { return required_.empty() ? 0 : required_.front().node->cost(); }

private:
    struct clause {
        query_node* node;
        bool scoring;
        std::vector<float> scores;
    };
    boolean_parts parts_;
    std::vector<clause> required_;  // the cheapest first
    std::vector<float> optional_;
};

void boolean_node::evaluate(std::size_t window, const std::uint64_t* candidates, bits& out, float* scores) {
    std::copy_n(candidates, window_words, out.begin());
    bits found;
    bool any_scores = false;
    for (auto& each : required_) {
        const bool scoring = scores != nullptr && each.scoring;
        if (scoring) each.scores.resize(window_documents);
        any_scores = any_scores || scoring;
        each.node->evaluate(window, out.data(), found, scoring ? each.scores.data() : nullptr);
        out = found;
        if (is_empty(out)) return;
    }
    for (const auto& each : parts_.must_not) {
        each->evaluate(window, out.data(), found, nullptr);
        for (std::size_t at = 0; at < window_words; ++at) out[at] &= ~found[at];
    }
    if (scores == nullptr) return;
    if (!any_scores) {
        fill_scores(out, 0, scores);
    } else {
        for_each_bit(out, [&](std::uint32_t at) {
            double sum = 0;
            for (const auto& each : required_) {
                if (each.scoring) sum += each.scores[at];
            }
            scores[at] = static_cast<float>(sum);
        });
    }
    if (parts_.should == nullptr || parts_.should_required) return;
    optional_.resize(window_documents);
    parts_.should->evaluate(window, out.data(), found, optional_.data());
    for_each_bit(found, [&](std::uint32_t at) { scores[at] += optional_[at]; });
}

}  // namespace

node_pointer make_none_node() { return std::make_unique<none_node>(); }
node_pointer make_all_node(const index_generation& over, float score) { return std::make_unique<all_node>(over, score); }
node_pointer make_term_node(const index_generation& over, shared_postings list, float weight, std::shared_ptr<const norm_factors> factors) {
    return std::make_unique<term_node>(over, std::move(list), weight, std::move(factors));
}
node_pointer make_bitmap_node(std::vector<std::uint64_t> words, float score) {
    return std::make_unique<bitmap_node>(std::move(words), score);
}
node_pointer make_constant_node(node_pointer inner, float score) { return std::make_unique<constant_node>(std::move(inner), score); }
node_pointer make_disjunction_node(std::vector<node_pointer> children, int minimum) {
    return std::make_unique<disjunction_node>(std::move(children), minimum);
}
node_pointer make_dis_max_node(std::vector<node_pointer> children, float tie_breaker) {
    return std::make_unique<dis_max_node>(std::move(children), tie_breaker);
}
node_pointer make_boosting_node(node_pointer positive, node_pointer negative, float factor) {
    return std::make_unique<boosting_node>(std::move(positive), std::move(negative), factor);
}
node_pointer make_boolean_node(boolean_parts parts) { return std::make_unique<boolean_node>(std::move(parts)); }

}  // namespace hem::search::embedded::detail
