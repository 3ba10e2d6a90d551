// The minor table: clone/minor_table.hpp.
#include "test/harness.hpp"
#include "test/random.hpp"

#include "clone/minor_table.hpp"

#include <set>

using namespace rill;
using namespace rill::test;

TEST_CASE("minor table: no memory, no minors or too many: none is made") {
    Fixture f;
    Enter scope(f.system);
    CHECK(minor_table_alloc("t", 0) == nullptr);
    CHECK(minor_table_alloc("t", 0x40001) == nullptr);
    f.system.alloc.fail_nth(1);
    CHECK(minor_table_alloc("t", 4) == nullptr);
    CHECK(MinorTable::find(f.system, "t") == nullptr);
}

TEST_CASE("CLN-057: a full table answers EBUSY, -1 at the C face; what was handed out is still taken") {
    Fixture f;
    Enter scope(f.system);
    minor_table_t *t = minor_table_alloc("t", 3);
    for (int i = 0; i < 3; ++i) CHECK(minor_take(t) == i);
    CHECK(minor_take(t) == -1);
    CHECK(MinorTable::of(f.system, t)->take().error() == EBUSY);
    CHECK(minors_free(t) == 0);
    for (minor_t i = 0; i < 3; ++i) CHECK(minor_is_taken(t, i));
    for (minor_t i = 0; i < 3; ++i) minor_give(t, i);
    CHECK(minors_free(t) == 3);
    minor_table_free(t);
}

TEST_CASE("CLN-092: giving back a minor that is not taken is a fault") {
    Fixture f;
    Enter scope(f.system);
    minor_table_t *t = minor_table_alloc("t", 4);
    minor_give(t, 2);
    minor_give(t, 4);
    CHECK(minor_set_aside(t, 1) == 0);
    minor_give(t, 1);
    CHECK(f.took_fault("CLN-092") == 3);
    CHECK(minors_free(t) == 3);
    minor_table_free(t);
}

TEST_CASE("CLN-092: a minor given back is handed out again") {
    Fixture f;
    Enter scope(f.system);
    minor_table_t *t = minor_table_alloc("t", 1);
    CHECK(minor_take(t) == 0);
    CHECK(minor_take(t) == -1);
    minor_give(t, 0);
    CHECK(minor_take(t) == 0);
    minor_give(t, 0);
    minor_table_free(t);
}

TEST_CASE("DEV-032: the lowest free minor is taken") {
    Fixture f;
    Enter scope(f.system);
    minor_table_t *t = minor_table_alloc("t", 8);
    for (int i = 0; i < 3; ++i) CHECK(minor_take(t) == i);
    minor_give(t, 1);
    CHECK(minor_take(t) == 1);
    CHECK(minor_take(t) == 3);
    minor_table_free(t);
    CHECK(f.system.minors_out == 0);
}

TEST_CASE("CLN-104: a minor set aside is never handed out") {
    Fixture f;
    Enter scope(f.system);
    minor_table_t *t = minor_table_alloc("t", 4);
    CHECK(minor_set_aside(t, 4) == ENXIO);
    CHECK(minor_set_aside(t, 1) == 0);
    CHECK(minor_set_aside(t, 1) == EBUSY);
    CHECK(minor_take_this(t, 1) == EBUSY);
    CHECK(!minor_is_taken(t, 1));
    CHECK(MinorTable::of(f.system, t)->is_set_aside(1));
    CHECK(f.system.minors_out == 0);
    for (int minor : {0, 2, 3, -1}) CHECK(minor_take(t) == minor);
    minor_table_free(t);
}

TEST_CASE("minor_take_this: ENXIO beyond the table, EBUSY when taken") {
    Fixture f;
    Enter scope(f.system);
    minor_table_t *t = minor_table_alloc("t", 4);
    CHECK(minor_take_this(t, 4) == ENXIO);
    CHECK(minor_take_this(t, 2) == 0);
    CHECK(minor_take_this(t, 2) == EBUSY);
    CHECK(f.system.minors_out == 1);
    minor_give(t, 2);
    minor_table_free(t);
}

TEST_CASE("a lease gives its minor back when it dies, unless it was kept") {
    Fixture f;
    Enter scope(f.system);
    auto t = MinorTable::make(f.system, "t", 4);
    {
        auto lease = t->take();
        REQUIRE(lease);
        MinorTable::Lease moved = std::move(*lease);
        CHECK(moved.number() == 0);
        CHECK(t->is_taken(0));
    }
    CHECK(!t->is_taken(0));
    auto kept = t->take();
    minor_t minor = (*kept).keep();
    CHECK(t->is_taken(minor));
    {
        MinorTable::Lease a = std::move(*t->take()), b = std::move(*t->take());
        a = std::move(b);
        CHECK(a.number() == 2);
    }
    CHECK(t->free() == 3);
    t->give(minor);
}

TEST_CASE("tables of every size hand out each of their minors once, in order") {
    Fixture f;
    Enter scope(f.system);
    for (unsigned count : {1u, 63u, 64u, 65u, 4095u, 4096u, 4097u, 262143u, 262144u}) {
        auto t = MinorTable::make(f.system, "t", count);
        REQUIRE(t);
        unsigned in_order = 0;
        while (auto lease = t->take()) in_order += (*lease).keep() == in_order;
        CHECK(in_order == count);
        CHECK(t->free() == 0);
        t->give(count - 1);
        t->give(count / 2 == count - 1 ? 0 : count / 2);
        CHECK(f.system.minors_out == static_cast<long>(count) - 2 + (count == 1));
        CHECK((*t->take()).number() == (count / 2 == count - 1 ? 0 : count / 2));
        f.took_fault("CLN-092"); // with one minor it was given back twice
    }
    CHECK(f.system.minors_out == 0);
}

TEST_CASE("a table agrees with a plain set over random calls") {
    Fixture f;
    Enter scope(f.system);
    constexpr unsigned count = 5000;
    auto t = MinorTable::make(f.system, "t", count);
    std::set<minor_t> free;
    for (minor_t m = 0; m < count; ++m) free.insert(free.end(), m);
    test::Random random(1);
    unsigned wrong = 0;
    for (int i = 0; i < 100000; ++i) {
        const auto m = static_cast<minor_t>(random.below(count));
        if (random.below(3)) {
            auto lease = t->take();
            if (!lease) {
                wrong += !free.empty();
                continue;
            }
            wrong += free.empty() || (*lease).number() != *free.begin();
            free.erase((*lease).keep());
        } else if (t->is_taken(m)) {
            t->give(m);
            free.insert(m);
        }
        wrong += t->free() != free.size();
    }
    CHECK(wrong == 0);
}

TEST_CASE("tables are listed by name for their System, and each change is traced") {
    Fixture f;
    Enter scope(f.system);
    auto a = MinorTable::make(f.system, "a", 4);
    auto b = MinorTable::make(f.system, "b", 4);
    CHECK(MinorTable::find(f.system, "a") == a.get());
    CHECK(MinorTable::find(f.system, "b") == b.get());
    CHECK(MinorTable::first(f.system)->next() == a.get());
    Recorder recorder;
    f.system.trace.attach(recorder);
    (void)b->set_aside(0);
    { auto lease = b->take(); }
    f.system.trace.detach(recorder);
    REQUIRE(recorder.lines.size() == 3);
    for (int i = 0; Event event : {Event::minor_set_aside, Event::minor_taken, Event::minor_given_back}) {
        CHECK(recorder.lines[static_cast<std::size_t>(i)].name == "b");
        CHECK(recorder.lines[static_cast<std::size_t>(i)].event == event);
        CHECK(recorder.lines[static_cast<std::size_t>(i)].number == (i > 0));
        ++i;
    }
    a.reset();
    CHECK(MinorTable::find(f.system, "a") == nullptr);
}

TEST_CASE("a table may be freed after its System has ended") {
    Fixture f;
    minor_table_t *t;
    {
        System other(*find_profile("irix"));
        Enter scope(other);
        t = minor_table_alloc("t", 4);
        CHECK(minor_take(t) == 0);
    }
    minor_table_free(t);
}
