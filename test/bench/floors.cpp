#include "test/bench/floors.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace rill::bench::floors {
namespace {

#define CALLED __attribute__((noinline))
inline void keep(void *p) {
    asm volatile(""
                 :
                 : "r"(p)
                 : "memory");
}

// Blocks of one size on a free list.
template <std::size_t size> struct Pool {
    struct Block {
        Block *next;
        std::byte bytes[size];
    };
    Block *free = nullptr;
    CALLED Block *take() {
        if (!free) return new Block;
        Block *b = free;
        free = b->next;
        return b;
    }
    CALLED void give(Block *b) {
        b->next = free;
        free = b;
    }
    ~Pool() {
        while (free) delete take();
    }
};

// Names to numbers, by buckets.
struct Names {
    struct Entry {
        std::string_view name;
        int number;
        Entry *next;
    };
    Entry *buckets[64] = {};
    explicit Names(Entry &only) { buckets[hash(only.name)] = &only; }
    static std::size_t hash(std::string_view name) {
        std::uint64_t h = 14695981039346656037u;
        for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211u;
        return h % 64;
    }
    CALLED Entry *find(const char *name) const {
        const std::string_view wanted = name;
        for (Entry *e = buckets[hash(wanted)]; e; e = e->next)
            if (e->name == wanted) return e;
        return nullptr;
    }
};

struct Bitmap {
    std::uint64_t taken[4] = {};
    CALLED int take() {
        for (int word = 0; word < 4; ++word)
            if (~taken[word]) {
                const int bit = std::countr_one(taken[word]);
                taken[word] |= std::uint64_t{1} << bit;
                return word * 64 + bit;
            }
        return -1;
    }
    CALLED void give(int number) { taken[number / 64] &= ~(std::uint64_t{1} << number % 64); }
};

struct Side; // what a queue is here: a procedure, the next one, and messages in a row
struct Message {
    Message *next;
    std::size_t size;
    std::byte data[64];
};
struct Side {
    int (*put)(Side *, Message *);
    int (*service)(Side *);
    Side *next;
    Message *first = nullptr, *last = nullptr;
};
void append(Side *side, Message *m) {
    m->next = nullptr;
    (side->first ? side->last->next : side->first) = m;
    side->last = m;
}
Message *first_of(Side *side) {
    Message *m = side->first;
    if (m) side->first = m->next;
    return m;
}

CALLED int to_reader(Side *side, Message *m) {
    append(side, m);
    return 0;
}
CALLED int reply(Side *side, Message *m) { return side->next->put(side->next, m) + 1; }
Side *run_list;
CALLED int enqueue(Side *side, Message *m) {
    append(side, m);
    run_list = side;
    return 0;
}
CALLED int serve(Side *side) {
    while (Message *m = first_of(side)) side->next->put(side->next, m);
    return 0;
}

// A stream of a driver that sends everything back, and a program's table of descriptors.
struct Program {
    explicit Program(bool by_service) : driver{by_service ? enqueue : reply, serve, &reader} {}
    Pool<sizeof(Message)> pool;
    Side reader{to_reader, nullptr, nullptr};
    Side driver;
    Side *descriptors[64] = {&driver};

    CALLED std::size_t write(int fd, const void *from, std::size_t size) {
        if (fd < 0 || fd >= 64 || !descriptors[fd]) return 0;
        auto *m = reinterpret_cast<Message *>(pool.take());
        m->size = size;
        std::memcpy(m->data, from, size);
        descriptors[fd]->put(descriptors[fd], m);
        if (Side *side = run_list) {
            run_list = nullptr;
            side->service(side);
        }
        return size;
    }
    CALLED std::size_t read(int fd, void *to, std::size_t size) {
        if (fd < 0 || fd >= 64 || !descriptors[fd]) return 0;
        Message *m = first_of(&reader);
        if (!m) return 0;
        const std::size_t bytes = size < m->size ? size : m->size;
        std::memcpy(to, m->data, bytes);
        pool.give(reinterpret_cast<Pool<sizeof(Message)>::Block *>(m));
        return bytes;
    }
};

void trips(bool by_service, int n) {
    Program program(by_service);
    char buffer[64] = {};
    for (int i = 0; i < n; ++i) {
        program.write(0, buffer, 64);
        program.read(0, buffer, 64);
        keep(buffer);
    }
}

// What an open or a close of a driver or module does here: it is called with its place and its number.
CALLED int entry(void **place, int number) {
    *place = reinterpret_cast<void *>(static_cast<long>(number) + 1);
    keep(place);
    return 0;
}
int (*volatile called)(void **, int) = entry;

struct Node {
    int (*f)(Node *, void *);
    Node *next;
};
CALLED int pass(Node *n, void *p) {
    const int r = n->next->f(n->next, p);
    keep(nullptr); // a call that returns here, as a module's does, not a jump
    return r;
}
CALLED int last(Node *, void *p) {
    keep(p);
    return 0;
}

} // namespace

void clone_open_close(int n) {
    Names::Entry device{"/dev/bench", 1, nullptr};
    const Names names(device);
    Bitmap minors, slots;
    Pool<48> files;     // the sizes are rill's, to a line: file, stream, pair of queues
    Pool<512> streams;
    Pool<256> queues;
    void *descriptors[256] = {}, *units[2] = {};
    for (int i = 0; i < n; ++i) {
        Names::Entry *found = names.find("/dev/bench");
        const int minor = minors.take(), fd = slots.take();
        auto *file = files.take();
        auto *stream = streams.take();
        auto *queue = queues.take();
        called(units, minor + found->number);
        descriptors[fd] = file;
        keep(descriptors);
        called(units + 1, minor);
        queues.give(queue);
        streams.give(stream);
        files.give(file);
        descriptors[fd] = nullptr;
        slots.give(fd);
        minors.give(minor);
    }
}

void trip(int n) { trips(false, n); }
void service_trip(int n) { trips(true, n); }

void ioctl(int n) {
    Program program(false);
    Message *answer = nullptr;
    for (int i = 0; i < n; ++i) {
        Side *driver = program.descriptors[0];
        auto *m = reinterpret_cast<Message *>(program.pool.take());
        m->size = 0;
        driver->put(driver, m);
        answer = first_of(&program.reader);
        keep(answer);
        program.pool.give(reinterpret_cast<Pool<sizeof(Message)>::Block *>(answer));
    }
}

void nread(int n) {
    Program program(false);
    static constexpr auto size_of_first = [](Side *side) { return side->first ? static_cast<int>(side->first->size) : 0; };
    int (*volatile command)(Side *) = size_of_first;
    for (int i = 0; i < n; ++i) {
        int bytes = program.descriptors[0] ? command(&program.reader) : -1;
        keep(&bytes);
    }
}

void push_pop(int n) {
    Names::Entry module{"passmod", 1, nullptr};
    const Names names(module);
    Pool<256> queues;
    Program program(false);
    void *unit = nullptr;
    for (int i = 0; i < n; ++i) {
        Names::Entry *found = names.find("passmod");
        auto *queue = queues.take();
        auto *side = new (queue->bytes) Side{reply, nullptr, program.descriptors[0]};
        program.descriptors[0] = side;
        called(&unit, found->number);
        called(&unit, 0);
        program.descriptors[0] = side->next;
        queues.give(queue);
    }
}

void block(int n) {
    Pool<64> pool;
    for (int i = 0; i < n; ++i) {
        auto *b = pool.take();
        keep(b);
        pool.give(b);
    }
}

void nested_calls(int depth, int n) {
    std::vector<Node> chain(static_cast<std::size_t>(depth) + 1, Node{pass, nullptr});
    for (std::size_t i = 0; i + 1 < chain.size(); ++i) chain[i].next = &chain[i + 1];
    chain.back().f = last;
    for (int i = 0; i < n; ++i) {
        Node *volatile first = chain.data();
        first->f(first, chain.data());
    }
}

} // namespace rill::bench::floors
