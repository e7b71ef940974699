#include "sandbox/cli/log_format.hpp"

#include <ctime>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/pattern_formatter.h>

#include "sandbox/log_fields.hpp"

namespace wxpay::sandbox::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < ' ' || byte == 0x7f) {
            out += fmt::format("\\x{:02x}", byte);
        } else {
            out += c;
        }
    }
    return out;
}

/// What stands for the message in a pattern.
template <class Render>
class Message final : public spdlog::custom_flag_formatter {
  public:
    void format(const spdlog::details::log_msg& message, const std::tm&,
                spdlog::memory_buf_t& out) override {
        const std::string text = Render{}({message.payload.data(), message.payload.size()});
        out.append(text.data(), text.data() + text.size());
    }
    std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<Message>();
    }
};

struct AsText {
    std::string operator()(std::string_view message) const { return escaped(message); }
};

/// The message as a JSON string, then the members of the fields.
struct AsMembers {
    std::string operator()(std::string_view message) const {
        std::string out = dump(std::string(message));
        if (const Json* const fields = LogFields::current()) {
            for (const auto& [name, value] : fields->items())
                out += fmt::format(",{}:{}", dump(name), dump(value));
        }
        return out;
    }
};

template <class Render>
std::unique_ptr<spdlog::formatter> format_with(const char* pattern) {
    auto out = std::make_unique<spdlog::pattern_formatter>();
    out->add_flag<Message<Render>>('*').set_pattern(pattern);
    return out;
}

}  // namespace

std::unique_ptr<spdlog::formatter> text_log_format() {
    return format_with<AsText>("%H:%M:%S.%e %^%l%$ %*");
}

std::unique_ptr<spdlog::formatter> json_log_format() {
    return format_with<AsMembers>(R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":%*})");
}

}  // namespace wxpay::sandbox::cli
