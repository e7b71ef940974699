#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace wxpay::sandbox::cli {

/// Rows in aligned columns, for people. Whatever the cells hold, a row is one line and cannot
/// control the terminal.
class Table {
  public:
    explicit Table(std::vector<std::string> head) : head_(std::move(head)) {}

    void add(std::vector<std::string> cells);
    /// A row of these members of an object, as the head names them.
    void add_members(const nlohmann::json& object);
    bool empty() const { return rows_.empty(); }

    /// On stdout. With `color`, words in columns called "state" and "verdict" show by their colour
    /// how things stand.
    void print(bool color) const;

  private:
    std::vector<std::string> head_;
    std::vector<std::vector<std::string>> rows_;
};

/// The word in green, yellow or red, when it is one that says how things stand.
std::string colored(std::string_view word);

/// One line of text from wherever, with nothing in it that controls a terminal; cut when very long.
std::string one_line(std::string_view text);

/// An object of the control API on stdout: a line for each member, and a table for each list.
void print_record(const nlohmann::ordered_json& object, bool color);

}  // namespace wxpay::sandbox::cli
