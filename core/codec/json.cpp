#include "core/codec/json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/utf8.hpp"

namespace wxpay {
namespace {

using Event = nlohmann::json::parse_event_t;

template <class Json>
std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text, int depth_max) {
    if (!is_utf8(text)) return Failure{Error{Errc::not_utf8, "JSON that is not UTF-8"}};
    bool too_deep = false;
    const auto shallow = [&](int depth, Event event, nlohmann::json&) {
        too_deep = too_deep || (depth >= depth_max &&
                                (event == Event::object_start || event == Event::array_start));
        return !too_deep;
    };
    const auto deeper = [&] {
        return Failure{
            Error{Errc::too_large, fmt::format("JSON deeper than {} levels", depth_max)}};
    };
    try {
        nlohmann::json json = nlohmann::json::parse(text, shallow);
        if (too_deep) return deeper();
        return json;
    } catch (const nlohmann::json::parse_error& problem) {
        if (too_deep) return deeper();
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
