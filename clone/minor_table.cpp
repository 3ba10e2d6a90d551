#include "clone/minor_table.hpp"
#include "streams/system.hpp"

#include <bit>
#include <cerrno>
#include <deque>
#include <mutex>

namespace rill {

namespace {

constexpr unsigned words_for(unsigned bits) { return (bits + 63) / 64; }
constexpr std::uint64_t bit(unsigned n) { return std::uint64_t{1} << (n % 64); }
unsigned lowest(std::uint64_t word) { return static_cast<unsigned>(std::countr_zero(word)); }

// Two bitmaps of the minors, and the one above the first.
constexpr std::size_t words_of(unsigned count) { return 2 * words_for(count) + words_for(words_for(count)); }

// mt_state of a handle that minor_table_alloc() made.
constexpr unsigned allocated = 0x616c, freed = 0x6664;

void fill(std::uint64_t *words, unsigned bits) {
    for (unsigned i = 0; i < bits / 64; ++i) words[i] = ~std::uint64_t{0};
    if (bits % 64) words[bits / 64] = bit(bits) - 1;
}

} // namespace

std::unique_ptr<MinorTable> MinorTable::make(System &system, const char *name, unsigned count, std::size_t unit) {
    if (count == 0 || count > max_count) return nullptr;
    if (!system.alloc.allow(sizeof(MinorTable) + words_of(count) * sizeof(std::uint64_t) + count * unit)) return nullptr;
    return std::unique_ptr<MinorTable>(new MinorTable(system, name ? name : "minors", count, unit));
}

MinorTable::MinorTable(System &system, const char *name, unsigned count, std::size_t unit)
    : system_(&system), name_(name), count_(count), free_count_(count),
      words_(std::make_unique<std::uint64_t[]>(words_of(count))), free_(words_.get()),
      some_(free_ + words_for(count)), aside_(some_ + words_for(words_for(count))), unit_size_(unit),
      units_(unit ? std::make_unique<char[]>(count * unit) : nullptr) {
    fill(free_, count);
    fill(some_, words_for(count));
    fill(&top_, words_for(words_for(count)));
    List &list = list_of(system);
    next_ = list.first;
    list.first = this;
    if (checking && units_) system.kmem_out_at[units_.get()] = count * unit; // drivers keep messages in them
}

MinorTable::~MinorTable() {
    if (!system_) return;
    if (checking && units_) system_->kmem_out_at.erase(units_.get());
    system_->minors_out -= taken_count_;
    MinorTable **link = &list_of(*system_).first;
    while (*link != this) link = &(*link)->next_;
    *link = next_;
}

// Made with the first table; its end is the last thing at the end of the System, when drivers have given back what they
// will. Tables that somebody else owns are left to their owners.
MinorTable::List &MinorTable::list_of(System &system) {
    if (!system.minor_tables) {
        system.minor_tables = new List;
        system.at_end.insert(system.at_end.begin(), [&system] {
            List &list = list_of(system);
            while (MinorTable *table = list.first) {
                list.first = table->next_;
                table->system_ = nullptr;
                if (table->handle_) delete table;
            }
            system.minor_tables = nullptr;
            delete &list;
        });
    }
    return *static_cast<List *>(system.minor_tables);
}

MinorTable *MinorTable::known(System &system, const minor_table_t *handle) {
    MinorTable *table = system.minor_tables ? list_of(system).first : nullptr;
    while (table && (table->handle_ != handle || table->serial_ != handle->mt_serial)) table = table->next_;
    return table;
}

MinorTable *MinorTable::of(System &system, minor_table_t *handle) {
    if (!handle || handle->mt_state == freed) {
        system.fault("CLN-092", handle ? "a minor table is used that was freed" : "no minor table is named: a null pointer");
        return nullptr;
    }
    if (MinorTable *table = known(system, handle)) [[likely]]
        return table;
    auto made = make(system, handle->mt_name, handle->mt_count ? handle->mt_count() : handle->mt_fixed, handle->mt_unit);
    if (!made) return nullptr;
    made->handle_ = handle;
    made->serial_ = handle->mt_serial;
    return made.release();
}

void MinorTable::drop(System &system, const minor_table_t *handle) { delete known(system, handle); }

Result<MinorTable::Lease> MinorTable::take() {
    if (!top_) {
        // The answer to a STREAMS open; in a driver of another kernel it is that kernel's business what an opener is told.
        if (Process *caller = system_->caller(); caller && (!system_->entry || system_->entry->queue))
            caller->refuse(EBUSY, "minor table", "every minor is in use", "CLN-057");
        else if (system_->trace.on)
            system_->trace.emit({.event = Event::minors_used_up, .name = name_.c_str()});
        return Result<Lease>::failure(EBUSY);
    }
    unsigned group = lowest(top_);
    unsigned word = group * 64 + lowest(some_[group]);
    minor_t minor = word * 64 + lowest(free_[word]);
    return take_this(minor);
}

Result<MinorTable::Lease> MinorTable::take_this(minor_t minor) {
    if (int error = refusal(minor)) return Result<Lease>::failure(error);
    remove(minor);
    ++taken_count_;
    ++system_->minors_out;
    change(minor, Event::minor_taken);
    return Lease(*this, minor);
}

int MinorTable::set_aside(minor_t minor) {
    if (int error = refusal(minor)) return error;
    remove(minor);
    aside_[minor / 64] |= bit(minor);
    change(minor, Event::minor_set_aside);
    return 0;
}

void MinorTable::give(minor_t minor) {
    if (!is_taken(minor)) return system_->fault("CLN-092", "a minor was given back that is not taken");
    free_[minor / 64] |= bit(minor);
    some_[minor / 4096] |= bit(minor / 64);
    top_ |= bit(minor / 4096);
    ++free_count_;
    --taken_count_;
    --system_->minors_out;
    change(minor, Event::minor_given_back);
}

bool MinorTable::is_taken(minor_t minor) const {
    return minor < count_ && !has(free_, minor) && !has(aside_, minor);
}

int MinorTable::refusal(minor_t minor) const {
    if (minor >= count_) return ENXIO;
    return has(free_, minor) ? 0 : EBUSY;
}

void MinorTable::remove(minor_t minor) {
    --free_count_;
    if (free_[minor / 64] &= ~bit(minor)) return;
    if (some_[minor / 4096] &= ~bit(minor / 64)) return;
    top_ &= ~bit(minor / 4096);
}

void MinorTable::change(minor_t minor, Event event) {
    if (system_->trace.on) [[unlikely]]
        system_->trace.emit({.event = event, .name = name_.c_str(), .number = minor});
}

MinorTable *MinorTable::first(System &system) { return list_of(system).first; }

MinorTable *MinorTable::find(System &system, std::string_view name) {
    MinorTable *table = first(system);
    while (table && table->name_ != name) table = table->next_;
    return table;
}

} // namespace rill

// --- the C face ---

using rill::MinorTable;

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

MinorTable *of(minor_table_t *handle, const char *call = __builtin_FUNCTION()) {
    return MinorTable::of(rill::this_system(call), handle);
}

// Handles that were freed stay for a while, so that their use is seen; then their memory goes.
struct Graveyard {
    std::mutex lock;
    std::deque<std::unique_ptr<minor_table_t>> handles;
    unsigned long serials = 0;
};

Graveyard &graveyard() {
    static Graveyard all;
    return all;
}

constexpr std::size_t most_freed = 1024;

} // namespace

EXPORT minor_table_t *minor_table_alloc(const char *name, unsigned int count) {
    auto handle = std::make_unique<minor_table_t>(minor_table_t{name, nullptr, count, rill::allocated, 0, 0});
    {
        Graveyard &all = graveyard();
        std::lock_guard guard(all.lock);
        handle->mt_serial = ++all.serials;
    }
    return of(handle.get()) ? handle.release() : nullptr;
}

EXPORT void minor_table_free(minor_table_t *handle) {
    if (!handle || (handle->mt_state == rill::freed && !of(handle))) return;
    if (rill::current) MinorTable::drop(*rill::current, handle);
    if (handle->mt_state != rill::allocated) return;
    handle->mt_state = rill::freed;
    Graveyard &all = graveyard();
    std::lock_guard guard(all.lock);
    all.handles.emplace_back(handle);
    if (all.handles.size() > most_freed) all.handles.pop_front();
}

EXPORT int minor_take(minor_table_t *handle) {
    MinorTable *table = of(handle);
    if (!table) return -2;
    auto lease = table->take();
    return lease ? static_cast<int>((*lease).keep()) : -1;
}

EXPORT int minor_take_this(minor_table_t *handle, minor_t minor) {
    MinorTable *table = of(handle);
    if (!table) return ENOMEM;
    auto lease = table->take_this(minor);
    if (lease) (*lease).keep();
    return lease.error();
}

EXPORT int minor_set_aside(minor_table_t *handle, minor_t minor) {
    MinorTable *table = of(handle);
    return table ? table->set_aside(minor) : ENOMEM;
}

EXPORT void minor_give(minor_table_t *handle, minor_t minor) {
    if (MinorTable *table = of(handle)) table->give(minor);
}

EXPORT int minor_is_taken(minor_table_t *handle, minor_t minor) {
    MinorTable *table = of(handle);
    return table && table->is_taken(minor);
}

EXPORT unsigned int minors_free(minor_table_t *handle) {
    MinorTable *table = of(handle);
    return table ? table->free() : 0;
}

EXPORT unsigned int minors_count(minor_table_t *handle) {
    MinorTable *table = of(handle);
    return table ? table->count() : 0;
}

EXPORT void *minor_unit(minor_table_t *handle, minor_t minor) {
    MinorTable *table = of(handle);
    return table ? table->unit(minor) : nullptr;
}
