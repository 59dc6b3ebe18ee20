# The harness finds each kind of bad case: cmake -DCOMPILER= -DROOT= -DFLAGS= -DFOLDER= -P check_test.cmake
set(good "int main() { return 0; }\n")
set(bad "int main() { return \"text\"; }\n")

# `expect_result(0|1 text case twin)`: writes a case, checks it, compares.
# With a fifth argument the case has its wrong lines behind that macro.
function(expect_result wanted said case twin)
  file(REMOVE_RECURSE "${FOLDER}")
  file(WRITE "${FOLDER}/case.cpp" "${case}")
  if(twin)
    file(WRITE "${FOLDER}/case.ok.cpp" "${twin}")
  endif()
  execute_process(COMMAND "${CMAKE_COMMAND}" "-DCOMPILER=${COMPILER}" "-DROOT=${ROOT}" "-DFLAGS=${FLAGS}" "-DCASE=${FOLDER}/case.cpp"
    "-DWRONG=${ARGV4}" -P "${CMAKE_CURRENT_LIST_DIR}/check.cmake" RESULT_VARIABLE status ERROR_VARIABLE output)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")  # cmake breaks lines
  if((wanted AND status EQUAL 0) OR (NOT wanted AND NOT status EQUAL 0) OR NOT output MATCHES "${said}")
    message(FATAL_ERROR "wanted result ${wanted} with '${said}', got ${status}:\n${output}")
  endif()
endfunction()

expect_result(0 "" "// expect: cannot initialize return object\n${bad}" "${good}")
expect_result(1 "must be refused" "// expect: cannot initialize\n${good}" "${good}")
expect_result(1 "but not with" "// expect: another text\n${bad}" "${good}")
expect_result(1 "must compile" "// expect: cannot initialize\n${bad}" "${bad}")
expect_result(1 "is missing" "// expect: cannot initialize\n${bad}" "")
expect_result(1 "says not what it expects" "${bad}" "${good}")
set(both "// expect: cannot initialize return object\n#ifdef SHOW\n${bad}#else\n${good}#endif\n")
expect_result(0 "" "${both}" "" SHOW)
expect_result(1 "must be refused" "${both}" "" OTHER)
expect_result(1 "must compile" "// expect: cannot initialize\n${bad}" "" SHOW)
