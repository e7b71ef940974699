#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/base/error.hpp"

#include "sandbox/cli/message_verb.hpp"
#include "sandbox/diagnosis/signature.hpp"

namespace wxpay::sandbox::cli {

/// What verify and explain find in a message.
struct Diagnosed {
    diagnosis::SignatureDiagnosis result;
    std::string what;            ///< "MD5 under the API key of 1900000109"
    std::string string_to_sign;  ///< up to and with "key="
    Secret key;
};
/// Throws UsageError when there is no key to check with.
Diagnosed diagnose(const MessageOptions& options, const Loaded& loaded);
nlohmann::ordered_json to_json(const Diagnosed& found);

/// The finding that it is no message at all; returns its exit status.
int report_unreadable(const MessageOptions& options, const Error& error);

}  // namespace wxpay::sandbox::cli
