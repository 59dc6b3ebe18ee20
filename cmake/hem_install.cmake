# `cmake --install`: headers, libraries and the package that find_package(hem) reads. tests/consumer is its test.
include(CMakePackageConfigHelpers)

function(hem_install)
  set(package "${CMAKE_INSTALL_LIBDIR}/cmake/hem")
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/hem" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp")
  install(EXPORT hem NAMESPACE hem:: FILE hem-targets.cmake DESTINATION "${package}")
  configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/hem-config.cmake.in" "${PROJECT_BINARY_DIR}/hem-config.cmake"
    INSTALL_DESTINATION "${package}")
  write_basic_package_version_file("${PROJECT_BINARY_DIR}/hem-config-version.cmake" COMPATIBILITY SameMinorVersion)
  install(FILES "${PROJECT_BINARY_DIR}/hem-config.cmake" "${PROJECT_BINARY_DIR}/hem-config-version.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/hem_check_compiler.cmake" DESTINATION "${package}")
endfunction()
