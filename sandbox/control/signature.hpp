#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sandbox/context.hpp"

namespace wxpay::sandbox::control {

struct CheckedSignature {
    bool right = false;
    std::vector<std::string> mistakes = {};  ///< names of diagnosis::Mistake; wrong ones only
};

/// Whether the request of an exchange was signed right: a call that was accepted was, one that was
/// refused for its signature was not, and otherwise, as for a callback, which may be wrong on
/// purpose, the keys decide. Nothing when it carries no signature, or that of nobody.
std::optional<CheckedSignature> signature_of(const Exchange& exchange, const Context& context);

}  // namespace wxpay::sandbox::control
