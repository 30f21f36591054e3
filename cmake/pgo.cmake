# Profile-guided optimization with g++, in two stages in one build directory, where each object finds
# its own profile: scripts/pgo.sh runs both. It is for the libraries that serve requests; what the
# training never runs of them is optimized for size.
set(SECONDWIND_PGO "" CACHE STRING
    "Profile-guided optimization: train (count what runs), use (optimize for that), or empty")
set_property(CACHE SECONDWIND_PGO PROPERTY STRINGS "" train use)

function(secondwind_profiled target)
    if(SECONDWIND_PGO)
        # An object is paired with its profile by its place, which ccache does not know.
        set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER "")
    endif()
    if(SECONDWIND_PGO STREQUAL "train")
        target_compile_options(${target} PRIVATE -fprofile-generate)
        target_link_options(${target} INTERFACE -fprofile-generate)
    elseif(SECONDWIND_PGO STREQUAL "use")
        target_compile_options(${target} PRIVATE -fprofile-use -Wno-missing-profile)
    elseif(SECONDWIND_PGO)
        message(FATAL_ERROR "SECONDWIND_PGO is \"${SECONDWIND_PGO}\"; use train, use or nothing")
    endif()
endfunction()
