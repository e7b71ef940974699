#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sandbox/diagnosis/mistake.hpp"
#include "sandbox/diagnosis/signer.hpp"
#include "sandbox/directory.hpp"

namespace wxpay::sandbox::diagnosis {

/// One mistake as a change of the right signer.
struct Slip {
    /// What the change is about; two slips of one kind exclude each other.
    enum class About { hash, key, key_place, empty, zero, order, values, bytes, sign, field };

    Finding finding;
    About about;
    /// Whether it is worth trying together with another one.
    bool combines;
    std::function<void(Signer&)> apply;
};

/// All slips that this message and these merchants allow, the likely ones first. The message and
/// the merchant must outlive them.
/// right_sign  what the right signer makes of the message
std::vector<Slip> slips_for(const Signed& message, const Merchant& merchant,
                            const Directory& directory, const std::string& right_sign);

}  // namespace wxpay::sandbox::diagnosis
