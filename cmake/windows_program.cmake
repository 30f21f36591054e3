# What every program for Windows has: UTF-8 by its manifest, and a version.
if(WIN32)
    enable_language(RC)
endif()

function(secondwind_windows_program target)
    if(WIN32)
        set(resource ${PROJECT_BINARY_DIR}/secondwind.rc)
        configure_file(${PROJECT_SOURCE_DIR}/packaging/windows/secondwind.rc.in ${resource} @ONLY)
        target_sources(${target} PRIVATE ${resource})
        set_source_files_properties(${resource} PROPERTIES
            INCLUDE_DIRECTORIES ${PROJECT_SOURCE_DIR}/packaging/windows
            OBJECT_DEPENDS ${PROJECT_SOURCE_DIR}/packaging/windows/secondwind.manifest)
    endif()
endfunction()
