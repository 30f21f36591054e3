# `cpack -G DEB` makes the package for Debian, and scripts/package.sh does all that comes before.
set(CPACK_PACKAGE_NAME secondwind)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_VENDOR "secondwind developers")
set(CPACK_PACKAGE_CONTACT "secondwind developers <secondwind@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "reverse proxy that gives LM Studio requests a second wind")
set(CPACK_PACKAGE_DESCRIPTION
"secondwind sits between LM Studio and its clients and passes every byte as
it came. When LM Studio refuses a request for want of memory, it unloads
models that nobody uses, sends the request once more, and passes the second
answer on as if nothing had happened.

It runs as a service, with metrics for Prometheus, live events and a
dashboard on a listener of its own.")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES ON)
# With DESTDIR the configuration comes to /etc.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "init-system-helpers (>= 1.54~)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_LIST_DIR}/postinst ${CMAKE_CURRENT_LIST_DIR}/prerm
    ${CMAKE_CURRENT_LIST_DIR}/postrm ${CMAKE_CURRENT_LIST_DIR}/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/as_debian_has_it.cmake)
set(CPACK_SECONDWIND_DEBIAN_FILES ${CMAKE_CURRENT_LIST_DIR})
include(CPack)
