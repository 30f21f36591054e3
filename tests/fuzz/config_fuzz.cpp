// Any configuration file gives either settings or a config_error.
#include "target.hpp"

#include <secondwind/config/builder.hpp>
#include <secondwind/config/keys.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace config_fuzz {
namespace {

// Whether a flag cannot express the shown value: secrets are hidden, a client's key shows only its
// name, and the rest of an upstream is for people.
bool is_for_people(secondwind::config::builder::entry const& one) {
    return secondwind::config::find_key(one.key)->secret || one.key == "clients.api_keys" ||
           (one.key == "upstreams" && one.value.find(' ') != std::string::npos);
}

void test(std::uint8_t const* data, std::size_t size) {
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    try {
        secondwind::config::builder builder;
        // The content of a named file is its own name, so that the input controls that as well.
        builder.add_file(text, "f.json", [](std::string const& path) { return path; });
        builder.check();
        // The shown settings must be accepted again, and mean the same.
        auto const shown = builder.effective();
        for (auto const& entry : shown)
            if (!is_for_people(entry))
                builder.add_flag(entry.key, entry.value, "--again");
        auto const again = builder.effective();
        for (std::size_t i = 0; i < shown.size(); ++i)
            if (!is_for_people(shown[i]) && again[i].value != shown[i].value)
                std::abort();
    } catch (secondwind::config::config_error const& e) {
        std::string_view const message = e.what();
        if (!message.starts_with("f.json:"))
            std::abort();
    }
}

secondwind::fuzz::target const registered{"config", test};

} // namespace
} // namespace config_fuzz
