// Booting from a configuration directory: clauses/01 sections 11 to 14. Each case makes its directory, with drivers compiled
// from C on the spot, boots a fresh System from it and looks at what came up. The drivers talk through cmn_err().
#include "test/harness.hpp"
#include "test/paths.hpp"

#include "streams/boot/master.hpp"
#include "streams/boot/sysgen.hpp"
#include "streams/boot/systemfile.hpp"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace rill;
using namespace rill::test;
namespace fs = std::filesystem;

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) text.replace(at, from.size(), to);
    return text;
}

// A STREAMS driver, and a module, of prefix PFX: hands out minors 0 to PFXnum-1, echoes data.
constexpr const char *driver_text = R"(
#include <sys/types.h>
#include <sys/stream.h>
#include <sys/conf.h>
#include <sys/errno.h>
#include <sys/edt.h>
#include <sys/ddi.h>
int PFXnum __attribute__((weak)) = 4;
static char PFXtaken[64];
int PFXopen(), PFXclose(), PFXput();
static struct module_info PFXminfo = { 7, "PFX", 0, INFPSZ, 512, 128 };
static struct qinit PFXr = { PFXput, 0, PFXopen, PFXclose, 0, &PFXminfo, 0 };
static struct qinit PFXw = { PFXput, 0, 0, 0, 0, &PFXminfo, 0 };
struct streamtab PFXinfo = { &PFXr, &PFXw, 0, 0 };
int PFXopen(q, devp, oflag, sflag, crp) queue_t *q; dev_t *devp; int oflag, sflag; cred_t *crp;
{
    int m = geteminor(*devp);
    cmn_err(CE_CONT, "PFX open %d", sflag);
    if (sflag == MODOPEN) { q->q_ptr = WR(q)->q_ptr = PFXtaken + 63; qprocson(q); return 0; }
    if (q->q_ptr) return 0;
    if (sflag == CLONEOPEN) for (m = 0; m < PFXnum && PFXtaken[m]; m++) ;
    if (m >= PFXnum) return sflag == CLONEOPEN ? EBUSY : ENXIO;
    PFXtaken[m] = 1;
    q->q_ptr = WR(q)->q_ptr = PFXtaken + m;
    *devp = makedevice(getemajor(*devp), m);
    qprocson(q);
    return 0;
}
int PFXclose(q, flag, crp) queue_t *q; int flag; cred_t *crp;
{
    qprocsoff(q);
    *(char *)q->q_ptr = 0;
    q->q_ptr = WR(q)->q_ptr = 0;
    return 0;
}
int PFXput(q, mp) queue_t *q; mblk_t *mp;
{
    if (q->q_next) { putnext(q, mp); return 0; }
    if (mp->b_datap->db_type == M_DATA) qreply(q, mp); else freemsg(mp);
    return 0;
}
)";
constexpr const char *flag_text = "int PFXdevflag = D_MP;\n";
constexpr const char *start_text = R"(
void PFXinit() { cmn_err(CE_CONT, "PFX init %d", PFXnum); }
void PFXedtinit(e) struct edt *e; { cmn_err(CE_CONT, "PFX edtinit %d", (int)e->e_ctlr); }
void PFXstart() { cmn_err(CE_CONT, "PFX start"); }
void PFXunload() { cmn_err(CE_CONT, "PFX unload"); }
)";

class Tree {
public:
    Tree() {
        std::string name = (fs::temp_directory_path() / "rill-test-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
        for (const char *part : {"system", "master.d", "boot"}) fs::create_directory(fs::path(path) / part);
    }
    ~Tree() { fs::remove_all(path); }
    Tree(const Tree &) = delete;

    Tree &file(const std::string &name, std::string_view text) {
        std::ofstream(path + "/" + name) << text;
        return *this;
    }
    Tree &sm(std::string_view text) { return file("system/test.sm", text); }
    Tree &master(const std::string &name, std::string_view text) { return file("master.d/" + name, text); }
    // boot/<name>.so from C text with PFX replaced.
    Tree &object(const std::string &name, std::string text, std::string_view prefix) {
        file("source.c", replaced(std::move(text), "PFX", prefix));
        const std::string command = "cc -shared -fPIC -w -std=gnu89 -I'" RILL_SOURCE_DIR "/streams/ddi' -o '" + path +
                                    "/boot/" + name + ".so' '" + path + "/source.c'";
        REQUIRE(std::system(command.c_str()) == 0);
        return *this;
    }
    Tree &driver(const std::string &name, std::string_view prefix) {
        return object(name, std::string(driver_text) + flag_text + start_text, prefix);
    }
    Tree &driver(const std::string &name) { return driver(name, name); }

    std::string path;
};

class Booted {
public:
    explicit Booted(const char *profile = "irix")
        : handle_(rill_system_new(profile)), system(*reinterpret_cast<System *>(handle_)),
          root(*reinterpret_cast<Process *>(rill_proc_new(handle_, 0, 0))) {
        system.console_sink = [this](int, std::string_view text) { said.emplace_back(text); };
        system.trace.attach(trace);
    }
    ~Booted() {
        system.trace.detach(trace);
        rill_system_free(handle_);
    }
    Booted(const Booted &) = delete;

    int boot(const Tree &tree) { return boot(tree.path); }
    int boot(const std::string &path) { return sysgen::boot(system, path, &error); }
    int open(const char *path) { return outcome(rill_open(handle(root), path, O_RDWR)); }
    int close(int fd) { return outcome(rill_close(handle(root), fd)); }
    int push(int fd, const char *name) { return outcome(rill_ioctl(handle(root), fd, I_PUSH, name)); }
    int node(const char *path, dev_t dev) { return outcome(rill_mknod(handle(root), path, S_IFCHR | 0666, dev)); }
    dev_t rdev(int fd) {
        struct stat st = {};
        rill_fstat(handle(root), fd, &st);
        return st.st_rdev;
    }
    Driver *at(major_t major) { return system.registry.by_external(major); }
    rill_system *raw() { return handle_; }
    // Everything said since the last time, in one line.
    std::string heard() {
        std::string all;
        for (const std::string &line : said) all += (all.empty() ? "" : ", ") + line;
        said.clear();
        return all;
    }
    // What a refused boot must not change.
    std::string picture() {
        std::string all = system.census().text();
        for (const auto &row : system.registry.rows())
            if (row) all += "\n" + std::to_string(row->internal) + " " + row->name + " " + device_text(make_device(row->externals[0], 0));
        for (const auto &m : system.registry.modules()) all += "\nmodule " + m->name;
        all += "\nentries of autopush: " + std::to_string(system.autopush.used());
        for (const auto &[path, node] : system.nodes.nodes()) all += "\n" + path + " " + device_text(node->rdev);
        return all;
    }
    // A boot that must fail with `code`, saying `text`, and leave everything as it was.
    void refuses(const Tree &tree, int code, std::string_view text) {
        const std::string before = picture();
        CHECK(boot(tree) == code);
        CHECK_MESSAGE(error.find(text) != error.npos, error);
        CHECK(picture() == before);
    }

private:
    rill_system *handle_;

public:
    System &system;
    Process &root;
    Recorder trace;
    std::vector<std::string> said;
    std::string error;
};

// One master file, parsed alone.
struct Parsed {
    explicit Parsed(std::string_view text, sysgen::Form form = sysgen::Form::irix, const char *name = "foo") {
        ok = sysgen::parse_master(sysgen::source_of(std::string("master.d/") + name, text), name, form, 511, problems, m);
    }
    bool ok;
    sysgen::Problems problems;
    sysgen::Master m;
    std::string said() const { return problems.text(); }
};

std::string flags_of(std::string flags) {
    std::sort(flags.begin(), flags.end());
    return flags;
}

} // namespace

// --- what is refused -------------------------------------------------------------------------------------------------

TEST_CASE("CFG-001: a directory that is none, and one without system files, are refused by name") {
    Booted k;
    const std::string before = k.picture();
    CHECK(k.boot("/nonexistent/directory") == ENOENT);
    CHECK(k.error.find("/nonexistent/directory") != k.error.npos);
    Tree tree;
    k.refuses(tree, ENOENT, "system: expected a file with suffix .sm");
    CHECK(k.picture() == before);
}

TEST_CASE("CFG-003: what a descriptive line has wrong is named by file, line, column and what was expected") {
    CHECK(Parsed("fs foo 61 x\n").said() == "master.d/foo:1:11: expected a number of devices, found 'x'");
    CHECK(Parsed("* c\n\n foo 61 8\n").said().find("master.d/foo:3:2: expected the first field in column 1") == 0);
    CHECK(Parsed("fqs foo 61 8\n").said().find("master.d/foo:1:2: expected flags out of") == 0);
    CHECK(Parsed("fs\n").said() == "master.d/foo:1:3: expected a prefix, found the end of the line");
    CHECK(Parsed("fs 9foo 61\n").said().find("master.d/foo:1:4: expected a prefix") == 0);
    CHECK(Parsed("fs foo 6a 8\n").said() == "master.d/foo:1:8: expected a major number or '-', found '6a'");
    CHECK(Parsed("fs foo - 8\n").said() == "master.d/foo:1:8: expected a major number for a driver (flags b, c and f), found '-'");
    CHECK(Parsed("* only a comment\n").said() == "master.d/foo:2:1: expected a descriptive line, found the end of the file");
    CHECK(Parsed("fs foo 61 8 a,/b\n").said() == "master.d/foo:1:15: expected the name of a master file, found '/b'");
}

TEST_CASE("DEV-006: a major above 511 is a configuration error, 511 is not") {
    CHECK(Parsed("fs foo 511 8\n").ok);
    CHECK(Parsed("fs foo 512 8\n").said() == "master.d/foo:1:8: expected a major number up to 511 (DEV-006), found '512'");
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 512 8\n").driver("foo");
    Booted().refuses(tree, EINVAL, "master.d/foo:1:8: expected a major number up to 511");
}

TEST_CASE("CFG-004: stub lines that are none are refused") {
    CHECK(Parsed("fs foo 61 8\n9bar\n").said() == "master.d/foo:2:1: expected the name of a stub routine, found '9bar'");
    CHECK(Parsed("fs foo 61 8\nbar() {maybe}\n").said() ==
          "master.d/foo:2:8: expected what the stub returns: nosys, nodev, nopkg, true or false, found 'maybe'");
    CHECK(Parsed("fs foo 61 8\nbar[4](%i)\n").said().find("master.d/foo:2:1: expected a stub routine") == 0);
}

TEST_CASE("CFG-005: an error in C text is told with the line of the master file; nothing is left of the boot") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8\n$$$\nint fine = 1;\nint wrong = ;\n").driver("foo");
    Booted().refuses(tree, ENOEXEC, "master.d/foo:4:13: ");
}

TEST_CASE("CFG-008: a module with flag o may be named once only") {
    Tree tree;
    tree.file("system/a.sm", "INCLUDE: foo\n").file("system/b.sm", "* twice\nINCLUDE:  foo\n");
    tree.master("foo", "fso foo 61 8\n").driver("foo");
    Booted().refuses(tree, EINVAL, "system/b.sm:2:11: expected 'foo' to be named once only (flag o, master.d/foo:1:1)");
}

TEST_CASE("CFG-010: a second kernel object (flag k) is an error") {
    Tree tree;
    tree.sm("INCLUDE: one two\n").master("one", "k - - -\n").master("two", "* 2\nkx - - -\n");
    tree.object("one", "int one_there;", "").object("two", "int two_there;", "");
    Booted().refuses(tree, EINVAL, "master.d/two:2:1: expected one kernel object (flag k) only");
}

TEST_CASE("CFG-010: a required device (flag r) may not stay out") {
    Tree tree;
    tree.sm("EXCLUDE: foo\n").master("foo", "fsr foo 61 8\n").driver("foo");
    Booted().refuses(tree, EINVAL, "system/test.sm:1:10: expected the required device 'foo'");
}

TEST_CASE("CFG-016: two drivers with one major are an error that names both files") {
    Tree tree;
    tree.sm("INCLUDE: foo, bar\n").master("foo", "fs foo 61 8\n").master("bar", "* bar\nfs bar 61 8\n");
    tree.driver("foo").driver("bar");
    Booted().refuses(tree, EINVAL, "master.d/bar:2:8: expected a major of its own for 'bar', found 61, which 'foo' has at master.d/foo:1:8");
}

TEST_CASE("CFG-018: a dependency that has no master file, or no object, is an error at its place") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8 clone,gone\n").driver("foo");
    Booted().refuses(tree, EINVAL, "master.d/foo:1:19: expected the name of a file in master.d, found 'gone'");
    tree.master("gone", "x - - -\n");
    Booted().refuses(tree, EINVAL, "master.d/foo:1:19: expected an object boot/gone.so for 'gone', found none");
}

TEST_CASE("CFG-025: keywords are case sensitive, and an unknown one is an error") {
    Tree tree;
    tree.sm("* comment\n  use: foo\n").master("foo", "fs foo 61 8\n").driver("foo");
    Booted().refuses(tree, EINVAL, "system/test.sm:2:3: expected a keyword in capitals: INCLUDE, USE, EXCLUDE or VECTOR, found 'use'");
    tree.sm("USE foo\n");
    Booted().refuses(tree, EINVAL, "system/test.sm:1:5: expected ':' after USE, found 'foo'");
    tree.sm("USE: ../foo\n");
    Booted().refuses(tree, EINVAL, "system/test.sm:1:6: expected the name of a master file, found '../foo'");
}

TEST_CASE("CFG-027: INCLUDE without an object, or without a master file, is an error") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8\n");
    Booted().refuses(tree, EINVAL, "system/test.sm:1:10: expected an object boot/foo.so for 'foo', found none");
    tree.sm("INCLUDE: fou\n");
    Booted().refuses(tree, EINVAL, "system/test.sm:1:10: expected the name of a file in master.d, found 'fou'");
}

TEST_CASE("CFG-029: a module that is both included and excluded is an error that names both lines") {
    Tree tree;
    tree.sm("INCLUDE: foo\n* no\nEXCLUDE: foo\n").master("foo", "fs foo 61 8\n").driver("foo");
    Booted().refuses(tree, EINVAL, "system/test.sm:1:10: expected a module that is not excluded, found 'foo', which system/test.sm:3:10 excludes");
}

TEST_CASE("CFG-030: a VECTOR line that is wrong is told with its column") {
    Tree tree;
    tree.sm("VECTOR: bustype=VME module=foo unit=x\n").master("foo", "fs foo 61 8\n").driver("foo");
    Booted().refuses(tree, EINVAL, "system/test.sm:1:37: expected a number, found 'x'");
    tree.sm("VECTOR: bustype=VME unit=1\n");
    Booted().refuses(tree, EINVAL, "system/test.sm:1:27: expected module=name");
    tree.sm("VECTOR: module=foo exprobe=(r,0x10,2)\n");
    Booted().refuses(tree, EINVAL, "system/test.sm:1:29: expected a probe of five parts (command,address,size,value,mask), found 3");
}

TEST_CASE("CFG-031: an object that needs a routine nobody has is refused, by the routine's name") {
    Tree tree;
    tree.sm("INCLUDE: foo bar\n").master("foo", "fs foo 61 8\n").master("bar", "fs bar 62 8\n").driver("foo");
    tree.object("bar", std::string(driver_text) + flag_text + "void PFXinit() { there_is_no_such_routine(); }\n", "bar");
    Booted().refuses(tree, ENOEXEC, "boot/bar.so: undefined symbol: there_is_no_such_routine");
    tree.file("boot/bar.so", "not an object");
    Booted().refuses(tree, ENOEXEC, "boot/bar.so: expected a shared object");
}

TEST_CASE("CFG-037: a devflag with both D_OLD and D_MP is a configuration error") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8\n");
    tree.object("foo", std::string(driver_text) + "int PFXdevflag = D_OLD | D_MP;\n", "foo");
    Booted().refuses(tree, EINVAL, "boot/foo.so: expected foodevflag with D_OLD or D_MP, found both");
}

TEST_CASE("CFG-039 QUE-033: an f or m object without pfxinfo is a configuration error") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs wrong_ 61 8\n").driver("foo");
    Booted().refuses(tree, EINVAL, "boot/foo.so: expected a streamtab wrong_info for flags 'fs' at master.d/foo:1:1, found none");
    tree.master("foo", "m wrong_ - -\n");
    Booted().refuses(tree, EINVAL, "expected a streamtab wrong_info");
}

TEST_CASE("CFG-083: a tree whose master files have the columns of another profile is told once, with both forms") {
    const char *irix_columns = "FLAG PREFIX SOFT #DEV DEPENDENCIES", *svr4_columns = "FLAG #VEC PREFIX SOFT #DEV IPL DEPENDENCIES/VARIABLES";
    Tree tree;
    tree.sm("INCLUDE: foo bar\n").driver("foo").driver("bar").file("dev", "/dev/foo c clone foo 0666 0 0\n");
    tree.master("foo", "fs foo 61 8 clone\n$$$\nint foonum = ##D;\n").master("bar", "cfs bar 62 8\n");
    Booted svr4("svr4");
    svr4.refuses(tree, EINVAL, std::string("master.d/foo: expected the columns ") + svr4_columns + ", as master files of the svr4 profile have them, found " + irix_columns + ", as in the irix and solaris profiles (2 files are so)");
    CHECK_MESSAGE(svr4.error.find('\n') == std::string::npos, svr4.error);
    Booted as_it_is("irix");
    CHECK_MESSAGE(as_it_is.boot(tree) == 0, as_it_is.error);
    tree.master("foo", "fs - foo 61 8 - clone\n\t\tfoonum (%i) = {##D}\n").master("bar", "cfs - bar 62 8 -\n");
    for (const char *profile : {"irix", "solaris"}) {
        Booted k(profile);
        k.refuses(tree, EINVAL, std::string("master.d/foo: expected the columns ") + irix_columns + ", as master files of the " + profile + " profile have them, found " + svr4_columns + ", as in the svr4 profile");
        CHECK_MESSAGE(k.error.find('\n') == std::string::npos, k.error);
    }
    CHECK_MESSAGE(Booted("svr4").boot(tree) == 0, "its own form is accepted");
}

TEST_CASE("CFG-083: what is wrong besides the form is told too, and a file that could be either is not taken for the other") {
    Tree tree;
    tree.sm("INCLUDE: foo\nINCLUED: bar\n").driver("foo").master("foo", "fs foo 61 8\n");
    Booted k("svr4");
    k.refuses(tree, EINVAL, "system/test.sm:2:1: ");
    CHECK(k.error.find("master.d/foo: expected the columns") != std::string::npos);
    CHECK(sysgen::form_of(sysgen::source_of("f", "* c\n\nfs foo 61 8\n")) == sysgen::Form::irix);
    CHECK(sysgen::form_of(sysgen::source_of("f", "m foo - -\n")) == sysgen::Form::irix);
    CHECK(sysgen::form_of(sysgen::source_of("f", "m - foo - -\n")) == sysgen::Form::svr4);
    CHECK(sysgen::form_of(sysgen::source_of("f", "fs 2 foo 61 - 5\n")) == sysgen::Form::svr4);
    for (const char *either : {"x - - -\n", "fs\n", "fs x foo 62 - -\n", "", "* c\n", "fs foo bar\n"}) {
        CAPTURE(either);
        CHECK(sysgen::form_of(sysgen::source_of("f", either)) == std::nullopt);
    }
}

TEST_CASE("CFG-084: an object that is cut off anywhere is refused by name and size; the whole one is not") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8\n").driver("foo");
    const std::string path = tree.path + "/boot/foo.so";
    const auto whole = fs::file_size(path);
    std::ifstream in(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    for (std::uintmax_t size : {whole - 1, whole / 2, std::uintmax_t{4096}, std::uintmax_t{512}, std::uintmax_t{64}}) {
        CAPTURE(size);
        std::ofstream(path, std::ios::binary) << bytes.substr(0, size);
        Booted().refuses(tree, ENOEXEC, "found " + std::to_string(size) + ": it is cut off (CFG-084)");
    }
    for (std::size_t size : {63u, 1u, 0u}) {
        CAPTURE(size);
        std::ofstream(path, std::ios::binary) << bytes.substr(0, size);
        Booted().refuses(tree, ENOEXEC, "boot/foo.so: expected a shared object of this machine, found another kind of file");
    }
    // Headers that speak of no place in a file, and an object of another machine.
    for (const auto &[offset, value] : {std::pair<std::size_t, char>{32 + 7, '\x7f'}, {40 + 7, '\x7f'}, {18, '\x02'}, {32, '\x41'}}) {
        CAPTURE_BINDING(offset);
        std::string damaged = bytes;
        damaged[offset] = value;
        std::ofstream(path, std::ios::binary) << damaged;
        Booted().refuses(tree, ENOEXEC, "boot/foo.so: expected ");
    }
    std::ofstream(path, std::ios::binary) << bytes;
    Booted k;
    CHECK_MESSAGE(k.boot(tree) == 0, k.error);
}

TEST_CASE("CFG-085: a FIFO, a directory, a device or a link to nothing in a file's place is refused by name, and not waited for") {
    const std::pair<const char *, const char *> files[] = {
        {"system/test.sm", "INCLUDE: foo\n"}, {"master.d/foo", "fs foo 61 8\n"}, {"dev", "/dev/foo c foo 0 0666 0 0\n"}, {"hardware", "0x10 1\n"}, {"boot/foo.like", "svr4\n"}};
    for (const auto &[name, text] : files) {
        CAPTURE_BINDING(name);
        Tree tree;
        tree.driver("foo");
        for (const auto &[each, content] : files) tree.file(each, content);
        {
            Booted k;
            REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
        }
        const std::string path = tree.path + "/" + name;
        auto refused = [&, name = name](const char *found) {
            Booted k;
            const std::string before = k.picture();
            CHECK(k.boot(tree) != 0);
            CHECK_MESSAGE(k.error == std::string(name) + ": expected a file, found " + found, k.error);
            CHECK(k.picture() == before);
            fs::remove_all(path);
        };
        fs::remove(path);
        REQUIRE(::mkfifo(path.c_str(), 0666) == 0);
        refused("a FIFO");
        fs::create_directory(path);
        refused("a directory");
        fs::create_symlink("/dev/zero", path);
        refused("a device");
        fs::create_symlink("/nonexistent/file", path);
        refused("a symbolic link that leads to none");
    }
}

TEST_CASE("CFG-085: an object that is no file is refused by name") {
    Tree tree;
    tree.sm("USE: foo\n").master("foo", "fs foo 61 8\n");
    const std::string path = tree.path + "/boot/foo.so";
    REQUIRE(::mkfifo(path.c_str(), 0666) == 0);
    Booted().refuses(tree, ENOEXEC, "boot/foo.so: expected a file, found a FIFO");
    fs::remove(path);
    fs::create_directory(path);
    Booted().refuses(tree, ENOEXEC, "boot/foo.so: expected a file, found a directory");
    fs::remove(path);
    fs::create_symlink("/nonexistent/file", path);
    Booted().refuses(tree, ENOEXEC, "boot/foo.so: expected a file, found a symbolic link that leads to none");
}

TEST_CASE("CFG-086: C text includes headers of the DDI only; another file is refused at its line and nothing of it is shown") {
    Tree tree;
    const std::string secret = tree.path + "/secret";
    tree.file("secret", "sesame open\n").sm("INCLUDE: foo\n").driver("foo");
    auto refuses = [&](const std::string &text, const std::string &where) {
        CAPTURE(text);
        tree.master("foo", "fs foo 61 8\n$$$\n" + text + "\n");
        Booted k;
        k.refuses(tree, EINVAL, where);
        CHECK_MESSAGE(k.error.find("sesame") == std::string::npos, k.error);
    };
    const std::string no = "expected an #include of a header of the DDI, found ";
    refuses("#include \"" + secret + "\"", "master.d/foo:3:1: " + no + "\"" + secret + "\" (CFG-086)");
    refuses("int a;\n  #  include <" + secret + ">", "master.d/foo:4:1: ");
    refuses("#include \"/dev/zero\"", "master.d/foo:3:1: ");
    refuses("/* a\n*/ # /**/ include /**/ \"/etc/passwd\" // x", "master.d/foo:4:1: ");
    refuses("#inc\\\nlude \"/etc/passwd\"", no);
    refuses("%:include_next </etc/passwd>", no);
    refuses("#import \"/etc/passwd\"", no);
    refuses("#include <sys/../../../../../../../../../../../etc/passwd>", no);
    refuses("#define FILE \"/etc/passwd\"\n#include FILE", "master.d/foo:4:1: " + no + "FILE");
    refuses("#include <stdio.h>", no);
    refuses("#include \"/sys/types.h\"", no); // a whole path, which is not the DDI's of that name
    refuses("#include", no + "none");
    // Words that only look like one.
    tree.master("foo", "fs foo 61 8\n$$$\n#include <sys/types.h>\n#  include \"sys/errno.h\"\n/*\n#include \"/etc/passwd\"\n*/\n"
                       "// \\\n#include \"/etc/passwd\"\nchar *foo_text = \"\\\n#include <x>\", foo_quote = '\"';\nint foonum = ##D;\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.heard() == "foo init 8, foo start");
}

TEST_CASE("CFG-086: what the compiler says of a place outside master.d is told without what stands there") {
    Tree tree;
    tree.file("secret", "sesame open\n").sm("INCLUDE: foo\n").driver("foo");
    for (const std::string &text : {"#line 1 \"" + tree.path + "/secret\"\nint foonum = ;", "asm(\".include \\\"" + tree.path + "/secret\\\"\");"}) {
        CAPTURE(text);
        tree.master("foo", "fs foo 61 8\n$$$\n" + text + "\n");
        Booted k;
        k.refuses(tree, ENOEXEC, "master.d: ");
        CHECK_MESSAGE(k.error.find("sesame") == std::string::npos, k.error);
    }
}

TEST_CASE("CFG-087: what INCLUDE names and is not there is told with what it could be made of; what USE names stays out and is told of") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8\n");
    Booted().refuses(tree, EINVAL, "system/test.sm:1:10: expected an object boot/foo.so for 'foo', found none, and no boot/foo.c to make it of");
    tree.file("boot/foo.c", "int foo;\n");
    Booted().refuses(tree, EINVAL, "found none: boot/foo.c was not compiled");
    fs::remove_all(tree.path + "/boot");
    Booted().refuses(tree, EINVAL, "found none: there is no directory boot");
    fs::create_directory(tree.path + "/boot");
    tree.driver("foo").sm("INCLUDE: foo\nUSE: gone,\tnofile\nEXCLUDE: not\nUSE: not\n").master("gone", "fs gone 62 8\n").master("not", "fs not 63 8\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(std::string(rill_boot_note(k.raw(), 0)) ==
          "system/test.sm:2:6: 'gone' stays out: there is no object boot/gone.so, and no boot/gone.c to make it of");
    CHECK(std::string(rill_boot_note(k.raw(), 1)) == "system/test.sm:2:12: 'nofile' stays out: there is no file master.d/nofile");
    CHECK(rill_boot_note(k.raw(), 2) == nullptr);
    CHECK(rill_boot_note(k.raw(), -1) == nullptr);
}

TEST_CASE("CFG-047: a module's file name has at most 8 characters") {
    CHECK(Parsed("m foo - -\n", sysgen::Form::irix, "eightlet").ok);
    CHECK(Parsed("m foo - -\n", sysgen::Form::irix, "nineletter").said().find("master.d/nineletter:1:1: expected a module's file") == 0);
}

TEST_CASE("CFG-048: a UnixWare Master file is recognised by its version line and refused clearly") {
    const std::string said = Parsed("# UnixWare\n* x\n$version 2\n$name foo\n").said();
    CHECK(said.find("master.d/foo:3:1: ") == 0);
    CHECK(said.find("UnixWare Master file") != said.npos);
}

TEST_CASE("CFG-051: what a line of the node table has wrong is told with its column") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8 clone\n").driver("foo");
    auto refuses = [&](std::string_view line, std::string_view text) {
        tree.file("dev", std::string("/dev/ok c foo 0 0666 0 0\n") + std::string(line) + "\n");
        Booted().refuses(tree, EINVAL, text);
    };
    refuses("/dev/x  q  10  61  0666  0  0", "dev:2:9: expected b or c, found 'q'");
    refuses("/dev/x  c  10  61  0688  0  0", "dev:2:20: expected a mode, octal, of at most 7777, found '0688'");
    refuses("/dev/x  c  10  61  0666  0", "dev:2:27: expected a gid, found the end of the line");
    refuses("/dev/x  c  nope  61  0666  0  0", "dev:2:12: expected a number or the name of a master file, found 'nope'");
    refuses("/dev/x  c  10  262144  0666  0  0", "dev:2:16: expected a minor of at most 262143, found '262144'");
    refuses("/dev/ok  c  10  61  0666  0  0", "dev:2:1: expected a new path, found '/dev/ok' for the second time");
    refuses("foo bar/x c 256", "dev:2:13: expected a minor of at most 255 (CFG-051), found '256'");
    refuses("foo ../x c 1", "dev:2:5: expected the name of a node under /dev, found '../x'");
}

TEST_CASE("CFG-016: several problems of one directory are all told, each in its line") {
    Tree tree;
    tree.sm("INCLUDE: foo\nINCLUED: bar\n").master("foo", "fs foo 61 x\n").driver("foo").file("dev", "/dev/x q\n");
    Booted k;
    CHECK(k.boot(tree) == EINVAL);
    CHECK(k.error.find("system/test.sm:2:1: ") != k.error.npos);
    CHECK(k.error.find("\nmaster.d/foo:1:11: ") != k.error.npos);
    CHECK(k.error.find("\ndev:1:") != k.error.npos);
}

TEST_CASE("CFG-020: a System that has drivers of its own is not booted over") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8\n").driver("foo");
    Fixture f("irix");
    f.driver("own", 60, 4);
    std::string error;
    CHECK(sysgen::boot(f.system, tree.path, &error) == EBUSY);
    CHECK(error.find("found 'own'") != error.npos);
    CHECK(f.system.registry.by_external(10) != nullptr);
    Booted k;
    CHECK(k.boot(tree) == 0);
    CHECK(k.boot(tree) == EBUSY);
}

TEST_CASE("DEV-023: more drivers than the switch table has rows: refused, everything taken back") {
    Tree tree;
    tree.sm("INCLUDE: foo bar\n").master("foo", "fs foo 61 8\n").master("bar", "fs bar 62 8\n").driver("foo").driver("bar");
    Tunables small;
    small.drivers = 1;
    Fixture f("irix", small);
    std::string error;
    CHECK(sysgen::boot(f.system, tree.path, &error) == ENOSPC);
    CHECK(error.find("master.d/bar:1:1: 'bar' cannot be put into the switch tables") != error.npos);
    CHECK(f.system.registry.by_external(61) == nullptr);
    REQUIRE(f.system.registry.by_external(10) != nullptr);
    CHECK(f.system.registry.by_external(10)->name == "clone");
}

TEST_CASE("CFG-060: a node that exists already is refused, and the nodes before it are taken back") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8\n").driver("foo");
    tree.file("dev", "/dev/a c foo 0 0666 0 0\n/dev/b c foo 1 0666 0 0\n");
    Booted k;
    CHECK(k.node("/dev/b", makedevice(1, 1)) == 0);
    k.refuses(tree, EEXIST, "dev:2:1: the node '/dev/b' cannot be made");
    CHECK(outcome(rill_unlink(handle(k.root), "/dev/b")) == 0);
    CHECK(k.boot(tree) == 0);
    CHECK(k.open("/dev/a") >= 0);
}

// --- master files ----------------------------------------------------------------------------------------------------

TEST_CASE("CFG-003: the first line that is neither blank nor a comment is the descriptive line, five fields from column 1") {
    Parsed p("* ramdrive\n\n*FLAG PREFIX SOFT #DEV DEPENDENCIES\nbcnsw\trd_  77 4\n* after\n\n");
    CHECK(p.ok);
    CHECK(flags_of(p.m.flags) == "bcnsw");
    CHECK(p.m.prefix == "rd_");
    CHECK(p.m.majors == std::vector<unsigned long>{77});
    CHECK(p.m.devices == 4);
    CHECK(p.m.dependencies.empty());
    CHECK(p.m.stubs.empty());
    CHECK(p.m.text.empty());
}

TEST_CASE("CFG-004: lines between the descriptive line and the $ line are stubs, not C text") {
    Parsed p("fs foo 61 8\nfoo_attach() {nodev}\n* comment\nfoo_poke\n$$$\nint n;\n");
    CHECK(p.ok);
    REQUIRE(p.m.stubs.size() == 2);
    CHECK(p.m.stubs[0].name == "foo_attach");
    CHECK(p.m.stubs[0].value == "ENODEV");
    CHECK(p.m.stubs[1].name == "foo_poke");
    CHECK(p.m.stubs[1].value == "0");
    CHECK(p.m.text == "int n;\n");
}

TEST_CASE("CFG-005: C text after $$$ is compiled in, and the driver finds its variables there") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 3 clone\n$$$\n#include <sys/types.h>\nint foonum = ##D;\n").driver("foo");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.heard() == "foo init 3, foo start");
}

TEST_CASE("CFG-006: f makes a row with a streamtab, m a module entry, bc a row of both kinds, c alone one without streamtab") {
    Tree tree;
    tree.sm("INCLUDE: drv mod blk\n").master("drv", "fs drv 61 8\n").master("mod", "m mod - -\n").master("blk", "bc blk_ 62 8\n");
    tree.driver("drv").driver("mod").object("blk", "int blk_devflag; int blk_read() { return 0; }\n", "");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    REQUIRE(k.at(61));
    CHECK(k.at(61)->tab != nullptr);
    CHECK(!k.at(61)->block);
    CHECK(k.system.registry.module("mod") != nullptr);
    CHECK(k.system.registry.module("drv") == nullptr);
    REQUIRE(k.at(62));
    CHECK(k.at(62)->tab == nullptr);
    CHECK(k.at(62)->block);
}

TEST_CASE("CFG-007: f and m together make one object a driver and a module") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fsm foo 61 8\n").driver("foo").file("dev", "/dev/foo c foo 0 0666 0 0\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    const int fd = k.open("/dev/foo");
    CHECK(fd >= 0);
    CHECK(k.push(fd, "foo") == 0);
    k.heard();
}

TEST_CASE("CFG-010: all flags are read; a u module comes last; n and p change nothing") {
    Parsed p("bcsfmorkjxutnpwdR foo 61 8\n");
    CHECK(p.ok);
    CHECK(flags_of(p.m.flags) == flags_of("bcsfmorkjxutnpwdR"));
    Tree tree;
    tree.sm("INCLUDE: one two three\n").master("one", "fsu one 61 8\n").master("two", "fsn two 62 8\n").master("three", "fsp three 63 8\n");
    tree.driver("one").driver("two").driver("three");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.heard() == "two init 4, three init 4, one init 4, two start, three start, one start");
    CHECK(k.at(62)->tab != nullptr);
    CHECK(k.at(63)->tab != nullptr);
}

TEST_CASE("CFG-010: an x file is no driver: its object comes in, its driver data is ignored") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "xcf foo 61 8\n").driver("foo");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.at(61) == nullptr);
    CHECK(k.heard() == "foo init 4, foo start");
}

TEST_CASE("CFG-012: a driver without flag d cannot be unloaded at run time; one with d and R is registered at start-up") {
    Tree tree;
    tree.sm("INCLUDE: fix dyn\n").master("fix", "fs fix 61 8\n").master("dyn", "fsdRw dyn 62 8\n").driver("fix");
    tree.object("dyn", std::string(driver_text) + flag_text + start_text + "char *PFXmversion = \"1\";\n", "dyn");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    Enter scope(k.system);
    CHECK(k.system.registry.unload(*k.at(61)) == EINVAL);
    CHECK(k.at(61) != nullptr);
    REQUIRE(k.at(62) != nullptr);
    CHECK(k.heard() == "fix init 4, fix start");
    CHECK(k.system.registry.unload(*k.at(62)) == 0);
    CHECK(k.at(62) == nullptr);
}

TEST_CASE("CFG-013: the prefix, not the file name, is what all entry points begin with") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs hypo_ 61 8\n").driver("foo", "hypo_").file("dev", "/dev/foo c foo 0 0666 0 0\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.open("/dev/foo") >= 0);
    CHECK(k.heard() == "hypo_ init 4, hypo_ start, hypo_ open 0");
}

TEST_CASE("CFG-014: changing SOFT changes the node numbers and nothing else") {
    for (const char *soft : {"77", "78"}) {
        Tree tree;
        tree.sm("INCLUDE: foo\n").master("foo", std::string("fs foo ") + soft + " 8 clone\n").driver("foo");
        tree.file("dev", "/dev/foo c clone foo 0666 0 0\n/dev/foo2 c foo 2 0666 0 0\n");
        Booted k;
        REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
        const auto major = static_cast<major_t>(std::atoi(soft));
        const int fd = k.open("/dev/foo"), fixed = k.open("/dev/foo2");
        CHECK(k.rdev(fd) == makedevice(major, 0));
        CHECK(k.rdev(fixed) == makedevice(major, 2));
    }
}

TEST_CASE("DEV-017: a list of majors in SOFT: all lead to one row, enumerated in that order") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 32,35,37 8\n").driver("foo");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    REQUIRE(k.at(32));
    CHECK(k.at(35) == k.at(32));
    CHECK(k.at(37) == k.at(32));
    Enter scope(k.system);
    const auto internal = static_cast<major_t>(etoimajor(35));
    int each = -1;
    for (int expected : {32, 35, 37, -1}) {
        each = itoemajor(internal, each);
        CHECK(each == expected);
    }
}

TEST_CASE("CFG-017: ##D, ##E and ##C in the C text are #DEV, the external major and the number of controllers") {
    Parsed p("fs foo 61 8\n$$$\nint a[] = { ##D, ##E, ##C };\n");
    const std::string c = sysgen::c_text(p.m, 2);
    CHECK_MESSAGE(c.find("int a[] = { 8, 61, 2 };") != c.npos, c);
    CHECK(c.find("#line 3 \"master.d/foo\"") == 0);
}

TEST_CASE("CFG-018: what a file depends on comes into the kernel with it, and what that depends on") {
    Tree tree;
    tree.sm("USE: foo\n").master("foo", "fs foo 61 8 bar\n").master("bar", "fs bar 62 8 clone\n").driver("foo").driver("bar");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.heard() == "bar init 4, foo init 4, bar start, foo start");
    REQUIRE(k.at(10));
    CHECK(k.at(10)->name == "clone");
}

TEST_CASE("CFG-018: files that depend on one another come in once each") {
    Tree tree;
    tree.sm("USE: foo\n").master("foo", "fs foo 61 8 bar\n").master("bar", "fs bar 62 8 foo\n");
    tree.object("foo", std::string(driver_text) + flag_text, "foo").object("bar", std::string(driver_text) + flag_text, "bar");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.at(61) != nullptr);
    CHECK(k.at(62) != nullptr);
}

TEST_CASE("CFG-019: the shipped clone file has major 10 and no flag d; unloading clone is refused") {
    Tree tree;
    tree.sm("USE: foo\n").master("foo", "fs foo 61 8 clone\n").driver("foo");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    REQUIRE(k.at(10) != nullptr);
    CHECK(!k.at(10)->loadable);
    Enter scope(k.system);
    CHECK(k.system.registry.unload(*k.at(10)) == EINVAL);
    CHECK(k.at(10) != nullptr);
}

TEST_CASE("CFG-019: a directory's own clone file goes before the shipped one") {
    Tree tree;
    tree.sm("USE: foo\n").master("foo", "fs foo 61 8 clone\n").master("clone", "fs clone 63 -\n").driver("foo");
    tree.file("dev", "/dev/foo c clone foo 0666 0 0\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.at(10) == nullptr);
    REQUIRE(k.at(63) != nullptr);
    const int fd = k.open("/dev/foo");
    REQUIRE(fd >= 0);
    CHECK(k.rdev(fd) == makedevice(61, 0));
}

TEST_CASE("CFG-020 IRIX-002: with no driver that depends on it there is no clone driver: ENXIO; one dependent brings it in") {
    Tree tree;
    tree.sm("USE: foo\n").master("foo", "fs foo 61 8\n").driver("foo").file("dev", "/dev/foo c clone foo 0666 0 0\n");
    Booted k;
    CHECK(k.at(10) != nullptr); // as a System without configuration has it
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.at(10) == nullptr);
    CHECK(k.open("/dev/foo") == -ENXIO);
    tree.master("foo", "fs foo 61 8 clone\n");
    Booted with;
    REQUIRE(with.boot(tree) == 0);
    CHECK(with.open("/dev/foo") >= 0);
}

// --- system files ----------------------------------------------------------------------------------------------------

TEST_CASE("CFG-025: all .sm files act as one, other files are ignored") {
    Tree tree;
    tree.file("system/a.sm", "USE: foo\n").file("system/b.sm", "USE: bar\n").file("system/c.txt", "this is no directive\n");
    tree.master("foo", "fs foo 61 8\n").master("bar", "fs bar 62 8\n").driver("foo").driver("bar");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.at(61) != nullptr);
    CHECK(k.at(62) != nullptr);
}

TEST_CASE("CFG-026: INCLUDE lines add up; of another keyword the last line wins") {
    sysgen::Problems problems;
    sysgen::SystemFile system;
    sysgen::parse_system_file(sysgen::source_of("system/a.sm", "KERNEL: /unix\nINCLUDE: a\nINCLUDE: b,c d\nKERNEL: /unix.new \n"),
                              problems, system);
    CHECK(problems.text() == "");
    CHECK(system.mentions.size() == 4);
    CHECK(system.settings["KERNEL"].text == "/unix.new");
}

TEST_CASE("CFG-027: INCLUDE configures a module that has its object") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8\n").driver("foo");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.at(61) != nullptr);
    CHECK(k.trace.count(Kind::driver, "foo") >= 3); // configured, init, start
}

TEST_CASE("CFG-028: USE without an object is no error: the module is absent and its stubs are made") {
    Tree tree;
    tree.sm("USE: gone nofile\nINCLUDE: foo\n").master("gone", "fs gone 62 8\ngone_value() {true}\n").master("foo", "fs foo 61 8\n");
    tree.object("foo", std::string(driver_text) + flag_text + "void PFXinit() { cmn_err(CE_CONT, \"stub gives %d\", gone_value()); }\n", "foo");
    tree.file("dev", "/dev/gone c gone 0 0666 0 0\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.at(62) == nullptr);
    CHECK(k.heard() == "stub gives 1");
    CHECK(k.open("/dev/gone") == -ENXIO);
}

TEST_CASE("CFG-029: EXCLUDE makes a stub for each listed routine that no included object has") {
    Tree tree;
    tree.sm("EXCLUDE: gone\nINCLUDE: foo\n").master("gone", "fs gone 62 8\ngone_a() {nopkg}\ngone_b() {nosys}\n").master("foo", "fs foo 61 8\n").driver("gone");
    tree.object("foo", std::string(driver_text) + flag_text + "int gone_b() { return 42; }\nvoid PFXinit() { cmn_err(CE_CONT, \"%d %d\", gone_a() == ENOPKG, gone_b()); }\n", "foo");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.at(62) == nullptr);
    CHECK(k.heard() == "1 42");
}

TEST_CASE("CFG-030: VECTOR configures a module if its probe finds something, or if it has none") {
    Tree tree;
    tree.master("yes", "fs yes 61 8\n").master("no", "fs no 62 8\n").master("any", "fs any 63 8\n").master("val", "fs val 64 8\n");
    tree.driver("yes").driver("no").driver("any").driver("val");
    tree.file("hardware", "* what answers on the bus\n0x1000 0xab\n");
    tree.sm("VECTOR: bustype=VME module=yes base=0x1000 probe=base\n"
            "VECTOR: bustype=VME module=no base=0x2000 probe=0x2000\n"
            "VECTOR: bustype=VME module=any unit=0\n"
            "VECTOR: module=val base=0x1000 exprobe=(r,base,1,0xab,0xff),(rn,0x3000,1,0,0)\n"
            "VECTOR: module=no exprobe=(r,0x1000,1,0xac,0xff)\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.at(61) != nullptr);
    CHECK(k.at(62) == nullptr);
    CHECK(k.at(63) != nullptr);
    CHECK(k.at(64) != nullptr);
}

TEST_CASE("CFG-031: entry points are the public names with the prefix; one that is missing answers ENODEV") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "cs rd_ 61 8\n").file("dev", "/dev/rd c foo 0 0666 0 0\n");
    tree.object("foo", "int rd_devflag; int rd_open() { return 0; } int rd_close() { return 0; } static int rd_write() { return 0; }\n", "");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(bool(k.at(61)->entry.open));
    CHECK(!k.at(61)->entry.read);
    CHECK(!k.at(61)->entry.write);
    const int fd = k.open("/dev/rd");
    REQUIRE(fd >= 0);
    char c;
    CHECK(outcome(static_cast<int>(rill_read(handle(k.root), fd, &c, 1))) == -ENODEV);
}

TEST_CASE("CFG-031: a name that only the C library has is no entry point") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "cs f 61 8\n").object("foo", "int fdevflag;\n", "");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(!k.at(61)->entry.open); // not fopen()
}

TEST_CASE("CFG-032: init, then edtinit once for each VECTOR line, last first, then start") {
    Tree tree;
    tree.sm("VECTOR: bustype=VME module=foo ctlr=1\nVECTOR: bustype=VME module=foo ctlr=2\nINCLUDE: bare\n");
    tree.master("foo", "cs foo 61 8\n").master("bare", "fs bare 62 8\n").driver("foo");
    tree.object("bare", std::string(driver_text) + flag_text, "bare").file("dev", "/dev/bare c bare 0 0666 0 0\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.heard() == "foo init 4, foo edtinit 2, foo edtinit 1, foo start");
    std::string routines;
    for (const auto &line : k.trace.lines)
        if (line.event == Event::boot_routine_called && line.clause == "CFG-032") routines += line.what + " ";
    CHECK(routines == "init edtinit edtinit start ");
    CHECK(k.open("/dev/bare") >= 0);
}

TEST_CASE("CFG-034: no open of a driver comes before its init") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8 clone\n").driver("foo").file("dev", "/dev/foo c clone foo 0666 0 0\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.open("/dev/foo") >= 0);
    CHECK(k.heard() == "foo init 4, foo start, foo open 2");
}

TEST_CASE("DEV-031: #DEV reaches the driver's table through a variable: so many clone opens, then EBUSY") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 2 clone\n$$$\nint foonum = ##D;\n").driver("foo");
    tree.file("dev", "/dev/foo c clone foo 0666 0 0\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    const int first = k.open("/dev/foo");
    CHECK(k.open("/dev/foo") >= 0);
    CHECK(k.open("/dev/foo") == -EBUSY);
    CHECK(k.close(first) == 0);
    CHECK(k.open("/dev/foo") >= 0);
}

TEST_CASE("CFG-035: a registered driver is loaded, and started, by the first open; through the clone driver too") {
    for (const char *node : {"/dev/direct", "/dev/clone"}) {
        CAPTURE(node);
        Tree tree;
        tree.sm("INCLUDE: foo\n").master("foo", "fsdR foo 61 3 clone\n$$$\nint foonum = ##D;\n");
        tree.object("foo", std::string(driver_text) + flag_text + start_text + "char *PFXmversion = \"1\";\n", "foo");
        tree.file("dev", "/dev/direct c foo 0 0666 0 0\n/dev/clone c clone foo 0666 0 0\n");
        Booted k;
        REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
        CHECK(k.heard() == "");
        REQUIRE(k.at(61) != nullptr);
        CHECK(k.at(61)->tab == nullptr);
        CHECK(k.open(node) >= 0);
        CHECK(k.heard() == std::string("foo init 3, foo start, foo open ") + (node == std::string("/dev/clone") ? "2" : "0"));
        CHECK(k.open(node) >= 0);
        CHECK(k.heard().find("init") == std::string::npos);
    }
}

TEST_CASE("CFG-036: loading fails without pfxmversion, or with D_OLD; the open gets ENXIO and the driver is not called") {
    Tree tree;
    tree.sm("INCLUDE: foo bar\n").master("foo", "fsdR foo 61 3\n").master("bar", "fsdR bar 62 3\n").driver("foo");
    tree.object("bar", std::string(driver_text) + start_text + "char *PFXmversion = \"1\";\n", "bar");
    tree.file("dev", "/dev/foo c foo 0 0666 0 0\n/dev/bar c bar 0 0666 0 0\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.open("/dev/foo") == -ENXIO);
    CHECK(k.heard() == "boot/foo.so: expected foomversion in a loadable driver, found none (CFG-036)");
    CHECK(k.open("/dev/bar") == -ENXIO);
    CHECK(k.heard() == "boot/bar.so: expected bardevflag without D_OLD in a loadable driver, found none (CFG-036)");
}

TEST_CASE("CFG-038 QUE-034: a driver without pfxdevflag is recorded with D_OLD") {
    Tree tree;
    tree.sm("INCLUDE: foo bar\n").master("foo", "fs foo 61 8\n").master("bar", "fs bar 62 8\n").driver("bar");
    tree.object("foo", driver_text, "foo");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.at(61)->devflag == D_OLD);
    CHECK(k.at(62)->devflag == D_MP);
}

// --- SVR4 ------------------------------------------------------------------------------------------------------------

TEST_CASE("CFG-045 [svr4]: seven columns, a dash for an empty one") {
    Parsed p("fs - loop 62 - -\n", sysgen::Form::svr4);
    CHECK_MESSAGE(p.ok, p.said());
    CHECK(p.m.prefix == "loop");
    CHECK(p.m.majors == std::vector<unsigned long>{62});
    CHECK(Parsed("fs x loop 62 - -\n", sysgen::Form::svr4).said() ==
          "master.d/foo:1:4: expected a number of vectors or '-', found 'x'");
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs - foo 62 - - clone\n").driver("foo").file("dev", "/dev/foo c clone foo 0666 0 0\n");
    Booted k("svr4");
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.at(63)->name == "clone");
    CHECK(k.open("/dev/foo") >= 0);
}

TEST_CASE("CFG-046 [svr4]: variables stand on following lines, their values after the dollar signs") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").driver("foo");
    tree.master("foo", "fs - foo 62 - -\n        foo_tab[NLP] (%i%i)\n        foonum (%i) = {NLP}\n$$$$\nNLP = 2\n");
    Booted k("svr4");
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.heard() == "foo init 2, foo start");
    Parsed p("fs - foo 62 - -\nfoo_tab[NLP] (%i%i)\n$$$$\nNLP = 2\n", sysgen::Form::svr4);
    const std::string c = sysgen::c_text(p.m, 0);
    CHECK_MESSAGE(c.find("foo_tab[NLP];") != c.npos, c);
    CHECK(Parsed("fs - foo 62 - -\nfoo_tab[NLP (%i)\n", sysgen::Form::svr4).said() ==
          "master.d/foo:2:17: expected ']', found the end of the line");
}

TEST_CASE("CFG-047: a module is known by the name of its file, not by its prefix") {
    Tree tree;
    tree.sm("INCLUDE: foo crmod\n").master("foo", "fs foo 61 8\n").master("crmod", "m crmd - -\n").driver("foo").driver("crmod", "crmd");
    tree.file("dev", "/dev/foo c foo 0 0666 0 0\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    const int fd = k.open("/dev/foo");
    CHECK(k.push(fd, "crmd") == -EINVAL);
    CHECK(k.push(fd, "crmod") == 0);
}

TEST_CASE("CFG-051 [svr4]: a node file line names driver, node under /dev, type and minor") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs - foo 62 - -\n").driver("foo").file("dev", "foo bar/x c 3\n");
    Booted k("svr4");
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    const int fd = k.open("/dev/bar/x");
    REQUIRE(fd >= 0);
    CHECK(k.rdev(fd) == makedevice(62, 3));
}

// --- modules pushed at open (iu.ap) ------------------------------------------------------------------------------------

TEST_CASE("CMD-005 [irix]: what a line of iu.ap has wrong is told with its place, and nothing is left of the boot") {
    Tree tree;
    tree.sm("INCLUDE: foo mod\n").master("foo", "fs foo 61 8 clone\n").master("mod", "m mod - -\n").driver("foo").driver("mod");
    auto refuses = [&](std::string_view line, std::string_view text) {
        tree.file("iu.ap", "# modules\nfoo 7 0 mod\n" + std::string(line) + "\n");
        Booted().refuses(tree, EINVAL, text);
    };
    refuses("nope 1 0 mod", "iu.ap:3:1: expected a number or the name of a master file, found 'nope'");
    refuses("9999999 1 0 mod", "iu.ap:3:1: expected a major of at most 16383, or a driver's name, found '9999999'");
    refuses("foo -2 0 mod", "iu.ap:3:5: expected a minor, or -1 for all, of at most 262143, found '-2'");
    refuses("foo 1 x mod", "iu.ap:3:7: expected a last minor of at most 262143, found 'x'");
    refuses("foo 3 2 mod", "iu.ap:3:7: expected a last minor above the first, or 0 for one minor (AUT-015), found '2'");
    refuses("foo 1 0", "iu.ap:3:8: expected a module, found the end of the line");
    refuses("foo 1 0 mod mod mod mod mod mod mod mod mod", "iu.ap:3:41: expected at most 8 modules, found 'mod'");
    refuses("foo 1 0 modulesname", "iu.ap:3:9: expected a module's name, of at most 8 letters, found 'modulesname'");
    refuses("foo 1 0 [anchor] mod", "iu.ap:3:9: expected one anchor at most, behind a module");
    Booted().refuses(tree.file("iu.ap", "foo 7 0 mod\nfoo 5 9 mod\n"), EEXIST, "iu.ap:2:1: modules are configured already");
    Booted().refuses(tree.file("iu.ap", "foo 7 0 mod\n60 5 9 mod\n"), EINVAL, "iu.ap:2:1: no driver has this major");
    Booted().refuses(tree.file("iu.ap", "foo 7 0 mod [anchor]\n"), EINVAL, "iu.ap:1:1: no driver has this major, or");
}

TEST_CASE("CMD-005 AUT-036 [irix]: the file iu.ap of a directory sets what is pushed at open") {
    Tree tree;
    tree.sm("INCLUDE: foo mod\n").master("foo", "fs foo 61 8 clone\n").master("mod", "m mod - -\n").driver("foo").driver("mod");
    tree.file("dev", "/dev/foo c clone foo 0666 0 0\n").file("iu.ap", "* minors 0 to 1, then 2\nfoo 0 1 mod\n61 2 0 mod mod\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    for (int modules : {1, 1, 2, 0}) {
        const int fd = k.open("/dev/foo");
        REQUIRE(fd >= 0);
        CHECK(outcome(rill_ioctl(handle(k.root), fd, I_LIST, nullptr)) == modules + 1);
    }
}

// --- nodes -----------------------------------------------------------------------------------------------------------

TEST_CASE("CFG-060: a clone node has the clone's major and the target's major as minor, by number or by name") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8 clone\n").driver("foo");
    tree.file("dev", "* nodes\n/dev/foo  c  10  61  0640  5  6\n/dev/foo2 c clone foo 0666 0 0\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    struct stat st = {};
    REQUIRE(rill_stat(handle(k.root), "/dev/foo", &st) == 0);
    CHECK(st.st_rdev == makedevice(10, 61));
    CHECK((st.st_mode & 07777) == 0640);
    CHECK(S_ISCHR(st.st_mode));
    CHECK(st.st_uid == 5);
    CHECK(st.st_gid == 6);
    CHECK(k.rdev(k.open("/dev/foo")) == makedevice(61, 0));
    CHECK(k.rdev(k.open("/dev/foo2")) == makedevice(61, 1));
}

TEST_CASE("CFG-061: /dev/<name> is the clone node, /dev/<name><unit> a fixed minor") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 40 8 clone\n").driver("foo");
    tree.file("dev", "/dev/foo c clone foo 0666 0 0\n/dev/foo00 c foo 0 0666 0 0\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.open("/dev/foo00") >= 0);
    CHECK(k.rdev(k.open("/dev/foo")) == makedevice(40, 1));
    CHECK(k.heard() == "foo init 4, foo start, foo open 0, foo open 2");
}

// --- several Systems, and the end of one ------------------------------------------------------------------------------

TEST_CASE("CFG-031: two Systems booted from one directory share no variable of a driver") {
    Tree tree, other;
    for (Tree *each : {&tree, &other})
        each->sm("INCLUDE: foo\n").driver("foo").file("dev", "/dev/foo c clone foo 0666 0 0\n");
    tree.master("foo", "fs foo 61 1 clone\n$$$\nint foonum = ##D;\n");
    other.master("foo", "fs foo 61 2 clone\n$$$\nint foonum = ##D;\n");
    Booted a, b, c;
    REQUIRE_MESSAGE(a.boot(tree) == 0, a.error);
    REQUIRE_MESSAGE(b.boot(tree) == 0, b.error);
    REQUIRE_MESSAGE(c.boot(other) == 0, c.error);
    CHECK(a.open("/dev/foo") >= 0);
    CHECK(a.open("/dev/foo") == -EBUSY);
    CHECK(b.open("/dev/foo") >= 0);
    CHECK(b.open("/dev/foo") == -EBUSY);
    CHECK(c.open("/dev/foo") >= 0);
    CHECK(c.open("/dev/foo") >= 0);
    CHECK(c.open("/dev/foo") == -EBUSY);
}

TEST_CASE("CFG-012: the end of a System calls each driver's unload, last first, and leaves no file behind") {
    Tree tree, scratch;
    tree.sm("INCLUDE: foo bar\n").master("foo", "fs foo 61 8\n").master("bar", "fs bar 62 8\n").driver("foo").driver("bar");
    const char *before = std::getenv("TMPDIR");
    const std::string saved = before ? before : "";
    const std::string tmp = scratch.path + "/boot";
    ::setenv("TMPDIR", tmp.c_str(), 1);
    std::string said;
    {
        Fixture f("irix");
        f.system.console_sink = [&said](int, std::string_view text) { said += std::string(text) + ", "; };
        std::string error;
        REQUIRE(sysgen::boot(f.system, tree.path, &error) == 0);
        CHECK(!fs::is_empty(tmp));
    }
    if (before) ::setenv("TMPDIR", saved.c_str(), 1);
    else ::unsetenv("TMPDIR");
    CHECK(said == "foo init 4, bar init 4, foo start, bar start, bar unload, foo unload, ");
    CHECK(fs::is_empty(tmp));
}

TEST_CASE("CFG-001: an object that is not in boot/ is looked for in the directories of RILL_BOOT_PATH") {
    Tree tree, elsewhere;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8\n");
    elsewhere.driver("foo");
    ::setenv("RILL_BOOT_PATH", ("/nonexistent:" + elsewhere.path + "/boot").c_str(), 1);
    Booted k;
    CHECK_MESSAGE(k.boot(tree) == 0, k.error);
    ::unsetenv("RILL_BOOT_PATH");
    CHECK(k.at(61) != nullptr);
}

TEST_CASE("CFG-016: a boot that is refused can be repeated after the directory was put right") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8 clone\n$$$\nint foonum = oops;\n").driver("foo");
    tree.file("dev", "/dev/foo c clone foo 0666 0 0\n");
    Booted k;
    k.refuses(tree, ENOEXEC, "master.d/foo:3:14: ");
    tree.master("foo", "fs foo 61 8 clone\n$$$\nint foonum = ##D;\n");
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.error == "");
    CHECK(k.open("/dev/foo") >= 0);
}

TEST_CASE("CFG-020: the example tree boots, as built, and every node of it does what its comment says") {
    Booted k;
    REQUIRE_MESSAGE(k.boot(RILL_BUILD_DIR "/examples/sysgen") == 0, k.error);
    CHECK(k.at(10) != nullptr);
    for (int i = 0; i < 8; ++i) CHECK(k.rdev(k.open("/dev/echo")) == makedevice(61, static_cast<minor_t>(i)));
    CHECK(k.open("/dev/echo") == -EBUSY);
    CHECK(k.open("/dev/echoany") == -EBUSY);
    CHECK(k.open("/dev/echo1") >= 0); // joins
    CHECK(k.open("/dev/echo9") == -ENXIO);
    CHECK(k.open("/dev/nobody") == -ENXIO);
    CHECK(k.open("/dev/plain") == -ENXIO);
    CHECK(k.rdev(k.open("/dev/nuls64")) == makedevice(64, 0));
    const int fd = k.open("/dev/ramd0");
    REQUIRE(fd >= 0);
    char back[8] = {};
    CHECK(rill_write(handle(k.root), fd, "rill", 4) == 4);
    CHECK(rill_read(handle(k.root), fd, back, sizeof back) == 4);
    CHECK(std::string(back) == "rill");
    CHECK(k.push(k.open("/dev/loop"), "pipemod") == 0);
}

// --- foreign loader conventions ---

TEST_CASE("HDR-015: every undefined symbol of an object is named, with its manual page and what is near") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8\n");
    tree.object("foo", std::string(driver_text) + flag_text + "void PFXinit() { physio(); putnxt(); strlen(\"\"); }\n", "foo");
    Booted k;
    k.refuses(tree, ENOEXEC, "boot/foo.so: undefined symbol: physio, physio(D3): not in rill");
    CHECK_MESSAGE(k.error.find("boot/foo.so: undefined symbol: putnxt, in no manual rill knows; near it: putnext(D3)") != k.error.npos,
                  k.error);
    CHECK(k.error.find("strlen") == k.error.npos);
}

TEST_CASE("HDR-120: an undefined symbol that is a macro of a header is told with the header") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8\n");
    tree.object("foo", std::string(driver_text) + flag_text + "#undef minor\nvoid PFXinit() { mblk_t *m = allocb(1, 0); DB_TYPE(m); minor(1); }\n", "foo");
    Booted k;
    k.refuses(tree, ENOEXEC, "boot/foo.so: undefined symbol: DB_TYPE, a macro of <sys/strsun.h>, which its source does not include (HDR-120)");
    CHECK_MESSAGE(k.error.find("boot/foo.so: undefined symbol: minor, a macro of <sys/ddi.h>") != k.error.npos, k.error);
}

TEST_CASE("HDR-121: names stand in the headers in which the kernels had them") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8\n");
    tree.object("foo", std::string("#include <sys/os7/compat.h>\n#include <sys/svr4/compat.h>\n#include <sys/kmem.h>\n#include <sys/param.h>\n"
                                   "#include <sys/tty.h>\n#include <sys/strids.h>\n#include <sys/strmp.h>\n#include <sys/sema.h>\n"
                                   "vmem_t *foo_arena; int foo_priorities[] = {TTIPRI, TTOPRI, STIPRI, STOPRI, PWAIT, VM_SLEEP};\n") +
                           driver_text + flag_text,
                "foo");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.at(61) != nullptr);
    k.heard();
}

TEST_CASE("CFG-122: an _init that returns 0 and installs nothing is refused with that reason") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "cfs foo 61 8\n");
    tree.object("foo", std::string("#include <sys/conf.h>\n#include <sys/modctl.h>\n") + driver_text + "int _init() { return 0; }\n", "foo");
    Booted().refuses(tree, EINVAL, "boot/foo.so: its _init, or init_module, returned 0 and installed nothing: expected a call of mod_install");
}

TEST_CASE("HDR-122: min and max without a header; kern_calloc is zero, and kern_free needs no size") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8\n");
    tree.object("foo", std::string("#include <sys/systm.h>\n") + driver_text + flag_text + "#undef min\n#undef max\n"
                                                                                           "PFXinit() { char *p = kern_calloc(3, 5), *q = kern_malloc(7);\n"
                                                                                           "  cmn_err(CE_CONT, \"%d %d %d %d\", min(3, 4), max(3, 4), p[0] + p[14], q != 0); kern_free(p); kern_free(q); }\n",
                "foo");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.heard() == "3 4 0 1");
}

TEST_CASE("CFG-120: what installs a module only, configured as a driver, is told of at boot") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "cfs foo 61 8\n");
    tree.object("foo", std::string("#include <sys/conf.h>\n#include <sys/modctl.h>\n") + driver_text + "static struct fmodsw PFXsw = {\"foo\", &PFXinfo, D_MP};\n"
                                                                                                       "static struct modlstrmod PFXmod = {&mod_strmodops, \"foo\", &PFXsw};\n"
                                                                                                       "static struct modlinkage PFXlinkage = {MODREV_1, {&PFXmod, 0}};\n"
                                                                                                       "int _init() { return mod_install(&PFXlinkage); }\n"
                                                                                                       "int _fini() { return mod_remove(&PFXlinkage); }\n",
                "foo");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    REQUIRE(rill_boot_note(k.raw(), 0));
    CHECK(std::string(rill_boot_note(k.raw(), 0)) ==
          "boot/foo.so: 'foo' installs a module and no driver: flag m in master.d/foo makes it one (CFG-120)");
    CHECK(k.at(61)->installs_module);
    k.heard();
}

TEST_CASE("HDR-015: an object with _init and modlinkage gives its streamtab and flags; attach at boot, detach and _fini at the end") {
    Tree tree;
    std::ifstream source(RILL_SOURCE_DIR "/test/drivers/ssun.c");
    std::string text((std::istreambuf_iterator<char>(source)), std::istreambuf_iterator<char>());
    text = replaced(text, "ss_", "zz_"); // the suite has these names already
    const std::string log = tree.path + "/events";
    text += "#include <stdio.h>\n__attribute__((destructor)) static void gone(void) { FILE *f = fopen(\"" + log +
            "\", \"w\"); fprintf(f, \"%d\", zz_events); fclose(f); }\n";
    tree.sm("INCLUDE: ssun clone\n").master("ssun", "fsm ssun 61 8\n").object("ssun", text, "");
    {
        Booted k;
        REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
        REQUIRE(k.at(61));
        CHECK(k.at(61)->devflag == (D_MP | D_MTPERMOD));
        const int fd = k.open("/dev/ssun");
        CHECK(std::string(rill_why(handle(k.root))) == "");
        REQUIRE(fd >= 0);
        CHECK(k.rdev(fd) == makedevice(61, 1));
        CHECK(k.push(fd, "ssun") == 0);
        CHECK(k.close(fd) == 0);
    }
    std::ifstream events(log);
    int seen = 0;
    events >> seen;
    CHECK(seen == 7);
}

namespace {

std::string file_text(const char *path) {
    std::ifstream source(path);
    return {std::istreambuf_iterator<char>(source), std::istreambuf_iterator<char>()};
}
std::string called_as(Booted &k, const char *name) {
    const char *reason = nullptr, *as = rill_called_as(k.raw(), name, &reason);
    return as ? std::string(as) + ": " + reason : "";
}

// A driver without devflag whose open takes a dev_t *, as many of SVR4 and of LiS are.
std::string unflagged() { return std::string(driver_text) + start_text; }

} // namespace

TEST_CASE("CFG-080 HDR-015: an object with _init runs it although its info and devflag are public; flags come from what it installs") {
    std::string text = replaced(file_text(RILL_SOURCE_DIR "/test/drivers/ssun.c"), "ss_", "zy_");
    text += "int zy_devflag = D_OLD;\nvoid zy_init(int *p) { *p = 1; }\nvoid zy_start(int *p) { *p = 1; }\n"
            "void zy_unload(int *p) { *p = 1; }\n";
    Tree tree;
    tree.sm("INCLUDE: zy clone\n").master("zy", "fsm zy_ 61 8\n").object("zy", text, "");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    REQUIRE(k.at(61));
    CHECK(k.at(61)->devflag == (D_MP | D_MTPERMOD));
    CHECK(k.system.registry.module("zy")->devflag == (D_MP | D_MTPERMOD));
    CHECK(called_as(k, "zy") == "Solaris: mod_install(9F) registered it");
    const int fd = k.open("/dev/ssun"); // attach made the node
    CHECK_MESSAGE(fd >= 0, rill_why(handle(k.root)));
    CHECK(k.push(fd, "zy") == 0);
    CHECK(k.close(fd) == 0);
}

TEST_CASE("CFG-080 HDR-015: init_module of LiS and of OpenSS7 runs although the driver's info is public and it has no devflag") {
    const std::string lis = "#include <sys/LiS/module.h>\nint init_module(void) { return lis_register_strdev(0, &PFXinfo, 4, \"PFX\") < 0 ? -1 : 0; }\n"
                            "void cleanup_module(void) { lis_unregister_strdev(0); }\n";
    const std::string openss7 = "#include <sys/strconf.h>\n#include <sys/LiS/module.h>\nstatic struct cdevsw PFXsw = { \"PFX\", &PFXinfo, D_MP };\n"
                                "int init_module(void) { return register_strdev(&PFXsw, 0) < 0 ? -1 : 0; }\n"
                                "void cleanup_module(void) { unregister_strdev(&PFXsw, 0); }\n";
    Tree tree;
    tree.sm("INCLUDE: one two\n").master("one", "fs one 61 8 clone\n").master("two", "fs two 62 8\n");
    tree.object("one", unflagged() + lis, "one").object("two", unflagged() + openss7, "two");
    tree.file("dev", "/dev/one c clone one 0666 0 0\n/dev/two c clone two 0666 0 0\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(called_as(k, "one") == "LiS: lis_register_strdev() registered it");
    CHECK(called_as(k, "two") == "OpenSS7: register_strdev() registered it");
    CHECK(k.at(61)->devflag == 0);
    CHECK(k.at(62)->devflag == D_MP);
    CHECK(k.heard() == ""); // no routine is called for its name
    CHECK(k.rdev(k.open("/dev/one")) == makedevice(61, 0));
    CHECK(k.rdev(k.open("/dev/two")) == makedevice(62, 0));
    CHECK(rill_boot_note(k.raw(), 0) == nullptr);
    k.heard();
}

TEST_CASE("CFG-080: a boot that is refused after an _init has run calls _fini; the next boot begins anew") {
    std::string text = replaced(file_text(RILL_SOURCE_DIR "/test/drivers/ssun.c"), "ss_", "zx_");
    text = replaced(text, "zx_events |= 4;", "cmn_err(CE_CONT, \"fini\");");
    Tree tree;
    tree.sm("INCLUDE: ssun foo clone\n").master("ssun", "fsm ssun 61 8\n").object("ssun", text, "");
    tree.master("foo", "fs wrong 62 8\n").driver("foo");
    Booted k;
    k.refuses(tree, EINVAL, "boot/foo.so: expected a streamtab wronginfo for flags 'fs' at master.d/foo:1:1, found none");
    CHECK(k.heard() == "fini");
    tree.master("foo", "fs foo 62 8\n");
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.open("/dev/ssun") >= 0);
}

TEST_CASE("CFG-080: an object whose _init installs no streamtab is told as that") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8\n");
    tree.object("foo", std::string(driver_text) + flag_text + "#include <sys/modctl.h>\nstatic struct modlmisc m = { &mod_miscops, \"foo\" };\n"
                                                              "static struct modlinkage l = { MODREV_1, { &m, 0 } };\nint _init() { return mod_install(&l); }\n"
                                                              "int _fini() { return mod_remove(&l); }\n",
                "foo");
    Booted().refuses(tree, EINVAL, "boot/foo.so: expected a streamtab registered by its _init for flags 'fs'");
}

TEST_CASE("CFG-081: a boot records by whose conventions each driver and module is called, and why") {
    Tree tree;
    tree.sm("INCLUDE: new old mod\n").master("new", "fs new 61 8\n").master("old", "fs old 62 8\n").master("mod", "m mod - -\n");
    tree.driver("new").driver("mod").object("old", std::string(driver_text) + "int PFXdevflag = D_OLD;\n", "old");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    std::string told;
    for (const auto &line : k.trace.lines)
        if (line.event == Event::driver_called_as && line.clause == "CFG-081") told += line.name + " " + line.what + ", ";
    CHECK(told == "new is called as, old is called as, mod is called as, ");
    CHECK(called_as(k, "new") == "SVR4: its devflag is without D_OLD");
    CHECK(called_as(k, "old") == "SVR3: its devflag has D_OLD");
    CHECK(called_as(k, "mod") == "SVR4: its devflag is without D_OLD");
    CHECK(called_as(k, "nobody") == "");
    CHECK(rill_boot_note(k.raw(), 0) == nullptr); // each says it itself
    k.heard();
}

TEST_CASE("CFG-081 CFG-038: a driver without devflag is called as SVR3, and the boot tells so with what to do if it is wrong") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8\n").object("foo", unflagged(), "foo");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(called_as(k, "foo") == "SVR3: it has no foodevflag");
    REQUIRE(rill_boot_note(k.raw(), 0));
    CHECK(std::string(rill_boot_note(k.raw(), 0)) == "boot/foo.so: 'foo' is called as SVR3: it has no foodevflag; if its open takes a dev_t *, "
                                                     "define foodevflag or write svr4 into boot/foo.like");
    k.heard();
}

TEST_CASE("CFG-082: a word in boot/foo.like says by whose conventions foo is called, before its devflag") {
    const std::pair<const char *, const char *> words[] = {
        {"svr4", "SVR4"}, {"solaris", "Solaris"}, {"lis", "LiS"}, {"openss7", "OpenSS7"}};
    for (const auto &[word, name] : words) {
        CAPTURE_BINDING(word);
        Tree tree;
        tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8 clone\n").file("dev", "/dev/foo c clone foo 0666 0 0\n");
        tree.object("foo", unflagged(), "foo").file("boot/foo.like", std::string("* what it is\n\n  ") + word + "\n");
        Booted k;
        REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
        CHECK(called_as(k, "foo") == std::string(name) + ": boot/foo.like says so");
        CHECK(k.at(61)->devflag == 0);
        CHECK(k.rdev(k.open("/dev/foo")) == makedevice(61, 0)); // its open got a dev_t *
        CHECK(rill_boot_note(k.raw(), 0) == nullptr);
        k.heard();
    }
}

TEST_CASE("CFG-121: a word that is none, two words and two lines of like are refused with their places") {
    const std::pair<const char *, const char *> wrong[] = {
        {"like = vms\n", "master.d/foo:2:8: expected svr3, svr4, solaris, lis or openss7, found 'vms'"},
        {"like =\n", "master.d/foo:2:7: expected svr3, svr4, solaris, lis or openss7"},
        {"like = svr4 svr3\n", "master.d/foo:2:13: expected the end of the line, found 'svr3'"},
        {"like=svr4\nlike=svr4\n", "master.d/foo:3:1: expected one line `like = WORD`, found another"}};
    for (const auto &[line, message] : wrong) {
        CAPTURE_BINDING(line);
        Tree tree;
        tree.sm("INCLUDE: foo\n").master("foo", std::string("fs foo 61 8\n") + line).driver("foo");
        Booted().refuses(tree, EINVAL, message);
    }
}

TEST_CASE("CFG-121: `like = svr4` in master.d/foo says by whose conventions foo is called; boot/foo.like goes before it") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8 clone\n  like = svr4\nstub() {true}\n").file("dev", "/dev/foo c clone foo 0666 0 0\n");
    tree.object("foo", unflagged(), "foo");
    {
        Booted k;
        REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
        CHECK(called_as(k, "foo") == "SVR4: master.d/foo:2:3 says so");
        CHECK(k.rdev(k.open("/dev/foo")) == makedevice(61, 0));
        CHECK(rill_boot_note(k.raw(), 0) == nullptr);
        k.heard();
    }
    tree.file("boot/foo.like", "solaris\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(called_as(k, "foo") == "Solaris: boot/foo.like says so");
    k.heard();
}

TEST_CASE("CFG-082: svr3 in boot/foo.like goes before a devflag that says otherwise") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8\n").driver("foo").file("boot/foo.like", "svr3");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(k.at(61)->devflag == D_OLD);
    CHECK(called_as(k, "foo") == "SVR3: boot/foo.like says so");
    k.heard();
}

TEST_CASE("CFG-082: a public name rill_like_svr4 in the object says the same; the file goes before it") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8 clone\n").file("dev", "/dev/foo c clone foo 0666 0 0\n");
    tree.object("foo", unflagged() + "int rill_like_svr4;\n", "foo");
    {
        Booted k;
        REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
        CHECK(called_as(k, "foo") == "SVR4: rill cc --like svr4 made it");
        CHECK(k.rdev(k.open("/dev/foo")) == makedevice(61, 0));
        k.heard();
    }
    tree.file("boot/foo.like", "lis\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(called_as(k, "foo") == "LiS: boot/foo.like says so");
    k.heard();
}

TEST_CASE("CFG-082: a driver that is loaded by its first open is called as its like file says, without a devflag") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fsdR foo 61 8 clone\n").file("dev", "/dev/foo c clone foo 0666 0 0\n");
    tree.object("foo", unflagged() + "char *PFXmversion = \"1\";\n", "foo").file("boot/foo.like", "svr4\n");
    Booted k;
    REQUIRE_MESSAGE(k.boot(tree) == 0, k.error);
    CHECK(called_as(k, "foo") == ""); // its object was not looked at yet
    CHECK(k.rdev(k.open("/dev/foo")) == makedevice(61, 0));
    CHECK(called_as(k, "foo") == "SVR4: boot/foo.like says so");
    k.heard();
}

TEST_CASE("CFG-082: a like file with another word, with two, or with none is refused by its place") {
    Tree tree;
    tree.sm("INCLUDE: foo\n").master("foo", "fs foo 61 8\n").driver("foo");
    auto refuses = [&](const char *text, const char *said) {
        tree.file("boot/foo.like", text);
        Booted().refuses(tree, EINVAL, said);
    };
    refuses("* which\n svr5\n", "boot/foo.like:2:2: expected svr3, svr4, solaris, lis or openss7, found 'svr5'");
    refuses("SVR4\n", "boot/foo.like:1:1: expected svr3, svr4");
    refuses("svr4 lis\n", "boot/foo.like:1:6: expected one word, found 'lis'");
    refuses("\n* \n", "boot/foo.like: expected svr3, svr4, solaris, lis or openss7, found the end of the file");
}

TEST_CASE("CFG-088 [svr4]: the shipped SVR4 tree boots under its profile") {
    Booted k("svr4");
    REQUIRE_MESSAGE(k.boot(RILL_BUILD_DIR "/examples/sysgen-svr4") == 0, k.error);
    REQUIRE(k.at(63));
    CHECK(k.at(63)->name == "clone");
    CHECK(rill_boot_note(k.raw(), 0) == nullptr);
    for (int i = 0; i < 8; ++i) CHECK(k.rdev(k.open("/dev/echo")) == makedevice(61, static_cast<minor_t>(i)));
    CHECK(k.open("/dev/echo") == -EBUSY); // echo(8), through a variable
    CHECK(k.open("/dev/ec/any") == -EBUSY);
    CHECK(k.open("/dev/ec/1") >= 0); // joins
    CHECK(k.open("/dev/ramd0") >= 0);
    CHECK(k.push(k.open("/dev/loop"), "pipemod") == 0);
    CHECK(Booted("irix").boot(RILL_BUILD_DIR "/examples/sysgen-svr4") == EINVAL);
}

TEST_CASE("CFG-088 [solaris]: the shipped Solaris tree boots under its profile") {
    Booted k("solaris");
    REQUIRE_MESSAGE(k.boot(RILL_BUILD_DIR "/examples/sysgen-solaris") == 0, k.error);
    REQUIRE(k.at(11));
    CHECK(k.at(11)->name == "clone");
    CHECK(called_as(k, "lag") == "Solaris: mod_install(9F) registered it");
    CHECK(called_as(k, "crmod") == "Solaris: mod_install(9F) registered it");
    const int fd = k.open("/dev/lag");
    CHECK(k.rdev(fd) == makedevice(68, 1));
    CHECK(k.push(fd, "crmod") == 0);
    CHECK(k.rdev(k.open("/dev/echo")) == makedevice(61, 0));
}
