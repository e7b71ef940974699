#include "sandbox/notify/v3_changes.hpp"

#include <nlohmann/json.hpp>

namespace wxpay::sandbox {

using Json = nlohmann::ordered_json;

void apply_v3_changes(const std::vector<Effect::Change>& changes, Json& json) {
    for (const Effect::Change& change : changes) {
        // "total_fee" is V2's name; a fault that names it means the amount whatever the version.
        Json* object = &json;
        std::string name = change.name;
        if (name == "total_fee" && !json.contains(name) && json.contains("amount")) {
            object = &json["amount"];
            name = "total";
        }
        for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.')) {
            Json& inner = (*object)[name.substr(0, dot)];
            if (!inner.is_object()) inner = Json::object();
            object = &inner;
            name.erase(0, dot + 1);
        }
        if (std::holds_alternative<std::monostate>(change.value)) {
            object->erase(name);
        } else if (const auto* const text = std::get_if<std::string>(&change.value)) {
            (*object)[name] = *text;
        } else {
            (*object)[name] = std::get<std::int64_t>(change.value);
        }
    }
}

}  // namespace wxpay::sandbox
