# What every target of ours is compiled with. Linked PRIVATE, so that nothing leaks to users of the libraries.
find_program(WXPAY_CCACHE ccache)
if(WXPAY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # What one checkout has compiled serves another one, in whatever folder it lies.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1
      "${WXPAY_CCACHE}")
endif()

add_library(wxpay_options INTERFACE)
target_compile_options(wxpay_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor -Wswitch-enum
  $<$<BOOL:${WXPAY_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports overlapping copies in "literal" + std::string&& at -O3, in libstdc++'s own code.
  target_compile_options(wxpay_options INTERFACE -Wno-restrict)
  if(WXPAY_SANITIZE MATCHES "thread")
    # asio's fences are not modelled by ThreadSanitizer; it only warns.
    target_compile_options(wxpay_options INTERFACE -Wno-tsan)
  endif()
endif()
target_include_directories(wxpay_options INTERFACE "${PROJECT_SOURCE_DIR}")

# Sanitizers and hardening must be the same in all objects of a program, so they are set for the whole tree.
set(wxpay_sanitize_flags)
if(WXPAY_SANITIZE)
  set(wxpay_sanitize_flags -fsanitize=${WXPAY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  if(WXPAY_SANITIZE MATCHES "undefined")
    # AddressSanitizer sees null pointers and the ends of objects by itself; these checks are a third of the time to
    # compile.
    list(APPEND wxpay_sanitize_flags -fno-sanitize=null,object-size,vptr)
  endif()
  add_compile_options(${wxpay_sanitize_flags})
  add_link_options(-fsanitize=${WXPAY_SANITIZE})
endif()
add_compile_definitions($<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)

# wxpay_library(NAME SOURCES ... [HEADERS ...] [PUBLIC ...] [PRIVATE ...]): a library of ours, with its wxpay:: alias.
# HEADERS are those that users of the installed library include.
function(wxpay_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;HEADERS;PUBLIC;PRIVATE" ${ARGN})
  add_library(wxpay_${name} STATIC ${arg_SOURCES})
  add_library(wxpay::${name} ALIAS wxpay_${name})
  set_target_properties(wxpay_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(wxpay_${name} PUBLIC cxx_std_20)
  # Installed or not, headers are included by their path in this tree: "core/v2/sign.hpp".
  target_sources(wxpay_${name} PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES ${arg_HEADERS})
  target_link_libraries(wxpay_${name} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:wxpay_options>)
endfunction()
