// What standard output is: a terminal has a width, colours and a pager, anything else is a file of 80 columns.
#pragma once

#include "tools/rill/subprocess.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace rill::tool {

struct Page {
    std::size_t width = 80;
    bool colours = false;

    std::string strong(std::string_view text) const { return ink("1", text); }
    std::string bad(std::string_view text) const { return ink("31", text); }
    std::string good(std::string_view text) const { return ink("32", text); }
    std::string faint(std::string_view text) const { return ink("36", text); }

private:
    std::string ink(std::string_view code, std::string_view text) const;
};

// Of standard output as it is at this moment; ask before a pager takes it. NO_COLOR and TERM=dumb are honoured.
Page page();

// Characters of a line of it, however many; 80 of a file.
unsigned columns();

// While it lives, what is written to standard output goes through $PAGER (`less -FRX` without one), if that is a terminal.
class Pager {
public:
    explicit Pager(bool wanted = true);
    ~Pager();
    Pager(const Pager &) = delete;

private:
    Subprocess pager_;
    int output_ = -1, errors_ = -1;
};

// One key of the terminal, or one byte of standard input; -1 at its end.
int key();

// To standard output; whether all could be written is asked at the end.
void put(std::string_view text);
void flush();
// What the command ends with: status, or exit_unwritten with a message when standard output could not be written.
int ended(int status);

} // namespace rill::tool
