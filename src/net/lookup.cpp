#include <secondwind/net/lookup.hpp>

#include "native.hpp"
#include "resolver.hpp"

#include <boost/asio/basic_datagram_socket.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

namespace secondwind::net {

struct lookup::query {
    explicit query(asio::io_context& io) : ours{io} {}

    asio::basic_datagram_socket<asio::generic::datagram_protocol, executor> ours;
    finding found;
    lookup* owner = nullptr; // null once it is destroyed
};

lookup::lookup(asio::io_context& io) : io_{io}, ended_{io} {}

lookup::~lookup() {
    if (!running_)
        return;
    running_->owner = nullptr;
    error_code ignored;
    running_->ours.close(ignored);
}

void lookup::begin(std::string const& host, std::uint16_t port) {
    if (running_)
        return;
    error_code ec;
    auto const ends = native::open_pair(ec);
    if (ec) {
        failure_ = ec;
        return;
    }
    auto begun = std::make_shared<query>(io_);
    begun->owner = this;
    begun->ours.assign(ends.protocol, ends.ours);
    try {
        std::thread{[host, service = std::to_string(port), theirs = ends.theirs] {
            auto const found = find_addresses(host, service);
            // One message, which fits. It is lost if the lookup has been destroyed, which is fine.
            native::send(theirs, &found, sizeof found);
            native::close(theirs);
        }}.detach();
    } catch (std::system_error const& e) {
        native::close(ends.theirs);
        failure_ = {e.code().value(), boost::system::system_category()};
        return;
    }
    running_ = begun;
    begun->ours.async_receive(asio::buffer(&begun->found, sizeof(finding)),
                              [begun](error_code failed, std::size_t size) {
                                  if (begun->owner != nullptr)
                                      begun->owner->take(*begun, failed ? 0 : size);
                              });
}

void lookup::take(query const& ended, std::size_t size) {
    auto const keep = std::move(running_);
    addresses_.clear();
    failure_ =
        size == sizeof(finding) ? error_of(ended.found) : error_code{asio::error::host_not_found};
    for (std::size_t i = 0; !failure_ && i < finding::most_addresses && ended.found.sizes[i] != 0;
         ++i) {
        endpoint one;
        one.resize(ended.found.sizes[i]);
        std::memcpy(one.data(), ended.found.addresses[i].data(), ended.found.sizes[i]);
        addresses_.push_back(one);
    }
    ended_.open();
}

} // namespace secondwind::net
