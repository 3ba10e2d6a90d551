#include "streams/file/file.hpp"
#include "streams/file/names.hpp"
#include "streams/file/process.hpp"
#include "streams/system.hpp"

#include <fcntl.h>
#include <rill.h>

namespace rill {

int kernel_flags(int oflag) {
    int flags = (oflag & O_ACCMODE) + 1; // FREAD, FWRITE
    if (oflag & O_NONBLOCK) flags |= FNONBLOCK;
    if (oflag & RILL_O_NDELAY) flags |= FNDELAY;
    if (oflag & O_APPEND) flags |= FAPPEND;
    if (oflag & O_EXCL) flags |= FEXCL;
    if (oflag & O_TRUNC) flags |= FTRUNC;
    if (oflag & O_NOCTTY) flags |= FNOCTTY;
    return flags;
}

int drop_file(Process &process, File *file) {
    System &system = process.system;
    if (--file->refs > 0) {
        if (file->stream) file->stream->process_closed(process);
        system.reference_gone(*file);
        if (file->by_names && file->stream->passed_here > 0) [[unlikely]]
            system.note_circle();
        return 0;
    }
    if (file->stream) file->stream->closed_by(*file);
    NameNode *name = name_of(*file);
    if (name) file->node = nullptr;
    int error = 0;
    if (file->pipe) {
        close_end(process, *file);
        if (file->node) system.nodes.release(file->node);
    } else if (file->special)
        error = system.nodes.spec_close(process, *file);
    else if (file->node)
        system.nodes.release(file->node);
    else if (file->ops && file->ops->close) // a file that no device stands behind (NBSD-014)
        error = file->ops->close(process, *file);
    if (file->noted) [[unlikely]]
        system.passed_files.forget(*file);
    system.file_pool.free(file);
    if (name) release_name(process, *name);
    return error;
}

} // namespace rill
