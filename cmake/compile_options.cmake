# Everything that all targets must agree on: warnings, sanitizers, and the macros that change the
# layout of Asio and Beast.
add_library(secondwind_options INTERFACE)

target_compile_options(secondwind_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(SECONDWIND_WERROR)
    target_compile_options(secondwind_options INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # A precompiled header that is out of date must be rebuilt, not ignored in silence.
    target_compile_options(secondwind_options INTERFACE -Winvalid-pch)
    # By default g++ collects its garbage so often that it takes a tenth of its time. This costs
    # some 300 MB more for each process, 1 GB at most.
    target_compile_options(secondwind_options INTERFACE
        --param=ggc-min-heapsize=524288 --param=ggc-min-expand=200)
    if(SECONDWIND_JOIN_SOURCES)
        # g++ takes what is in an included source for the content of a header.
        target_compile_options(secondwind_options INTERFACE -Wno-subobject-linkage)
    endif()
endif()

if(SECONDWIND_SANITIZE)
    target_compile_definitions(secondwind_options INTERFACE SECONDWIND_SANITIZED)
    target_compile_options(secondwind_options INTERFACE
        -fsanitize=${SECONDWIND_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    # The tests' own code does without UndefinedBehaviorSanitizer, which doubles the time to compile it.
    target_compile_options(secondwind_options INTERFACE
        $<$<BOOL:$<TARGET_PROPERTY:SECONDWIND_IS_TEST>>:-fno-sanitize=undefined>)
    target_link_options(secondwind_options INTERFACE -fsanitize=${SECONDWIND_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # g++ 12 reports false positives inside Asio under the sanitizers, one of them because it
        # inlines the new of a coroutine's frame and not its delete.
        target_compile_options(secondwind_options INTERFACE
            -Wno-maybe-uninitialized -Wno-mismatched-new-delete)
    elseif(SECONDWIND_SANITIZE MATCHES "undefined")
        # clang 14 cannot assemble what this check writes in front of the parts of a coroutine.
        target_compile_options(secondwind_options INTERFACE -fno-sanitize=function)
    endif()
endif()

if(SECONDWIND_FUZZERS)
    if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "SECONDWIND_FUZZERS needs clang: libFuzzer is part of it")
    endif()
    # The libraries too, because the coverage of the fuzzed code guides the fuzzer. The tests' own
    # code has no use for it.
    target_compile_options(secondwind_options INTERFACE
        $<$<NOT:$<BOOL:$<TARGET_PROPERTY:SECONDWIND_IS_TEST>>>:-fsanitize=fuzzer-no-link>)
endif()

if(WIN32)
    target_compile_definitions(secondwind_options INTERFACE
        _WIN32_WINNT=0x0A00 WIN32_LEAN_AND_MEAN NOMINMAX
        # With select, waiting for a socket means what it means elsewhere. With completion ports a
        # wait is a receive, and the reset of a client goes unnoticed until something is written.
        BOOST_ASIO_DISABLE_IOCP)
    target_link_libraries(secondwind_options INTERFACE ws2_32 mswsock crypt32 psapi advapi32)
endif()

target_compile_definitions(secondwind_options INTERFACE
    BOOST_ASIO_SEPARATE_COMPILATION
    BOOST_BEAST_SEPARATE_COMPILATION
    BOOST_URL_NO_LIB
    BOOST_ASIO_NO_DEPRECATED
    # Completion handlers and frames that come and go with each event stay in Asio's per-thread cache.
    BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=8
    # Beast 1.81 asserts on some malformed input from the network; with asserts off it reports the error.
    BOOST_DISABLE_ASSERTS)
