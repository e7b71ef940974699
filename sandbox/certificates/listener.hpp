#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"

#include "sandbox/certificates/identity.hpp"
#include "sandbox/certificates/issue.hpp"

namespace wxpay::sandbox {

/// WeChat's hosts that the sandbox plays.
const std::vector<std::string>& played_names();
/// Whether it is one of them, however it is spelled.
bool is_played(const std::string& host);

/// Whom the TLS listener stands in for: WeChat's hosts, and this machine.
const HostNames& listener_names();

/// Whether a certificate with that CN is an authority that load_or_make_listener() has made.
bool is_listener_authority(std::string_view common_name);

/// What the TLS listener shows, and who vouches for it.
struct ListenerIdentity {
    std::string authority;  ///< the certificate that clients have to trust, PEM
    Identity shown;
};

/// That of `directory`, a private one. Made when there is none, or none that is good for another
/// month; the authority stays as long as it can. Safe when several processes do it at once.
/// now  by the machine's clock: clients look at the same one
/// Throws std::runtime_error when the directory cannot be used.
ListenerIdentity load_or_make_listener(const std::filesystem::path& directory, Instant now,
                                       Random& random);

}  // namespace wxpay::sandbox
