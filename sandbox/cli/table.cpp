#include "sandbox/cli/table.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/utf8.hpp"

#include "sandbox/cli/control_verb.hpp"
#include "sandbox/diagnosis/signature.hpp"

namespace wxpay::sandbox::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> kGood{"SUCCESS", "REFUND", "delivered", "ok"};
constexpr std::array<std::string_view, 4> kOpen{"NOTPAY", "USERPAYING", "PROCESSING", "pending"};
constexpr std::array<std::string_view, 8> kBad{"PAYERROR", "ABNORMAL",   "exhausted",
                                               "refused",  "bad_answer", "timeout",
                                               "failed",   "unreachable"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// How many columns of a terminal it fills: fmt knows of Chinese characters, which fill two.
std::size_t width_of(const std::string& text) {
    return 2 * text.size() - fmt::formatted_size("{:<{}}", text, text.size());
}

std::string text_of(const Json& value) {
    return value.is_string() ? value.get<std::string>()
                             : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool is_list_of_objects(const Json& value) {
    return value.is_array() && std::all_of(value.begin(), value.end(),
                                           [](const Json& each) { return each.is_object(); });
}

/// The columns are the members, in the order in which they first appear.
void print_list(const Json& list, bool color) {
    std::vector<std::string> head;
    for (const Json& object : list) {
        for (const auto& [name, value] : object.items()) {
            if (std::find(head.begin(), head.end(), name) == head.end()) head.push_back(name);
        }
    }
    Table table(head);
    for (const Json& object : list) table.add_members(nlohmann::json(object));
    table.print(color);
}

}  // namespace

std::string one_line(std::string_view text) {
    constexpr std::size_t kShownMax = 240;
    std::string out(utf8_prefix(text, kShownMax));
    std::replace(out.begin(), out.end(), '\n', ' ');
    return diagnosis::shown_text(out) + (out.size() < text.size() ? "…" : "");
}

std::string colored(std::string_view word) {
    const char* const code = is_one_of(kGood, word)   ? "32"
                             : is_one_of(kOpen, word) ? "33"
                             : is_one_of(kBad, word)  ? "31"
                                                      : nullptr;
    return code == nullptr ? std::string(word) : fmt::format("\x1b[{}m{}\x1b[0m", code, word);
}

void Table::add(std::vector<std::string> cells) {
    cells.resize(head_.size());
    for (std::string& cell : cells) cell = one_line(cell);
    rows_.push_back(std::move(cells));
}

void Table::add_members(const nlohmann::json& object) {
    std::vector<std::string> cells;
    for (const std::string& name : head_) cells.push_back(cli::text_of(object, name));
    add(std::move(cells));
}

void Table::print(bool color) const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < head_.size(); ++i) {
        widths.push_back(width_of(head_[i]));
        for (const auto& row : rows_) widths[i] = std::max(widths[i], width_of(row[i]));
    }
    const auto print_row = [&](const std::vector<std::string>& row, bool is_head) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const bool says_state = head_[i] == "state" || head_[i] == "verdict";
            line += color && says_state && !is_head ? colored(row[i]) : row[i];
            line.append(widths[i] - width_of(row[i]) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        fmt::print("{}\n", line);
    };
    print_row(head_, true);
    for (const auto& row : rows_) print_row(row, false);
}

void print_record(const Json& object, bool color) {
    std::size_t width = 0;
    for (const auto& [name, value] : object.items()) width = std::max(width, name.size());
    for (const auto& [name, value] : object.items()) {
        if (is_list_of_objects(value)) continue;
        const std::string text = one_line(text_of(value));
        fmt::print("{:<{}}  {}\n", name, width, color && name == "state" ? colored(text) : text);
    }
    for (const auto& [name, value] : object.items()) {
        if (!is_list_of_objects(value) || value.empty()) continue;
        fmt::print("\n{}\n", name);
        print_list(value, color);
    }
}

}  // namespace wxpay::sandbox::cli
