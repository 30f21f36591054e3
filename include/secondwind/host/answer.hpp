// One answer of a host, while it is read.
#pragma once

#include <secondwind/host/connection_pool.hpp>
#include <secondwind/http/head_scanner.hpp>
#include <secondwind/http/response_framer.hpp>
#include <secondwind/http/response_head.hpp>
#include <secondwind/net/block_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace secondwind::host {

// Holds the answer's bytes from its head on, for as long as they are needed, and the framer that
// knows where it ends. The caller keeps the connection and awaits its bytes.
class answer {
public:
    explicit answer(net::block_pool& blocks) noexcept : bytes_{blocks} {}

    // Takes what has come, perhaps nothing, after a wait that ended with `waited`. The failure is
    // `closed` if the host has closed the connection.
    failure take(connection& from, net::error_code waited);

    // Looks for the end of the head in what has come, and checks the head. False if it is not
    // complete, or not valid: then `failed` has the reason. Each head needs a scanner of its own.
    // `fields` is shared by everything on the thread: head() is valid until the next await;
    // check_head() renews it, and reads the head again only if `fields` has another one's by then,
    // or has grown, or the bytes were moved.
    bool find_head(http::head_scanner& scanner, std::string_view method, http::field_list& fields,
                   failure& failed);

    // Before a wait, perhaps a long one: keeps no more memory than the held bytes need.
    void settle() { bytes_.settle(); }

    http::response_head const& head() const noexcept { return head_; }
    void check_head(std::string_view method, http::field_list& fields);

    // Forgets an interim answer (1xx), so that find_head() looks for the next one.
    void drop_interim();

    // Moves the framer over the bytes that are there and gives `use` each run of body data, until
    // `use` returns false or the bytes are used up.
    template<class Use>
    void scan(Use&& use) {
        while (framer_.state() == http::decoder_state::need_more && scanned_ < bytes_.size()) {
            if (trailers_ == none && framer_.in_trailers())
                trailers_ = scanned_;
            auto const step = framer_.push_run(bytes_.view().substr(scanned_));
            scanned_ += step.consumed;
            if (!step.data.empty() && !use(step.data))
                return;
            if (step.consumed == 0)
                return;
        }
    }

    // Gives `use` each run of body data that scan() has seen and that is still held.
    template<class Use>
    void scan_again(Use&& use) const {
        http::response_framer framer{head_};
        for (auto left = held_body(); !left.empty();) {
            auto const step = framer.push_run(left);
            if (!step.data.empty())
                use(step.data);
            if (step.consumed == 0)
                return;
            left.remove_prefix(step.consumed);
        }
    }

    http::response_framer& framer() noexcept { return framer_; }

    // The body's bytes, with their framing, that the framer has accepted so far.
    std::string_view held_body() const noexcept {
        return bytes_.view().substr(head_size_, scanned_ - head_size_);
    }
    std::string_view head_bytes() const noexcept { return bytes_.view().substr(0, head_size_); }
    // What came after the head: the first bytes of an upgraded connection.
    std::string_view after_head() const noexcept { return bytes_.view().substr(head_size_); }
    // Where in held_body() its trailers begin; npos if none of them is held.
    std::size_t trailers_begin() const noexcept {
        return trailers_ == none ? none : trailers_ - head_size_;
    }
    // Bytes came after the end of this answer.
    bool surplus() const noexcept { return scanned_ < bytes_.size(); }

    // Drops the bytes that were scanned, including the head.
    void forget_scanned() noexcept {
        bytes_.consume(scanned_);
        head_size_ = scanned_ = 0;
        trailers_ = none;
    }
    // Drops all held bytes.
    void release() noexcept {
        bytes_.release();
        head_size_ = scanned_ = 0;
        trailers_ = none;
    }

private:
    static constexpr std::size_t none = std::string_view::npos;

    void note_reading(http::field_list const& fields) noexcept;

    net::buffer bytes_;
    http::response_head head_;
    char const* read_at_ = nullptr; // where its bytes were when head_ was made
    std::uint64_t read_as_ = 0;     // and which of the heads in the list it was
    http::response_framer framer_;
    std::size_t head_size_ = 0;
    std::size_t scanned_ = 0;
    std::size_t trailers_ = none; // where they begin
    bool interim_came_ = false;   // so the answer has begun, even if nothing of it is held
};

} // namespace secondwind::host
