// expect: a signal handler is a plain function, called between tasks
//
#include "hem/core.hpp"

#include <csignal>

hem::task<> reload() { co_return; }

void install() { hem::loop::current().add_signal_handler(SIGHUP, reload); }
