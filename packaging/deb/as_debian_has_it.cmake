# Runs on the installed tree before it is packed: what Debian's policy wants to be elsewhere, or
# otherwise, than what other systems take.
set(tree "${CPACK_TEMPORARY_INSTALL_DIRECTORY}")
set(documents "${tree}/usr/share/doc/secondwind")

function(run)
    execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC) # of SOURCE_DATE_EPOCH, where it is set
file(WRITE "${documents}/changelog.Debian"
    "secondwind (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; "
    "urgency=medium\n\n"
    "  * As in changelog.gz.\n\n"
    " -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
file(RENAME "${documents}/CHANGELOG.md" "${documents}/changelog")
run(gzip -9nf "${documents}/changelog" "${documents}/changelog.Debian"
    "${tree}/usr/share/man/man1/secondwind.1")

# The examples in one place; there need not be more of them.
file(MAKE_DIRECTORY "${documents}/examples")
file(RENAME "${documents}/prometheus" "${documents}/examples/prometheus")

# The licence as Debian has it: the text itself is on every machine.
file(REMOVE "${documents}/LICENSE")
configure_file("${CPACK_SECONDWIND_DEBIAN_FILES}/copyright" "${documents}/copyright" COPYONLY)
file(MAKE_DIRECTORY "${tree}/usr/share/lintian/overrides")
configure_file("${CPACK_SECONDWIND_DEBIAN_FILES}/lintian-overrides"
    "${tree}/usr/share/lintian/overrides/secondwind" COPYONLY)

# Its zsh looks elsewhere than zsh's own places.
file(RENAME "${tree}/usr/share/zsh/site-functions" "${tree}/usr/share/zsh/vendor-completions")
