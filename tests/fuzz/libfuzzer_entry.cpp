// libFuzzer's way into the one target that a fuzzer is linked with.
#include "target.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    secondwind::fuzz::targets().front().test(data, size);
    return 0;
}
