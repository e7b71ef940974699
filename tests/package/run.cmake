# Installs the build TREE, then builds and tests the project beside this file with nothing but what was installed.
cmake_minimum_required(VERSION 3.25)

set(work "${TREE}/tests/package")
set(prefix "${work}/prefix")
set(include_dir "${prefix}/include/wxpay")

# Nothing that an earlier run installed may help.
file(REMOVE_RECURSE "${prefix}")
execute_process(
  COMMAND "${CMAKE_COMMAND}" --install "${TREE}" --config "${CONFIG}" --prefix "${prefix}"
  COMMAND_ERROR_IS_FATAL ANY)
foreach(program IN ITEMS wxpay-sandbox wxpay-merchant)
  execute_process(COMMAND "${prefix}/bin/${program}" --version COMMAND_ERROR_IS_FATAL ANY)
endforeach()

# The headers need each other and the standard library, whose names have neither dot nor slash.
file(GLOB_RECURSE headers RELATIVE "${include_dir}" "${include_dir}/*.hpp")
set(all_headers "")
foreach(header IN LISTS headers)
  string(APPEND all_headers "#include \"${header}\"\n")
  file(STRINGS "${include_dir}/${header}" foreign REGEX "^#include <.*[./]")
  if(foreign)
    message(FATAL_ERROR "${header}: ${foreign}")
  endif()
endforeach()
file(WRITE "${work}/all_headers.cpp" "${all_headers}")
execute_process(
  COMMAND "${COMPILER}" -std=c++20 -fsyntax-only "-I${include_dir}" "${work}/all_headers.cpp"
  COMMAND_ERROR_IS_FATAL ANY)

execute_process(
  COMMAND "${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}" -B "${work}/example" -G "${GENERATOR}"
          "-DCMAKE_PREFIX_PATH=${prefix};${PREFIX_PATH}"
          "-DCMAKE_BUILD_TYPE=${CONFIG}"
          "-DCMAKE_CXX_COMPILER=${COMPILER}"
          "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}"
          "-DCMAKE_CXX_FLAGS=${FLAGS}"
          "-DCMAKE_CXX_FLAGS_DEBUG=${FLAGS_DEBUG}"
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${work}/example" --config "${CONFIG}" COMMAND_ERROR_IS_FATAL ANY)
execute_process(
  COMMAND "${CMAKE_CTEST_COMMAND}" --test-dir "${work}/example" -C "${CONFIG}" --output-on-failure
  COMMAND_ERROR_IS_FATAL ANY)
