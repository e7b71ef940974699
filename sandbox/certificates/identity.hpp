#pragma once

#include <string>

#include "core/base/secret.hpp"

namespace wxpay::sandbox {

/// A certificate and its private key, both PEM.
struct Identity {
    std::string certificate;
    Secret key;
};

}  // namespace wxpay::sandbox
