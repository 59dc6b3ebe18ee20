#!/usr/bin/env python3
"""Asks a server what its asciifolding filter makes of each code point of the basic plane and writes ascii_folding_tables.cpp.

usage: record_ascii_folding.py http://127.0.0.1:9201 > ../ascii_folding_tables.cpp
"""
import json
import sys
import urllib.request


def folded(server, texts):
    body = json.dumps({"tokenizer": "keyword", "filter": ["asciifolding"], "text": texts}).encode()
    request = urllib.request.Request(server + "/_analyze", body, {"content-type": "application/json"})
    return [token["token"] for token in json.load(urllib.request.urlopen(request))["tokens"]]


def main():
    points = [point for point in range(0x80, 0x10000) if not 0xD800 <= point <= 0xDFFF]
    groups = {}
    for start in range(0, len(points), 4000):
        part = points[start:start + 4000]
        # A letter on each side keeps white space from being trimmed.
        for point, answer in zip(part, folded(sys.argv[1], ["q" + chr(point) + "q" for point in part]), strict=True):
            if answer[1:-1] != chr(point):
                groups.setdefault(answer[1:-1], []).append(point)
    print("// ASCIIFoldingFilter as OpenSearch 2.19 (Lucene 9.12) answers through _analyze, code point by code point; tools/record_ascii_folding.py\n"
          "// asks a server and writes this file. One row per result: what folds to it.\n"
          '#include "hem/search/embedded/ascii_folding.hpp"\n\n'
          "namespace hem::search::embedded::detail {\n\n"
          "// clang-format off\n"
          "const ascii_fold ascii_folds[] = {")
    for text in sorted(groups):
        points = "".join("\\u%04X" % point for point in groups[text])
        lines = '"\n     u"'.join(points[at:at + 120] for at in range(0, len(points), 120))
        print('    {"%s", u"%s"},' % (text.replace("\\", "\\\\").replace('"', '\\"'), lines))
    print("};\n// clang-format on\n"
          "const std::size_t ascii_fold_count = sizeof ascii_folds / sizeof ascii_folds[0];\n\n"
          "}  // namespace hem::search::embedded::detail")


if __name__ == "__main__":
    main()
