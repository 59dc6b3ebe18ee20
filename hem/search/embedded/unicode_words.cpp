#include "hem/search/embedded/unicode_words.hpp"

namespace hem::search::embedded::detail {

void append_utf8(std::string& to, char32_t code) {
    if (code < 0x80) {
        to.push_back(static_cast<char>(code));
    } else if (code < 0x800) {
        to.push_back(static_cast<char>(0xC0 | code >> 6));
        to.push_back(static_cast<char>(0x80 | (code & 0x3F)));
    } else if (code < 0x10000) {
        to.push_back(static_cast<char>(0xE0 | code >> 12));
        to.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
        to.push_back(static_cast<char>(0x80 | (code & 0x3F)));
    } else {
        to.push_back(static_cast<char>(0xF0 | code >> 18));
        to.push_back(static_cast<char>(0x80 | (code >> 12 & 0x3F)));
        to.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
        to.push_back(static_cast<char>(0x80 | (code & 0x3F)));
    }
}

std::uint32_t utf16_length(std::string_view text) noexcept {
    std::uint32_t units = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto found = decode(text, at);
        units += found.value >= 0x10000 ? 2 : 1;
        at += found.bytes;
    }
    return units;
}

std::uint32_t code_point_count(std::string_view text) noexcept {
    std::uint32_t count = 0;
    for (std::size_t at = 0; at < text.size(); ++count) at += decode(text, at).bytes;
    return count;
}

namespace {

bool is_extend(word_class kind) noexcept { return kind == word_class::extend || kind == word_class::complex_extend; }
bool is_letter(word_class kind) noexcept { return kind == word_class::letter || kind == word_class::hangul || kind == word_class::hebrew; }

// The state of a word: what its last base character was.
enum class tail : std::uint8_t { letter, hebrew, hebrew_quote, numeric, katakana, connector };

constexpr char32_t emoji_style = 0xFE0F, text_style = 0xFE0E, keycap = 0x20E3, zero_width_joiner = 0x200D;

}  // namespace

bool word_cursor::peek(place at, char32_t& code, place& after) const noexcept {
    if (at.byte >= text_.size()) return false;
    const auto found = decode(text_, at.byte);
    code = found.value;
    after = {at.byte + found.bytes, at.unit + (found.value >= 0x10000 ? 2u : 1u)};
    return true;
}

word_cursor::place word_cursor::skip_extends(place at) const noexcept {
    char32_t code;
    place after;
    while (peek(at, code, after) && is_extend(unicode(code).word) && fits(after)) at = after;
    return at;
}

bool word_cursor::next(word_segment& out) noexcept {
    char32_t code;
    place after;
    while (peek(at_, code, after)) {
        start_ = at_;
        const auto& record = unicode(code);
        out.start = at_.byte;
        out.start_utf16 = at_.unit;
        auto finish = [&](place end, token_type type) {
            at_ = end;
            out.end = end.byte;
            out.end_utf16 = end.unit;
            out.type = type;
            return true;
        };
        switch (record.word) {
        case word_class::letter:
        case word_class::hangul:
        case word_class::hebrew:
        case word_class::numeric:
        case word_class::katakana:
        case word_class::extend_num_let: {
            word_segment keycap_segment = out;
            const bool boxed = code < 0x80 && emoji(at_, code, after, keycap_segment);
            if (word(at_, out) && (!boxed || out.end > keycap_segment.end)) {
                at_ = {out.end, out.end_utf16};
                return true;
            }
            if (boxed) {
                out = keycap_segment;
                at_ = {out.end, out.end_utf16};
                return true;
            }
            break;
        }
        case word_class::han: return finish(skip_extends(after), token_type::ideographic);
        case word_class::hiragana: return finish(skip_extends(after), token_type::hiragana);
        case word_class::complex:
        case word_class::complex_extend: {
            place end = skip_extends(after);
            place beyond;
            while (peek(end, code, beyond) && fits(beyond)) {
                const auto kind = unicode(code).word;
                if (kind != word_class::complex && kind != word_class::complex_extend) break;
                end = skip_extends(beyond);
            }
            return finish(end, token_type::southeast_asian);
        }
        default:
            if ((record.flags & (flag_pictographic | flag_modifier)) != 0 || record.word == word_class::regional || code == U'#' ||
                code == U'*' || code == zero_width_joiner) {
                if (emoji(at_, code, after, out)) {
                    at_ = {out.end, out.end_utf16};
                    return true;
                }
            }
            break;
        }
        at_ = after;
    }
    return false;
}

// WB5 to WB13b: the longest run without a break, if it holds more than connectors.
bool word_cursor::word(place from, word_segment& out) noexcept {
    char32_t code;
    place after;
    bool any = false, only_numeric = true, only_hangul = true, only_katakana = true;
    tail last = tail::connector;
    auto take = [&](word_class kind) {
        switch (kind) {
        case word_class::numeric:
            last = tail::numeric;
            only_hangul = only_katakana = false;
            any = true;
            break;
        case word_class::katakana:
            last = tail::katakana;
            only_hangul = only_numeric = false;
            any = true;
            break;
        case word_class::extend_num_let:
            last = tail::connector;
            only_hangul = only_katakana = false;
            break;
        default:
            last = kind == word_class::hebrew ? tail::hebrew : tail::letter;
            only_numeric = only_katakana = false;
            if (kind != word_class::hangul) only_hangul = false;
            any = true;
        }
    };
    if (!peek(from, code, after)) return false;
    take(unicode(code).word);
    place end = skip_extends(after);
    while (peek(end, code, after) && fits(after)) {
        const auto kind = unicode(code).word;
        bool joined = false;
        if (is_letter(kind) || kind == word_class::numeric) {
            joined = last != tail::katakana;
        } else if (kind == word_class::katakana) {
            joined = last == tail::katakana || last == tail::connector;
        } else if (kind == word_class::extend_num_let) {
            joined = true;
        }
        if (joined) {
            take(kind);
            end = skip_extends(after);
            continue;
        }
        // A character that joins only if what follows it belongs to the word, too.
        const bool letters = (last == tail::letter || last == tail::hebrew) &&
                             (kind == word_class::mid_letter || kind == word_class::mid_num_let || kind == word_class::single_quote);
        const bool numbers =
            last == tail::numeric && (kind == word_class::mid_num || kind == word_class::mid_num_let || kind == word_class::single_quote);
        const bool quoted = last == tail::hebrew && kind == word_class::double_quote;
        if (letters || numbers || quoted) {
            const place ahead = skip_extends(after);
            place beyond;
            if (peek(ahead, code, beyond) && fits(beyond)) {
                const auto follower = unicode(code).word;
                if ((letters && is_letter(follower)) || (numbers && follower == word_class::numeric) ||
                    (quoted && follower == word_class::hebrew)) {
                    take(follower);
                    only_hangul = false;
                    if (quoted) last = tail::hebrew_quote;
                    end = skip_extends(beyond);
                    continue;
                }
            }
            if (last == tail::hebrew && kind == word_class::single_quote) {
                last = tail::hebrew_quote;
                end = ahead;
                continue;
            }
        }
        break;
    }
    if (!any) return false;
    out.end = end.byte;
    out.end_utf16 = end.unit;
    out.type = only_numeric    ? token_type::num
               : only_hangul   ? token_type::hangul
               : only_katakana ? token_type::katakana
                               : token_type::alphanum;
    return true;
}

// UTS #51: flags, keycaps, pictographs with modifiers and joiners.
bool word_cursor::emoji(place from, char32_t code, place after, word_segment& out) noexcept {
    (void)from;
    char32_t ahead;
    place beyond;
    auto finish = [&](place end) {
        out.end = end.byte;
        out.end_utf16 = end.unit;
        out.type = token_type::emoji;
        return true;
    };
    const auto& record = unicode(code);
    if (record.word == word_class::regional) {
        place end = skip_extends(after);
        if (!peek(end, ahead, beyond) || unicode(ahead).word != word_class::regional) return false;
        return finish(skip_extends(beyond));
    }
    if (code < 0x80) {
        if (code != U'#' && code != U'*' && (code < U'0' || code > U'9')) return false;
        auto mark = [&](place at) {
            return peek(at, ahead, beyond) && is_extend(unicode(ahead).word) && ahead != text_style && ahead != emoji_style;
        };
        place end = after;
        while (mark(end) && ahead != keycap) end = beyond;
        if (peek(end, ahead, beyond) && ahead == emoji_style) end = beyond;
        if (!peek(end, ahead, beyond) || ahead != keycap) return false;
        end = beyond;
        while (mark(end)) end = beyond;
        return finish(end);
    }
    if (code == zero_width_joiner) {  // one that nothing stands before opens the sequence of what follows
        if (!peek(after, ahead, beyond) || (unicode(ahead).flags & flag_pictographic) == 0) return false;
        after = beyond;
    }
    bool styled = (record.flags & flag_modifier) == 0;  // a skin tone alone takes no style
    place end = after;
    for (;;) {
        // Marks and skin tones, then one emoji style; a text style ends the sequence.
        bool joiner = false;
        while (peek(end, ahead, beyond) && is_extend(unicode(ahead).word) && ahead != emoji_style && ahead != text_style) {
            joiner = ahead == zero_width_joiner;
            end = beyond;
        }
        if (styled && peek(end, ahead, beyond) && ahead == emoji_style) {
            end = beyond;
            joiner = false;
            char32_t joined;
            place past;
            if (peek(end, ahead, beyond) && ahead == zero_width_joiner && peek(beyond, joined, past) &&
                (unicode(joined).flags & (flag_pictographic | flag_modifier)) != 0) {
                joiner = true;
                end = beyond;
            }
        }
        styled = true;
        if (!joiner || !peek(end, ahead, beyond) || (unicode(ahead).flags & (flag_pictographic | flag_modifier)) == 0) return finish(end);
        end = beyond;
    }
}

}  // namespace hem::search::embedded::detail
