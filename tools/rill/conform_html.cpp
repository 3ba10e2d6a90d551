// The report of `rill conform` as one HTML page, which needs nothing else.
#include "tools/paths.hpp"
#include "tools/rill/conform.hpp"

#include "streams/view/escape.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <set>
#include <sstream>

namespace rill::tool {

namespace fs = std::filesystem;
using view::html_text;

namespace {

constexpr std::string_view style = R"(
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5d6678; --line: #dfe3ea; --page: #fbfbfd; --card: #fff; --mark: #eef2fb;
  --passed: #1a7f43; --failed: #c62828; --not-covered: #b26a00; --other: #7c8597; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8f1; --soft: #9aa4b8; --line: #333a49; --page: #14171e; --card: #1b1f28;
  --mark: #232a38; --passed: #57c785; --failed: #ff7b72; --not-covered: #e3a94f; --other: #8791a5; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); }
main, header > * { max-width: 78rem; margin-inline: auto; padding-inline: 1rem; }
h1 { font-size: 1.5rem; margin: 1.2rem auto .2rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: .95rem; margin: 1.2rem 0 .3rem; color: var(--soft); font-weight: 600; }
p.lead { color: var(--soft); margin-top: 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin-bottom: 1rem; }
th, td { text-align: right; padding: .15rem .8rem; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th { font-weight: 600; color: var(--soft); }
tr:last-child td { font-weight: 600; }
#bar { position: sticky; top: 0; z-index: 1; background: var(--page); border-bottom: 1px solid var(--line); max-width: none; padding: .5rem 0; }
#bar form { max-width: 78rem; margin: auto; padding: 0 1rem; display: flex; gap: .6rem; flex-wrap: wrap; align-items: center; }
input, select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .3rem .5rem; }
input { flex: 1 1 14rem; }
output { color: var(--soft); min-width: 8rem; text-align: right; }
details { background: var(--card); border: 1px solid var(--line); border-radius: 6px; margin: .25rem 0; }
summary { cursor: pointer; padding: .3rem .6rem; display: grid; grid-template-columns: 6.5rem auto 1fr; gap: .6rem; align-items: baseline; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary:hover, details[open] > summary { background: var(--mark); border-radius: 6px; }
summary b { font-family: ui-monospace, monospace; font-weight: 600; }
details:not([open]) summary .req { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.tags { display: flex; gap: .3rem; }
.tag { font-size: .78rem; border: 1px solid currentColor; border-radius: 99px; padding: 0 .5rem; white-space: nowrap; }
.passed { color: var(--passed); } .failed { color: var(--failed); } .not-covered { color: var(--not-covered); }
.does-not-apply, .a-note, .not-built-yet { color: var(--other); }
.tag.failed { background: var(--failed); color: var(--card); border-color: var(--failed); }
dl { margin: 0; padding: .4rem .8rem .7rem; display: grid; grid-template-columns: 6.5rem 1fr; gap: .3rem .8rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { margin: .2rem 0; white-space: pre-wrap; color: var(--failed); }
ul { margin: 0; padding-left: 1.1rem; }
.where { color: var(--soft); font-family: ui-monospace, monospace; font-size: .85em; }
[hidden] { display: none !important; }
@media (max-width: 50rem) { summary { grid-template-columns: 6rem 1fr; } summary .req { grid-column: 1 / -1; } }
)";

// Each clause carries a "profile:status" word for each profile; filters hide what does not fit.
constexpr std::string_view script = R"(
const by = id => document.getElementById(id), clauses = [...document.querySelectorAll('details')];
const texts = new Map(clauses.map(c => [c, c.textContent.toLowerCase()]));
function filter() {
  const words = by('text').value.toLowerCase().split(/\s+/).filter(Boolean);
  const profile = by('profile').value, status = by('status').value, file = by('file').value;
  let shown = 0;
  for (const c of clauses) {
    const own = c.dataset.is.split(' ').filter(w => !profile || w.startsWith(profile + ':'));
    const fits = (!file || c.dataset.file === file) && (!status || own.some(w => w.endsWith(':' + status))) &&
      words.every(w => texts.get(c).includes(w));
    c.hidden = !fits;
    shown += fits;
    for (const tag of c.querySelectorAll('summary .tag')) tag.hidden = profile && tag.dataset.profile !== profile;
  }
  for (const part of [...document.querySelectorAll('section section'), ...document.querySelectorAll('main > section')])
    part.hidden = !part.querySelector('details:not([hidden])');
  for (const table of document.querySelectorAll('main > table')) table.hidden = profile && table.dataset.profile !== profile;
  by('shown').textContent = shown + ' of ' + clauses.length + ' clauses';
}
by('filters').addEventListener('input', filter);
by('filters').addEventListener('submit', e => e.preventDefault());
function go() {
  const c = document.getElementById(location.hash.slice(1));
  if (c && c.tagName === 'DETAILS') { c.open = true; c.scrollIntoView({block: 'center'}); }
}
addEventListener('hashchange', go);
filter();
go();
)";

// `code` and **strong** of a table cell.
std::string rich(std::string_view text) {
    std::string out;
    bool code = false, strong = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '`') {
            out += code ? "</code>" : "<code>";
            code = !code;
        } else if (!code && text.substr(i, 2) == "**") {
            out += strong ? "</b>" : "<b>";
            strong = !strong;
            ++i;
        } else {
            out += html_text(text.substr(i, 1));
        }
    }
    return out + (code ? "</code>" : "") + (strong ? "</b>" : "");
}

std::string class_of(Status status) {
    std::string out(name_of(status));
    for (char &c : out)
        if (c == ' ') c = '-';
    return out;
}

void write_sums(std::string &out, const Findings &findings, std::size_t profile) {
    out += fmt::format("<table data-profile=\"{0}\"><tr><th>{0}</th>", html_text(findings.profiles[profile]));
    for (Status status : all_statuses) out += fmt::format("<th>{}</th>", name_of(status));
    out += "</tr>\n";
    const auto line = [&](const std::string &name, const ClauseFile *file) {
        out += fmt::format("<tr><td>{}</td>", html_text(name));
        const auto sums = findings.sums(file, profile);
        for (Status status : all_statuses) {
            const int sum = sums[static_cast<std::size_t>(status)];
            out += fmt::format("<td class=\"{}\">{}</td>", sum ? class_of(status) : "", sum);
        }
        out += "</tr>\n";
    };
    for (const ClauseFile &file : findings.files) line(file.title, &file);
    line("all", nullptr);
    out += "</table>\n";
}

// file:line, as a link to it when it can be known where the file will be.
std::string place(const Case &c, const ConformOptions &options) {
    const std::string text = fmt::format("{}:{}", html_text(c.file), c.line);
    std::string to;
    if (!options.sources.empty()) {
        to = options.sources + (options.sources.ends_with('/') ? "" : "/") + c.file;
    } else {
        std::error_code ignored;
        const fs::path file = c.scenario ? fs::path(c.file) : fs::path(RILL_SOURCE_DIR) / c.file;
        if (!fs::exists(file, ignored)) return text;
        to = fs::relative(file, fs::absolute(options.output.empty() ? "x" : options.output, ignored).parent_path(), ignored).generic_string();
    }
    return fmt::format("<a href=\"{}#L{}\">{}</a>", html_text(to), c.line, text);
}

void write_cases(std::string &out, const Findings &findings, const Clause &clause, const ConformOptions &options) {
    const auto found = findings.cases.find(clause.id);
    if (found == findings.cases.end()) return;
    out += "<dt>cases</dt><dd><ul>";
    for (const Case *c : found->second) {
        out += fmt::format("<li>{} <span class=\"where\">{}</span>", html_text(c->name), place(*c, options));
        for (std::size_t i = 0; i < findings.profiles.size(); ++i) {
            const auto outcome = findings.outcomes[i].find(c);
            if (outcome == findings.outcomes[i].end() || outcome->second.passed) continue;
            out += fmt::format("<pre>{}: {}</pre>", html_text(findings.profiles[i]), html_text(outcome->second.told));
        }
        out += "</li>";
    }
    out += "</ul></dd>";
}

void write_clause(std::string &out, const Findings &findings, const ClauseFile &file, const Clause &clause, const ConformOptions &options) {
    std::string is, tags, why;
    for (std::size_t i = 0; i < findings.profiles.size(); ++i) {
        const Verdict &verdict = findings.verdict(clause, i);
        const std::string kind = class_of(verdict.status), &profile = findings.profiles[i];
        is += fmt::format("{}{}:{}", is.empty() ? "" : " ", profile, kind);
        tags += fmt::format("<span class=\"tag {}\" data-profile=\"{}\" title=\"{}: {}\">{}</span>", kind, profile,
                            profile, name_of(verdict.status),
                            findings.profiles.size() > 1 ? profile : std::string(name_of(verdict.status)));
        why += fmt::format("<div><span class=\"{}\">{}: {}</span>{}</div>", kind, profile, name_of(verdict.status),
                           verdict.why.empty() ? "" : " &ndash; " + html_text(verdict.why));
    }
    out += fmt::format(
        "<details id=\"{0}\" data-file=\"{1}\" data-is=\"{2}\"><summary><b>{0}</b><span class=\"tags\">{3}</span>"
        "<span class=\"req\">{4}</span></summary><dl>",
        clause.id, html_text(file.name), is, tags, rich(clause.requirement));
    if (clause.observable != "-") out += fmt::format("<dt>observable</dt><dd>{}</dd>", rich(clause.observable));
    out += fmt::format("<dt>source</dt><dd>{}</dd><dt>systems</dt><dd>{}</dd><dt>result</dt><dd>{}</dd>",
                       rich(clause.source), rich(clause.systems), why);
    write_cases(out, findings, clause, options);
    out += fmt::format("<dt>row</dt><dd class=\"where\">{}:{}</dd></dl></details>\n", html_text(file.name), clause.line);
}

std::string options(const std::vector<std::pair<std::string, std::string>> &choices, std::string_view all) {
    std::string out = fmt::format("<option value=\"\">{}</option>", all);
    for (const auto &[value, text] : choices)
        out += fmt::format("<option value=\"{}\">{}</option>", html_text(value), html_text(text));
    return out;
}

} // namespace

std::string as_html(const Findings &findings, const ConformOptions &asked) {
    std::vector<std::pair<std::string, std::string>> profiles, statuses, files;
    for (const std::string &profile : findings.profiles) profiles.emplace_back(profile, profile);
    for (Status status : all_statuses) statuses.emplace_back(class_of(status), std::string(name_of(status)));
    for (const ClauseFile &file : findings.files) files.emplace_back(file.name, file.title);

    std::string out = fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width\">\n"
        "<title>rill: conformance</title><style>{}</style></head>\n<body><header><h1>rill: conformance</h1>\n"
        "<p class=\"lead\">Each clause is a sentence of the documents; it passes when the cases that name it ran and "
        "none failed. "
        "A click shows its source and its cases.</p></header>\n"
        "<div id=\"bar\"><form id=\"filters\"><input id=\"text\" type=\"search\" placeholder=\"id or words\" "
        "aria-label=\"id or words\">"
        "<select id=\"status\" aria-label=\"status\">{}</select><select id=\"profile\" "
        "aria-label=\"profile\">{}</select>"
        "<select id=\"file\" aria-label=\"file\">{}</select><output id=\"shown\"></output></form></div>\n<main>\n",
        style, options(statuses, "any status"), options(profiles, "any profile"), options(files, "all files"));
    for (std::size_t i = 0; i < findings.profiles.size(); ++i) write_sums(out, findings, i);
    for (const ClauseFile &file : findings.files) {
        out += fmt::format("<section><h2>{}</h2>\n", html_text(file.title));
        const std::string *section = nullptr;
        for (const Clause &clause : file.clauses) {
            if (!section || *section != clause.section) {
                out += fmt::format("{}<section><h3>{}</h3>\n", section ? "</section>\n" : "", html_text(clause.section));
                section = &clause.section;
            }
            write_clause(out, findings, file, clause, asked);
        }
        out += "</section></section>\n";
    }
    return out + fmt::format("</main><script>{}</script></body></html>\n", script);
}

} // namespace rill::tool
