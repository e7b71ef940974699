#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"

#include "sandbox/context.hpp"
#include "sandbox/directory.hpp"
#include "sandbox/faults/fault.hpp"

namespace wxpay::sandbox::config {

/// What is wrong, and where: "merchants[0].api_key".
struct Problem {
    std::string path;
    std::string message;  ///< never holds a secret
};

/// The text of a file that a configuration names, or why it cannot be read.
using ReadFile = std::function<Result<std::string, std::string>(const std::string& path)>;

/// A merchant as the configuration and the control API take it. `path` is where it stands, `apps`
/// are those that it may be bound to; the first is its own when it names none. Without `read_file`
/// it may name no files.
Result<Merchant, Problem> read_merchant(const nlohmann::json& json, const std::string& path,
                                        const std::vector<WechatApp>& apps,
                                        const ReadFile& read_file = {});

/// What a configuration says.
struct Contents {
    std::map<std::string, std::vector<std::string>> options;  ///< of serve, "notify-timeout": "5s"
    std::map<std::string, std::string> places = {};  ///< of options: "3: options.notify_timeout"
    Directory directory;  ///< the demo merchants, and those of the file before them
    std::optional<std::vector<Millis>> notify_waits;
    std::vector<TestOpenid> openids;
    std::vector<Fault> faults;  ///< in force from the start
};

/// Reads a file's text; the failure is "LINE: path: what is wrong".
Result<Contents, std::string> parse(std::string_view text, const ReadFile& read_file = {});

/// The keys that are known, by the object that holds them: "", "merchants[]", …
std::map<std::string, std::vector<std::string_view>> known_keys();

/// The published JSON Schema.
std::string_view schema();

}  // namespace wxpay::sandbox::config
