# The flags and the sanitizers.
include(hem_check_compiler)
hem_check_compiler(reason)
if(reason)
  message(FATAL_ERROR "${reason}")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(HEM_SANITIZE "" CACHE STRING "Sanitizers for everything: address,undefined or thread")

# What a consumer of Hem needs for the misuse diagnostics; exported with the targets.
add_library(hem_options INTERFACE)
add_library(hem::options ALIAS hem_options)
set_target_properties(hem_options PROPERTIES EXPORT_NAME options)
install(TARGETS hem_options EXPORT hem)
target_compile_features(hem_options INTERFACE cxx_std_23)
target_include_directories(hem_options INTERFACE
  "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
# Recycled memory is poisoned and every suspension is searched for wait cycles.
target_compile_definitions(hem_options INTERFACE "$<$<CONFIG:Debug>:HEM_CHECKS=1>")
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(hem_options INTERFACE
    -Werror=dangling -Werror=return-stack-address -Werror=unused-result -Wno-c++26-extensions)
endif()

# For applications: calls that would hold the loop do not compile. See hem/no_blocking.hpp.
add_library(hem_no_blocking INTERFACE)
add_library(hem::no_blocking ALIAS hem_no_blocking)
set_target_properties(hem_no_blocking PROPERTIES EXPORT_NAME no_blocking)
install(TARGETS hem_no_blocking EXPORT hem)
target_link_libraries(hem_no_blocking INTERFACE hem_options)
target_compile_options(hem_no_blocking INTERFACE "SHELL:-include hem/no_blocking.hpp")

# What Hem's own code is built with.
add_library(hem_private_options INTERFACE)
target_compile_options(hem_private_options INTERFACE -Wall -Wextra -Wno-missing-field-initializers -Wno-missing-designated-field-initializers -Werror
  "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=")
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(hem_private_options INTERFACE -Xclang -fno-pch-timestamp)
  find_program(HEM_LLD NAMES ld.lld-19)
  if(HEM_LLD)
    target_link_options(hem_private_options INTERFACE "--ld-path=${HEM_LLD}")
  endif()
endif()
if(HEM_SANITIZE)
  add_compile_options("-fsanitize=${HEM_SANITIZE}" -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options("-fsanitize=${HEM_SANITIZE}")
  if(HEM_SANITIZE MATCHES "undefined")
    # libstdc++'s and coroutine frames' vptr checks need RTTI of types that the optimizer may drop.
    add_compile_options(-fno-sanitize=vptr)
  endif()
endif()
if(HEM_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
