#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/error.hpp"
#include "core/base/secret.hpp"

#include "sandbox/cli/message_verb.hpp"
#include "sandbox/diagnosis/mistake.hpp"

namespace wxpay::sandbox::cli {

/// What verify and explain find in a message.
struct Diagnosed {
    bool right = false;
    std::string what;                        ///< "MD5 under the API key of 1900000109"
    std::vector<std::string> mistakes = {};  ///< their names
    std::string hint = {};                   ///< one ASCII line
    std::string explanation = {};            ///< a few lines
    /// V2: up to and with "key=", behind which may be a mask; V3: all of it.
    std::string string_to_sign = {};
    Secret key = Secret("");  ///< V2: what follows, where it is known
    bool is_v2 = false;
};
/// Of a message's bytes: the XML of API V2, or a whole HTTP message of API V3, head and body: a
/// call, an answer or a callback of the demo merchants. Fails with what makes it neither. Throws
/// UsageError when there is no key to check with.
Result<Diagnosed> diagnose(const MessageOptions& options, const std::string& bytes);
/// Of an exchange, as the control API tells it: the server's own verdict, for it knows the keys,
/// unless the options say by whose key it shall be looked at. Throws NotSo when there is no
/// signature that it can check.
Result<Diagnosed> diagnose(const MessageOptions& options, const nlohmann::json& exchange);

nlohmann::ordered_json to_json(const Diagnosed& found);

/// The finding that it is no message at all; returns its exit status.
int report_unreadable(const MessageOptions& options, const Error& error);

}  // namespace wxpay::sandbox::cli
