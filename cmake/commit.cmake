# Sets secondwind_commit: the first twelve digits of the commit, or nothing. An archive of the sources
# that git has made tells it in commit.txt (.gitattributes); in a checkout, git itself is asked.
file(STRINGS ${PROJECT_SOURCE_DIR}/cmake/commit.txt secondwind_commit LIMIT_COUNT 1)
if(NOT secondwind_commit MATCHES "^[0-9a-f]+$")
    set(secondwind_commit "")
    find_package(Git QUIET)
    if(GIT_FOUND AND EXISTS ${PROJECT_SOURCE_DIR}/.git)
        execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse HEAD
            WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
            OUTPUT_VARIABLE secondwind_commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
        # Each commit, checkout and rebase adds a line to this file.
        if(EXISTS ${PROJECT_SOURCE_DIR}/.git/logs/HEAD)
            set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY
                CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/.git/logs/HEAD)
        endif()
    endif()
endif()
string(SUBSTRING "${secondwind_commit}" 0 12 secondwind_commit)
