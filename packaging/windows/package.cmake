# `cpack` makes the archive for Windows; scripts/windows.sh builds everything that it needs.
set(documents ${PROJECT_BINARY_DIR}/documents)
foreach(file config/secondwind.json config/secondwind.schema.json LICENSE CHANGELOG.md
        config/examples/machine.json)
    get_filename_component(name ${file} NAME)
    configure_file(${PROJECT_SOURCE_DIR}/${file} ${documents}/${name} @ONLY NEWLINE_STYLE CRLF)
    list(APPEND installed ${documents}/${name})
endforeach()
configure_file(windows/README-windows.txt.in ${documents}/README-windows.txt
    @ONLY NEWLINE_STYLE CRLF)

install(TARGETS secondwind RUNTIME DESTINATION .)
install(FILES ${installed} ${documents}/README-windows.txt DESTINATION .)
install(DIRECTORY ${SECONDWIND_WINDOWS_DEPS}/licences/ DESTINATION licences)
install(FILES ${PROJECT_SOURCE_DIR}/assets/dashboard/vendor/uplot/LICENSE
    DESTINATION licences RENAME uplot.txt)

set(CPACK_GENERATOR ZIP)
set(CPACK_PACKAGE_NAME secondwind)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_FILE_NAME secondwind-${PROJECT_VERSION}-windows-x64)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/same_times.cmake)
include(CPack)
