// A table: rows of cells below a heading, as text, Markdown or HTML.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace rill::view {

class Table {
public:
    using Cells = std::vector<std::string>;

    explicit Table(Cells heads) { rows_.push_back(std::move(heads)); }
    void row(Cells cells) { rows_.push_back(std::move(cells)); }
    std::size_t numbers_from = static_cast<std::size_t>(-1); // the first of the columns that are flush right

    std::string text() const; // each column as wide as its widest cell, two blanks between
    std::string markdown() const;
    std::string html() const; // the first cell of each row is a heading too; a newline in a cell is <br>

private:
    std::vector<Cells> rows_;
};

} // namespace rill::view
