// Runs a fuzz target over the files of its corpus instead of libFuzzer, so that every compiler
// tests them: fuzz_replay TARGET CORPUS_FOLDER
#include "target.hpp"

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

namespace {

using secondwind::fuzz::target;

void replay(target const& replayed, std::filesystem::path const& path) {
    std::ifstream file{path, std::ios::binary};
    std::string const bytes{std::istreambuf_iterator<char>{file}, {}};
    if (file.bad())
        throw std::filesystem::filesystem_error{"cannot read", path,
                                                std::make_error_code(std::errc::io_error)};
    // A block of exactly the input's size lets a sanitizer see the first byte read beyond it.
    auto const block = std::make_unique<std::uint8_t[]>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), block.get());
    replayed.test(block.get(), bytes.size());
}

int replay_all(target const& replayed, std::filesystem::path const& folder) {
    int count = 0;
    for (auto const& entry : std::filesystem::directory_iterator{folder}) {
        if (!entry.is_regular_file())
            continue;
        // Printed before, so that an abort can be attributed to this file.
        std::printf("%s\n", entry.path().filename().c_str());
        std::fflush(stdout);
        replay(replayed, entry.path());
        ++count;
    }
    return count;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: %s TARGET CORPUS_FOLDER\n", argv[0]);
        return 2;
    }
    try {
        auto const& all = secondwind::fuzz::targets();
        auto const replayed = std::find_if(
            all.begin(), all.end(), [name = argv[1]](auto const& t) { return t.name == name; });
        if (replayed == all.end()) {
            std::fprintf(stderr, "There is no target %s.\n", argv[1]);
            return 2;
        }
        auto const count = replay_all(*replayed, argv[2]);
        std::printf("%d inputs\n", count);
        // A missing corpus must not look like one without faults.
        return count > 0 ? 0 : 1;
    } catch (std::exception const& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
