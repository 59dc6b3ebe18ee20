// expect: an argument belongs to its loop and may not be used on another thread
// Answers 2-08, P15, P16. // R-106
#include "hem/core.hpp"

void tell(hem::event& done) { done.set(); }

hem::task<> use(hem::event& done) { co_await hem::to_thread(tell, std::ref(done)); }
