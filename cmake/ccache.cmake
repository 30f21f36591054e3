# ccache is used when it is there. A precompiled header needs the sloppiness settings, or nothing
# that uses it is ever a hit; without the directory in the hash, one clone's builds serve another's.
find_program(SECONDWIND_CCACHE ccache)
if(SECONDWIND_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        ${SECONDWIND_CCACHE})
endif()
