// What a body of a test prints on stderr: where a program is told that it has used <rill.h> without meaning.
#pragma once

#include <cstdio>
#include <string>
#include <unistd.h>

namespace rill::test {

template <class F> std::string said(F &&body) {
    std::fflush(stderr);
    const int kept = ::dup(2);
    std::FILE *file = std::tmpfile();
    ::dup2(::fileno(file), 2);
    body();
    std::fflush(stderr);
    ::dup2(kept, 2);
    ::close(kept);
    std::string text;
    std::rewind(file);
    for (int c; (c = std::fgetc(file)) != EOF;) text += static_cast<char>(c);
    std::fclose(file);
    return text;
}

} // namespace rill::test
