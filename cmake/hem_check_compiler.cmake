# Which compilers build Hem and code that uses it: for this build and, installed, for find_package(hem). Decision 1 of docs/decisions.
function(hem_check_compiler reason)
  set(text "")
  set(found "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15)
    string(CONCAT text "Hem does not build with ${found}: GCC before 15 destroys closure and aggregate temporaries twice inside a "
      "co_await expression, so correct programs crash. Use clang 19: cmake --preset release, or -DCMAKE_CXX_COMPILER=clang++-19.")
  elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    message(WARNING "Hem is tested with clang 19; ${found} is untested.")
  elseif(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
    set(text "Hem needs clang 19 or later, found ${found}: -DCMAKE_CXX_COMPILER=clang++-19 chooses it.")
  endif()
  set(${reason} "${text}" PARENT_SCOPE)
endfunction()
