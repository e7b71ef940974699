#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"

namespace wxpay::http {

/// Says whether an address of a host may be connected to; empty: every one may.
using AllowAddress = std::function<bool(const std::string& host, const std::string& address)>;

/// Where a host may be sought.
struct AddressesToTry {
    std::vector<std::string> addresses;  ///< the next one last
    std::string refused;  ///< the first that must not be connected to, if there is one
};

/// Asks about each address of `found`, and leaves out what is none.
AddressesToTry addresses_to_try(const std::string& host, const std::vector<std::string>& found,
                                const AllowAddress& allow);

/// How long to wait for the next of `waiting` addresses before the one after it has its turn: each
/// has its share of the time that is left, for one that is dead must not use it up. With more than
/// one it is two seconds at most; what gets lost of a first attempt is sent again after one.
Millis time_of_attempt(Millis left, std::size_t waiting);

}  // namespace wxpay::http
