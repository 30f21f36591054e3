// Runs a fuzz target over files instead of libFuzzer, so that every compiler tests the corpus.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace {

void replay(std::filesystem::path const& path) {
    std::ifstream file{path, std::ios::binary};
    std::string const bytes{std::istreambuf_iterator<char>{file}, {}};
    if (file.bad())
        throw std::filesystem::filesystem_error{"cannot read", path,
                                                std::make_error_code(std::errc::io_error)};
    // A block of exactly the input's size lets a sanitizer see the first byte read beyond it.
    auto const block = std::make_unique<std::uint8_t[]>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), block.get());
    LLVMFuzzerTestOneInput(block.get(), bytes.size());
}

int replay_all(std::filesystem::path const& folder) {
    int count = 0;
    for (auto const& entry : std::filesystem::directory_iterator{folder}) {
        if (!entry.is_regular_file())
            continue;
        // Printed before, so that an abort is seen to be that file's.
        std::printf("%s\n", entry.path().filename().c_str());
        std::fflush(stdout);
        replay(entry.path());
        ++count;
    }
    return count;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
        return 2;
    }
    try {
        auto const count = replay_all(argv[1]);
        std::printf("%d inputs\n", count);
        // A corpus that was moved away must not pass for one without faults.
        return count > 0 ? 0 : 1;
    } catch (std::exception const& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
