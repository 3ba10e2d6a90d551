// The bounded table of a driver's minors: what answers "any free one" when a clone open asks, and "none left" when full.
//
//   auto lease = table->take();          lowest free minor (DEV-032), or EBUSY (CLN-057)
//   if (!lease) return lease.error();
//   ... steps that may fail: the lease gives the minor back if it dies ...
//   *devp = makedevice(major, (*lease).keep());      from here on close() calls table->give(minor) (CLN-092)
//
// State of a minor, one trace record per change; what is not in the table is an error:
//   state      take        take_this   set_aside   give
//   free       taken       taken       set aside   fault CLN-092
//   taken      (passed by) EBUSY       EBUSY       free
//   set aside  (passed by) EBUSY       EBUSY       fault CLN-092
// A minor set aside is never handed out: it is the one a driver uses as its own clone entry (CLN-100, CLN-104).
//
// The table is a bitmap of free minors, with a word above each 64 words that says which of them are not empty, and one
// word above those: 64 * 64 * 64 minors, of which the lowest free costs three words. A table belongs to a System, which
// lists its tables. Drivers in C hold a handle (<sys/minor.h>), which leads to the table of the System they run in.
#pragma once

#include "streams/base/event.hpp"
#include "streams/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <sys/minor.h>

namespace rill {

class System;

class MinorTable {
public:
    static constexpr unsigned max_count = 64 * 64 * 64;

    // One taken minor; gives it back when it dies, unless kept. Move-only.
    class Lease {
    public:
        Lease() = default;
        Lease(Lease &&other) noexcept : table_(std::exchange(other.table_, nullptr)), minor_(other.minor_) {}
        Lease &operator=(Lease &&other) noexcept {
            std::swap(table_, other.table_);
            std::swap(minor_, other.minor_);
            return *this;
        }
        ~Lease() {
            if (table_) table_->give(minor_);
        }

        explicit operator bool() const { return table_; }
        minor_t number() const { return minor_; }
        // The minor is the caller's to give back.
        minor_t keep() {
            table_ = nullptr;
            return minor_;
        }

    private:
        friend class MinorTable;
        Lease(MinorTable &table, minor_t minor) : table_(&table), minor_(minor) {}

        MinorTable *table_ = nullptr;
        minor_t minor_ = 0;
    };

    // Minors 0 to count - 1. nullptr when there is no memory, or when count is 0 or above max_count.
    static std::unique_ptr<MinorTable> make(System &system, const char *name, unsigned count, std::size_t unit = 0);
    // The table that a driver's handle leads to in a System, made if it is not there yet; nullptr and a fault for a handle
    // that was freed, nullptr when there is no memory.
    static MinorTable *of(System &system, minor_table_t *handle);
    static void drop(System &system, const minor_table_t *handle); // if it is there
    ~MinorTable();
    MinorTable(const MinorTable &) = delete;

    Result<Lease> take();                    // the lowest free; EBUSY
    Result<Lease> take_this(minor_t minor);  // EBUSY, ENXIO beyond the table
    int set_aside(minor_t minor);            // EBUSY, ENXIO
    void give(minor_t minor);

    bool is_taken(minor_t minor) const;
    bool is_set_aside(minor_t minor) const { return minor < count_ && has(aside_, minor); }
    unsigned count() const { return count_; }
    void *unit(minor_t minor) const { return minor < count_ ? units_.get() + minor * unit_size_ : nullptr; }
    unsigned free() const { return free_count_; }
    const std::string &name() const { return name_; }

    static MinorTable *find(System &system, std::string_view name); // nullptr when there is none
    static MinorTable *first(System &system);                       // newest first
    MinorTable *next() const { return next_; }

private:
    struct List {
        MinorTable *first = nullptr;
    };
    static List &list_of(System &system);
    static MinorTable *known(System &system, const minor_table_t *handle);

    MinorTable(System &system, const char *name, unsigned count, std::size_t unit);
    static bool has(const std::uint64_t *bits, minor_t minor) { return bits[minor / 64] >> (minor % 64) & 1; }
    int refusal(minor_t minor) const;
    void remove(minor_t minor); // from the free ones
    void change(minor_t minor, Event event);

    System *system_; // nullptr when it has ended
    const minor_table_t *handle_ = nullptr; // of a driver in C; then the System's list owns this
    unsigned long serial_ = 0;
    std::string name_;
    unsigned count_;
    unsigned free_count_;
    unsigned taken_count_ = 0;
    std::unique_ptr<std::uint64_t[]> words_; // all of what follows
    std::uint64_t *free_;                    // a bit for each minor
    std::uint64_t *some_;                    // a bit for each word of free_ that is not 0
    std::uint64_t *aside_;
    std::uint64_t top_ = 0;                  // a bit for each word of some_ that is not 0
    std::size_t unit_size_;
    std::unique_ptr<char[]> units_;
    MinorTable *next_ = nullptr;
};

} // namespace rill
