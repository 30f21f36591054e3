#include <secondwind/config/address.hpp>

#include <secondwind/base/escape.hpp>
#include <secondwind/config/builder.hpp>

#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <charconv>

namespace secondwind::config {
namespace {

namespace urls = boost::urls;

constexpr std::string_view url_form =
    "http://HOST[:PORT] or https://HOST[:PORT], as http://127.0.0.1:1234";
constexpr std::string_view this_machine = "127.0.0.1";
constexpr std::string_view client_path = "/v1"; // of the URLs that apps are given
constexpr std::size_t most_upstreams = 64;
constexpr std::size_t longest_host = 253; // RFC 1035 section 2.3.4, in presentation form

bool is_word(std::string_view text) noexcept {
    auto const in_word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '.' || c == '-';
    };
    return !text.empty() && std::ranges::all_of(text, in_word);
}

std::optional<std::uint16_t> read_port(std::string_view text) noexcept {
    std::uint16_t port = 0;
    auto const* end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, port);
    return error == std::errc{} && stop == end ? std::optional{port} : std::nullopt;
}

std::optional<urls::ipv4_address> as_ipv4(std::string_view text) noexcept {
    auto const parsed = urls::parse_ipv4_address({text.data(), text.size()});
    return parsed ? std::optional{*parsed} : std::nullopt;
}

std::optional<urls::ipv6_address> as_ipv6(std::string_view text) noexcept {
    auto const parsed = urls::parse_ipv6_address({text.data(), text.size()});
    return parsed ? std::optional{*parsed} : std::nullopt;
}

std::string bracketed(std::string const& host) {
    return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

std::string_view view(urls::string_view text) noexcept {
    return {text.data(), text.size()};
}

// A host without brackets, or an empty string for one that cannot be connected to.
std::string read_host(urls::url_view const& url) {
    std::string_view host = view(url.encoded_host());
    if (url.host_type() == urls::host_type::ipv6)
        return std::string{host.substr(1, host.size() - 2)};
    bool const usable = is_word(host) && host.size() <= longest_host;
    return usable ? std::string{host} : std::string{};
}

// No message may show the user information of a URL.
std::string without_user(std::string_view text) {
    auto const at = text.rfind('@');
    if (at == std::string_view::npos)
        return std::string{text};
    auto const slashes = text.find("://");
    auto const begin = slashes == std::string_view::npos || slashes > at ? 0 : slashes + 3;
    return std::string{text.substr(0, begin)}.append("***").append(text.substr(at));
}

// What people write for a URL: HOST:PORT, :PORT, or the port alone.
std::string with_scheme(std::string_view text) {
    if (text.find("://") != std::string_view::npos)
        return std::string{text};
    if (read_port(text))
        return std::string{"http://"}.append(this_machine).append(":").append(text);
    auto const host = text.starts_with(':') ? this_machine : std::string_view{};
    return std::string{"http://"}.append(host).append(text);
}

// It has neither a scheme nor a port, so it may be a name without a URL just as well.
bool is_bare_host(std::string_view text) {
    return is_host_with_or_without_port(text) && text.find(':') == std::string_view::npos &&
           !read_port(text);
}

std::string expected_but_got_url(std::string_view expected, std::string_view text) {
    return expected_but_got(expected, without_user(text));
}

} // namespace

std::string to_string(endpoint const& e) {
    return bracketed(e.address) + ":" + std::to_string(e.port);
}

std::string to_string(upstream const& u) {
    return (u.tls ? "https://" : "http://") + bracketed(u.host) + ":" + std::to_string(u.port);
}

std::string authority(upstream const& u) {
    bool const usual = u.port == (u.tls ? 443 : 80); // RFC 9110 section 4.2
    return usual ? bracketed(u.host) : bracketed(u.host) + ":" + std::to_string(u.port);
}

bool is_host_with_or_without_port(std::string_view text) noexcept {
    auto const end = text.starts_with('[') ? text.find(']') : text.find(':');
    if (end == std::string_view::npos)
        return is_word(text) && text.size() <= longest_host;
    auto host = text.substr(0, end);
    bool const brackets = text[end] == ']';
    if (brackets)
        host.remove_prefix(1);
    bool const usable =
        brackets ? as_ipv6(host).has_value() : is_word(host) && host.size() <= longest_host;
    auto const rest = text.substr(brackets ? end + 1 : end);
    bool const has_port = rest.starts_with(':') && read_port(rest.substr(1)).value_or(0) != 0;
    return usable && (rest.empty() || has_port);
}

std::string without_wildcard(std::string const& address) {
    auto const v4 = as_ipv4(address);
    if (v4 && v4->is_unspecified())
        return std::string{this_machine};
    auto const v6 = as_ipv6(address);
    return v6 && v6->is_unspecified() ? "::1" : address;
}

bool is_loopback(endpoint const& e) noexcept {
    if (auto const v4 = as_ipv4(e.address))
        return v4->is_loopback();
    auto const v6 = as_ipv6(e.address);
    return v6 && v6->is_loopback();
}

bool is_same_place(endpoint const& one, endpoint const& other) noexcept {
    if (one.port != other.port || one.port == 0)
        return false;
    auto const v6 = as_ipv6(one.address);
    return one.address == other.address || (v6 && v6 == as_ipv6(other.address));
}

std::string expected_but_got(std::string_view expected, std::string_view text) {
    return std::string{"expected "}.append(expected).append(", but got ").append(in_quotes(text));
}

bool is_name(std::string_view text) noexcept {
    return is_word(text);
}

std::optional<endpoint> parse_endpoint(std::string_view text) {
    auto const colon = text.rfind(':');
    bool const has_address = colon != std::string_view::npos;
    auto address = text.substr(0, has_address ? colon : 0);
    auto const port = read_port(has_address ? text.substr(colon + 1) : text);
    if (address.empty() || address == "localhost")
        address = this_machine;
    bool const brackets = address.starts_with('[') && address.ends_with(']');
    if (brackets)
        address = address.substr(1, address.size() - 2);
    bool const numeric = brackets ? as_ipv6(address).has_value() : as_ipv4(address).has_value();
    if (!port || !numeric)
        return std::nullopt;
    return endpoint{std::string{address}, *port};
}

std::string read_url(std::string_view text, upstream& into) {
    if (is_bare_host(text))
        return expected_but_got_url(url_form, text) + ": did you mean http://" + std::string{text} +
               ":1234?";
    auto const whole = with_scheme(text);
    auto const parsed = urls::parse_uri(whole);
    if (!parsed)
        return expected_but_got_url(url_form, text);
    auto const& url = *parsed;
    if (url.has_userinfo())
        return "a user or password is not supported: " + expected_but_got_url(url_form, text);
    auto path = view(url.encoded_path());
    if (path.starts_with(client_path))
        path.remove_prefix(client_path.size());
    if (!path.empty() && path != "/")
        return "a path is not supported: " + expected_but_got_url(url_form, text);
    if (url.has_query() || url.has_fragment())
        return "a query or fragment is not supported: " + expected_but_got_url(url_form, text);
    bool const tls = url.scheme_id() == urls::scheme::https;
    std::uint16_t const default_port = tls ? 443 : 80;
    auto const port = url.has_port() ? read_port(view(url.port())) : default_port;
    auto host = read_host(url);
    bool const known = tls || url.scheme_id() == urls::scheme::http;
    if (!known || host.empty() || port.value_or(0) == 0)
        return expected_but_got_url(url_form, text);
    into.host = std::move(host);
    into.port = *port;
    into.tls = tls;
    return {};
}

std::string url_note(std::string_view text) {
    if (text.ends_with('/'))
        text.remove_suffix(1);
    if (!text.ends_with(client_path))
        return {};
    return "the /v1 at the end is ignored, because the requests of clients have it already";
}

std::string upstreams_note(std::string_view text) {
    for (bool more = true; more;) {
        auto const comma = text.find(',');
        if (auto note = url_note(text.substr(0, comma)); !note.empty())
            return note;
        more = comma != std::string_view::npos;
        text.remove_prefix(more ? comma + 1 : text.size());
    }
    return {};
}

std::string endpoint_note(std::string_view text) {
    if (!text.starts_with(':') || !parse_endpoint(text))
        return {};
    return in_quotes(text) +
           " listens on 127.0.0.1 only: for all addresses of this machine, write "
           "0.0.0.0" +
           std::string{text};
}

std::string read_upstream(std::string_view text, upstream& into) {
    auto const equals = text.find('=');
    // A later '=' belongs to the URL.
    if (equals == std::string_view::npos || equals > text.find("://"))
        return read_url(text, into);
    auto const name = text.substr(0, equals);
    if (!is_name(name))
        return expected_but_got_url(std::string{name_form} + " before '='", text);
    into.name = name;
    return read_url(text.substr(equals + 1), into);
}

std::string read_upstreams(std::string_view text, std::vector<upstream>& into) {
    std::vector<upstream> all;
    for (bool more = true; more;) {
        auto const comma = text.find(',');
        if (auto complaint = read_upstream(text.substr(0, comma), all.emplace_back());
            !complaint.empty())
            return complaint;
        more = comma != std::string_view::npos;
        text.remove_prefix(more ? comma + 1 : text.size());
    }
    if (auto complaint = check_upstreams(all); !complaint.empty())
        return complaint;
    into = std::move(all);
    return {};
}

std::string check_upstreams(std::vector<upstream> const& all) {
    if (all.empty())
        return "expected an upstream, but got none";
    for (auto one = all.begin(); one != all.end(); ++one)
        if (std::ranges::find(all.begin(), one, one->name, &upstream::name) != one)
            return "the upstream name " + in_quotes(one->name) +
                   " is used twice: give each upstream its own name";
    if (all.size() > most_upstreams)
        return "expected at most 64 upstreams, but got " + std::to_string(all.size());
    return {};
}

std::optional<upstream> parse_upstream(std::string_view text) {
    upstream u;
    return read_upstream(text, u).empty() ? std::optional{std::move(u)} : std::nullopt;
}

} // namespace secondwind::config
