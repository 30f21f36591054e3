// A folder that is removed with this object.
#pragma once

#include <filesystem>
#include <random>
#include <string>
#include <system_error>

namespace secondwind::test {

class temporary_folder {
public:
    explicit temporary_folder(
        std::filesystem::path const& in = std::filesystem::temp_directory_path()) {
        std::random_device random;
        do
            path_ = in / ("secondwind-" + std::to_string(random()));
        while (!std::filesystem::create_directory(path_)); // another has that name
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
