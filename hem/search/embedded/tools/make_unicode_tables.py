#!/usr/bin/env python3
"""Writes unicode_tables.cpp from Debian's package `unicode-data`: make_unicode_tables.py [/usr/share/unicode] > ../unicode_tables.cpp

One record per distinct set of properties, found by two look-ups: block of 128 code points, then code point within the block.
"""
import sys
from collections import defaultdict

ROOT = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/unicode"
SIZE, BLOCK = 0x110000, 128


def properties(path):
    with open(f"{ROOT}/{path}", encoding="utf-8") as file:
        for line in file:
            line = line.split("#")[0].strip()
            if not line:
                continue
            span, value = [part.strip() for part in line.split(";")[:2]]
            first, _, last = span.partition("..")
            for code in range(int(first, 16), int(last or first, 16) + 1):
                yield code, value


def version():
    with open(f"{ROOT}/auxiliary/WordBreakProperty.txt", encoding="utf-8") as file:
        return file.readline().split("-")[1].rsplit(".txt")[0].strip()


word_break = dict(properties("auxiliary/WordBreakProperty.txt"))
script = dict(properties("Scripts.txt"))
line_break = dict(properties("LineBreak.txt"))
emoji = defaultdict(set)
for code, value in properties("emoji/emoji-data.txt"):
    emoji[value].add(code)

category, lower, upper = {}, {}, {}
with open(f"{ROOT}/UnicodeData.txt", encoding="utf-8") as file:
    first = None
    for line in file:
        part = line.rstrip("\n").split(";")
        code = int(part[0], 16)
        if part[1].endswith(", First>"):
            first = code
        span = range(first, code + 1) if part[1].endswith(", Last>") else [code]
        for each in span:
            category[each] = part[2]
        if part[12]:
            upper[code] = int(part[12], 16)
        if part[13]:
            lower[code] = int(part[13], 16)

CLASSES = ["other", "letter", "hangul", "hebrew", "numeric", "katakana", "extend_num_let", "mid_letter", "mid_num", "mid_num_let",
           "single_quote", "double_quote", "extend", "han", "hiragana", "complex", "complex_extend", "regional"]
BREAK = {"ALetter": "letter", "Hebrew_Letter": "hebrew", "Numeric": "numeric", "Katakana": "katakana", "ExtendNumLet": "extend_num_let",
         "MidLetter": "mid_letter", "MidNum": "mid_num", "MidNumLet": "mid_num_let", "Single_Quote": "single_quote",
         "Double_Quote": "double_quote", "Extend": "extend", "Format": "extend", "ZWJ": "extend", "Regional_Indicator": "regional"}


def word_class(code):
    found = BREAK.get(word_break.get(code))
    if found == "letter" and script.get(code) == "Hangul":
        return "hangul"
    if 0xFF10 <= code <= 0xFF19:
        return "numeric"
    if line_break.get(code) == "SA" and found in (None, "extend"):
        return "complex_extend" if found else "complex"
    if found is not None:
        return found
    if script.get(code) == "Han":
        return "han"
    if script.get(code) == "Hiragana":
        return "hiragana"
    return "other"


def is_space(code):  # Java's Character.isWhitespace
    return code in range(9, 14) or code in range(28, 32) or category.get(code) in ("Zs", "Zl", "Zp") and code not in (0xA0, 0x2007, 0x202F)


def flags(code):
    kind = category.get(code, "Cn")
    bits = ["pictographic" if code in emoji["Extended_Pictographic"] else "",
            "presentation" if code in emoji["Emoji_Presentation"] else "",
            "emoji" if code in emoji["Emoji"] else "",
            "modifier" if code in emoji["Emoji_Modifier"] else "",
            "alphabetic" if kind[0] == "L" else "", "digit" if kind == "Nd" else "", "space" if is_space(code) else "",
            "modifier_base" if code in emoji["Emoji_Modifier_Base"] else ""]
    return sum(1 << bit for bit, name in enumerate(bits) if name)


records, stage_two, blocks, stage_one = {}, [], {}, []
for base in range(0, SIZE, BLOCK):
    row = []
    for code in range(base, base + BLOCK):
        record = (CLASSES.index(word_class(code)), flags(code), lower.get(code, code) - code, upper.get(code, code) - code)
        row.append(records.setdefault(record, len(records)))
    row = tuple(row)
    if row not in blocks:
        blocks[row] = len(stage_two) // BLOCK
        stage_two.extend(row)
    stage_one.append(blocks[row])


def table(kind, name, values):
    print(f"const {kind} {name}[] = {{")
    line = "   "
    for value in values:
        if len(line) + len(str(value)) > 138:
            print(line)
            line = "   "
        line += f" {value},"
    print(line)
    print("};")


print(f"// Made by tools/make_unicode_tables.py from the Unicode Character Database {version()}; do not edit.")
print('#include "hem/search/embedded/unicode_tables.hpp"\n')
print("namespace hem::search::embedded::detail {\n")
print("// clang-format off")
print("const unicode_record unicode_records[] = {")
for record in records:
    print(f"    {{word_class::{CLASSES[record[0]]}, {record[1]}, {record[2]}, {record[3]}}},")
print("};")
table("std::uint16_t", "unicode_blocks", stage_one)
table("std::uint16_t" if len(records) > 256 else "std::uint8_t", "unicode_entries", stage_two)
print("// clang-format on\n")
print("}  // namespace hem::search::embedded::detail")
print(f"{len(records)} records, {len(stage_two) // BLOCK} blocks", file=sys.stderr)
