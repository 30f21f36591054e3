// A string that is empty as a rule.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace secondwind {

// While it is empty it takes the memory of a pointer, a quarter of that of std::string: an object
// that thousands of open streams keep may have several.
class rare_string {
public:
    rare_string& operator=(std::string_view text) {
        text_ = text.empty() ? nullptr : std::make_unique<std::string>(text);
        return *this;
    }

    operator std::string_view() const noexcept { // NOLINT: read as what it is
        return text_ ? std::string_view{*text_} : std::string_view{};
    }
    bool empty() const noexcept { return !text_; }

private:
    std::unique_ptr<std::string> text_;
};

} // namespace secondwind
