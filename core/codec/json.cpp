#include "core/codec/json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/utf8.hpp"

namespace wxpay {
namespace {

template <class Json>
std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

bool is_json_deeper(std::string_view text, int depth_max) {
    int depth = 0;
    bool in_text = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_text) {
            if (c == '\\')
                ++i;  // whatever follows, it ends no text
            else if (c == '"')
                in_text = false;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '{' || c == '[') {
            if (++depth > depth_max) return true;
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    return false;
}

Result<nlohmann::json> parse_json(std::string_view text, int depth_max) {
    if (!is_utf8(text)) return Failure{Error{Errc::not_utf8, "JSON that is not UTF-8"}};
    if (is_json_deeper(text, depth_max)) {
        return Failure{
            Error{Errc::too_large, fmt::format("JSON deeper than {} levels", depth_max)}};
    }
    try {
        return nlohmann::json::parse(text);
    } catch (const nlohmann::json::parse_error& problem) {
        return Failure{
            Error{Errc::malformed, fmt::format("not JSON from byte {} on", problem.byte)}};
    } catch (const nlohmann::json::exception&) {
        return Failure{Error{Errc::malformed, "a number in the JSON is too large"}};
    }
}

std::string dump_json(const nlohmann::json& json) { return dump(json); }
std::string dump_json(const nlohmann::ordered_json& json) { return dump(json); }

std::string dump_sorted(const nlohmann::ordered_json& json) {
    return nlohmann::json::parse(dump_json(json)).dump();
}

}  // namespace wxpay
