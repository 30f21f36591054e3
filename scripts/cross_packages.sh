# shellcheck shell=bash
# For the scripts that prepare a build for another system: the distribution's own CMake packages name
# /usr/include and the libraries of this machine. $deps is the folder with what was prepared.
# shellcheck disable=SC2154

version_of() {
    dpkg-query -W -f='${Version}' "$1" 2>/dev/null
}

# Without epoch and the distribution's revision.
upstream_version_of() {
    version_of "$1" | sed 's/^[0-9]*://; s/-[^-]*$//; s/[+.]d\(fsg\|s\).*//'
}

# cmake_package NAME PACKAGE TARGET [DEFINITION...] ; a library of headers alone
cmake_package() {
    local name=$1 version folder=$deps/lib/cmake/$1
    version=$(upstream_version_of "$2")
    mkdir -p "$folder"
    cat >"$folder/${name}Config.cmake" <<END
if(NOT TARGET $3)
    add_library($3 INTERFACE IMPORTED)
    set_target_properties($3 PROPERTIES
        INTERFACE_INCLUDE_DIRECTORIES "\${CMAKE_CURRENT_LIST_DIR}/../../../include"
        INTERFACE_COMPILE_DEFINITIONS "$(IFS=';' && echo "${*:4}")")
endif()
END
    cat >"$folder/${name}ConfigVersion.cmake" <<END
set(PACKAGE_VERSION "$version")
if(NOT PACKAGE_VERSION VERSION_LESS PACKAGE_FIND_VERSION)
    set(PACKAGE_VERSION_COMPATIBLE TRUE)
endif()
END
}

# static_prometheus FOLDER [OPTION...] ; Debian has no static library of it. FOLDER is for its build.
static_prometheus() {
    local folder=$1
    "${BASH_SOURCE%/*}/fetch_sources.sh" "$folder/source" prometheus-cpp
    cmake -S "$folder/source/prometheus-cpp" -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_INSTALL_PREFIX="$deps" -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF \
        -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DENABLE_PULL=OFF -DENABLE_PUSH=OFF \
        -DENABLE_COMPRESSION=OFF -DENABLE_TESTING=OFF -DUSE_THIRDPARTY_LIBRARIES=OFF "${@:2}" >/dev/null
    cmake --build "$folder/build" --target install >/dev/null
}

# The libraries of which headers alone are used.
header_packages() {
    local name
    mkdir -p "$deps"/{include,lib/cmake}
    # /usr/include itself as an include folder would bring in the headers of the system's C library.
    for name in boost nlohmann CLI spdlog fmt; do
        ln -sfn "/usr/include/$name" "$deps/include/$name"
    done
    cmake_package nlohmann_json nlohmann-json3-dev nlohmann_json::nlohmann_json
    cmake_package CLI11 libcli11-dev CLI11::CLI11
    cmake_package fmt libfmt-dev fmt::fmt-header-only FMT_HEADER_ONLY
    cmake_package spdlog libspdlog-dev spdlog::spdlog \
        SPDLOG_HEADER_ONLY SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY
}
