// Takes the opening events off the front of a stream, as they came.
#pragma once

#include <secondwind/policy/opening.hpp>

#include <string>
#include <string_view>

namespace secondwind::policy {

// Holds back what comes from the first telling event on. Pieces may be cut anywhere.
class opening_splitter {
public:
    // The stream's next bytes, without their transfer coding.
    void push(std::string_view data) { rest_.append(data); }

    // The whole opening events that have come by now, byte for byte, without those that the client
    // has had already; comments among them pass. Empty where there are none.
    std::string pass(opening_sequence& client_has);

    // What has come and was not passed, or left out.
    std::string_view rest() const noexcept { return rest_; }

private:
    std::string rest_;
};

} // namespace secondwind::policy
