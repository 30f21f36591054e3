// Memory for objects that every request creates and destroys.
#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace secondwind::net {

// Keeps returned blocks, by size, for the next allocation of that size. That takes a few
// instructions, where the allocator needs hundreds for all but small blocks. One for each thread.
class recycler {
public:
    static void* take(std::size_t size) {
        auto const place = (size + step - 1) / step;
        if (!recycles || place >= shelves)
            return ::operator new(size);
        auto& shelf = blocks[place];
        if (!shelf.first)
            return ::operator new(place* step);
        --shelf.count;
        auto* const block = shelf.first;
        shelf.first = block->next;
        return block;
    }

    static void give_back(void* memory, std::size_t size) noexcept {
        auto const place = (size + step - 1) / step;
        if (!recycles || place >= shelves || blocks[place].count == kept) {
            ::operator delete(memory);
            return;
        }
        auto& shelf = blocks[place];
        ++shelf.count;
        shelf.first = new (memory) block{shelf.first};
    }

private:
    static constexpr std::size_t step = 32;     // bytes
    static constexpr std::size_t shelves = 129; // up to 4 KiB
    static constexpr std::size_t kept =
        256; // blocks on a shelf; the surplus after a burst is freed
#if defined(SECONDWIND_SANITIZED)
    static constexpr bool recycles = false; // so that a use after free is found
#else
    static constexpr bool recycles = true;
#endif

    struct block {
        block* next;
    };
    struct shelf {
        block* first;
        std::size_t count;
    };

    // Nothing destroys it, so no access has to find out whether it was constructed. What it keeps
    // when its thread ends is lost: one thread serves, and it ends with the process.
    static inline constinit thread_local std::array<shelf, shelves> blocks{};
};

// A base for objects that each request creates and destroys.
struct recycled {
    static void* operator new(std::size_t size) { return recycler::take(size); } // NOLINT: sized
    static void operator delete(void* memory, std::size_t size) noexcept {
        recycler::give_back(memory, size);
    }
};

// An allocator for the operations of Asio that come and go with each event.
template<class T>
struct recycling_allocator {
    using value_type = T;

    recycling_allocator() = default;
    template<class U>
    recycling_allocator(recycling_allocator<U> const& /*other*/) noexcept {} // NOLINT: rebinds

    T* allocate(std::size_t n) { return static_cast<T*>(recycler::take(n * sizeof(T))); }
    void deallocate(T* memory, std::size_t n) noexcept {
        recycler::give_back(memory, n * sizeof(T));
    }
    bool operator==(recycling_allocator const&) const = default;
};

} // namespace secondwind::net
