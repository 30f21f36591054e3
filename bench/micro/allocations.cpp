#include "allocations.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

std::uint64_t allocated = 0;

} // namespace

namespace secondwind::bench {

std::uint64_t allocations() noexcept {
    return allocated;
}

} // namespace secondwind::bench

// The array forms and the non-throwing ones call these two.
void* operator new(std::size_t size) {
    ++allocated;
    if (auto* const memory = std::malloc(size == 0 ? 1 : size)) {
        return memory;
    }
    throw std::bad_alloc{};
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
