// The log of the process under test, line by line.
#pragma once

#include <secondwind/base/log.hpp>
#include <secondwind/base/system.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace secondwind::test {

// While it lives, log lines go to a temporary file.
class log_file {
public:
    log_file()
        : path_{testing::TempDir() + "secondwind_" + std::to_string(own_process()) + ".log"} {
        std::filesystem::remove(path_);
        log::init({log::level::info, log::format::json, path_});
    }
    log_file(log_file const&) = delete;
    log_file& operator=(log_file const&) = delete;
    ~log_file() {
        log::shutdown();
        std::filesystem::remove(path_);
    }

    // The lines of one event, in order.
    std::vector<nlohmann::json> lines(std::string const& event) const;

private:
    std::string path_;
};

} // namespace secondwind::test
