#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"

#include "sandbox/exchanges/exchange_log.hpp"
#include "sandbox/notify/verdict.hpp"

namespace wxpay::sandbox::verdict {

/// What a call is for, in either version of the API.
enum class Operation : std::uint8_t {
    order,
    code_payment,
    query,
    close,
    reverse,
    refund,
    refund_query,
    bill,
    share,  ///< profit sharing: a request, a question after one, a return, the rest set free
    share_query,
    share_return,
    unfreeze,
    other,
    callback,  ///< no call: an attempt to deliver one
    invoke,    ///< no call: a phone was given the arguments of wx.requestPayment
};

/// What a call with this path is for; the acceptance sandbox's paths count as those they imitate.
Operation operation_of(std::string_view method, std::string_view path);

/// What the merchant knows afterwards.
enum class Outcome : std::uint8_t {
    ok,
    refused,  ///< of a callback: by the merchant
    unknown,  ///< no answer, one that nobody may believe, or one that says that it is open
};

/// How an order stands according to the answer of a query.
enum class Told : std::uint8_t {
    nothing,
    open,  ///< not paid, or the user is about to
    paid,  ///< also when it was refunded since
    failed,
    ended,  ///< closed or reversed
};

/// What is wrong with the arguments of wx.requestPayment.
enum class Slip : std::uint8_t {
    none,
    package_prefix,  ///< `package` without "prepay_id=", where it is sent or where it is signed
    signature,
    prepay_expired,
};

/// What rules look at beyond that; only kept where something is worth a look. Alike ones are
/// shared.
struct Details {
    std::string call;   ///< "POST /pay/unifiedorder", or the callback's url
    std::string error;  ///< Exchange::error, or what the phone says
    std::string hint;
    bool is_known_path = true;
    bool was_struck = false;  ///< by a fault, or by what the call itself asked for
    Effect::Kind effect = Effect::Kind::none;

    // Of calls that were refused, or whose result is open.
    std::string out_refund_no;
    std::string transaction_id;
    std::string fee;                    ///< what a refund gives back
    std::optional<std::int64_t> total;  ///< what the order costs, according to the call
    std::string fraction;               ///< an amount with a decimal point, as it was sent
    bool is_answer_wrongly_signed = false;

    // Of callbacks.
    Verdict verdict = Verdict::ok;
    int status = 0;  ///< HTTP status of the answer; 0: none
    bool is_probe = false;
    bool changes_amount = false;  ///< a fault has changed what was paid

    // Of requests for profit sharing.
    bool sets_rest_free = false;   ///< unfreeze_unsplit
    bool can_be_returned = false;  ///< a receiver is a merchant

    Slip slip = Slip::none;  ///< of what a phone was given

    friend bool operator==(const Details&, const Details&) = default;
};

/// One exchange of an order. There are many, so it is small.
struct Step {
    Operation operation = Operation::other;
    Outcome outcome = Outcome::ok;
    Told told = Told::nothing;  ///< of queries
    bool is_v3 = false;
    bool is_combined = false;      ///< of calls: by the paths of combined orders
    bool is_about_refund = false;  ///< of callbacks
    std::chrono::duration<std::int32_t, std::milli> latency{0};  ///< of callbacks
    std::uint64_t n = 0;        ///< grows from step to step, whosever they are
    std::int64_t exchange = 0;  ///< its id
    Instant at;
    /// Hash of a refund's number, of a sharing request's, or of a callback's body; 0: not looked
    /// at.
    std::uint64_t mark = 0;
    std::shared_ptr<const Details> details = {};  ///< null: nothing is worth a look

    std::string name() const;  ///< of the exchange; empty when it is none
    /// A call that was refused, and not because a fault asked for it.
    bool is_refusal() const;
    /// A callback as WeChat really sends them: neither a probe nor spoiled nor lost by a fault.
    bool is_genuine() const;
};

/// What happened to one order, or, without a number, to a merchant's other calls. Bounded: see
/// kTraceStepsMax.
struct Trace {
    std::string mch_id;
    std::string out_trade_no;   ///< as the calls named it; also a transaction_id, if nothing else
    std::vector<Step> steps;    ///< oldest first
    std::uint64_t dropped = 0;  ///< steps that had no room

    /// Whether no call and no callback of it is worth a look.
    bool is_plain() const;
};

/// A trace's step, and to whom it belongs.
struct Reading {
    std::string mch_id;
    std::string out_trade_no;
    Step step;
};
/// Looks no closer than it must: most exchanges are as they should be.
Reading read(const Exchange& exchange);

/// The arguments of wx.requestPayment, when the phone refuses them.
struct Invocation {
    std::string mch_id = {};  ///< empty, as the next one: they lead to no order
    std::string out_trade_no = {};
    Instant at;
    Slip slip = Slip::none;
    std::string error;  ///< the phone's words
    std::string hint;
};
Reading read(const Invocation& invocation);

/// What a call for a refund, or a question after one, says: its number, and of a call the sum.
std::shared_ptr<const Details> refund_details(const Exchange& exchange);
/// What a refund's number is remembered by; never 0.
std::uint64_t mark_of(std::string_view text);

}  // namespace wxpay::sandbox::verdict
