#include "hem/search/embedded/gram_stages.hpp"

#include "hem/search/embedded/unicode_words.hpp"

#include <algorithm>
#include <deque>

namespace hem::search::embedded::detail {

namespace {

class ngram_stage final : public stage {
public:
    ngram_stage(std::size_t smallest, std::size_t largest, bool edge, bool preserve)
        : smallest_(smallest), largest_(largest), edge_(edge), preserve_(preserve) {}
    void accept(working_token& each) override {
        std::vector<std::size_t> cuts;
        for (std::size_t at = 0; at < each.text.size(); at += decode(each.text, at).bytes) cuts.push_back(at);
        const auto count = cuts.size();
        cuts.push_back(each.text.size());
        std::uint32_t increment = each.position_increment + holes_;
        bool any = false;
        auto give = [&](std::string text) {
            working_token gram = each;
            gram.text = std::move(text);
            gram.position_increment = increment;
            increment = 0;
            any = true;
            next->accept(gram);
        };
        for (std::size_t from = 0; from < (edge_ ? std::min<std::size_t>(1, count) : count); ++from) {
            for (std::size_t length = smallest_; length <= largest_ && from + length <= count; ++length) {
                give(each.text.substr(cuts[from], cuts[from + length] - cuts[from]));
            }
        }
        if (preserve_ && (count < smallest_ || count > largest_)) give(each.text);
        holes_ = any ? 0 : holes_ + each.position_increment;
    }
    void finish(std::uint32_t holes) override { next->finish(holes + holes_); }

private:
    std::size_t smallest_, largest_;
    bool edge_, preserve_;
    std::uint32_t holes_ = 0;
};

// Joins neighbouring tokens; holes are filled with "_".
class shingle_stage final : public stage {
public:
    shingle_stage(std::size_t smallest, std::size_t largest, bool unigrams, std::string separator, std::string filler)
        : smallest_(smallest), largest_(largest), unigrams_(unigrams), separator_(std::move(separator)), filler_(std::move(filler)) {}
    void accept(working_token& each) override {
        if (each.position_increment == 0 && !window_.empty()) return;  // only one token per position takes part
        for (std::uint32_t hole = 1; hole < each.position_increment; ++hole) {
            working_token gap = each;
            gap.text = filler_;
            gap.end = gap.start;
            gap.end_utf16 = gap.start_utf16;
            push({std::move(gap), true});
        }
        push({each, false});
    }
    void finish(std::uint32_t holes) override {
        while (!window_.empty()) give();
        next->finish(holes + holes_);
    }

private:
    struct slot {
        working_token made;
        bool filler;
    };
    void push(slot each) {
        window_.push_back(std::move(each));
        if (window_.size() == largest_) give();
    }
    // All shingles that begin at the oldest token of the window.
    void give() {
        std::uint32_t increment = 1 + holes_;
        bool any = false;
        std::string text;
        bool only_filler = true;
        for (std::size_t count = 1; count <= window_.size(); ++count) {
            const auto& last = window_[count - 1];
            if (count > 1) text += separator_;
            text += last.made.text;
            only_filler = only_filler && last.filler;
            const bool wanted = count == 1 ? unigrams_ && !last.filler : count >= smallest_ && !only_filler;
            if (!wanted) continue;
            working_token out = window_.front().made;
            out.text = text;
            out.end = last.made.end;
            out.end_utf16 = last.made.end_utf16;
            out.position_increment = increment;
            out.position_length = static_cast<std::uint32_t>(unigrams_ || smallest_ == 1 ? count : count - smallest_ + 1);
            if (count > 1) out.type = token_type::shingle;
            increment = 0;
            any = true;
            next->accept(out);
        }
        holes_ = any ? 0 : holes_ + 1;
        window_.pop_front();
    }

    std::size_t smallest_, largest_;
    bool unigrams_;
    std::string separator_, filler_;
    std::deque<slot> window_;
    std::uint32_t holes_ = 0;
};

}  // namespace

std::unique_ptr<stage> make_ngrams(std::size_t smallest, std::size_t largest, bool edge, bool preserve) {
    return std::make_unique<ngram_stage>(smallest, largest, edge, preserve);
}

std::unique_ptr<stage> make_shingles(std::size_t smallest, std::size_t largest, bool unigrams, std::string separator, std::string filler) {
    return std::make_unique<shingle_stage>(smallest, largest, unigrams, std::move(separator), std::move(filler));
}

}  // namespace hem::search::embedded::detail
