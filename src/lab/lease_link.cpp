#include "lease_link.hpp"

#include <secondwind/base/system.hpp>
#include <secondwind/config/address.hpp>

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <deque>
#include <utility>

namespace secondwind::lab {

namespace {

namespace websocket = boost::beast::websocket;

constexpr std::size_t largest_message = 1024 * 1024;

std::string percent_encoded(std::string_view name) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (auto const c : name) {
        auto const byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4U];
        out += digits[byte & 15U];
    }
    return out;
}

// What the answer to a handshake says that is no 101.
std::string describe_refusal(std::string const& place, std::string const& host, unsigned status,
                             std::string const& body) {
    auto const document = nlohmann::json::parse(body, nullptr, false);
    auto const error =
        document.is_object() ? document.value("error", nlohmann::json{}) : nlohmann::json{};
    std::string code;
    if (error.is_object() && error.contains("code") && error["code"].is_string())
        code = error["code"].get<std::string>();
    if (code == "actions_disabled")
        return "the secondwind at " + place +
               " does not lend its hosts to a lab, because actions are disabled there: set "
               "admin.allow_actions to true in its configuration and " +
               std::string{reload_advice()};
    if (status == 401)
        return "the secondwind at " + place +
               " requires another token: set admin.token, or SECONDWIND_ADMIN_TOKEN_FILE";
    if (code == "not_found")
        return "the secondwind at " + place + " has no host \"" + host +
               "\": secondwind status lists its hosts";
    if (code.empty())
        return "what answers at " + place + " (status " + std::to_string(status) +
               ") is no secondwind that lends its hosts to a lab: set admin.listen to the address "
               "of the "
               "one in front of the host, or to \"off\" if there is none";
    return "the secondwind at " + place + " refuses a lab (" + code + ")";
}

class beast_link final : public lease_link {
public:
    beast_link(host::environment env, proxy_address address,
               config::current_settings const& settings)
        : address_{std::move(address)}, pool_{env.io, env.deadlines, address_.at, settings},
          slot_{env.deadlines}, changed_{env.io} {
        if (address_.tls)
            pool_.use(address_.tls);
    }

    net::task<opening> open(std::string host) override {
        auto const self = shared_from_this();
        auto const place = config::authority(address_.at);
        over_ = pool_.lend_new();
        stream_ = std::make_unique<stream>(over_->socket);
        opening result;
        auto const failed = co_await pool_.connect(*over_, slot_);
        if (failed) {
            // A certificate that is not trusted is an answer.
            bool const answers = failed.kind == host::fault::tls;
            result.result = answers ? opened::refused : opened::nobody;
            result.failure = "there is no connection to the secondwind at " + place + ": " +
                             host::describe(failed);
            end();
            co_return result;
        }
        std::string body;
        unsigned status = 0;
        auto const ec = co_await shake_hands(host, status, body);
        if (ec == websocket::error::upgrade_declined) {
            result.result = opened::refused;
            result.failure = describe_refusal(place, host, status, body);
        } else if (ec) {
            result.result = opened::refused;
            result.failure =
                "what listens at " + place + " is no secondwind that lends its hosts to a lab (" +
                ec.message() +
                "): set admin.listen to the address of the one in front of the host, or "
                "to \"off\" if there is none";
        }
        if (ec) {
            end();
            co_return result;
        }
        net::spawn(read(std::static_pointer_cast<beast_link>(self)));
        net::spawn(write(std::static_pointer_cast<beast_link>(self)));
        co_return result;
    }

    void send(std::string message) override {
        outbox_.push_back(std::move(message));
        changed_.open();
    }

    net::task<void> flush() override {
        auto const self = shared_from_this();
        while (!ended_ && (writing_ || !outbox_.empty())) {
            net::gate::waiter until{changed_};
            co_await until;
        }
    }

    void close() override {
        on_message = [](std::string_view) {};
        on_end = [] {};
        end();
    }

private:
    using stream = websocket::stream<net::stream&>;

    net::task<net::error_code> shake_hands(std::string host, unsigned& status, std::string& body) {
        net::scoped_deadline deadline{slot_, "lab_handshake", address_.patience, [this] { end(); }};
        // The deadline bounds the handshake; after that, pings find out whether the proxy is there.
        stream_->set_option(websocket::stream_base::timeout{websocket::stream_base::none(),
                                                            std::chrono::seconds{60}, true});
        auto const identify = [this](websocket::request_type& request) {
            request.set(boost::beast::http::field::user_agent, "secondwind");
            if (!address_.token.empty())
                request.set(boost::beast::http::field::authorization, "Bearer " + address_.token);
        };
        stream_->set_option(websocket::stream_base::decorator{identify});
        stream_->read_message_max(largest_message);
        websocket::response_type answer;
        auto const authority = config::authority(address_.at);
        auto const target = "/lab?host=" + percent_encoded(host);
        net::completion shaking{[&](auto handler) {
            stream_->async_handshake(answer, authority, target, std::move(handler));
        }};
        auto const ec = co_await shaking;
        status = answer.result_int();
        body = answer.body();
        co_return ec;
    }

    static net::task<void> read(std::shared_ptr<beast_link> self) {
        boost::beast::flat_buffer bytes;
        for (;;) {
            net::completion reading{[&](auto handler) {
                auto done = [h = std::move(handler)](net::error_code ec, std::size_t) mutable {
                    h(ec);
                };
                self->stream_->async_read(bytes, std::move(done));
            }};
            auto const ec = co_await reading;
            if (ec)
                break;
            auto const message = boost::beast::buffers_to_string(bytes.data());
            bytes.clear();
            auto const act = self->on_message; // it may be replaced meanwhile
            act(message);
        }
        self->end();
    }

    static net::task<void> write(std::shared_ptr<beast_link> self) {
        while (!self->ended_) {
            if (self->outbox_.empty()) {
                net::gate::waiter until{self->changed_};
                co_await until;
                continue;
            }
            auto const message = std::move(self->outbox_.front());
            self->outbox_.pop_front();
            self->writing_ = true;
            net::completion writing{[&](auto handler) {
                auto done = [h = std::move(handler)](net::error_code ec, std::size_t) mutable {
                    h(ec);
                };
                self->stream_->async_write(net::asio::buffer(message), std::move(done));
            }};
            auto const ec = co_await writing;
            self->writing_ = false;
            self->changed_.open();
            if (ec)
                self->end();
        }
    }

    void end() {
        if (std::exchange(ended_, true))
            return;
        over_->cancel();
        changed_.open();
        auto const act = std::exchange(on_end, [] {});
        act();
    }

    proxy_address address_;
    host::connection_pool pool_;
    net::deadline_slot slot_;
    net::gate changed_;
    host::lease over_;
    std::unique_ptr<stream> stream_;
    std::deque<std::string> outbox_;
    bool writing_ = false;
    bool ended_ = false;
};

} // namespace

std::shared_ptr<lease_link> lease_link::make(host::environment env, proxy_address address,
                                             config::current_settings const& settings) {
    return std::make_shared<beast_link>(env, std::move(address), settings);
}

} // namespace secondwind::lab
