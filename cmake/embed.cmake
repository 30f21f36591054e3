# Makes a folder's files part of the executable: a source with their bytes, which
# src/admin/assets.hpp gives out. The same file is the script that writes it when one changes.
#
#     secondwind_embed(VARIABLE FOLDER FILE...)
#
# sets VARIABLE to that source. FILEs are in FOLDER; what is not served (README.md) is left out.
if(NOT CMAKE_SCRIPT_MODE_FILE)
    set(secondwind_embed_script ${CMAKE_CURRENT_LIST_FILE})

    function(secondwind_embed variable folder)
        set(files ${ARGN})
        list(FILTER files EXCLUDE REGEX "/README\\.md$")
        set(source ${PROJECT_BINARY_DIR}/embedded/dashboard.cpp)
        # A semicolon would end the argument.
        string(REPLACE ";" "|" names "${files}")
        add_custom_command(OUTPUT ${source}
            COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} "-DFILES=${names}" -DSOURCE=${source}
                -P ${secondwind_embed_script}
            DEPENDS ${files} ${secondwind_embed_script}
            COMMENT "Embedding the dashboard"
            VERBATIM)
        set_source_files_properties(${source} PROPERTIES
            SKIP_PRECOMPILE_HEADERS ON SKIP_UNITY_BUILD_INCLUSION ON)
        set(${variable} ${source} PARENT_SCOPE)
    endfunction()
    return()
endif()

cmake_minimum_required(VERSION 3.25)

set(type_of_html "text/html; charset=utf-8")
set(type_of_css "text/css; charset=utf-8")
set(type_of_js "text/javascript; charset=utf-8")
set(type_of_svg "image/svg+xml")
set(type_of_json "application/json")
set(type_of_txt "text/plain; charset=utf-8")

string(REPLACE "|" ";" files "${FILES}")
set(arrays "")
set(entries "")
set(number 0)
foreach(file IN LISTS files)
    file(RELATIVE_PATH name ${FOLDER} ${file})
    # A file from elsewhere stands beside the others.
    if(name MATCHES "^[.][.]/")
        get_filename_component(name ${file} NAME)
    endif()
    if(name STREQUAL "index.html")
        set(path "/")
    else()
        set(path "/assets/${name}")
    endif()

    get_filename_component(extension ${file} LAST_EXT)
    string(REGEX REPLACE "^\\." "" extension "${extension}")
    if(name MATCHES "(^|/)LICENSE$")
        set(extension txt)
    endif()
    if(NOT DEFINED type_of_${extension})
        message(FATAL_ERROR "${file}: give its extension a content type in cmake/embed.cmake")
    endif()

    # Numbers rather than a literal, which compilers bound at 64 KiB. The zero behind them is for an
    # empty file, and not counted.
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    file(SIZE ${file} size)
    # The bytes are their own version.
    file(SHA256 ${file} digest)
    string(SUBSTRING ${digest} 0 32 digest)

    string(APPEND arrays "constexpr unsigned char file_${number}[] = {${bytes}0};\n")
    string(APPEND entries
        "    asset{\"${path}\", \"${type_of_${extension}}\", bytes_of(file_${number}, ${size}), "
        "\"\\\"${digest}\\\"\"},\n")
    math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${SOURCE} "// Generated from assets/dashboard by cmake/embed.cmake.
#include \"admin/assets.hpp\"

#include <algorithm>
#include <array>
#include <cstddef>

namespace secondwind::admin {

namespace {

std::string_view bytes_of(unsigned char const* from, std::size_t size) {
    return {reinterpret_cast<char const*>(from), size};
}

${arrays}
std::array<asset, ${number}> const embedded{{
${entries}}};

} // namespace

asset const* find_asset(std::string_view path) noexcept {
    auto const found = std::find_if(embedded.begin(), embedded.end(),
                                    [path](asset const& each) { return each.path == path; });
    return found == embedded.end() ? nullptr : &*found;
}

} // namespace secondwind::admin
")
