#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/clock.hpp"

namespace wxpay::sandbox {

/// What a fault does: a delay, one thing that goes wrong, or both.
struct Effect {
    enum class Kind {
        none,          ///< only a delay
        err_code,      ///< the call passes its checks, does nothing and is refused with this code
        http_status,   ///< nothing is done, a gateway's page; of a callback: its answer's status
        drop_before,   ///< nothing is done, or sent; the connection is cut
        drop_after,    ///< all is done, or sent; the connection is cut before the answer
        truncate,      ///< the connection is cut in the middle of the answer, or of the callback
        corrupt_sign,  ///< the right shape, the wrong signature
        duplicate,     ///< the callback goes out more than once at the same time
        reorder,       ///< the callback goes out behind the merchant's next one
        tamper,        ///< fields are changed, and signed as they are then
        forge,         ///< fields are changed, and the signature is no longer theirs
        lose,          ///< nothing goes out, and nobody answers
    };
    /// Evenly between the two.
    struct Delay {
        Millis from{0};
        Millis to{0};
    };
    /// A field that is changed or added: a text, a number, or nothing when it is left out.
    struct Change {
        std::string name;
        std::variant<std::monostate, std::string, std::int64_t> value;
    };

    std::optional<Delay> delay = {};
    Kind kind = Kind::none;
    std::string err_code = {};
    int http_status = 0;
    std::size_t truncate_at = 0;  ///< bytes of the body that leave
    int copies = 0;               ///< more deliveries than the one
    std::vector<Change> changes = {};
};

/// The member of "do" that asks for it; empty for none.
std::string_view wire_name(Effect::Kind kind);
/// "delay", "delay and corrupt_sign", …
std::string describe(const Effect& effect);

/// Something that goes wrong on purpose, and when.
struct Fault {
    enum class On { api, notify };
    std::string id = {};  ///< empty: FaultSet gives one
    On on = On::api;
    std::string endpoint = {};      ///< glob over the call's path, or the notify_url's; empty: any
    std::string mch_id = {};        ///< empty: any merchant's
    std::string out_trade_no = {};  ///< glob; empty: any, also calls that name none
    std::uint64_t after = 0;        ///< so many that match are spared first
    std::uint64_t every = 1;        ///< then it strikes each n-th that matches
    std::optional<std::uint64_t> times = {};  ///< at most so often
    double probability = 1;
    Effect effect = {};
};

/// A call or callback that faults may strike.
struct FaultTarget {
    Fault::On on = Fault::On::api;
    std::string_view path;
    std::string_view mch_id;
    std::string_view out_trade_no;
    bool can_wait = true;  ///< false: the callback was asked for now, so nothing may put it off
    bool can_swap = true;  ///< false: another callback already waits for this one to pass it
};

/// Whether the fault is meant for this one, apart from after, every, times and chance.
bool matches(const Fault& fault, const FaultTarget& target);

/// `*` stands for any characters, `?` for one; everything else for itself.
bool matches_glob(std::string_view glob, std::string_view text);

/// A fault that strikes. Its delay is drawn.
struct Injection {
    std::string id;  ///< of the fault; "header" when the call itself asked for it
    Effect effect = {};
    Millis delay{0};

    bool is(Effect::Kind kind) const { return effect.kind == kind; }
};

}  // namespace wxpay::sandbox
