# The headers of libraries that most sources include, compiled once: by secondwind_boost for all of
# the product, and by test_support, with GoogleTest besides, for all test programs.
set(secondwind_common_headers
    <algorithm> <array> <chrono> <functional> <map> <memory> <optional> <string> <string_view>
    <utility> <variant> <vector>
    <boost/asio.hpp> <boost/beast/core.hpp> <boost/beast/http.hpp> <fmt/format.h>
    <nlohmann/json.hpp>)

function(secondwind_precompiled target)
    target_precompile_headers(${target} REUSE_FROM secondwind_boost)
endfunction()
