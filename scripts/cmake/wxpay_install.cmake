# What `cmake --install` puts where, for find_package(wxpay).
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(wxpay_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/wxpay")

install(TARGETS wxpay-sandbox wxpay-merchant RUNTIME)
# sqlite and program are there for the linker only: they bring no headers.
install(TARGETS wxpay_core wxpay_http wxpay_program wxpay_sqlite wxpay_sandbox EXPORT wxpayTargets
        ARCHIVE
        FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/wxpay")
install(EXPORT wxpayTargets NAMESPACE wxpay:: DESTINATION "${wxpay_package_dir}")

write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/wxpayConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_LIST_DIR}/wxpayConfig.cmake" "${CMAKE_CURRENT_BINARY_DIR}/wxpayConfigVersion.cmake"
        DESTINATION "${wxpay_package_dir}")
install(FILES LICENSE README.md README.zh-CN.md FIDELITY.md CHANGELOG.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
