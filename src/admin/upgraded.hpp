// What a connection of the admin listener has become after an upgrade.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

namespace secondwind::admin {

using upgrade_request = boost::beast::http::request<boost::beast::http::string_body>;

class upgraded {
public:
    // Closes with the reason that the server stops; drops the client if it does not close in time.
    virtual void stop() = 0;

protected:
    ~upgraded() = default;
};

} // namespace secondwind::admin
