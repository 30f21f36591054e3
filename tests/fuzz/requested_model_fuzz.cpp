// The model that any bytes name, compared with what a full parser finds.
#include "target.hpp"

#include <secondwind/lmstudio/requested_model.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace requested_model_fuzz {
namespace {

using nlohmann::json;
using secondwind::fuzz::require;
using secondwind::lmstudio::requested_model;

// Takes the events of the parser, and stops it at the value of the top-level "model".
class reference {
public:
    explicit reference(std::string_view text) {
        valid_ = json::sax_parse(text.begin(), text.end(), this) || at_model_;
    }

    // Up to the model's value, or to the end.
    bool valid() const noexcept { return valid_; }
    std::string const& name() const noexcept { return name_; }
    bool unnamed() const noexcept { return is_object_ && !unloads_ && name_.empty(); }

    bool string(json::string_t& text) {
        if (at_model_)
            name_ = text;
        return !at_model_;
    }
    bool key(json::string_t& name) {
        at_model_ = depth_ == 1 && name == "model";
        unloads_ = unloads_ || (depth_ == 1 && name == "instance_id");
        return true;
    }
    bool start_object(std::size_t) {
        is_object_ = is_object_ || depth_ == 0;
        ++depth_;
        return !at_model_;
    }
    bool start_array(std::size_t) {
        ++depth_;
        return !at_model_;
    }
    bool end_object() {
        --depth_;
        return true;
    }
    bool end_array() { return end_object(); }
    bool null() { return !at_model_; }
    bool boolean(bool) { return !at_model_; }
    bool number_integer(json::number_integer_t) { return !at_model_; }
    bool number_unsigned(json::number_unsigned_t) { return !at_model_; }
    bool number_float(json::number_float_t, json::string_t const&) { return !at_model_; }
    bool binary(json::binary_t&) { return !at_model_; }
    bool parse_error(std::size_t, std::string const&, json::exception const&) {
        at_model_ = false;
        return false;
    }

private:
    std::size_t depth_ = 0;
    bool at_model_ = false;
    bool is_object_ = false;
    bool unloads_ = false;
    bool valid_ = false;
    std::string name_;
};

void test(std::uint8_t const* data, std::size_t size) {
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    auto const before = requested_model::bytes_read();
    requested_model const model{text};
    requested_model const kept{text, false};

    auto const glance = model.glance();
    auto const& name = model.name();
    require(glance.empty() || glance == name);
    require(requested_model::bytes_read() - before <= size);
    require(name.empty() || !model.unnamed());
    require(!json(name).dump().empty()); // throws unless it is UTF-8
    require(kept.name() == name && kept.unnamed() == name.empty());

    if (reference const right{text}; right.valid()) {
        require(name == right.name());
        require(model.unnamed() == right.unnamed());
    }
}

secondwind::fuzz::target const registered{"requested_model", test};

} // namespace
} // namespace requested_model_fuzz
