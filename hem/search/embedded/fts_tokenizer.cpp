#include "hem/search/embedded/fts_tokenizer.hpp"

#include "hem/search/embedded/store.hpp"

#include <sqlite3.h>

#include <vector>

namespace hem::search::embedded::detail {

namespace {

constexpr char token_end = 0x1F, same_place = 0x1E, escape = 0x1B;

bool special(char each) noexcept { return each == 0 || each == escape || each == same_place || each == token_end; }

int create(void*, const char**, int, Fts5Tokenizer** out) {
    static int dummy;  // the tokenizer has no state
    *out = reinterpret_cast<Fts5Tokenizer*>(&dummy);
    return SQLITE_OK;
}

void destroy(Fts5Tokenizer*) {}

int tokenize(Fts5Tokenizer*, void* context, int, const char* text, int size, int (*give)(void*, int, const char*, int, int, int)) {
    std::string unescaped;
    for (int at = 0; at < size;) {
        int flags = 0;
        if (text[at] == same_place) {
            flags = FTS5_TOKEN_COLOCATED;
            ++at;
        }
        const int from = at;
        bool plain = true;
        while (at < size && text[at] != token_end) {
            if (text[at] == escape) plain = false;
            ++at;
        }
        const char* token = text + from;
        int length = at - from;
        if (!plain) {
            unescaped.clear();
            for (int each = from; each < at; ++each) {
                if (text[each] == escape && each + 1 < at)
                    unescaped.push_back(static_cast<char>(text[++each] - 0x40));
                else
                    unescaped.push_back(text[each]);
            }
            token = unescaped.data();
            length = static_cast<int>(unescaped.size());
        }
        const int code = give(context, flags, token, length, from, at);
        if (code != SQLITE_OK) return code;
        ++at;
    }
    return SQLITE_OK;
}

// hem_collect(f): the positions of the one phrase of the current row.
void collect(const Fts5ExtensionApi* api, Fts5Context* fts, sqlite3_context* out, int, sqlite3_value**) {
    const auto* const sink = *static_cast<posting_sink* const*>(api->xUserData(fts));
    if (sink == nullptr) {
        sqlite3_result_error(out, "hem_collect needs its sink", -1);
        return;
    }
    Fts5PhraseIter at;
    int column = 0, offset = 0;
    if (sink->positions) {
        thread_local std::vector<std::uint32_t> positions;
        positions.clear();
        for (api->xPhraseFirst(fts, 0, &at, &column, &offset); column >= 0; api->xPhraseNext(fts, &at, &column, &offset)) {
            positions.push_back(static_cast<std::uint32_t>(offset));
        }
        sink->accept(sink->context, api->xRowid(fts), positions.data(), static_cast<std::uint32_t>(positions.size()));
        return;
    }
    // After the first position the iterator spans the varints of the others; in a table of one column each is one position. Counting
    // their last bytes is much cheaper than one call per position (a test compares the two).
    api->xPhraseFirst(fts, 0, &at, &column, &offset);
    std::uint32_t count = column >= 0 ? 1 : 0;
    for (const unsigned char* byte = at.a; byte < at.b; ++byte) count += *byte < 0x80 ? 1 : 0;
    sink->accept(sink->context, api->xRowid(fts), nullptr, count);
}

fts5_api* api_of(sqlite3* database) {
    fts5_api* api = nullptr;
    sqlite3_stmt* asked = nullptr;
    if (sqlite3_prepare_v2(database, "SELECT fts5(?1)", -1, &asked, nullptr) == SQLITE_OK) {
        sqlite3_bind_pointer(asked, 1, &api, "fts5_api_ptr", nullptr);
        sqlite3_step(asked);
    }
    sqlite3_finalize(asked);
    return api;
}

}  // namespace

void append_packed(std::string& to, std::string_view token, bool same_position) {
    if (same_position) to.push_back(same_place);
    for (const char each : token) {
        if (special(each)) {
            to.push_back(escape);
            to.push_back(static_cast<char>(each + 0x40));
        } else {
            to.push_back(each);
        }
    }
    to.push_back(token_end);
}

std::string match_expression(std::string_view token) {
    std::string packed;
    append_packed(packed, token, false);
    std::string quoted = "\"";
    for (const char each : packed) {
        quoted.push_back(each);
        if (each == '"') quoted.push_back('"');
    }
    quoted.push_back('"');
    return quoted;
}

void register_fts_extensions(sqlite3* database, posting_sink* const* sink) {
    auto* const api = api_of(database);
    if (api == nullptr) {
        throw store_error(store_failure::unsupported,
                          std::string("the embedded search engine needs an SQLite library with FTS5; version ") + sqlite3_libversion() +
                              " has none (install Debian's libsqlite3-0)");
    }
    fts5_tokenizer made{create, destroy, tokenize};
    api->xCreateTokenizer(api, "hem", nullptr, &made, nullptr);
    api->xCreateFunction(api, "hem_collect", const_cast<posting_sink**>(sink), collect, nullptr);
}

}  // namespace hem::search::embedded::detail
