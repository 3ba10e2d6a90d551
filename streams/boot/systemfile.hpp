// The system files: every system/*.sm, in order of their names, read as one (system(4), lboot(1M)).
//
//   INCLUDE: foo, bar      their objects must be there                                   CFG-027
//   USE: foo               included if its object is there, else as EXCLUDE              CFG-028
//   EXCLUDE: foo           only its stubs                                                CFG-029
//   VECTOR: bustype=VME module=foo unit=0 base=0x1000 exprobe=(r,base,2,0xff,0xff)       CFG-030
//   KERNEL: name           and other words: one value, the last line wins                CFG-026
//
// Names are separated by blanks or commas; SVR4's FOO(4) gives a number of devices instead of the file's #DEV.
#pragma once

#include "streams/boot/text.hpp"

#include <map>
#include <optional>

namespace rill::sysgen {

enum class Keyword : unsigned char {
    include,
    use,
    exclude,
    vector,
};

// One condition of probe= or exprobe=: a read that must find (value under mask), or a write of value.
struct ProbeStep {
    bool write = false;
    bool negated = false; // rn: the read must not find it
    unsigned long address = 0, size = 0, value = 0, mask = 0;
    bool any_value = false; // probe=: anything that answers
};

struct Vector {
    Word bus;
    unsigned long unit = 0, controller = 0, adapter = 0, base = 0;
    std::vector<ProbeStep> probe; // none: counts as found
};

struct Mention {
    Keyword keyword;
    Word name;
    std::optional<unsigned long> devices;
    Vector vector;
};

struct SystemFile {
    std::vector<Mention> mentions;
    std::map<std::string, Word> settings;
};

void parse_system_file(const Source &source, Problems &problems, SystemFile &system);

// What answers at the emulated machine's bus addresses: the optional file `hardware` of the directory, a line each:
// address and what a read finds there. With no such file nothing answers.
using Hardware = std::map<unsigned long, unsigned long>;
void parse_hardware(const Source &source, Problems &problems, Hardware &hardware);
bool probe(const std::vector<ProbeStep> &steps, Hardware &hardware);

} // namespace rill::sysgen
