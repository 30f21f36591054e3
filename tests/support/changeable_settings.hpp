// Settings that a test may change in place, for parts of the program that read those in force.
#pragma once

#include <secondwind/config/current_settings.hpp>

#include <memory>

namespace secondwind::test {

class changeable_settings : public config::current_settings {
public:
    changeable_settings() : changeable_settings{std::make_shared<config::settings>()} {}

    // In force until another version replaces them.
    config::settings& values() const noexcept { return *values_; }

private:
    explicit changeable_settings(std::shared_ptr<config::settings> values)
        : config::current_settings{values}, values_{std::move(values)} {}

    std::shared_ptr<config::settings> values_;
};

} // namespace secondwind::test
