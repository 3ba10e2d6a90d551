// The stream head: the top of a stream, where system calls arrive and messages from below end.
//
// A Stream is the head's queue pair, the driver's pair behind it in one allocation, and the modules pushed between. A
// pipe is two heads whose write queues feed each other's read queue. What a call checks, in which order, stands at the
// top of its function; ERR-040 to ERR-045 give the orders.
//   build.cpp         building and dismantling: opens, modules, the last close
//   arrive.cpp        what the head does with each message type that comes up
//   read.cpp          read, getmsg, getpmsg, I_PEEK: taking messages off
//   write.cpp         write, putmsg, putpmsg, I_FDINSERT: making messages and waiting for room
//   poll.cpp          poll, SIGPOLL events
//   ioctl.cpp         streamio commands
//   exchange.cpp      the life of an M_IOCTL; options.cpp, terminal.hpp: what M_SETOPTS and a session set; plumbing.hpp
//   mux.cpp           links
//   pipe.cpp          pipes and FIFOs (fifo.hpp); passed.cpp: descriptors on their way
#pragma once

#include "streams/file/file.hpp"
#include "streams/head/exchange.hpp"
#include "streams/head/fifo.hpp"
#include "streams/head/options.hpp"
#include "streams/head/plumbing.hpp"
#include "streams/head/terminal.hpp"
#include "streams/message/message.hpp"
#include "streams/queue/queue.hpp"
#include "streams/file/registry.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>
#include <sys/sad.h>

namespace rill {

class System;
class Caller;
struct Link;

constexpr int default_close_ms = 15000; // CLS-012

struct PollEntry : intrusive::list_base_hook<intrusive::link_mode<intrusive::safe_link>> {
    Call *call = nullptr;
};
using PollList = intrusive::list<PollEntry, intrusive::constant_time_size<false>>;

// A process's I_SETSIG registration on a stream.
struct SigEntry : intrusive::list_base_hook<intrusive::link_mode<intrusive::safe_link>> {
    Caller *process = nullptr;
    int events = 0;
};
using SigList = intrusive::list<SigEntry, intrusive::constant_time_size<false>>;

// An opener of a name with connld, who waits until the other end of his new pipe is received (CON-008).
struct Connecting {
    enum class End : unsigned char {
        waiting,
        received,
        lost, // the message went unread (CON-009)
    } end = End::waiting;
    WaitQueue opener;
};

// A passed descriptor. An M_PASSFP carries it as its buffer, which has a free routine: however the message ends, a file
// that nobody received is closed (CLS-015). That routine is also the sign of a message that this head made: an M_PASSFP
// that a driver made, or a copy, has none, and no file (IOC-320).
struct PassedFile {
    System *system;
    File *file;     // nullptr: received
    Stream *at;     // the end on whose read queue it waits; nullptr: none
    uid_t uid;
    gid_t gid;
    Connecting *opener = nullptr;                 // who waits for it to be received (connld)
    PassedFile *next = nullptr, **link = nullptr; // in the file's list

    static PassedFile *of(const mblk_t *mp); // nullptr when the message has none, or its file was received
    static mblk_t *make(System &system, File &file, const cred_t &cred); // nullptr: no memory
    void moved_to(Stream *end); // nullptr: a driver has the message
    void let_go();              // the message no longer carries it
    void tell_opener(Connecting::End end);
};

// Passed files of which it is asked whether anything else leads to them. That something does is known by the file from which
// it leads there, until a message on the way goes: so a chain is not walked again for each of its descriptors.
class PassedFiles {
public:
    void suspect(File &file); // it may have lost what held it
    // Of the suspects, who are none any more; or it was to be looked for everywhere.
    bool any_is_loose();
    bool is_on_its_way(const File &file); // such a way may end without a word
    bool look_everywhere = false;
    void message_gone() { // from where it waited
        if (!roots_.empty()) [[unlikely]]
            roots_ = {};
    }
    void forget(File &file); // it is closed

private:
    bool is_held(File &file);
    void note(File &file, File &root);

    std::unordered_set<File *> suspects_;
    std::unordered_map<const File *, File *> roots_; // by a file, one that leads to it and has references of its own
};

// The bytes of a block that a driver may have left anyhow.
inline size_t bytes_at(const mblk_t *mp) { return mp->b_wptr > mp->b_rptr ? block_length(mp) : 0; }

// What a read or write still has to move; survives the change from the caller's stack to a call's.
struct Transfer {
    char *base;
    size_t count;
    size_t done = 0;
};

// getmsg, getpmsg and their results.
struct MessageRequest {
    struct strbuf *ctl;
    struct strbuf *data;
    int flags; // MSG_ANY, MSG_HIPRI or MSG_BAND; on return MSG_HIPRI or MSG_BAND
    int band;
    int more = 0;
    bool hung_up = false; // ended by a hangup: *flagsp 0, band untouched

    bool wants_ctl() const { return ctl && ctl->maxlen >= 0; }
    bool wants_data() const { return data && data->maxlen >= 0; }
};

class Stream {
public:
    Stream(System &system, int id);
    ~Stream();
    Stream(const Stream &) = delete;

    // --- the open ladder's rung, close (build.cpp) ---
    // Builds a stream on a device: head and driver pair, driver's open called. ENOSR, or the driver's errno; on failure
    // nothing is left.
    static int open_first(System &system, Special &special, Driver &driver, dev_t *dev, int oflag, Caller &process,
                          Stream **built);
    static int make_pipe(System &system, Stream *ends[2]); // ENOSR
    static void drop_pipe(Stream *ends[2]);
    static int make_fifo(System &system, Stream **made); // ENOSR
    void close_pipe_end(Caller &process, int oflag); // nobody has it open any more
    void close_fifo(Caller &process, int oflag);
    void writers_gone(); // of a FIFO, while it has readers
    void writer_came();
    void readers_gone();
    int pass_file(Caller &process, const char *call, File &file, Connecting *opener); // to this end; EAGAIN
    int open_again(Caller &process, dev_t dev, int oflag); // OPN-006 and following
    // Pushes what is configured for the device that came out: OPN-018 to OPN-020, AUT-038, AUT-047. What an errno leaves on
    // the stream goes with it, from the top down.
    int autopush(Caller &process, dev_t dev, const strapush_v1 &entry);
    void offer_terminal(Caller &process, int oflag);
    // Last close: links, drain, close procedures from the top down. 0 or EINTR; the stream is gone afterwards.
    int close(Caller &process, int oflag);
    // Undoes an open that failed after the driver's open had succeeded: no drain, no waiting; the stream is gone.
    void abandon(Caller &process, int oflag);
    // The driver's open named this device: it has the stream now, which holds its driver (CLN-064).
    void move_to(Special &device);
    void drop_loose(std::vector<File *> &held); // passed descriptors on the read queue that nobody can ever receive
    inline void opened_by(File &file);
    inline void closed_by(File &file); // its last reference is gone
    void process_closed(Caller &process); // any close: its SIGPOLL registration ends (CLS-001)

    // --- the calls; must_sleep when may_sleep is false and they would have to ---
    int read(Caller &process, File &file, Transfer &transfer, bool may_sleep);
    int write(Caller &process, File &file, Transfer &transfer, bool may_sleep);
    int getmsg(Caller &process, File &file, MessageRequest &request, bool may_sleep);
    int putmsg(Caller &process, File &file, const struct strbuf *ctl, const struct strbuf *data, int band, int flags,
               bool may_sleep);
    int ioctl(Caller &process, File &file, int command, void *argument, int *rval); // on a call's stack
    int poll_events(short events, short *revents); // EINVAL when linked below
    // --- links (mux.cpp): the stream's turn for an ioctl, and the request, which gives the turn back ---
    int take_ioctl_turn(Caller &process);
    int request_link(Caller &process, int command, linkblk link, bool closing);
    void become_lower_half(Link &link); // the head's queues are the multiplexor's
    void become_head_again(Link &link, bool flush);
    // --- plumbing ---
    // ENOSR, or the module's own errno with *refused set.
    int push(Caller &process, Module &module, dev_t device, bool *refused);
    void pop_top(Caller &process);
    void place_anchor(const char *module); // above the topmost one
    void remove_anchor(const char *module);

    // --- messages that reach the head ---
    void arrived(mblk_t *mp);      // the head's read put procedure
    void writable_again();         // the head's write service procedure
    void queue_message(mblk_t *mp);
    void hang_up();
    void end_hangup();
    bool waits_for_reader(const mblk_t *mp) const;

    // --- signals and wake-ups (poll.cpp) ---
    void raise_event(int events, unsigned char band, int error = 0);
    void signal_message(int sig, unsigned char band);
    void wake_readers(const char *why);
    void wake_all(const char *why);
    void wake_pollers();

    queue_t *read_queue() { return head.read(); }
    queue_t *write_queue() { return head.write(); }
    bool is_pipe() const { return fifo; } // or a FIFO
    bool is_fifo() const { return peer == this; }
    Stream *far_end(); // nullptr: the stream ends in a driver
    bool has_no_writer() const { return is_fifo() && fifo->writers == 0; }
    std::size_t unread_bytes() const; // what st_size tells
    dev_t dev() const { return special ? special->dev : no_device; }
    // From the top down: modules, then the driver; on a pipe down to where it turns.
    template <class F> void for_each_pair(F &&f) {
        for (queue_t *w = head.write()->q_next; w && !(w->q_flag & QREADR); w = w->q_next) {
            QueuePair *pair = pair_of(w);
            if (pair->stream != this) break;
            f(*pair);
            if (pair == driver_pair()) break;
        }
    }
    // Topmost module's pair, or the driver's; nullptr on a bare pipe. On a pipe's end without modules, that of the other end's lowest.
    QueuePair *top();
    QueuePair *driver_pair() { return has_driver ? reinterpret_cast<QueuePair *>(this + 1) : nullptr; }

    QueuePair head; // must be first: pair_of(head queue) is found from it
    System &system;
    Special *special = nullptr;
    Driver *driver = nullptr; // held
    Stream *peer = nullptr;   // other end of a pipe; a FIFO's is itself
    Fifo *fifo = nullptr;     // of a pipe or FIFO
    File *files = nullptr;    // open on it
    int passed_here = 0;      // passed descriptors on the read queue
    mblk_t *last_mark = nullptr;   // identity of the newest marked message
    int id;
    bool has_driver = false;
    bool connld = false;      // each open of a name of this end makes a pipe of its own

    HeadOptions options;
    ControllingTerminal terminal;
    IoctlExchange in_ioctl;
    Plumbing plumbing;

    // Where its life is, from the first open to the last close: a function for each event.
    //
    //   state    event                                    next
    //   opening  the open is done                         open
    //   opening  a rung above the driver's open refuses   closing
    //   open     the last close                           closing
    enum class State : unsigned char {
        opening,
        open,
        closing,
    } state = State::opening;
    void opened() {
        assert(state == State::opening);
        state = State::open;
    }
    void closes() {
        assert(state != State::closing);
        state = State::closing;
    }
    bool hung_up = false;
    bool closed_end = false;       // this end of a pipe is closed, the other is not
    bool no_readers = false;       // of a FIFO: writers get EPIPE (FIFO-008)
    bool linked_below = false;
    bool hipri_held = false;       // an M_PCPROTO is on the read queue (GM-065)
    bool write_wanted = false;     // a writer or poller found it full
    bool band_write_wanted = false;
    int read_error = 0;
    int write_error = 0;
    int close_ms = default_close_ms;
    int pushed = 0;
    int anchor = 0;                // so many modules are below it; 0: none (AUT-039)
    int links_above = 0;           // links this stream controls
    int link_id = 0;               // id of the link it is below, 0 for none

    WaitQueue readers;
    WaitQueue writers;
    WaitQueue procedures; // qwait(9F), drain at close
    PollList pollers;
    SigList signals;
    intrusive::list_member_hook<intrusive::link_mode<intrusive::safe_link>> all_hook;

private:
    friend struct HeadProcedures;
    void attach_driver(Driver &driver);
    void attach_to(Special &device); // the two functions by which a device has a stream, or none
    void leave_device();
    int driver_refused(Caller &process, int error);
    int start_plumbing(bool no_wait, const char *why);
    void end_plumbing();
    void detach(QueuePair &pair, int flag, Caller &process);
    int drain(QueuePair &pair); // 0 or EINTR
    bool take_apart(Caller &process, int oflag);
    void discard();
    int take_error(bool read_side);       // linked, stored errors
    int wait_for_message(Caller &process, const char *call);
    int wait_for_room(Caller &process, const char *call, unsigned char band);
    int wait_for_memory(Caller &process, const char *call, size_t size, bool no_wait, bool may_sleep,
                        bool interruptible = true);
    int job_control(Caller &process, bool reading);
    int refuse_write(Caller &process, const char *call, bool is_write, bool waited = false);
    int check_sizes(Caller &process, int ctl, int data, bool minimum_always);
    struct Front { // of a message that was taken: what its rest goes back with
        unsigned char band;
        unsigned short flag;
        bool is_last_mark;
    };
    mblk_t *take_front(Front *was);
    void put_back(mblk_t *mp, const Front &was);
    std::optional<int> read_nothing(Caller &process, const File &file, const Transfer &t, bool may_sleep);
    bool consume_front(unsigned char type);
    mblk_t *as_data(mblk_t *mp);
    mblk_t *move_out(mblk_t *mp, Transfer &t, bool *fault);
    mblk_t *drop_front_block(mblk_t *mp);
    void send_read_request(size_t wanted);
    mblk_t *suitable(Caller &process, const File &file, MessageRequest &r, bool may_sleep, int *answer);
    bool move_parts(mblk_t **ctl_part, mblk_t **data_part, MessageRequest &r);
    void tell_new_front(bool after_hipri, unsigned char band);
    mblk_t *take_part(mblk_t *part, struct strbuf &buffer, size_t *moved, bool *fault);
    queue_t *flow_target();
    bool some_band_writable();
    void apply_options(const stroptions &options);
    void set_errors(mblk_t *mp);
    void flush_at_head(mblk_t *mp);
    void flush_read_side(int band); // -1: all bands
    void front_signals();                 // M_SIG that came to the front acts
    void free_at_head(mblk_t *mp);
    void blame_sender(const mblk_t *mp, const char *rule, const char *what);
    void refuse_message(mblk_t *mp, const char *rule, const char *what);
    void mend_blocks(mblk_t *mp);
    void refuse_answer(mblk_t *mp, const char *what);
    void sink(mblk_t *mp);
    // ioctl.cpp: one function a command; exchange.cpp: the exchange of messages
    int own_write_error() const;
    int give_int(Caller &process, void *argument, int value);
    int background_ioctl(Caller &process, int command, const void *argument);
    int ioctl_push(Caller &process, void *argument);
    int ioctl_pop(Caller &process, File &file);
    int ioctl_look(Caller &process, void *argument);
    int ioctl_find(Caller &process, void *argument, int *rval);
    int ioctl_list(Caller &process, void *argument, int *rval);
    int ioctl_flushband(Caller &process, File &file, void *argument);
    int ioctl_getband(Caller &process, void *argument);
    int ioctl_canput(Caller &process, int band, int *rval);
    int ioctl_setcltime(Caller &process, void *argument);
    int ioctl_of_driver(Caller &process, int command, void *argument, int *rval);
    int ioctl_flush(Caller &process, File &file, int what, int band);
    int ioctl_nread(Caller &process, int command, void *argument, int *rval);
    int ioctl_peek(Caller &process, void *argument, int *rval);
    int ioctl_atmark(Caller &process, int flags, int *rval);
    int ioctl_ckband(Caller &process, int band, int *rval);
    int set_options(Caller &process, int command, int bits);
    int set_signals(Caller &caller, Caller &whose, int events);
    int get_signals(Caller &caller, Caller &whose, void *argument);
    int ioctl_esig(Caller &process, int command, void *argument);
    int ioctl_sendfd(Caller &process, int fd);
    int ioctl_recvfd(Caller &process, File &file, void *argument, bool old_form);
    int ioctl_fdinsert(Caller &process, File &file, void *argument);
    int ioctl_str(Caller &process, void *argument, int *rval);
    int ioctl_interrupted(Caller &process);
    void end_ioctl(Event how);
    void trace_ioctl(Event event, int command, unsigned id_of);
    mblk_t *make_ioctl(Caller &process, const IoctlRequest &request);
    int do_ioctl(Caller &process, IoctlRequest &request, int *rval);
    int exchange(Caller &process, IoctlRequest &request, mblk_t *mp, int *rval);
    void note_unanswered();
    int await_answer(Caller &process, const IoctlRequest &request);
    bool take_ioctl_data(IoctlRequest &request, unsigned count, const mblk_t *data);
    int serve_copy(IoctlRequest &request, mblk_t *mp);
    void answer_copy(mblk_t *mp, bool good, mblk_t *data);
    void ioctl_answered(mblk_t *mp);
    void copy_requested(mblk_t *mp);
    void refuse_copy(mblk_t *mp);
    void refuse_ioctl(mblk_t *mp);
};

using StreamList = intrusive::list<
    Stream,
    intrusive::member_hook<Stream, intrusive::list_member_hook<intrusive::link_mode<intrusive::safe_link>>, &Stream::all_hook>,
    intrusive::constant_time_size<true>>;

// A stream whose open is on its way: it is taken apart again unless it is kept. The device that it is on must outlive it.
class BuiltStream {
public:
    BuiltStream(Caller &process, int oflag) : process_(process), oflag_(oflag) {}
    ~BuiltStream() {
        if (stream_) [[unlikely]]
            stream_->abandon(process_, oflag_);
    }
    BuiltStream(const BuiltStream &) = delete;

    int build(System &system, Special &device, Driver &driver, dev_t *dev) { // Stream::open_first
        return Stream::open_first(system, device, driver, dev, oflag_, process_, &stream_);
    }
    Stream &operator*() const { return *stream_; }
    Stream *operator->() const { return stream_; }
    Stream *keep() {
        stream_->opened();
        return std::exchange(stream_, nullptr);
    }

private:
    Caller &process_;
    Stream *stream_ = nullptr;
    int oflag_;
};

int call_open(QueuePair &pair, dev_t *dev, int oflag, int sflag, cred_t &cred);
void call_close(QueuePair &pair, int flag, cred_t &cred);

// The head's own streamtab and limits (OPN-022).
extern streamtab head_streamtab;
const Owner &head_owner();

} // namespace rill
