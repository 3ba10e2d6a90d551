#include "streams/boot/master.hpp"

#include <cctype>
#include <fmt/format.h>
#include <string>

namespace rill::sysgen {

namespace {

// CFG-006, CFG-008, CFG-010, CFG-012; `a` is an SVR4 letter that changes nothing here.
constexpr std::string_view known_flags = "bcsfmorkjxutnpwdR";
constexpr std::string_view known_flags_svr4 = "bcsfmorkjxutnpwdRa";

// The words of a line `like = WORD`, "like" the first; none when the line is another.
std::vector<Word> like_words_of(const Source &source, std::size_t line) {
    std::vector<Word> words = split(source, line, 0, "=");
    const std::string &text = source.lines[line];
    if (words.empty() || words[0].text != "like") return {};
    const std::size_t behind = text.find_first_not_of(" \t", text.find("like") + 4);
    return behind != text.npos && text[behind] == '=' ? words : std::vector<Word>{};
}

class Parser {
public:
    Parser(const Source &source, Form form, unsigned long major_max, Problems &problems, Master &master)
        : source_(source), form_(form), major_max_(major_max), problems_(problems), master_(master) {}

    bool parse() {
        const std::size_t before = problems_.size();
        std::size_t at = 0;
        if (unixware()) return false;
        while (at < source_.lines.size() && skipped(source_.lines[at])) ++at;
        if (at == source_.lines.size()) {
            problems_.add({source_.file, static_cast<int>(at + 1), 1}, "expected a descriptive line, found the end of the file");
            return false;
        }
        descriptive(at);
        for (++at; at < source_.lines.size() && !source_.lines[at].starts_with('$'); ++at)
            if (!skipped(source_.lines[at])) declaration(at);
        if (at < source_.lines.size()) after_dollars(at);
        check();
        return problems_.size() == before;
    }

private:
    // Comments of UnixWare's Master files may begin with # too, so they are looked for before anything else is.
    bool unixware() {
        std::size_t at = 0;
        while (at < source_.lines.size() && (skipped(source_.lines[at]) || source_.lines[at][0] == '#')) ++at;
        if (at == source_.lines.size() || !source_.lines[at].starts_with("$version")) return false;
        problems_.add(source_.at(at, 0), "expected a descriptive line, found '$version': this is a UnixWare Master file, "
                                         "and only IRIX and SVR4 master files can be read (CFG-048)");
        return true;
    }
    static bool skipped(const std::string &line) { return is_blank(line) || line[0] == '*'; }

    void descriptive(std::size_t line) {
        master_.place = source_.at(line, 0);
        // In SVR4 files dependencies and variables share the last column, and variables contain blanks.
        std::vector<Word> words = split(source_, line);
        if (form_ == Form::irix && blank(source_.lines[line][0]))
            problems_.add(words[0].place, "expected the first field in column 1, found it here");
        const std::size_t columns = form_ == Form::irix ? 4 : 6;
        static const char *const names_irix[] = {"flags", "a prefix", "a major number or '-'",
                                                 "a number of devices or '-'"};
        static const char *const names_svr4[] = {"flags", "a number of vectors or '-'", "a prefix",
                                                 "a major number or '-'", "a number of devices or '-'",
                                                 "an interrupt priority level or '-'"};
        const char *const *names = form_ == Form::irix ? names_irix : names_svr4;
        // A line may end early: what is left out counts as `-`, but flags and prefix are wanted.
        const std::size_t wanted = form_ == Form::irix ? 2 : 3;
        if (words.size() < wanted) {
            problems_.expected(source_.at(line, source_.lines[line].size()), names[words.size()], "");
            return;
        }
        auto word = [&](std::size_t i) {
            return i < words.size() ? words[i] : Word{"-", source_.at(line, source_.lines[line].size())};
        };
        if (form_ == Form::irix) {
            flags(word(0));
            prefix(word(1));
            soft(word(2));
            devices(word(3));
        } else {
            flags(word(0));
            optional_number(word(1), names[1]);
            prefix(word(2));
            soft(word(3));
            devices(word(4));
            optional_number(word(5), names[5]);
        }
        if (words.size() <= columns) return;
        const std::size_t from = static_cast<std::size_t>(words[columns].place.column - 1);
        if (form_ == Form::svr4 && source_.lines[line].find('(', from) != std::string::npos)
            declare(line, from);
        else
            dependencies(line, from);
    }

    void flags(const Word &word) {
        master_.flags_place = word.place;
        if (word.text == "-") return;
        const std::string_view known = form_ == Form::irix ? known_flags : known_flags_svr4;
        for (std::size_t i = 0; i < word.text.size(); ++i) {
            Place place = word.place;
            place.column += static_cast<int>(i);
            if (known.find(word.text[i]) == known.npos)
                problems_.expected(place, "flags out of \"" + std::string(known) + "\"", word.text.substr(i, 1));
            else if (!master_.has(word.text[i]))
                master_.flags += word.text[i];
        }
    }

    void prefix(const Word &word) {
        if (word.text == "-") return;
        if (is_identifier(word.text))
            master_.prefix = word.text;
        else
            problems_.expected(word, "a prefix (the beginning of a C name)");
    }

    // One external major, or several separated by commas, which then all lead to this driver (DEV-018).
    void soft(const Word &word) {
        master_.soft_place = word.place;
        no_soft_ = word.text == "-";
        if (no_soft_) return;
        std::size_t at = 0;
        for (;;) {
            const std::size_t end = word.text.find(',', at);
            const std::string part = word.text.substr(at, end == word.text.npos ? end : end - at);
            Place place = word.place;
            place.column += static_cast<int>(at);
            unsigned long major = 0;
            if (number(part, ~0ul, major) && major > major_max_)
                problems_.expected(place, "a major number up to " + std::to_string(major_max_) + " (DEV-006)", part);
            else if (!number(part, major_max_, major))
                problems_.expected(place, "a major number or '-'", part);
            else
                master_.majors.push_back(major);
            if (end == word.text.npos) return;
            at = end + 1;
        }
    }

    void devices(const Word &word) {
        if (word.text == "-") return;
        if (!number(word.text, 0x40000, master_.devices)) problems_.expected(word, "a number of devices");
    }

    void optional_number(const Word &word, const char *what) {
        unsigned long ignored;
        if (word.text != "-" && !number(word.text, ~0ul, ignored)) problems_.expected(word, what);
    }

    void dependencies(std::size_t line, std::size_t from) {
        for (Word &word : split(source_, line, from, ",")) {
            if (word.text == "-") continue;
            if (is_file_name(word.text))
                master_.dependencies.push_back(std::move(word));
            else
                problems_.expected(word, "the name of a master file");
        }
    }

    // A line between the descriptive one and the `$` line.
    void declaration(std::size_t line) {
        const std::string &text = source_.lines[line];
        std::size_t from = 0;
        while (blank(text[from])) ++from;
        if (const std::vector<Word> words = like_words_of(source_, line); !words.empty()) return like(words, line);
        if (form_ == Form::svr4 && text.find('(', from) == text.npos)
            dependencies(line, from); // the dependencies go on
        else
            declare(line, from);
    }

    void like(const std::vector<Word> &words, std::size_t line) {
        const Word said = words.size() > 1 ? words[1] : Word{"", source_.at(line, source_.lines[line].size())};
        const Convention convention = convention_named(said.text);
        if (convention == Convention::unsaid) return problems_.expected(said, like_words);
        if (words.size() > 2) return problems_.expected(words[2].place, "the end of the line", words[2].text);
        if (master_.like != Convention::unsaid) return problems_.add(words[0].place, "expected one line `like = WORD`, found another");
        master_.like = convention;
        master_.like_place = words[0].place;
    }

    // name [count] (format) = {initial}   or   name () {kind}
    void declare(std::size_t line, std::size_t at) {
        const std::string &text = source_.lines[line];
        auto skip = [&] {
            while (at < text.size() && (blank(text[at]) || text[at] == ',')) ++at;
        };
        auto rest = [&] { return text.substr(at); };
        // The text up to the closing bracket, the cursor after it. False when it is missing.
        auto inside = [&](char close, std::string &found) {
            const std::size_t end = text.find(close, at + 1);
            if (end == text.npos) {
                problems_.add(source_.at(line, text.size()), fmt::format("expected '{}', found the end of the line", close));
                return false;
            }
            found = text.substr(at + 1, end - at - 1);
            while (!found.empty() && blank(found.back())) found.pop_back();
            at = end + 1;
            return true;
        };
        for (skip(); at < text.size(); skip()) {
            const std::size_t begin = at;
            while (at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '_')) ++at;
            const std::string name = text.substr(begin, at - begin);
            const Place place = source_.at(line, begin);
            if (!is_identifier(name)) {
                problems_.expected(place, form_ == Form::irix ? "the name of a stub routine" : "the name of a variable or of a stub routine",
                                   text.substr(begin));
                return;
            }
            std::string count, format, initial;
            bool called = false;
            skip();
            if (at < text.size() && text[at] == '[' && !inside(']', count)) return;
            skip();
            if (at < text.size() && text[at] == '(') {
                called = true;
                if (!inside(')', format)) return;
            }
            skip();
            if (!count.empty() || !format.empty()) {
                if (form_ == Form::irix) {
                    problems_.expected(place, "a stub routine: variables belong into the C text after '$$$'", name);
                    return;
                }
                if (!called) {
                    problems_.expected(source_.at(line, at), "the format of a variable, as (%i)", rest());
                    return;
                }
                if (at < text.size() && text[at] == '=') {
                    ++at;
                    skip();
                    if (at == text.size() || text[at] != '{') {
                        problems_.expected(source_.at(line, at), "'{'", rest());
                        return;
                    }
                    if (!inside('}', initial)) return;
                }
                variable(place, name, count, format, initial);
                continue;
            }
            std::string kind;
            Place kind_place = source_.at(line, at);
            if (at < text.size() && text[at] == '{') {
                ++kind_place.column;
                if (!inside('}', kind)) return;
            } else if (form_ == Form::irix && at < text.size()) { // name kind
                const std::size_t from = at;
                while (at < text.size() && !blank(text[at])) ++at;
                kind = text.substr(from, at - from);
            }
            stub(place, name, kind_place, kind);
        }
    }

    void variable(const Place &place, const std::string &name, const std::string &count, const std::string &format,
                  const std::string &initial) {
        std::string letters;
        for (std::size_t i = 0; i < format.size(); ++i) {
            if (blank(format[i])) continue;
            if (format[i] == '%' && i + 1 < format.size() && std::string_view("ilsc").find(format[i + 1]) != std::string_view::npos) {
                letters += format[++i];
                continue;
            }
            problems_.expected(place, "a format of %i, %l, %s or %c for " + name, format.substr(i));
            return;
        }
        master_.variables.push_back({name, count, letters, initial, place});
    }

    void stub(const Place &place, const std::string &name, const Place &kind_place, std::string_view kind) {
        static constexpr struct {
            std::string_view kind, value;
        } kinds[] = {{"", "0"}, {"false", "0"}, {"true", "1"}, {"nosys", "ENOSYS"}, {"nodev", "ENODEV"}, {"nopkg", "ENOPKG"}};
        for (const auto &k : kinds)
            if (kind == k.kind) {
                master_.stubs.push_back({name, std::string(k.value), place});
                return;
            }
        problems_.expected(kind_place, "what the stub returns: nosys, nodev, nopkg, true or false", kind);
    }

    void after_dollars(std::size_t dollars) {
        if (form_ == Form::irix) {
            master_.text_line = static_cast<int>(dollars + 2);
            for (std::size_t at = dollars + 1; at < source_.lines.size(); ++at) master_.text += source_.lines[at] + '\n';
            if (is_blank_text(master_.text)) master_.text.clear();
            return;
        }
        for (std::size_t at = dollars + 1; at < source_.lines.size(); ++at) {
            const std::string &line = source_.lines[at];
            if (skipped(line)) continue;
            const std::size_t equals = line.find('=');
            const std::vector<Word> words = split(source_, at, 0, "=");
            if (equals == line.npos || words.size() < 2) {
                problems_.expected(source_.at(at, line.size()), "NAME = value", equals == line.npos ? words[0].text : "");
                continue;
            }
            if (!is_identifier(words[0].text)) {
                problems_.expected(words[0], "a name");
                continue;
            }
            master_.values.emplace_back(words[0].text, line.substr(equals + 1));
        }
    }

    static bool is_blank_text(std::string_view text) {
        return text.find_first_not_of(" \t\r\n") == text.npos;
    }

    // What one file alone can have wrong.
    void check() {
        if (master_.flags_place.line == 0) return;
        if ((master_.is_driver() || master_.is_module()) && master_.prefix.empty())
            problems_.add(master_.place, "expected a prefix for a driver or module, found none");
        if (master_.is_driver() && no_soft_)
            problems_.expected(master_.soft_place, "a major number for a driver (flags b, c and f)", "-");
        if (master_.is_module() && master_.name.size() > 8)
            problems_.expected(master_.place, "a module's file to have a name of at most 8 characters (CFG-047)", master_.name);
    }

    const Source &source_;
    Form form_;
    unsigned long major_max_;
    Problems &problems_;
    Master &master_;
    bool no_soft_ = false;
};

} // namespace

Convention like_of_master(const std::string &path) {
    Problems ignored;
    Source source;
    if (read_source(path, path, source, ignored) != 0) return Convention::unsaid;
    for (std::size_t line = 0; line < source.lines.size() && !source.lines[line].starts_with('$'); ++line) {
        if (is_blank(source.lines[line]) || source.lines[line][0] == '*') continue;
        const std::vector<Word> words = like_words_of(source, line);
        if (!words.empty()) return words.size() == 2 ? convention_named(words[1].text) : Convention::unsaid;
    }
    return Convention::unsaid;
}

std::optional<Form> form_of(const Source &source) {
    std::size_t line = 0;
    while (line < source.lines.size() && (is_blank(source.lines[line]) || source.lines[line][0] == '*')) ++line;
    if (line == source.lines.size()) return {};
    const std::vector<Word> words = split(source, line);
    const auto word = [&](std::size_t i) { return i < words.size() ? std::string_view(words[i].text) : std::string_view("-"); };
    const auto dash_or_digit = [](std::string_view text) {
        return text == "-" || std::isdigit(static_cast<unsigned char>(text[0]));
    };
    if (is_identifier(word(1)) && dash_or_digit(word(2))) return Form::irix;
    if (dash_or_digit(word(1)) && is_identifier(word(2)) && dash_or_digit(word(3))) return Form::svr4;
    return {};
}

const char *columns_of(Form form) {
    return form == Form::irix ? "FLAG PREFIX SOFT #DEV DEPENDENCIES" : "FLAG #VEC PREFIX SOFT #DEV IPL DEPENDENCIES/VARIABLES";
}

bool parse_master(const Source &source, const std::string &name, Form form, unsigned long major_max,
                  Problems &problems, Master &master) {
    master = {};
    master.name = name;
    master.file = source.file;
    return Parser(source, form, major_max, problems, master).parse();
}

std::string c_stub(const Stub &stub) {
    return "int " + stub.name + "() { return " + stub.value + "; }\n";
}

std::string c_text(const Master &master, unsigned long controllers) {
    std::string c;
    if (!master.variables.empty()) {
        for (const auto &[name, value] : master.values) c += "enum { " + name + " = " + value + " };\n";
        for (const Variable &variable : master.variables) {
            c += "#line " + std::to_string(variable.place.line) + " \"" + master.file + "\"\n";
            const bool reserves = !variable.count.empty() && variable.initial.empty();
            // Elements that are only reserved are the driver's own structures, written down when an int held a pointer:
            // each %i of such an array gets a whole word.
            auto type = [&](char letter) -> std::string {
                switch (letter) {
                case 'c': return "char";
                case 's': return "short";
                case 'l': return "long";
                default: return reserves ? "long" : "int";
                }
            };
            if (variable.format.size() == 1) {
                c += type(variable.format[0]);
            } else {
                c += "struct {";
                for (std::size_t i = 0; i < variable.format.size(); ++i)
                    c += " " + type(variable.format[i]) + " m" + std::to_string(i) + ";";
                c += " }";
            }
            c += " " + variable.name;
            if (!variable.count.empty()) c += "[" + variable.count + "]";
            if (!variable.initial.empty())
                c += variable.count.empty() && variable.format.size() == 1 ? " = " + variable.initial
                                                                           : " = { " + variable.initial + " }";
            c += ";\n";
        }
    }
    if (!master.text.empty())
        c += "#line " + std::to_string(master.text_line) + " \"" + master.file + "\"\n" + master.text;

    std::string replaced;
    for (std::size_t at = 0; at < c.size();) {
        if (c.compare(at, 2, "##") == 0 && at + 2 < c.size()) {
            const char form = c[at + 2];
            if (form == 'D' || form == 'E' || form == 'C') {
                const unsigned long value = form == 'D'   ? master.devices
                                            : form == 'C' ? controllers
                                                          : (master.majors.empty() ? 0 : master.majors[0]);
                replaced += std::to_string(value);
                at += 3;
                continue;
            }
        }
        replaced += c[at++];
    }
    return replaced;
}

} // namespace rill::sysgen
