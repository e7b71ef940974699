# Everything comes from the system's packages; configuring downloads nothing.
find_package(OpenSSL 3.0 REQUIRED)
find_package(Threads REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(pugixml 1.13 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(PkgConfig REQUIRED)
# Its flags change class layouts (OpenSSL, zlib, brotli support), so they must come with the library.
pkg_check_modules(cpp_httplib REQUIRED IMPORTED_TARGET GLOBAL cpp-httplib)
# Its CMake package asks for curl and civetweb too, which only its other libraries need.
pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET GLOBAL prometheus-cpp-core)

find_path(WXPAY_ASIO_INCLUDE_DIR asio.hpp REQUIRED)
add_library(wxpay_asio INTERFACE)
target_include_directories(wxpay_asio SYSTEM INTERFACE "${WXPAY_ASIO_INCLUDE_DIR}")
target_compile_definitions(wxpay_asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED)
target_link_libraries(wxpay_asio INTERFACE Threads::Threads OpenSSL::SSL)
