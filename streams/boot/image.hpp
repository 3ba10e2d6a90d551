// The objects of one booted System, in memory. A real lboot links a kernel; here the dynamic linker does, per System:
//
//   kernel.so    the C text of the master files; needs, in this order:
//     echo.so ...  a private copy of each driver's object, so that two Systems never share a driver's variables
//     stubs.so     routines that stand in for what was left out; last, so that a real routine goes before its stub
//
// opened RTLD_LOCAL as one group: names are looked for in the program first (that is where rill's DDI is), then in this
// group from the top. So a variable that a master file defines goes before a driver's own weak one of the same name.
// A loadable driver is a group of its own, which has kernel.so at its end, opened when the driver is loaded (CFG-035).
//
// The copies lie in a directory of their own under TMPDIR, which is removed with the image, or when the process ends by a
// crash; until then debuggers and sanitizers can read symbols from them. The compiler is `cc`, or what RILL_CC names; it is started without a shell.
#pragma once

#include "streams/base/scratch.hpp"
#include "streams/boot/plan.hpp"

#include <set>

namespace rill::sysgen {

// Of an object's bytes, why they cannot be opened, in words; empty if they look well.
std::string wrong_with_object(std::string &bytes);

class Image {
public:
    Image() = default;
    Image(const Image &) = delete;
    ~Image();

    // Copies, compiles and opens what the plan has; loadable units are opened later. 0 or ENOEXEC and other errnos, with
    // problems added.
    int build(const Plan &plan, Problems &problems);
    // A loadable unit: opens it, or closes it again.
    int open(std::size_t unit, Problems &problems);
    void close(std::size_t unit);

    // A public name of a unit's object (CFG-031): address, or nullptr. Names of the objects it needs do not count.
    void *symbol(std::size_t unit, const std::string &name) const;
    // Whether the object, opened or not, defines a name.
    bool defines(std::size_t unit, const std::string &name) const;

private:
    struct Object {
        std::string shown;     // boot/echo.so
        std::string copy;      // path of the private copy
        std::string group;     // what to open for a loadable one
        void *group_handle = nullptr;
        void *handle = nullptr;
        std::set<std::string, std::less<>> names;
        std::set<std::string, std::less<>> wanted; // names without a definition in it
    };

    struct Parts {
        std::vector<std::string> sources, resident; // C text first, so that master files go before drivers
    };

    int copy(const Unit &unit, Object &object, Problems &problems);
    int write_sources(const Plan &plan, Parts &parts, Problems &problems);
    int compile_stubs(const Plan &plan, std::string &object, Problems &problems);
    int open_kernel(const Plan &plan, const Parts &parts, std::string &kernel, Problems &problems);
    int compile(const std::string &output, const std::vector<std::string> &inputs, Problems &problems);
    int write(const std::string &path, std::string_view text, Problems &problems);
    int open_group(const std::string &path, const std::string &shown, void *&handle, Problems &problems);
    std::string resident() const; // the objects that are opened as one
    std::string readable(std::string text) const;
    bool explain_undefined(Problems &problems) const;

    Scratch directory_;
    std::vector<Object> objects_; // by unit
    void *kernel_ = nullptr;
};

} // namespace rill::sysgen
