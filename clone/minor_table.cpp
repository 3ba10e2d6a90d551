#include "clone/minor_table.hpp"
#include "streams/system.hpp"

#include <bit>
#include <cerrno>

namespace rill {

namespace {

constexpr unsigned words_for(unsigned bits) { return (bits + 63) / 64; }
constexpr std::uint64_t bit(unsigned n) { return std::uint64_t{1} << (n % 64); }
unsigned lowest(std::uint64_t word) { return static_cast<unsigned>(std::countr_zero(word)); }

// Two bitmaps of the minors, and the one above the first.
constexpr std::size_t words_of(unsigned count) { return 2 * words_for(count) + words_for(words_for(count)); }

void fill(std::uint64_t *words, unsigned bits) {
    for (unsigned i = 0; i < bits / 64; ++i) words[i] = ~std::uint64_t{0};
    if (bits % 64) words[bits / 64] = bit(bits) - 1;
}

} // namespace

std::unique_ptr<MinorTable> MinorTable::make(System &system, const char *name, unsigned count) {
    if (count == 0 || count > max_count) return nullptr;
    if (!system.alloc.allow(sizeof(MinorTable) + words_of(count) * sizeof(std::uint64_t))) return nullptr;
    return std::unique_ptr<MinorTable>(new MinorTable(system, name ? name : "minors", count));
}

MinorTable::MinorTable(System &system, const char *name, unsigned count)
    : system_(&system), name_(name), count_(count), free_count_(count),
      words_(std::make_unique<std::uint64_t[]>(words_of(count))), free_(words_.get()),
      some_(free_ + words_for(count)), aside_(some_ + words_for(words_for(count))) {
    fill(free_, count);
    fill(some_, words_for(count));
    fill(&top_, words_for(words_for(count)));
    List &list = list_of(system);
    next_ = list.first;
    list.first = this;
}

MinorTable::~MinorTable() {
    if (!system_) return;
    system_->minors_out -= taken_count_;
    MinorTable **link = &list_of(*system_).first;
    while (*link != this) link = &(*link)->next_;
    *link = next_;
}

// Made with the first table; its end is the last thing at the end of the System, when drivers have freed what they will.
MinorTable::List &MinorTable::list_of(System &system) {
    if (!system.minor_tables) {
        system.minor_tables = new List;
        system.at_end.insert(system.at_end.begin(), [&system] {
            List &list = list_of(system);
            for (MinorTable *table = list.first; table; table = table->next_) table->system_ = nullptr;
            system.minor_tables = nullptr;
            delete &list;
        });
    }
    return *static_cast<List *>(system.minor_tables);
}

Result<MinorTable::Lease> MinorTable::take() {
    if (!top_) {
        if (Process *caller = system_->caller()) caller->refuse(EBUSY, "minor table", "every minor is in use", "CLN-057");
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
    change(minor, "taken");
    return Lease(*this, minor);
}

int MinorTable::set_aside(minor_t minor) {
    if (int error = refusal(minor)) return error;
    remove(minor);
    aside_[minor / 64] |= bit(minor);
    change(minor, "set aside");
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
    change(minor, "given back");
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

void MinorTable::change(minor_t minor, const char *what) {
    if (system_->trace.on) [[unlikely]]
        system_->trace.emit({.kind = Kind::minor, .name = name_.c_str(), .what = what, .number = minor});
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

MinorTable &of(minor_table_t *table) { return *static_cast<MinorTable *>(table); }

} // namespace

EXPORT minor_table_t *minor_table_alloc(const char *name, unsigned int count) {
    return MinorTable::make(rill::this_system(), name, count).release();
}

EXPORT void minor_table_free(minor_table_t *table) { delete static_cast<MinorTable *>(table); }

EXPORT int minor_take(minor_table_t *table) {
    auto lease = of(table).take();
    return lease ? static_cast<int>((*lease).keep()) : -1;
}

EXPORT int minor_take_this(minor_table_t *table, minor_t minor) {
    auto lease = of(table).take_this(minor);
    if (lease) (*lease).keep();
    return lease.error();
}

EXPORT int minor_set_aside(minor_table_t *table, minor_t minor) { return of(table).set_aside(minor); }
EXPORT void minor_give(minor_table_t *table, minor_t minor) { of(table).give(minor); }
EXPORT int minor_is_taken(minor_table_t *table, minor_t minor) { return of(table).is_taken(minor); }
EXPORT unsigned int minors_free(minor_table_t *table) { return of(table).free(); }
