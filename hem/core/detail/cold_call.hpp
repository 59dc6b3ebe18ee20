// HEM_COLD_CALL marks a function that hot ones call rarely: it saves the registers itself, so that they need not.
#pragma once

#if defined(__clang__) && defined(__x86_64__)
#define HEM_COLD_CALL __attribute__((preserve_most, cold, noinline))
#else
#define HEM_COLD_CALL __attribute__((cold, noinline))
#endif
