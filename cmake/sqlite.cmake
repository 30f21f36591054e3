# SQLite and SQLiteCpp for the registry, linked statically: their functions are in the executable,
# and `serve`, which uses none of them, loads no library for them.
find_path(SQLITE_INCLUDE_DIR sqlite3.h)
find_path(SQLITECPP_INCLUDE_DIR SQLiteCpp/SQLiteCpp.h)
find_library(SQLITE_LIBRARY libsqlite3.a)
find_library(SQLITECPP_LIBRARY libSQLiteCpp.a)
foreach(found SQLITE_INCLUDE_DIR SQLITECPP_INCLUDE_DIR SQLITE_LIBRARY SQLITECPP_LIBRARY)
    if(NOT ${found})
        message(FATAL_ERROR "${found}: the static libraries and the headers of SQLite 3.40 and "
            "SQLiteCpp 3.2 are needed; on Debian, install libsqlite3-dev and libsqlitecpp-dev")
    endif()
endforeach()
mark_as_advanced(SQLITE_INCLUDE_DIR SQLITECPP_INCLUDE_DIR SQLITE_LIBRARY SQLITECPP_LIBRARY)

add_library(secondwind_sqlite INTERFACE)
target_include_directories(secondwind_sqlite SYSTEM INTERFACE
    ${SQLITE_INCLUDE_DIR} ${SQLITECPP_INCLUDE_DIR})
target_link_libraries(secondwind_sqlite INTERFACE
    ${SQLITECPP_LIBRARY} ${SQLITE_LIBRARY} m ${CMAKE_DL_LIBS} Threads::Threads)
