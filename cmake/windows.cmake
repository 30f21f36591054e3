# Builds for 64-bit Windows on Debian, with mingw-w64 and the libraries of scripts/windows-deps.sh.
# The programs that are built start under Wine.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR AMD64)

# The compiler with POSIX threads: std::thread is what the lookups of names run in.
set(triplet x86_64-w64-mingw32)
set(CMAKE_C_COMPILER ${triplet}-gcc-posix)
set(CMAKE_CXX_COMPILER ${triplet}-g++-posix)
set(CMAKE_RC_COMPILER ${triplet}-windres)

get_filename_component(source_folder ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
set(SECONDWIND_WINDOWS_DEPS ${source_folder}/build/windows-deps CACHE PATH
    "What scripts/windows-deps.sh made")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES SECONDWIND_WINDOWS_DEPS)
set(CMAKE_FIND_ROOT_PATH ${SECONDWIND_WINDOWS_DEPS})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# One file that needs no library besides the system's, with nothing of the time of the build in it.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -Wl,--no-insert-timestamp")
set(OPENSSL_USE_STATIC_LIBS ON)

set(CMAKE_CROSSCOMPILING_EMULATOR ${source_folder}/scripts/wine.sh)
