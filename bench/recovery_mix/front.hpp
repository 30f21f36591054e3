// What stands between the clients and the host: nothing, a baseline, or the product.
#pragma once

#include "support/simulated_host.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::bench {

struct reply {
    bool healthy = false;                                       // came whole
    std::optional<test::virtual_time::time_point> first_byte{}; // of a healthy one
};

class front {
public:
    front() = default;
    front(front const&) = delete;
    front& operator=(front const&) = delete;
    virtual ~front() = default;

    virtual net::task<reply> serve(std::string id, test::wish asked) = 0;
};

enum class front_kind : std::uint8_t {
    no_proxy,
    evict_and_retry, // a memory error unloads all, busy or not, and the request is sent once more
    first_rules,     // see first_rules.cpp
    product
};
constexpr front_kind all_fronts[]{front_kind::no_proxy, front_kind::evict_and_retry,
                                  front_kind::first_rules, front_kind::product};
std::string_view to_string(front_kind k) noexcept;

// What a front needs. All must outlive it.
struct surroundings {
    test::virtual_time& time;
    boost::asio::io_context& io;
    test::simulated_host& host;
    std::function<void(std::string const&)> trace; // empty: no trace
    bool old_defaults = false;                     // of the product
};

std::unique_ptr<front> make_front(front_kind k, surroundings around);
std::unique_ptr<front> make_first_rules(surroundings around);

} // namespace secondwind::bench
