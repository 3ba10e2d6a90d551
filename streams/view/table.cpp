#include "streams/view/table.hpp"

#include "streams/view/escape.hpp"

#include <algorithm>

namespace rill::view {

std::string Table::text() const {
    std::vector<std::size_t> widths;
    for (const Cells &row : rows_) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string out;
    for (const Cells &row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string blanks(widths[i] - row[i].size(), ' ');
            line += (i < numbers_from ? row[i] + blanks : blanks + row[i]) + "  ";
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    }
    return out;
}

std::string Table::markdown() const {
    std::string out;
    for (const Cells &row : rows_) {
        out += '|';
        for (const std::string &cell : row) out += ' ' + markdown_cell(cell) + " |";
        out += '\n';
        if (&row != &rows_.front()) continue;
        out += '|';
        for (std::size_t i = 0; i < row.size(); ++i) out += i < numbers_from ? "---|" : "--:|";
        out += '\n';
    }
    return out;
}

std::string Table::html() const {
    std::string out = "<table>\n";
    for (const Cells &row : rows_) {
        out += "<tr>";
        for (const std::string &cell : row) {
            const bool head = &row == &rows_.front() || &cell == &row.front();
            std::string text = html_text(cell);
            for (std::size_t at = 0; (at = text.find('\n', at)) != text.npos;) text.replace(at, 1, "<br>");
            out += (head ? "<th>" : "<td>") + text + (head ? "</th>" : "</td>");
        }
        out += "</tr>\n";
    }
    return out + "</table>";
}

} // namespace rill::view
