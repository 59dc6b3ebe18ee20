#include "apps/blog/markdown.hpp"

#include <algorithm>
#include <cmark.h>
#include <memory>
#include <new>
#include <vector>

namespace blog {

namespace {

using node_pointer = std::unique_ptr<cmark_node, decltype(&cmark_node_free)>;

// What stands between the tags of a piece of HTML.
std::string without_tags(std::string_view html) {
    std::string text;
    bool inside = false;
    for (const char c : html) {
        if (c == '<') {
            inside = true;
        } else if (c == '>' && inside) {
            inside = false;
        } else if (!inside) {
            text += c;
        }
    }
    return text;
}

// Collects blocks in the order of the walk; a list item's marker goes in front of the next text.
class text_writer {
public:
    void enter(cmark_node* node) {
        switch (cmark_node_get_type(node)) {
        case CMARK_NODE_HEADING: begin_block("# "); break;
        case CMARK_NODE_PARAGRAPH: begin_block(""); break;
        case CMARK_NODE_LIST:
            lists_.push_back({cmark_node_get_list_type(node) == CMARK_ORDERED_LIST, cmark_node_get_list_start(node)});
            break;
        case CMARK_NODE_ITEM: begin_item(); break;
        case CMARK_NODE_CODE_BLOCK: code(literal(node)); break;
        case CMARK_NODE_HTML_BLOCK: html(literal(node)); break;
        case CMARK_NODE_TEXT:
        case CMARK_NODE_CODE: out_ += literal(node); break;
        case CMARK_NODE_SOFTBREAK: out_ += ' '; break;
        case CMARK_NODE_LINEBREAK: out_ += '\n'; break;
        default: break;
        }
    }
    void leave(cmark_node* node) {
        if (cmark_node_get_type(node) != CMARK_NODE_LIST || lists_.empty()) return;
        lists_.pop_back();
        if (lists_.empty()) in_list_ = false;
    }
    std::string take() {
        while (out_.ends_with('\n') || out_.ends_with(' ')) out_.pop_back();
        return std::move(out_);
    }

private:
    struct open_list {
        bool ordered;
        int number;
    };

    static std::string_view literal(cmark_node* node) {
        const char* text = cmark_node_get_literal(node);
        return text == nullptr ? std::string_view() : std::string_view(text);
    }
    // The items of one list follow each other without a blank line.
    void begin_block(std::string_view marker) {
        if (!out_.empty()) out_ += in_list_ && !marker_.empty() ? "\n" : "\n\n";
        out_ += marker_.empty() ? marker : std::string_view(marker_);
        marker_.clear();
        in_list_ = !lists_.empty();
    }
    void begin_item() {
        if (lists_.empty()) return;
        open_list& list = lists_.back();
        marker_.assign(std::min<std::size_t>(2 * (lists_.size() - 1), 16), ' ');
        marker_ += list.ordered ? std::to_string(list.number++) + ". " : "- ";
    }
    void code(std::string_view text) {
        while (text.ends_with('\n')) text.remove_suffix(1);
        begin_block("");
        std::size_t begin = 0;
        while (begin <= text.size()) {
            const std::size_t end = std::min(text.find('\n', begin), text.size());
            if (begin != 0) out_ += '\n';
            if (end > begin) {
                out_ += "    ";
                out_ += text.substr(begin, end - begin);
            }
            begin = end + 1;
        }
        in_list_ = false;
    }
    void html(std::string_view text) {
        const std::string bare = without_tags(text);
        const std::size_t begin = bare.find_first_not_of(" \t\r\n");
        if (begin == std::string::npos) return;
        begin_block("");
        out_ += std::string_view(bare).substr(begin, bare.find_last_not_of(" \t\r\n") + 1 - begin);
    }

    std::string out_;
    std::string marker_;
    std::vector<open_list> lists_;
    bool in_list_ = false;  // the last block belongs to the list that is open
};

}  // namespace

std::string markdown_to_text(std::string_view markdown) {
    const node_pointer document(cmark_parse_document(markdown.data(), markdown.size(), CMARK_OPT_VALIDATE_UTF8), &cmark_node_free);
    if (!document) throw std::bad_alloc();
    const std::unique_ptr<cmark_iter, decltype(&cmark_iter_free)> walk(cmark_iter_new(document.get()), &cmark_iter_free);
    text_writer writer;
    for (;;) {
        const cmark_event_type event = cmark_iter_next(walk.get());
        if (event == CMARK_EVENT_DONE) break;
        cmark_node* node = cmark_iter_get_node(walk.get());
        if (event == CMARK_EVENT_ENTER) {
            writer.enter(node);
        } else {
            writer.leave(node);
        }
    }
    return writer.take();
}

}  // namespace blog
