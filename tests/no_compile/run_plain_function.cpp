// expect: run takes a coroutine function and its arguments, or a task
//
#include "hem/core.hpp"

int serve(int port) { return port; }

int main() { return hem::run(serve, 8080); }
