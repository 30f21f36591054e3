# `cpack -G DEB` builds the Debian package; scripts/package.sh builds everything that it needs.
set(CPACK_PACKAGE_NAME secondwind)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_VENDOR "secondwind developers")
set(CPACK_PACKAGE_CONTACT "secondwind developers <secondwind@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "reverse proxy for LM Studio, recovers from memory errors")
set(CPACK_PACKAGE_DESCRIPTION
"secondwind sits between LM Studio and its clients and passes on all traffic
unchanged. When LM Studio refuses a request because there is not enough
memory, secondwind unloads idle models, sends the request again, and passes
on the second response. The client does not see the error.

It runs as a service, with metrics for Prometheus, live events and a
dashboard on a separate listener.")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES ON)
# With DESTDIR the configuration is installed in /etc.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
    set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE arm64) # CPack would ask dpkg for this machine's
endif()
if(SECONDWIND_STATIC)
    set(CPACK_SECONDWIND_DEBIAN_LICENCES ${PROJECT_BINARY_DIR}/licences)
else()
    set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
    set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${secondwind_private_libraries})
endif()
set(CPACK_DEBIAN_PACKAGE_DEPENDS "init-system-helpers (>= 1.54~)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_LIST_DIR}/postinst ${CMAKE_CURRENT_LIST_DIR}/prerm
    ${CMAKE_CURRENT_LIST_DIR}/postrm ${CMAKE_CURRENT_LIST_DIR}/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/as_debian_has_it.cmake)
set(CPACK_SECONDWIND_DEBIAN_FILES ${CMAKE_CURRENT_LIST_DIR})
include(CPack)
