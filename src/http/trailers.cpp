#include <secondwind/http/trailers.hpp>

#include "field_name.hpp"
#include <secondwind/base/ascii.hpp>

namespace secondwind::http {

namespace {

constexpr std::string_view line_end = "\r\n";

bool is_harmful(std::string_view name) noexcept {
    constexpr std::string_view ours = "X-Secondwind-";
    auto const meaning = recognise(name);
    return meaning == field_name::content_length || meaning == field_name::transfer_encoding ||
           is_hop_by_hop(meaning) || iequals(name.substr(0, ours.size()), ours);
}

} // namespace

std::string without_harmful_trailers(std::string_view section) {
    std::string kept;
    while (!section.empty()) {
        auto const line = section.substr(0, section.find(line_end) + line_end.size());
        if (!is_harmful(line.substr(0, line.find(':'))))
            kept += line;
        section.remove_prefix(line.size());
    }
    return kept;
}

std::string_view trailer_filter::pass(std::string_view bytes, std::size_t begin, bool complete) {
    if (begin == none)
        return bytes;
    auto const section = bytes.substr(begin);
    // Nearly every chunked body has none.
    if (complete && section_.empty() && section == line_end)
        return bytes;
    section_ += section;
    if (!complete)
        return bytes.substr(0, begin);
    out_ = bytes.substr(0, begin);
    out_ += without_harmful_trailers(section_);
    return out_;
}

} // namespace secondwind::http
