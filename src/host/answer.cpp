#include <secondwind/host/answer.hpp>

namespace secondwind::host {

bool answer::find_head(http::head_scanner& scanner, std::string_view method,
                       http::field_list& fields, failure& failed) {
    using http::decoder_state;
    auto const scanned = bytes_.size() > 0 ? scanner.scan(bytes_.view()) : decoder_state::need_more;
    if (scanned == decoder_state::need_more)
        return false;
    failed.answer_began = true;
    if (scanned == decoder_state::bad) {
        failed.kind = fault::malformed;
        failed.detail = scanner.fault().rule;
        return false;
    }
    head_size_ = scanned_ = scanner.end();
    auto const checked = http::check_response(head_bytes(), method, fields);
    if (!checked) {
        failed.kind = fault::malformed;
        failed.detail = checked.error().rule;
        return false;
    }
    head_ = *checked;
    note_reading(fields);
    framer_ = http::response_framer{head_};
    return true;
}

void answer::check_head(std::string_view method, http::field_list& fields) {
    bool const bytes_stayed = read_at_ == bytes_.view().data();
    bool const fields_stayed = read_as_ == fields.heads() && head_.fields.data() == fields.data();
    if (bytes_stayed && fields_stayed)
        return;
    head_ = *http::check_response(head_bytes(), method, fields);
    note_reading(fields);
}

void answer::note_reading(http::field_list const& fields) noexcept {
    read_at_ = bytes_.view().data();
    read_as_ = fields.heads();
}

void answer::drop_interim() {
    bytes_.consume(head_size_);
    head_size_ = scanned_ = 0;
    interim_came_ = true;
}

failure answer::take(connection& from, net::error_code waited) {
    failure result;
    std::size_t n = 0;
    if (!waited) {
        auto const [data, size] = bytes_.room();
        n = net::try_read(from.socket, net::asio::buffer(data, size), waited);
    }
    bytes_.commit(n);
    if (waited && waited != net::asio::error::would_block) {
        result.kind = from.cancelled ? fault::cancelled : fault::closed;
        result.cause = waited;
        result.reused = from.reused;
        result.answer_began = interim_came_ || bytes_.size() > 0;
    }
    return result;
}

} // namespace secondwind::host
