// Whatever a configuration file holds, reading it ends in settings or in a config_error.
#include <secondwind/config/parse.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    try {
        secondwind::config::builder builder;
        builder.add_file(text, "f.json");
        builder.check();
        // What was taken must be taken again as it is shown.
        for (auto const& entry : builder.effective())
            builder.add_flag(entry.key, entry.value, "--again");
    } catch (secondwind::config::config_error const& e) {
        std::string_view const message = e.what();
        if (!message.starts_with("f.json:"))
            std::abort();
    }
    return 0;
}
