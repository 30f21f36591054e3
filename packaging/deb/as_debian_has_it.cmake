# Changes the installed tree before it is packed: Debian's policy requires other places or other
# forms for some files.
set(tree "${CPACK_TEMPORARY_INSTALL_DIRECTORY}")
set(documents "${tree}/usr/share/doc/secondwind")

function(run)
    execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC) # from SOURCE_DATE_EPOCH if it is set
file(WRITE "${documents}/changelog.Debian"
    "secondwind (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; "
    "urgency=medium\n\n"
    "  * As in changelog.gz.\n\n"
    " -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
file(RENAME "${documents}/CHANGELOG.md" "${documents}/changelog")
run(gzip -9nf "${documents}/changelog" "${documents}/changelog.Debian"
    "${tree}/usr/share/man/man1/secondwind.1")

# All examples in one folder, which may not exist yet.
file(MAKE_DIRECTORY "${documents}/examples")
file(RENAME "${documents}/prometheus" "${documents}/examples/prometheus")

# Debian's form of the license: the text itself is on every Debian system.
file(REMOVE "${documents}/LICENSE")
configure_file("${CPACK_SECONDWIND_DEBIAN_FILES}/copyright" "${documents}/copyright" COPYONLY)
file(MAKE_DIRECTORY "${tree}/usr/share/lintian/overrides")
configure_file("${CPACK_SECONDWIND_DEBIAN_FILES}/lintian-overrides"
    "${tree}/usr/share/lintian/overrides/secondwind" COPYONLY)
if(CPACK_SECONDWIND_DEBIAN_LICENCES)
    # An executable with every library in it.
    file(COPY "${CPACK_SECONDWIND_DEBIAN_LICENCES}" DESTINATION "${documents}")
    file(READ "${CPACK_SECONDWIND_DEBIAN_FILES}/lintian-overrides.static" more)
    file(APPEND "${tree}/usr/share/lintian/overrides/secondwind" "${more}")
    file(READ "${documents}/copyright" text)
    string(REPLACE "SQLite (public\n domain)."
        "SQLite (public\n domain);\n the licenses of all libraries in it are in\n\
 /usr/share/doc/secondwind/licences." text "${text}")
    string(REGEX REPLACE "Files: usr/lib/secondwind/.*\n\n(License: Apache-2.0\n)" "\\1" text
        "${text}")
    file(WRITE "${documents}/copyright" "${text}")
endif()

# Debian's zsh uses another folder than the default of zsh.
file(RENAME "${tree}/usr/share/zsh/site-functions" "${tree}/usr/share/zsh/vendor-completions")
