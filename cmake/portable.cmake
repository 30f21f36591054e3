# Each release of Debian and Ubuntu has other versions of spdlog, fmt and prometheus-cpp, under other
# package names. A portable build compiles the first two from their headers (Debian has no static
# libraries of them), and installs a copy of prometheus-cpp, of which there is no static one either. A
# static build compiles the first two as well; scripts/static.sh builds the third from its source.
set(secondwind_spdlog spdlog::spdlog)
if(SECONDWIND_PORTABLE OR SECONDWIND_STATIC)
    find_package(fmt REQUIRED)
    add_library(secondwind_spdlog INTERFACE)
    target_compile_definitions(secondwind_spdlog INTERFACE SPDLOG_FMT_EXTERNAL)
    target_link_libraries(secondwind_spdlog INTERFACE fmt::fmt-header-only Threads::Threads)
    set(secondwind_spdlog secondwind_spdlog)
endif()
if(SECONDWIND_PORTABLE)
    find_package(prometheus-cpp REQUIRED)
    get_target_property(builds prometheus-cpp::core IMPORTED_CONFIGURATIONS)
    list(GET builds 0 build)
    get_target_property(library prometheus-cpp::core IMPORTED_LOCATION_${build})
    get_target_property(soname prometheus-cpp::core IMPORTED_SONAME_${build})
    file(REAL_PATH ${library} library)
    # Here no package owns it, so the Debian package does not depend on the one that does.
    set(secondwind_private_libraries ${PROJECT_BINARY_DIR}/private)
    configure_file(${library} ${secondwind_private_libraries}/${soname} COPYONLY)
endif()
