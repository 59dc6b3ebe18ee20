#include "hem/core.hpp"

hem::task<int> serve(int port) { co_return port; }

int main() { return hem::run(serve, 8080); }
