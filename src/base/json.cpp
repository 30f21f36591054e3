#include <secondwind/base/json.hpp>

#include <secondwind/base/escape.hpp>

#include <nlohmann/json.hpp>

namespace secondwind {

std::string write_json(nlohmann::json const& document) {
    return escape_unseen(document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::string write_json(nlohmann::ordered_json const& document) {
    return escape_unseen(document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

} // namespace secondwind
