# find_package(wxpay): the targets wxpay::core (signing, codecs, a client), wxpay::http (an HTTP server) and
# wxpay::sandbox (WeChat Pay for a test). They are static libraries, so what they use must be found, too.
include(CMakeFindDependencyMacro)
find_dependency(OpenSSL 3.0)
find_dependency(SQLite3)
find_dependency(Threads)
find_dependency(ZLIB)
find_dependency(fmt)
find_dependency(spdlog)
find_dependency(PkgConfig)

pkg_check_modules(cpp_httplib QUIET IMPORTED_TARGET cpp-httplib)
pkg_check_modules(prometheus QUIET IMPORTED_TARGET prometheus-cpp-core)
if(NOT cpp_httplib_FOUND OR NOT prometheus_FOUND)
  set(${CMAKE_FIND_PACKAGE_NAME}_FOUND FALSE)
  set(${CMAKE_FIND_PACKAGE_NAME}_NOT_FOUND_MESSAGE "pkg-config must find cpp-httplib and prometheus-cpp-core")
  return()
endif()

include("${CMAKE_CURRENT_LIST_DIR}/wxpayTargets.cmake")
