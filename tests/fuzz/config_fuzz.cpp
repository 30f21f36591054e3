// Whatever a configuration file holds, reading it ends in settings or in a config_error.
#include <secondwind/config/keys.hpp>
#include <secondwind/config/parse.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

// Whether a flag cannot say what is shown: secrets are not, of a client's key only its name is, and
// what an upstream has besides its name and its address is for people.
bool is_for_people(secondwind::config::builder::entry const& one) {
    return secondwind::config::find_key(one.key)->secret || one.key == "clients.api_keys" ||
           (one.key == "upstreams" && one.value.find(' ') != std::string::npos);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    try {
        secondwind::config::builder builder;
        // A file that it names holds its own name, so that the input decides about that as well.
        builder.add_file(text, "f.json",
                         [](std::string const& path) { return std::optional{path}; });
        builder.check();
        // What was taken must be taken again as it is shown, and mean the same.
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
    return 0;
}
