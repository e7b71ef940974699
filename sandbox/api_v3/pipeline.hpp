#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"
#include "core/http/message.hpp"

#include "sandbox/api_v3/refusals.hpp"
#include "sandbox/api_v3/rules.hpp"
#include "sandbox/context.hpp"
#include "sandbox/ledger/work.hpp"

namespace wxpay::sandbox::api_v3 {

/// A call that has passed the checks: known merchant, right signature, every field by its rule.
struct Call {
    const http::Request& request;
    const Fields& fields;  ///< the body without nulls, query and path parameters
    const Merchant& merchant;
    std::string platform_serial;  ///< Wechatpay-Serial; empty when it was not sent
    /// Plain text of the encrypted fields, by the JSON pointer of each: "/body/real_name".
    std::vector<std::pair<std::string, std::string>> decrypted;
    std::string base_url;             ///< of this sandbox, as the caller knows it
    std::vector<std::string>& notes;  ///< what is accepted but worth knowing

    /// The member of the body at a dotted name; empty, zero or false when it is not there.
    std::string text(std::string_view name) const;
    std::int64_t number(std::string_view name) const;
    bool flag(std::string_view name) const;
    bool has(std::string_view name) const { return fields.find(name) != nullptr; }
    /// A query parameter; empty when it is not there.
    std::string query(std::string_view name) const;
    /// What stood for {name} in the path.
    std::string path(std::string_view name) const;
};

/// What a handler answers.
struct Reply {
    std::string body = {};          ///< JSON; empty: 204
    int status = 0;                 ///< 0: 200, or 204 without a body
    bool is_file = false;           ///< a bill: neither JSON nor signed
    std::string content_type = {};  ///< of a file
    std::string out_trade_no = {};  ///< of which order it is, where the fields do not say so
    bool never_arrives = false;     ///< the work is done, and the caller waits in vain
};

/// A V3 endpoint: method and path, its fields, and what it does. `handle` runs inside one
/// transaction, which is committed when it succeeds and taken back when it refuses.
struct Endpoint {
    std::string_view method;
    std::string_view path;  ///< "{name}" stands for one segment
    std::span<const FieldRule> fields;
    Result<Reply, Refusal> (*handle)(const Call& call, Work& work);
    /// The field, in body or query, that must name the caller; empty: none does.
    std::string_view caller = {};
    /// The field that names the app, which must be bound to the caller; empty: none does.
    std::string_view appid = {};
    /// A provider may leave sub_mchid out: then the call is about all its merchants.
    bool is_about_all = false;
    /// Documented refusals with other words or another status than find_words() has; asked for by
    /// code in a Wechatpay-Negative-Test header or by a fault.
    std::span<const Words> on_demand = {};
};

/// Whether the path is API V3's.
bool is_v3_path(std::string_view path);

/// Answers a call of API V3: finds the endpoint, checks headers, signature and fields in the order
/// of spec V3 11, runs the handler in a transaction, signs the answer. Fills in what it learns
/// about the exchange. Nothing: the answer never arrives.
std::optional<http::Response> answer(const http::Request& request, Context& context,
                                     Exchange& exchange);

/// The answer to a call that nothing was read of; not signed.
http::Response refuse_unread(const Words& words, const http::Request& request, Context& context);

/// What can be told about a call before anything is checked: for faults, which choose by it.
void name_subject(const http::Request& request, Exchange& exchange);

}  // namespace wxpay::sandbox::api_v3
