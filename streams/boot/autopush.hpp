// Modules to push at open as autopush(8) -f reads them: the file /etc/iu.ap, which in a sysgen directory is iu.ap.
//
//   # major minor last-minor  modules, in the order in which they are pushed (CMD-005)
//   61    -1    0           pushmod                 all minors
//   echo  3     0           a b                     minor 3; a driver's name may stand for its major (AUT-050)
//   62    0     7           a [anchor] b            minors 0 to 7; an anchor above a
//
// `#` and `*` in column 1 begin comments. A line is an entry of its own: what is wrong with one leaves the others as they
// are.
#pragma once

#include "streams/boot/nodes.hpp"

#include <functional>
#include <string_view>
#include <sys/sad.h>

namespace rill::sysgen {

struct AutopushLine {
    strapush_v1 entry;
    Place place;
};

void parse_autopush(const Source &source, const MajorOf &major_of, Problems &problems, std::vector<AutopushLine> &lines);
// One line after the other is put in; a refusal is told with its place. The first errno, or 0.
int set_autopush(const std::vector<AutopushLine> &lines, Problems &problems, const std::function<int(const strapush_v1 &)> &set);
// What an errno of SAD_SAP or SAD_GAP means.
std::string_view autopush_refusal(int error);

} // namespace rill::sysgen
