#include <secondwind/emulator/request.hpp>

#include <boost/beast/core/string.hpp>

namespace secondwind::emulator {

namespace {

std::string_view take_line(std::string_view& text) {
    auto const end = text.find("\r\n");
    auto const line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    return line;
}

std::string_view trim(std::string_view text) {
    auto const first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

} // namespace

std::optional<std::string_view> request::field(std::string_view name) const {
    for (auto const& [key, value] : fields)
        if (boost::beast::iequals({key.data(), key.size()}, {name.data(), name.size()}))
            return value;
    return std::nullopt;
}

request parse_head(std::string head) {
    request r;
    r.head = std::move(head);
    std::string_view rest = r.head;
    auto const line = take_line(rest);
    auto const first = line.find(' ');
    auto const last = line.rfind(' ');
    r.method = line.substr(0, first);
    if (first != std::string_view::npos && last > first) {
        r.target = line.substr(first + 1, last - first - 1);
        r.version = line.substr(last + 1);
    }
    while (!rest.empty()) {
        auto const field = take_line(rest);
        if (field.empty())
            break;
        auto const colon = field.find(':');
        auto const value =
            colon == std::string_view::npos ? std::string_view{} : trim(field.substr(colon + 1));
        r.fields.emplace_back(field.substr(0, colon), value);
    }
    return r;
}

} // namespace secondwind::emulator
