// A folder that is removed with this object.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

#include <cstdlib>

namespace secondwind::test {

class temporary_folder {
public:
    explicit temporary_folder(
        std::filesystem::path const& in = std::filesystem::temp_directory_path()) {
        auto pattern = (in / "secondwind-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw std::runtime_error{"there is no place for a temporary folder"};
        path_ = pattern;
    }
    temporary_folder(temporary_folder const&) = delete;
    temporary_folder& operator=(temporary_folder const&) = delete;
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::filesystem::path const& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

} // namespace secondwind::test
