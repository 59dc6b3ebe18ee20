// Names of native code addresses, from the symbol tables of the program (local functions, too) and of its shared libraries. Reads the
// program file once, on first use; not for signal handlers.
#pragma once

#include <string>

namespace hem::detail {

// "function(arguments)+0x1c (library)", or the bare address.
std::string symbol_of(const void* address);

}  // namespace hem::detail
