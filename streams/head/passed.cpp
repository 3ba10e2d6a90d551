// Descriptors on their way from one process to another (I_SENDFD, I_RECVFD), and those whose way leads in a circle.
#include "streams/head/head.hpp"
#include "streams/system.hpp"

#include <set>
#include <vector>

namespace rill {

namespace {

void passed_freed(char *argument) {
    auto *passed = reinterpret_cast<PassedFile *>(argument);
    System &system = *passed->system;
    File *file = passed->file;
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
    if (at) --at->passed_here;
    if (end) ++end->passed_here;
    at = end;
}

void PassedFile::let_go() {
    if (!file) return;
    *link = next;
    if (next) next->link = link;
    --file->passed;
    moved_to(nullptr);
    file = nullptr;
}

void Stream::drop_passed() {
    queue_t *q = read_queue();
    for (mblk_t *mp = q->q_first, *next; mp; mp = next) {
        next = mp->b_next;
        if (mp->b_datap->db_type != M_PASSFP) continue;
        rmvq(q, mp);
        free_at_head(mp);
    }
}

// --- circles ---

void System::close_passed(File *file) {
    if (file->refs == 1) return late_closes.push_back(file); // its driver's close may sleep: not here
    --file->refs;
    reference_gone(*file);
}

// Upwards, from the file to the ends on which it waits and to their files: does a file that something else refers to hold
// one of these? Each file is visited once.
static bool is_held(File &file) {
    std::vector<File *> reached{&file};
    std::set<const File *> seen{&file};
    for (std::size_t i = 0; i < reached.size(); ++i) {
        if (reached[i]->refs != reached[i]->passed) return true;
        for (const PassedFile *p = reached[i]->messages; p; p = p->next) {
            File *holder = p->at ? p->at->end : nullptr;
            if (!holder) return true;
            if (seen.insert(holder).second) reached.push_back(holder);
        }
    }
    return false;
}

void System::reference_gone(File &file) {
    if (file.passed == 0 || file.refs != file.passed || !file.stream || file.stream->passed_here == 0) [[likely]] return;
    circles.push_back(&file);
    if (circles.size() > 1) return; // what is collected leads here
    for (std::size_t i = 0; i < circles.size(); ++i)
        if (circles[i]->refs == circles[i]->passed && !is_held(*circles[i])) circles[i]->stream->drop_passed();
    circles.clear();
}

} // namespace rill
