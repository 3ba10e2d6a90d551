// What was measured, as lines of a table and as JSON, of one build or of two side by side.
#pragma once

#include "test/bench/measure.hpp"

#include <nlohmann/json_fwd.hpp>

namespace rill::bench {

std::string machine(); // "2 x NAME OF CPU, g++ 12.2.0, checking build"

nlohmann::ordered_json to_json(const Row &row, const Measured &found);
Measured from_json(const nlohmann::ordered_json &row);

// The widths are those of these rows.
class Table {
public:
    Table(const std::vector<Row> &rows, bool instructions, bool compared);
    void head() const;
    void line(const Row &row, const Measured &found) const;
    // `ratio` of times, now to before, when the two took turns.
    void line(const Row &row, const Measured &before, const Measured &now, const std::optional<Spread> &ratio) const;

private:
    using Cells = std::vector<std::string>;
    void print(const Row &row, const Cells &cells, const std::string &unable) const;
    void line_of(const std::string &id, const std::string &what, const Cells &cells) const;

    int id_width_ = 2, what_width_ = 4;
    bool instructions_;
    Cells heads_;
};

} // namespace rill::bench
