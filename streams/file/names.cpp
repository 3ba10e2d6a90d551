#include "streams/file/names.hpp"
#include "streams/system.hpp"

#include <cerrno>
#include <fcntl.h>
#include <utility>
#include <vector>

namespace rill {

namespace {

void trace_name(System &system, Event event, const NameNode &name, const char *clause) {
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = event, .clause = clause, .stream = name.file->stream->id, .text = name.path});
}

// A name with the attributes of a node, of the type that the stream has. nullptr: no memory.
NameNode *make_name(System &system, const Node &node, mode_t type) {
    NameNode *name = system.name_pool.make();
    if (!name) return nullptr;
    static_cast<Node &>(*name) = Node{};
    name->path = node.path;
    name->mode = type | (node.mode & 07777);
    name->uid = node.uid;
    name->gid = node.gid;
    name->atime = node.atime;
    name->mtime = node.mtime;
    name->ctime = node.ctime;
    name->ino = system.nodes.next_ino();
    name->is_name = true;
    return name;
}

} // namespace

// FAT-031:
//   the descriptor                 EBADF                       FAT-007
//   it is no stream                EINVAL                      FAT-008
//   the path                       ENOENT, ENOTDIR, EACCES,... FAT-002, FAT-013
//   below /dev/pts                 ENOTSUP                     FAT-016, where that is so
//   something is attached there    EBUSY                       FAT-006
//   opened through a name          EBUSY                       FAT-017
//   the owner                      EPERM                       FAT-012
//   write permission               EACCES                      FAT-010
//   memory for the name            ENOMEM
int Process::fattach(int fd, std::string_view path) {
    File *f = file(fd);
    if (!f) return refuse(EBADF, "fattach", "the descriptor is not open", "FAT-007");
    if (!f->stream) return refuse(EINVAL, "fattach", "the descriptor is no stream's", "FAT-008");
    Node *node = nullptr;
    if (int error = system.nodes.lookup(*this, path, Lookup::stat, &node))
        return refuse(error, "fattach", error == ENOENT ? "no node has this name" : "the path is refused", error == ENOENT ? "FAT-002" : "FAT-013");
    if (system.profile.names_below_pts_refused && node->path.starts_with("/dev/pts/"))
        return refuse(ENOTSUP, "fattach", "the path is below /dev/pts", "FAT-016");
    if (node->over) return refuse(EBUSY, "fattach", "a stream is attached to the path", "FAT-006");
    if (const NameNode *name = name_of(*f); name && name->below && name->file->stream == f->stream)
        return refuse(EBUSY, "fattach", "the descriptor was opened through a name that stands", "FAT-017");
    if (!owns(cred, *node)) return refuse(EPERM, "fattach", "the path is another user's", "FAT-012");
    if (!may_access(*node, cred, FWRITE)) return refuse(EACCES, "fattach", "the owner may not write the path", "FAT-010");
    if (node->path.empty())
        if (int error = system.nodes.own_directory(path, &node)) return refuse(error, "fattach", "the path is refused", nullptr);
    NameNode *name = make_name(system, *node, f->pipe ? S_IFIFO : S_IFCHR);
    if (!name) return refuse(ENOMEM, "fattach", "no memory for the name", nullptr);
    if (f->special) name->rdev = f->special->dev;
    name->file = f;
    ++f->refs; // FAT-004
    name->below = node;
    ++node->refs;
    node->over = name;
    system.attached_names.emplace(name->ino, name);
    if (S_ISDIR(node->mode)) system.nodes.guard_directories();
    if (f->pipe) {
        NameNode *&names = f->stream->fifo->names;
        name->next = names;
        name->link = &names;
        if (names) names->link = &name->next;
        names = name;
    }
    trace_name(system, Event::name_attached, *name, "FAT-001");
    return 0;
}

int Process::fdetach(std::string_view path) {
    Node *node = nullptr;
    if (int error = system.nodes.lookup(*this, path, Lookup::stat, &node))
        return refuse(error, "fdetach", error == ENOENT ? "no node has this name" : "the path is refused", "FAT-024");
    if (!node->over) return refuse(EINVAL, "fdetach", "nothing is attached to the path", "FAT-022");
    if (!owns(cred, *node->over)) return refuse(EPERM, "fdetach", "the name is another user's", "FAT-023");
    detach_name(*this, *node->over, "FAT-021");
    return 0;
}

void detach_name(Process &process, NameNode &name, const char *clause) {
    System &system = process.system;
    trace_name(system, Event::name_detached, name, clause);
    Node *node = std::exchange(name.below, nullptr);
    node->over = nullptr;
    ++name.file->by_names;
    if (name.file->stream->passed_here > 0) [[unlikely]]
        system.note_circle();
    system.attached_names.erase(name.ino);
    if (name.link) {
        *name.link = name.next;
        if (name.next) name.next->link = name.link;
        name.link = nullptr;
    }
    system.nodes.release(node);
    release_name(process, name);
}

void release_name(Process &process, NameNode &name) {
    if (--name.refs > 0) return;
    File *file = name.file;
    process.system.name_pool.free(&name);
    if (!file) return;
    --file->by_names; // a name that stands refers to itself: this one is detached
    // Names over names may be many: each goes when the call that ends the one before has come back.
    process.system.close_passed(file); // FAT-025
}

void drop_names(System &system) {
    if (system.attached_names.empty()) return;
    Process &process = system.new_process(0, 0);
    system.run_call(process, "shutdown", [&] {
        while (!system.attached_names.empty()) detach_name(process, *system.attached_names.begin()->second, nullptr);
        return 0;
    });
    system.end_process(process);
}

// --- opening through a name ---

// The name first, then the stream's own node (FAT-020).
int Process::open_name(NameNode &name, File &file, int flags) {
    const Node *own = name.file->node;
    if (own && !may_access(*own, cred, flags))
        return refuse(EACCES, "access", "the permissions of the attached stream's own node do not allow it", "FAT-020");
    if (system.trace.on) [[unlikely]]
        system.trace.emit({.event = Event::name_leads_to_stream, .clause = "FAT-001", .stream = name.file->stream->id});
    struct Hold { // it may be detached meanwhile
        Process &process;
        NameNode &name;
        ~Hold() { release_name(process, name); }
    } hold{*this, name};
    ++name.refs;
    Stream &stream = *name.file->stream;
    if (Special *special = name.file->special) {
        if (int error = system.nodes.open_again(*this, *special, file, flags)) return error;
    } else if (stream.is_fifo()) {
        if (int error = join_fifo(stream, file, flags, false)) return error;
    } else if (stream.connld) {
        return open_connection(name, stream, file, flags);
    } else {
        if (int error = stream.open_again(*this, no_device, flags)) return error;
        open_end(file, stream);
    }
    file.node = &name;
    ++name.refs;
    return 0;
}

// A pipe of the opener's own (connld). One opener at a time (CON-019):
//   the modules of the named end   their errno                 CON-022
//   the server's end is closed     ENXIO                       CON-013
//   a pipe                         ENOMEM                      CON-013
//   the server's file, a name      ENFILE, EAGAIN              CON-013
//   the server's queue             EAGAIN                      CON-020
//   to be received                 EINTR, ENXIO, EDEADLK       CON-018, CON-009
int Process::open_connection(NameNode &name, Stream &named, File &file, int flags) {
    struct Turn {
        System &system;
        Fifo &fifo;
        bool mine = false;
        ~Turn() {
            if (!mine) return;
            fifo.connecting = false;
            system.wake_one(fifo.openers, "the connection before is made");
        }
    } turn{system, *named.fifo};
    while (turn.fifo.connecting) {
        const Wake wake = system.sleep(turn.fifo.openers, "the connection before to be received", true);
        if (wake == Wake::signal || (wake == Wake::deadlock && turn.fifo.connecting))
            return refuse(wake == Wake::signal ? EINTR : EDEADLK, "connection", "waiting for the connection before", "CON-019");
    }
    turn.mine = turn.fifo.connecting = true;
    if (int error = named.open_again(*this, no_device, flags)) return error;
    if (named.peer->closed_end) return refuse(ENXIO, "connection", "the server's end of the pipe is closed", "CON-013");
    Stream *ends[2];
    if (make_pipe(ends)) return refuse(ENOMEM, "connection", "no memory for a pipe", "CON-013");
    File *servers = system.file_pool.make();
    NameNode *attributes = servers ? make_name(system, name, S_IFIFO) : nullptr; // CON-023
    if (!attributes) {
        if (servers) system.file_pool.free(servers);
        Stream::drop_pipe(ends);
        return refuse(servers ? EAGAIN : ENFILE, "connection", "no memory for a file", "CON-013");
    }
    *servers = File{.flags = FREAD | FWRITE, .status = O_RDWR}; // CON-021
    open_end(*servers, *ends[1]);
    open_end(file, *ends[0]);
    Connecting connecting;
    int error = named.peer->pass_file(*this, "connection", *servers, &connecting);
    PassedFile *passed = error ? nullptr : servers->messages;
    if (!error && system.trace.on) [[unlikely]]
        system.trace.emit({.event = Event::connection_waits, .clause = "CON-008", .stream = named.peer->id});
    drop_file(*this, servers); // the message has it
    while (!error && connecting.end == Connecting::End::waiting) {
        const Wake wake = system.sleep(connecting.opener, "the server to receive the connection", true);
        if (connecting.end != Connecting::End::waiting || wake == Wake::event) continue;
        passed->opener = nullptr; // CON-018
        error = refuse(wake == Wake::signal ? EINTR : EDEADLK, "connection", "waiting for the server to receive it", "CON-018");
    }
    if (!error && connecting.end == Connecting::End::lost)
        error = refuse(ENXIO, "connection", "the server closed its end, or dropped the connection", "CON-009");
    if (error) {
        leave_end(*this, file);
        system.name_pool.free(attributes);
        return error;
    }
    file.node = attributes;
    return 0;
}

// --- a file on a pipe's end or a FIFO ---

void open_end(File &file, Stream &end) {
    file.stream = &end;
    file.pipe = true;
    end.opened_by(file);
}

void leave_end(Process &process, File &file) {
    file.stream->closed_by(file);
    close_end(process, file);
    file.stream = nullptr;
    file.pipe = false;
}

void close_end(Process &process, File &file) {
    Stream &end = *file.stream;
    end.process_closed(process);
    if (end.is_fifo()) return close_fifo(process, file);
    if (end.files) return; // it has another name, or an opener through one
    // What is closed for good takes the names of the other end with it (FAT-026, FAT-039).
    std::vector<NameNode *> names;
    if (!end.peer->closed_end)
        for (NameNode *name = end.fifo->names; name; name = name->next)
            if (name->file->stream == end.peer) {
                ++name->refs;
                names.push_back(name);
            }
    end.close_pipe_end(process, file.flags);
    for (NameNode *name : names) {
        if (name->below) detach_name(process, *name, "FAT-026");
        release_name(process, *name);
    }
}

} // namespace rill
