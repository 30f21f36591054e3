#include "operation.hpp"

#include <algorithm>
#include <cstddef>

namespace secondwind::proxy {

operation::operation(operation_setting const& of, operation_key key,
                     lmstudio::sdk_endpoint endpoint)
    : setting_{of}, key_{key}, endpoint_{endpoint}, kept_{of.budget, of.most_kept},
      recovery_{of.host, *this, model_, of.kind} {}

void operation::keep(std::string_view payload, http::ws_mask mask) {
    whole_ = whole_ && kept_.fits(payload.size()) && kept_.affords(payload.size());
    if (!whole_)
        return kept_.release();
    while (!payload.empty()) {
        auto const room = kept_.room(payload.size());
        auto const part = payload.substr(0, room.size());
        http::copy_unmasked(room.data(), part, mask);
        kept_.commit(part.size());
        payload.remove_prefix(part.size());
        std::ranges::rotate(mask, mask.begin() + static_cast<std::ptrdiff_t>(part.size() % 4));
    }
}

void operation::begin() {
    model_ = lmstudio::requested_model::of_operation(kept_.view(), whole_);
    recovery_.sent();
    recovery_.arrived();
}

void operation::commit() {
    if (committed_)
        return;
    committed_ = true;
    static_cast<void>(recovery_.decide({policy::verdict::healthy, {}}));
    auto const name = model_.name();
    model_ = lmstudio::requested_model::known({}, false, name, model_.unnamed(), 0);
    kept_.release();
}

operation* operation_table::find(operation_key key) noexcept {
    auto const found = all_.find(key);
    return found == all_.end() ? nullptr : &*found;
}

operation* operation_table::add(operation_setting const& of, operation_key key,
                                lmstudio::sdk_endpoint endpoint) {
    if (size_ == most || find(key) != nullptr)
        return nullptr;
    auto* const one = new operation{of, key, endpoint};
    all_.insert(*one);
    ++size_;
    return one;
}

void operation_table::clear() noexcept {
    while (!empty())
        erase(first());
}

} // namespace secondwind::proxy
