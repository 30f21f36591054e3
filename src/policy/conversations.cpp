#include <secondwind/policy/conversations.hpp>

#include <secondwind/policy/price.hpp>

#include <algorithm>

namespace secondwind::policy {

namespace {

// Eight bytes at a time: bodies may be long.
std::uint64_t add(std::uint64_t hash, std::string_view bytes) noexcept {
    constexpr std::uint64_t factor = 0x9ddfea08eb382d69;
    constexpr int fold = 47;
    while (!bytes.empty()) {
        std::uint64_t word = bytes.size();
        auto const n = std::min(bytes.size(), sizeof word);
        std::copy_n(bytes.data(), n, reinterpret_cast<char*>(&word));
        hash = (hash ^ word) * factor;
        hash ^= hash >> fold;
        bytes.remove_prefix(n);
    }
    return hash;
}

} // namespace

conversations::beginnings conversations::begin(std::string_view scope,
                                               std::string_view body) const {
    beginnings of;
    of.length_ = body.size();
    auto hash = rendezvous(secret_, scope);
    std::size_t read = 0;
    for (auto length = shortest; length <= body.size(); length += length / 4) {
        hash = add(hash, body.substr(read, length - read));
        read = length;
        of.hashes_.push_back({hash, length});
    }
    return of;
}

conversations::beginnings conversations::begin(std::string_view scope, std::string_view session,
                                               std::size_t length) const {
    beginnings of;
    of.length_ = length;
    of.hashes_.push_back({add(rendezvous(secret_, scope), session), length});
    return of;
}

void conversations::note(beginnings const& of, std::string_view host, time_point now) {
    for (auto const& each : of.hashes_) {
        auto const [at, fresh] =
            readers_.insert_or_assign(each.hash, reader{std::string{host}, now});
        if (fresh)
            order_.push_back(each.hash);
    }
    while (order_.size() > most) {
        readers_.erase(order_.front());
        order_.pop_front();
    }
}

std::size_t conversations::unread(beginnings const& of, std::string_view host,
                                  time_point now) const noexcept {
    auto const is_read = [&](beginnings::beginning const& one) {
        auto const found = readers_.find(one.hash);
        return found != readers_.end() && found->second.host == host &&
               now - found->second.when < age;
    };
    auto const longest = std::find_if(of.hashes_.rbegin(), of.hashes_.rend(), is_read);
    return longest == of.hashes_.rend() ? of.length_ : of.length_ - longest->length;
}

} // namespace secondwind::policy
