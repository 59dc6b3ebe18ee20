// The physical limit of a hello-world server on one core: reads, looks for the end of each request, writes a prepared response. It sends
// the headers that a real server sends, with a Date that is formatted once a second. Usage: baseline_epoll_http PORT
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

namespace {

struct connection {
    char buffer[8192];
    unsigned bytes = 0;
};

constexpr int most_connections = 65536, most_pipelined = 256;
connection* connections[most_connections];

// The response, `most_pipelined` times over: pipelined requests are answered with one write.
class responses {
public:
    std::size_t bytes_each() const { return size_; }
    const char* text() {
        std::time_t now = std::time(nullptr);
        if (now != second_) format(now);
        return text_.data();
    }

private:
    void format(std::time_t now) {
        second_ = now;
        char date[64];
        std::tm utc;
        gmtime_r(&now, &utc);
        std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
        std::string one = std::string("HTTP/1.1 200 OK\r\nserver: baseline\r\ndate: ") + date +
                          "\r\ncontent-type: text/plain\r\ncontent-length: 13\r\n\r\nHello, World!";
        size_ = one.size();
        text_.clear();
        for (int i = 0; i < most_pipelined; ++i) text_ += one;
    }
    std::string text_;
    std::size_t size_ = 0;
    std::time_t second_ = 0;
};

int listen_on(int port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<unsigned short>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 8192) != 0) {
        std::fprintf(stderr, "cannot listen on 127.0.0.1:%d: %s\n", port, std::strerror(errno));
        std::exit(1);
    }
    return listener;
}

void watch(int epoll, int descriptor) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

void accept_all(int epoll, int listener) {
    for (int one = 1;;) {
        int accepted = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
        if (accepted < 0 || accepted >= most_connections) return;
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        connections[accepted] = new connection;
        watch(epoll, accepted);
    }
}

void answer(int descriptor, responses& prepared) {
    connection* peer = connections[descriptor];
    ssize_t received = read(descriptor, peer->buffer + peer->bytes, sizeof peer->buffer - peer->bytes);
    if (received <= 0) {
        close(descriptor);
        delete peer;
        connections[descriptor] = nullptr;
        return;
    }
    peer->bytes += unsigned(received);
    char *request = peer->buffer, *end = request + peer->bytes;
    std::size_t requests = 0;
    while (requests < most_pipelined) {
        auto* last = static_cast<char*>(memmem(request, std::size_t(end - request), "\r\n\r\n", 4));
        if (!last || std::memcmp(request, "GET ", 4) != 0) break;
        ++requests;
        request = last + 4;
    }
    peer->bytes = unsigned(end - request);
    if (peer->bytes > 0) std::memmove(peer->buffer, request, peer->bytes);
    if (requests == 0) return;
    const char* text = prepared.text();
    std::size_t bytes = requests * prepared.bytes_each();
    if (write(descriptor, text, bytes) != ssize_t(bytes)) std::abort();
}

}  // namespace

int main(int count, char** arguments) {
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_on(count > 1 ? std::atoi(arguments[1]) : 8080);
    int epoll = epoll_create1(0);
    watch(epoll, listener);
    responses prepared;
    epoll_event events[512];
    for (;;) {
        int ready = epoll_wait(epoll, events, 512, -1);
        for (int i = 0; i < ready; ++i) {
            int descriptor = events[i].data.fd;
            if (descriptor == listener) {
                accept_all(epoll, listener);
            } else {
                answer(descriptor, prepared);
            }
        }
    }
}
