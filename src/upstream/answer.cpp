#include <secondwind/upstream/answer.hpp>

namespace secondwind::upstream {

net::task<failure> answer::read_head(connection& from, std::string_view method,
                                     http::head_limits const& limits, http::field_list& fields) {
    failure result;
    http::head_scanner scanner{limits, http::head_scanner::side::answer};
    using status = http::head_scanner::status;
    auto scanned = bytes_.size() > 0 ? scanner.scan(bytes_.view()) : status::need_more;
    while (scanned == status::need_more) {
        result = co_await read_more(from);
        if (result)
            co_return result;
        scanned = scanner.scan(bytes_.view());
    }
    if (scanned == status::bad) {
        result.what = fault::malformed;
        result.detail = scanner.fault().rule;
    } else {
        head_size_ = scanned_ = scanner.end();
        auto const checked = http::check_response(head_bytes(), method, fields);
        if (checked) {
            head_ = *checked;
            framer_ = http::response_framer{head_};
        } else {
            result.what = fault::malformed;
            result.detail = checked.error().rule;
        }
    }
    result.answer_began = true;
    result.reused = from.reused;
    co_return result;
}

void answer::check_head(std::string_view method, http::field_list& fields) {
    head_ = *http::check_response(head_bytes(), method, fields);
}

void answer::drop_interim() {
    bytes_.consume(head_size_);
    head_size_ = scanned_ = 0;
    interim_came_ = true;
}

net::task<failure> answer::read_more(connection& from) {
    failure result;
    auto const [data, size] = bytes_.room();
    auto const read = co_await net::read_some(from.socket, net::asio::buffer(data, size));
    bytes_.commit(read.size);
    if (read.ec || read.size == 0) {
        result.what = from.cancelled ? fault::cancelled : fault::closed;
        result.cause = read.ec;
        result.reused = from.reused;
        result.answer_began = interim_came_ || bytes_.size() > 0;
    }
    co_return result;
}

} // namespace secondwind::upstream
