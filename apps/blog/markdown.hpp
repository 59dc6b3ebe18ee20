// Markdown to the plain text that is stored, searched and shown.
//
// Paragraphs are separated by blank lines, headings begin with `# `, list items with `- ` or their number, code is indented by four
// spaces. Emphasis, links and HTML tags leave their text only.
#pragma once

#include <string>
#include <string_view>

namespace blog {

// CommonMark by cmark. Never fails: every text is Markdown. Bytes that are not UTF-8 become U+FFFD.
std::string markdown_to_text(std::string_view markdown);

}  // namespace blog
