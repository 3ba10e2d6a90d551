// Systems to measure in. A world is made once, outside of any clock, and then does its operation as often as it is told.
// What cannot be made or done throws Unable with the reason. Where <rill.h> and the DDI are enough nothing else is called,
// so that these rows compile against the library of an older revision too.
#pragma once

#include <memory>
#include <poll.h>
#include <rill.h>
#include <stdexcept>
#include <string>
#include <sys/minor.h>
#include <sys/stream.h>
#include <sys/types.h>
#include <vector>

namespace rill {
class Enter;
}

namespace rill::bench {

struct Unable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// With --small, a hundredth: to see that the rows run, not what they cost.
extern bool small_worlds;
int many(int count);

// Between DDI calls from outside of a driver.
class Inside {
public:
    explicit Inside(rill_system *s);
    ~Inside();

private:
    std::unique_ptr<Enter> scope_;
};

// A System with a driver that has nothing but minors, so that what is measured is not the driver. Its put procedure sends
// data back up and acknowledges ioctls; the others of its kind differ as said.
class World {
public:
    explicit World(unsigned table = 16);
    virtual ~World();
    World(const World &) = delete;

    static constexpr const char *clone = "/dev/bench";       // a clone open of it
    static constexpr const char *service = "/dev/service";   // minor 0, answers from its service procedure
    static constexpr const char *resting = "/dev/resting";   // minor 0, leaves what its queue has
    static constexpr int designated_major = 71;              // the driver of `clone` without a table: any minor

    void use();               // drivers find their minors by a variable: this world's, from now on
    int open(const std::string &path);
    int check(int result, const char *call); // throws when it is negative
    void open_more(int count);
    void push(int fd, int count);

    void open_close(int n);

    rill_system *system;
    rill_proc *proc;

protected:
    minor_table_t *table;
};

// So many streams open already.
struct Opened : World {
    explicit Opened(int count);
};

// One minor free of so many. The table is filled without streams.
struct Full : World {
    explicit Full(unsigned count);
    ~Full() override;
    minor_t taken = 0;
};

// A reader is attached that looks at no record.
struct Traced : World {
    Traced();
    ~Traced() override;
};

// Three modules are pushed when `clone` is opened.
struct Autopushed : World {
    Autopushed();
};

// So many names in /dev, each of a device of its own; opened one after another with a stride.
struct Named : World {
    explicit Named(int count);
    void open_close(int n);
    std::vector<std::string> names;
};

// One stream, and modules on it. What is written comes back.
struct Line : World {
    explicit Line(const char *path = clone, int modules = 0);
    void trip(int n);
    void istr(int n);
    void inread(int n);
    void push_pop(int n);
    int fd;
};

// Two streams that the loop driver joins, and modules on the first.
struct Loop : World {
    explicit Loop(std::size_t size = 64, int modules = 0);
    void trip(int n);
    int a, b;
    std::vector<char> buffer;
};

// A STREAMS pipe, and a path that its end may be attached to.
struct Piped : World {
    explicit Piped(std::size_t size = 64);
    void trip(int n);
    void name(int n); // attached, opened by it, closed, detached
    int a, b;
    std::vector<char> buffer;
};

// One stream on echo.
struct Echo : World {
    Echo();
    void trip(int n);
    int fd;
    char buffer[64] = {};
};

// One of so many streams has something to read.
struct Ready : World {
    explicit Ready(int count);
    void poll(int n);
    std::vector<pollfd> entries;
};

queue_t *last_opened(); // the write queue of the last open of a device that is none of a clone's

// A queue with so many messages on it, of one type, in so many bands beside 0.
struct Crowd : World {
    Crowd(int count, int type, int bands = 0);
    ~Crowd() override;
    void put_get(int n);       // another of these at its place, the first off
    void put_remove(int n);    // another of these at its place, and off again
    void back_remove(int n);   // an ordinary one back to the front of its band
    void insert_remove(int n); // before the one in the middle
    void flush(int n);         // n of these are put on, so many at a time, and flushed
    mblk_t *fresh(int type, int band);
    int count, type, bands;
    queue_t *q;
    mblk_t *middle = nullptr, *own = nullptr, *data = nullptr;
    std::vector<mblk_t *> of_band;
};

// So many timeouts are pending.
struct Timers : World {
    explicit Timers(int count);
    ~Timers() override;
    void set_cancel(int n);
    std::vector<toid_t> pending;
};

// So many streams linked under a multiplexor.
struct Linked : World {
    explicit Linked(int count);
    void link_unlink(int n);
    int upper, lower;
};

// So many processes have asked for signals of one stream.
struct Watched : World {
    explicit Watched(int count);
    void register_cancel(int n);
    std::vector<rill_proc *> procs;
    int fd;
};

// A chain of pipes so long: each end waits in the pipe before it.
struct Chains : World {
    explicit Chains(int count);
    void pass_close(int n);
    int count;
};

void boot(int n);         // a System with 64 drivers, its first clone open, and its end

std::size_t host_bytes(); // that the allocator has given out

} // namespace rill::bench
