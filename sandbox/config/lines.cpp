#include "sandbox/config/lines.hpp"

#include <vector>

#include <fmt/format.h>

namespace wxpay::sandbox::config {
namespace {

struct Level {
    bool is_object;
    std::string path;
    std::size_t index = 0;
    bool wants_key = true;  // of an object: what comes next is a key
    std::string child = {};
};

}  // namespace

std::string member_path(const std::string& path, std::string_view key) {
    return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

std::map<std::string, std::size_t> lines_of(std::string_view json) {
    std::map<std::string, std::size_t> lines{{"", 1}};
    std::vector<Level> levels;
    std::size_t line = 1;
    const auto path_here = [&] {
        if (levels.empty()) return std::string();
        const Level& level = levels.back();
        return level.is_object ? level.child : fmt::format("{}[{}]", level.path, level.index);
    };
    for (std::size_t at = 0; at < json.size(); ++at) {
        const char c = json[at];
        if (c == '\n') ++line;
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
        if (c == ':') {
            levels.back().wants_key = false;
        } else if (c == ',') {
            ++levels.back().index;
            levels.back().wants_key = true;
        } else if (c == '}' || c == ']') {
            levels.pop_back();
        } else if (c == '"') {
            const std::size_t begin = at + 1;
            while (json[++at] != '"') {
                if (json[at] == '\\') ++at;
            }
            if (!levels.empty() && levels.back().is_object && levels.back().wants_key)
                levels.back().child =
                    member_path(levels.back().path, json.substr(begin, at - begin));
            lines.emplace(path_here(), line);
        } else {
            std::string path = path_here();
            lines.emplace(path, line);
            if (c == '{' || c == '[') levels.push_back({c == '{', std::move(path)});
        }
    }
    return lines;
}

}  // namespace wxpay::sandbox::config
