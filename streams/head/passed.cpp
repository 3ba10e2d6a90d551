// Descriptors on their way from one process to another (I_SENDFD, I_RECVFD), and those whose way leads in a circle.
#include "streams/head/head.hpp"
#include "streams/head/exchange.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

namespace rill {

namespace {

void passed_freed(char *argument) {
    auto *passed = reinterpret_cast<PassedFile *>(argument);
    System &system = *passed->system;
    File *file = passed->file;
    passed->tell_opener(Connecting::End::lost);
    passed->let_go();
    if (file) system.close_passed(file);
    system.passed_pool.free(passed);
}

} // namespace

PassedFile *PassedFile::of(const mblk_t *mp) {
    const frtn_t *routine = mp->b_datap->db_frtnp;
    if (!routine || routine->free_func != passed_freed) return nullptr;
    auto *passed = reinterpret_cast<PassedFile *>(routine->free_arg);
    return passed->file ? passed : nullptr;
}

mblk_t *PassedFile::make(System &system, File &file, const cred_t &cred) {
    PassedFile *passed = system.passed_pool.make(
        PassedFile{.system = &system, .file = &file, .at = nullptr, .uid = cred.cr_uid, .gid = cred.cr_gid});
    if (!passed) return nullptr;
    frtn_t routine{passed_freed, reinterpret_cast<char *>(passed)};
    mblk_t *mp = esballoc(reinterpret_cast<unsigned char *>(passed), sizeof *passed, BPRI_HI, &routine);
    if (!mp) {
        system.passed_pool.free(passed);
        return nullptr;
    }
    mp->b_datap->db_type = M_PASSFP;
    mp->b_wptr += sizeof *passed;
    passed->next = file.messages;
    passed->link = &file.messages;
    if (passed->next) passed->next->link = &passed->next;
    file.messages = passed;
    ++file.passed;
    return mp;
}

void PassedFile::moved_to(Stream *end) {
    if (at) {
        --at->passed_here;
        system->passed_files.message_gone();
    }
    if (end) ++end->passed_here;
    at = end;
    if (end) system->reference_gone(*file);
}

void PassedFile::tell_opener(Connecting::End end) {
    if (!opener) [[likely]]
        return;
    Connecting &waits = *std::exchange(opener, nullptr);
    waits.end = end;
    system->wake_all(waits.opener, "the other end of its pipe was received, or lost");
}

void PassedFile::let_go() {
    if (!file) return;
    *link = next;
    if (next) next->link = link;
    --file->passed;
    moved_to(nullptr);
    file = nullptr;
}

// --- the calls ---

// The stream head in which this stream ends: a pipe's other end, or where a driver has joined two streams (PIP-051).
Stream *Stream::far_end() {
    if (peer) return peer;
    queue_t *q = write_queue();
    while (q->q_next) q = q->q_next;
    QueuePair *pair = pair_of(q);
    return pair->is_head && pair->stream != this ? pair->stream : nullptr;
}

int Stream::pass_file(Caller &process, const char *call, File &file, Connecting *opener) {
    if (!canput(read_queue())) return process.refuse(EAGAIN, call, "the receiving read queue is full", opener ? "CON-020" : "IOC-163");
    mblk_t *mp = PassedFile::make(system, file, process.cred);
    if (!mp) return process.refuse(EAGAIN, call, "no memory for the message", opener ? "CON-013" : "IOC-163");
    if (opener) PassedFile::of(mp)->opener = opener;
    ++file.refs; // IOC-165
    arrived(mp);
    return 0;
}

// bad descriptor EBADF, hangup ENXIO, not a pipe EINVAL, full EAGAIN (IOC-164).
int Stream::ioctl_sendfd(Caller &process, int fd) {
    File *passed = process.open_file(fd);
    if (!passed) return process.refuse(EBADF, "I_SENDFD", "the descriptor to pass is not open", "IOC-162");
    if (hung_up) return process.refuse(ENXIO, "I_SENDFD", "the stream is hung up", "IOC-164");
    Stream *end = far_end();
    if (!end || end->linked_below) // MUX-077
        return process.refuse(EINVAL, "I_SENDFD", "the stream does not end in another stream head", "IOC-161");
    return end->pass_file(process, "I_SENDFD", *passed, nullptr);
}

int Stream::ioctl_recvfd(Caller &process, File &file, void *argument, bool old_form) {
    queue_t *q = read_queue();
    PassedFile *passed = nullptr;
    for (;;) {
        front_signals();
        if (q->q_first) {
            if (q->q_first->b_datap->db_type != M_PASSFP)
                return process.refuse(EBADMSG, "I_RECVFD", "the first message is no passed descriptor", "IOC-169");
            passed = PassedFile::of(q->q_first);
            if (passed) break;
            refuse_message(getq(q), "IOC-320", "made a second message of a passed descriptor, which was received already");
            continue;
        }
        if (hung_up) return process.refuse(ENXIO, "I_RECVFD", "the stream is hung up and nothing is queued", "IOC-168");
        if (file.no_wait()) return process.refuse(EAGAIN, "I_RECVFD", "nothing is queued, and the file does not wait", "IOC-167");
        if (int error = wait_for_message(process, "I_RECVFD")) return error;
    }
    if (old_form && (passed->uid > 65535 || passed->gid > 65535))
        return process.refuse(EOVERFLOW, "I_RECVFD", "an id does not fit in 16 bits", "IOC-172");
    const int fd = process.install(passed->file);
    if (fd < 0) return process.refuse(EMFILE, "I_RECVFD", "all descriptors of the process are in use", "IOC-170");
    bool moved;
    if (old_form) {
        const o_strrecvfd old{fd, static_cast<unsigned short>(passed->uid), static_cast<unsigned short>(passed->gid), {}};
        moved = set(argument, old);
    } else {
        const strrecvfd answer{fd, passed->uid, passed->gid, {}}; // IOC-166
        moved = set(argument, answer);
    }
    if (!moved) {
        process.remove_descriptor(fd);
        return process.refuse(EFAULT, "I_RECVFD", "bad address; the message stays", "IOC-171");
    }
    passed->tell_opener(Connecting::End::received);
    passed->let_go(); // the file's reference is the descriptor's now
    free_at_head(getq(q));
    return 0;
}

// --- circles ---

void System::close_passed(File *file) {
    if (file->refs == 1) return late_closes.push_back(file); // its driver's close may sleep: not here
    --file->refs;
    reference_gone(*file);
}

// A detached name refers to its file for what was opened through it, which is open on the same stream and looked at itself.
static bool has_own_references(const File &file) { return file.refs != file.passed + file.by_names; }

// What is on its way, in a driver's hands or on a stream that is linked below one or just being opened, counts as held.
static bool is_on_its_way(const PassedFile &p) {
    if (!p.at || !p.at->files || p.at->linked_below) return true;
    const Special *special = p.at->special;
    return special && special->holds != special->files;
}

bool PassedFiles::is_on_its_way(const File &file) {
    for (const PassedFile *p = file.messages; p; p = p->next)
        if (rill::is_on_its_way(*p)) return look_everywhere = true;
    return false;
}

// From the file to the streams on which it waits, and to the files that are open on these: does a file that something else
// refers to lead to it? Each file is visited once.
bool PassedFiles::is_held(File &file) {
    struct Step {
        File *file;
        std::size_t from;
    };
    std::vector<Step> reached{{&file, 0}};
    std::unordered_set<const File *> seen{&file};
    for (std::size_t i = 0; i < reached.size(); ++i) {
        File *here = reached[i].file, *root = has_own_references(*here) ? here : nullptr;
        if (const auto known = root ? roots_.end() : roots_.find(here); known != roots_.end() && has_own_references(*known->second))
            root = known->second;
        if (root) {
            for (; i > 0; i = reached[i].from) note(*reached[i].file, *root);
            note(file, *root);
            return true;
        }
        if (is_on_its_way(*here)) return true;
        for (const PassedFile *p = here->messages; p; p = p->next)
            for (File *holder = p->at->files; holder; holder = holder->next_of_stream)
                if (seen.insert(holder).second) reached.push_back({holder, i});
    }
    return false;
}

void PassedFiles::note(File &file, File &root) {
    if (&file == &root) return;
    roots_[&file] = &root;
    file.noted = root.noted = true;
}

void PassedFiles::suspect(File &file) {
    file.noted = true;
    suspects_.insert(&file);
}

bool PassedFiles::any_is_loose() {
    const auto suspects = std::exchange(suspects_, {});
    return std::exchange(look_everywhere, false) || std::any_of(suspects.begin(), suspects.end(), [&](File *file) { return !is_held(*file); });
}

void PassedFiles::forget(File &file) {
    suspects_.erase(&file);
    message_gone();
}

void System::note_circle() {
    passed_files.look_everywhere = true;
    look_for_circles();
}

void System::look_for_circles() {
    if (late_closes.empty() || late_closes.back()) late_closes.push_back(nullptr);
}

// What is held leads to what waits on its stream.
static void mark(std::vector<File *> &held) {
    while (!held.empty()) {
        File &file = *held.back();
        held.pop_back();
        if (!file.stream || file.stream->passed_here == 0) continue;
        for (const mblk_t *mp = file.stream->read_queue()->q_first; mp; mp = mp->b_next)
            if (const PassedFile *passed = PassedFile::of(mp); passed && !passed->file->held) {
                passed->file->held = true;
                held.push_back(passed->file);
            }
    }
}

void Stream::drop_loose(std::vector<File *> &held) {
    queue_t *q = read_queue();
    for (mblk_t *mp = q->q_first, *next; mp && passed_here > 0; mp = next) {
        next = mp->b_next;
        const PassedFile *passed = PassedFile::of(mp);
        if (!passed || passed->file->held) continue;
        File *file = passed->file;
        rmvq(q, mp);
        free_at_head(mp);
        if (!has_own_references(*file)) continue;
        file->held = true; // it was its last message: it closes, and takes along what waits on it
        held.push_back(file);
        mark(held);
    }
}

void System::collect_circles() {
    if (!passed_files.any_is_loose()) return;
    std::vector<File *> held;
    auto each = [&](auto &&f) {
        for (Stream &stream : streams) {
            if (stream.passed_here == 0) continue;
            for (const mblk_t *mp = stream.read_queue()->q_first; mp; mp = mp->b_next)
                if (const PassedFile *passed = PassedFile::of(mp)) f(*passed->file);
            for (File *file = stream.files; file; file = file->next_of_stream) f(*file);
        }
    };
    each([](File &file) { file.held = false; });
    each([&](File &file) {
        if (file.held || !(has_own_references(file) || passed_files.is_on_its_way(file))) return;
        file.held = true;
        held.push_back(&file);
    });
    mark(held);
    for (Stream &stream : streams) stream.drop_loose(held);
}

} // namespace rill
