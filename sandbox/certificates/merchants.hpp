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

}  // namespace wxpay::sandbox
