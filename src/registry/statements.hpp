// Queries in one line each.
#pragma once

#include "rows.hpp"

#include <initializer_list>
#include <string>
#include <vector>

namespace secondwind::registry {

inline std::string joined(std::initializer_list<std::string_view> parts) {
    std::string out;
    for (auto const part : parts)
        out += part;
    return out;
}

// A statement with its parameters bound.
template<class... Values>
SQLite::Statement prepare(SQLite::Database& of, std::string const& text, Values const&... values) {
    SQLite::Statement out{of, text};
    parameters bound{out};
    (bound.add(values), ...);
    return out;
}

// The number of rows that it changed.
template<class... Values>
int change(SQLite::Database& of, std::string const& text, Values const&... values) {
    return prepare(of, text, values...).exec();
}

// A statement with RETURNING id.
template<class... Values>
row_id change_returning(SQLite::Database& of, std::string const& text, Values const&... values) {
    auto statement = prepare(of, text, values...);
    statement.executeStep();
    return statement.getColumn(0).getInt64();
}

// All rows, as `read` has them.
template<class Record, class... Values>
std::vector<Record> all(SQLite::Database& of, Record (*read)(SQLite::Statement&, int&),
                        std::string const& text, Values const&... values) {
    auto statement = prepare(of, text, values...);
    std::vector<Record> out;
    while (statement.executeStep()) {
        int first = 0;
        out.push_back(read(statement, first));
    }
    return out;
}

} // namespace secondwind::registry
