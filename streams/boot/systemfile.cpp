#include "streams/boot/systemfile.hpp"

#include <algorithm>
#include <cctype>

namespace rill::sysgen {

namespace {

// Words of system(4) that name one thing about the kernel to build. They mean nothing here, but a file that has them is
// not wrong.
constexpr std::string_view one_value[] = {"KERNEL", "BOOT", "ROOTDEV", "SWAPDEV", "SWAPLO", "NSWAP", "PIPEDEV",
                                          "DUMPDEV", "CC", "CCOPTS", "LD", "LDOPTS", "LIBS", "LINKMODULES",
                                          "IPL", "TUNE-TAG"};

class Line {
public:
    Line(const Source &source, std::size_t line, Problems &problems, SystemFile &system)
        : source_(source), line_(line), text_(source.lines[line]), problems_(problems), system_(system) {}

    void parse() {
        while (blank(text_[at_])) ++at_;
        const std::size_t begin = at_;
        while (at_ < text_.size() && text_[at_] != ':' && !blank(text_[at_])) ++at_;
        const Word word{text_.substr(begin, at_ - begin), place(begin)};
        Keyword keyword{};
        bool setting = false;
        if (word.text == "INCLUDE") keyword = Keyword::include;
        else if (word.text == "USE") keyword = Keyword::use;
        else if (word.text == "EXCLUDE") keyword = Keyword::exclude;
        else if (word.text == "VECTOR") keyword = Keyword::vector;
        else {
            for (std::string_view name : one_value) setting = setting || word.text == name;
            if (!setting) {
                problems_.expected(word, "a keyword in capitals: INCLUDE, USE, EXCLUDE or VECTOR");
                return;
            }
        }
        while (at_ < text_.size() && blank(text_[at_])) ++at_;
        if (at_ == text_.size() || text_[at_] != ':') {
            problems_.expected(place(at_), "':' after " + word.text, text_.substr(at_));
            return;
        }
        ++at_;
        while (at_ < text_.size() && blank(text_[at_])) ++at_;
        if (setting) {
            std::string value = text_.substr(at_);
            while (!value.empty() && blank(value.back())) value.pop_back();
            system_.settings[word.text] = {value, place(at_)};
        } else if (keyword == Keyword::vector) {
            vector();
        } else {
            names(keyword);
        }
    }

private:
    Place place(std::size_t column) const { return source_.at(line_, column); }

    void names(Keyword keyword) {
        const std::vector<Word> words = split(source_, line_, at_, ",");
        if (words.empty()) problems_.expected(place(text_.size()), "the name of a master file", "");
        for (Word word : words) {
            std::optional<unsigned long> devices;
            if (const std::size_t open = word.text.find('('); open != word.text.npos) {
                unsigned long count = 0;
                if (!word.text.ends_with(')') ||
                    !number(std::string_view(word.text).substr(open + 1, word.text.size() - open - 2), 0x40000, count)) {
                    problems_.expected(place(static_cast<std::size_t>(word.place.column - 1) + open + 1),
                                       "a number of devices in brackets", word.text.substr(open + 1));
                    continue;
                }
                devices = count;
                word.text.resize(open);
            }
            if (!is_file_name(word.text))
                problems_.expected(word, "the name of a master file");
            else
                system_.mentions.push_back({keyword, word, devices, {}});
        }
    }

    void vector() {
        Mention mention{Keyword::vector, {"", place(at_)}, {}, {}};
        const std::size_t before = problems_.size();
        for (const Word &word : split(source_, line_, at_)) {
            const std::size_t equals = word.text.find('=');
            if (equals == word.text.npos || equals == 0) {
                problems_.expected(word, "name=value");
                continue;
            }
            const std::string name = word.text.substr(0, equals);
            const Word value{word.text.substr(equals + 1),
                             place(static_cast<std::size_t>(word.place.column) + equals)};
            Vector &v = mention.vector;
            if (name == "module") {
                if (is_file_name(value.text)) mention.name = value;
                else problems_.expected(value, "the name of a master file");
            } else if (name == "bustype") {
                v.bus = value;
            } else if (name == "unit") {
                numeric(value, v.unit);
            } else if (name == "ctlr") {
                numeric(value, v.controller);
            } else if (name == "adapter") {
                if (value.text != "*") numeric(value, v.adapter);
            } else if (name == "base") {
                numeric(value, v.base);
            } else if (name == "probe") {
                ProbeStep step;
                step.any_value = true;
                if (address(value, v, step.address)) v.probe.push_back(step);
            } else if (name == "exprobe") {
                exprobe(value, v);
            } else if (name != "vector" && name != "ipl" && name != "syscon" && name != "intr" && name != "probe_size" &&
                       name != "probe_space" && name != "exprobe_space" && name != "iospace" && name != "iospace2" &&
                       name != "iospace3") {
                problems_.expected(word, "bustype, module, unit, ctlr, adapter, base, probe, exprobe, vector, ipl or iospace");
            }
        }
        if (problems_.size() != before) return;
        if (mention.name.text.empty())
            problems_.expected(place(text_.size()), "module=name", "");
        else
            system_.mentions.push_back(std::move(mention));
    }

    bool numeric(const Word &value, unsigned long &to) {
        if (number(value.text, ~0ul, to)) return true;
        problems_.expected(value, "a number");
        return false;
    }

    bool address(const Word &value, const Vector &v, unsigned long &to) {
        if (value.text == "base") {
            to = v.base;
            return true;
        }
        if (number(value.text, ~0ul, to)) return true;
        problems_.expected(value, "an address or 'base'");
        return false;
    }

    // (command,address,size,value,mask)[,(...)], without blanks: r and w, rn and wn.
    void exprobe(const Word &word, Vector &v) {
        std::size_t at = 0;
        auto here = [&] {
            Place p = word.place;
            p.column += static_cast<int>(at);
            return p;
        };
        for (;;) {
            if (at >= word.text.size() || word.text[at] != '(') {
                problems_.expected(here(), "'('", at < word.text.size() ? word.text.substr(at) : "");
                return;
            }
            ++at;
            const std::size_t close = word.text.find(')', at);
            if (close == word.text.npos) {
                at = word.text.size();
                problems_.expected(here(), "')'", "");
                return;
            }
            std::vector<Word> fields;
            for (;;) {
                const std::size_t end = std::min(word.text.find(',', at), close);
                fields.push_back({word.text.substr(at, end - at), here()});
                at = end + 1;
                if (end == close) break;
            }
            if (fields.size() != 5) {
                problems_.add(fields[0].place, "expected a probe of five parts (command,address,size,value,mask), found " +
                                                   std::to_string(fields.size()));
                return;
            }
            ProbeStep step;
            const std::string &command = fields[0].text;
            if (command != "r" && command != "w" && command != "rn" && command != "wn") {
                problems_.expected(fields[0], "r, w, rn or wn");
                return;
            }
            step.write = command[0] == 'w';
            step.negated = command.size() == 2;
            if (!address(fields[1], v, step.address) || !numeric(fields[2], step.size) ||
                !numeric(fields[3], step.value) || !numeric(fields[4], step.mask))
                return;
            v.probe.push_back(step);
            if (at == word.text.size()) return;
            if (word.text[at] != ',') {
                problems_.expected(here(), "',' or the end of the probe", word.text.substr(at));
                return;
            }
            ++at;
        }
    }

    const Source &source_;
    std::size_t line_;
    const std::string &text_;
    std::size_t at_ = 0;
    Problems &problems_;
    SystemFile &system_;
};

} // namespace

void parse_system_file(const Source &source, Problems &problems, SystemFile &system) {
    for (std::size_t line = 0; line < source.lines.size(); ++line)
        if (!is_blank(source.lines[line]) && source.lines[line][0] != '*') Line(source, line, problems, system).parse();
}

void parse_hardware(const Source &source, Problems &problems, Hardware &hardware) {
    for (std::size_t line = 0; line < source.lines.size(); ++line) {
        const std::vector<Word> words = split(source, line);
        if (words.empty() || source.lines[line][0] == '*') continue;
        unsigned long address = 0, value = 0;
        if (!number(words[0].text, ~0ul, address)) problems.expected(words[0], "a bus address");
        else if (words.size() > 1 && !number(words[1].text, ~0ul, value)) problems.expected(words[1], "what a read finds there");
        else if (words.size() > 2) problems.expected(words[2].place, "the end of the line", words[2].text);
        else hardware[address] = value;
    }
}

bool probe(const std::vector<ProbeStep> &steps, Hardware &hardware) {
    for (const ProbeStep &step : steps) {
        const auto there = hardware.find(step.address);
        bool holds = there != hardware.end();
        if (holds && step.write)
            there->second = step.value & step.mask;
        else if (holds && !step.any_value)
            holds = (there->second & step.mask) == step.value;
        if (holds == step.negated) return false;
    }
    return true;
}

} // namespace rill::sysgen
