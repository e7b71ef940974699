#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/codec/xml.hpp"
#include "core/v2/sign.hpp"

#include "sandbox/cli/running_server.hpp"
#include "sandbox/directory.hpp"

namespace CLI {
class App;
}

namespace wxpay::sandbox::cli {

// What sign, verify and explain have in common: one message, from a file or from a running server,
// and whose key is its.

/// The options as they were typed.
struct MessageOptions {
    std::string source;  ///< FILE, "-" or nothing for stdin, "last", or an exchange's id
    std::string key;
    std::string sign_type;
    std::string mch_id;
    RunningServer server = {};
    std::string output = "text";

    bool is_json() const { return output == "json"; }
};

void declare(CLI::App& app, MessageOptions& options);

/// Parses the command line, then does the work. Wrong use is one line on stderr and status 2.
int run_verb(CLI::App& app, int argc, char** argv, const std::function<int()>& work);

/// All of a file, or of stdin for "-" and nothing. Throws UsageError, also for more than a body's
/// limit.
std::string read_input(const std::string& source);

/// The exchange that `source` names, as the control API tells it; nothing when it names a file.
/// Throws NotSo when the server has no such exchange, and UsageError when it cannot be reached.
std::optional<nlohmann::json> find_exchange(const MessageOptions& options);

/// A message's bytes and what they mean.
struct Loaded {
    std::string bytes;
    XmlMessage message;
};
/// The body of the exchange, or the file's. Fails with what makes it no V2 message.
Result<Loaded> load(const MessageOptions& options, const std::optional<nlohmann::json>& exchange);

/// The merchant of a message, with the key that the options name or that the demo directory knows.
/// Throws UsageError when there is none.
Merchant merchant_of(const MessageOptions& options, const XmlMessage& message,
                     const Directory& directory);
/// --sign-type, or what the message says, or MD5. Throws UsageError for another word.
v2::SignType sign_type_of(const MessageOptions& options, const XmlMessage& message);

/// As JSON on stdout.
void print_json(const nlohmann::ordered_json& json);

}  // namespace wxpay::sandbox::cli
