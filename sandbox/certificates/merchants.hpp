#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sandbox/certificates/identity.hpp"

namespace wxpay::sandbox {

/// Who issues merchants' certificates here, PEM. A public test authority, shipped.
std::string merchants_authority();

/// The shipped certificate of a demo merchant; its subject's CN is the mch_id. A public test key,
/// so that no start waits for one. Nothing for other merchants.
std::optional<Identity> shipped_certificate(std::string_view mch_id);

/// A shipped PEM file without the words above it: some clients want nothing but the PEM.
std::string bare_pem(std::string_view labelled);

}  // namespace wxpay::sandbox
