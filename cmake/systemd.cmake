# Talking to systemd, through its library: readiness, a watchdog, sockets that it has bound.
set(SECONDWIND_SYSTEMD AUTO CACHE STRING
    "Talk to systemd through libsystemd: ON, OFF, or AUTO (where the library is found)")
set_property(CACHE SECONDWIND_SYSTEMD PROPERTY STRINGS AUTO ON OFF)

set(SECONDWIND_HAS_SYSTEMD OFF)
if(SECONDWIND_SYSTEMD STREQUAL "AUTO" OR SECONDWIND_SYSTEMD)
    find_package(PkgConfig)
    if(PkgConfig_FOUND)
        pkg_check_modules(LIBSYSTEMD IMPORTED_TARGET libsystemd>=246)
    endif()
    set(SECONDWIND_HAS_SYSTEMD ${LIBSYSTEMD_FOUND})
    if(NOT SECONDWIND_HAS_SYSTEMD AND NOT SECONDWIND_SYSTEMD STREQUAL "AUTO")
        message(FATAL_ERROR
            "SECONDWIND_SYSTEMD=ON needs pkg-config and libsystemd (libsystemd-dev)")
    endif()
endif()
