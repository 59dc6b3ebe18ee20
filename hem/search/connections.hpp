// The registry of clients by alias, for code that comes from elasticsearch-py. Injection by `web::depends` is preferred: it says who needs
// what. Clients are made on first use and belong to the loop of the thread; whoever configures them closes them by `close()`.
#pragma once

#include "hem/search/client.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::search {

class connections {
public:
    // The registry of this thread's loop.
    static connections& current();

    // Replaces all aliases. An alias whose hosts and credentials stay the same keeps its client.
    void configure(std::vector<std::pair<std::string, client_options>> aliases);
    void add_connection(std::string alias, client made);
    client create_connection(std::string alias, client_options options);
    // Throws unknown_connection with the known aliases.
    client get_connection(std::string_view alias = "default");
    void remove_connection(std::string_view alias);
    // Closes and forgets every client; the options stay.
    task<> close();

private:
    struct entry {
        client_options options;
        std::optional<client> made;
    };
    std::map<std::string, entry, std::less<>> entries_;
};

}  // namespace hem::search
