#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"
#include "core/http/message.hpp"

#include "sandbox/context.hpp"
#include "sandbox/ledger/order.hpp"
#include "sandbox/ledger/payment.hpp"

namespace wxpay::sandbox::control {

/// What the control API answers when a call makes no sense: a status and
/// {"error":{"code","message","field"}}.
struct Problem {
    int status;
    std::string code;
    std::string message;
    std::string field = {};
    std::string hint = {};   ///< the likely cause, where there is one
    std::string allow = {};  ///< 405: the methods that the path takes
};

Problem bad_request(std::string message, std::string field = {});
Problem not_found(std::string message);
Problem conflict(std::string code, std::string message);
Problem conflict(PayProblem problem);

/// A call of the control API that found its route.
struct Call {
    const http::Request& request;
    std::vector<std::string> arguments;  ///< what stood for each {…} of the route
    Context& context;

    /// The query parameter; nothing when absent or empty.
    std::optional<std::string> query(std::string_view name) const;
    /// `limit`, 1 to kListMax; and `cursor`, the id of the last row of the page before.
    Result<std::size_t, Problem> limit() const;
    Result<std::optional<std::int64_t>, Problem> cursor() const;
    /// What `mch_id` and `order` narrow a list to: mch_id and out_trade_no, empty where nothing
    /// does. The order may also be one that was refused and so never came to be.
    Result<std::pair<std::string, std::string>, Problem> subject() const;
    /// The sandbox's address as the caller knows it.
    std::string base_url() const;
    /// The body as a JSON object, whatever its members; an empty body is an empty object.
    Result<nlohmann::json, Problem> object() const;
    /// The same; fails when it has a member that is none of `known`.
    Result<nlohmann::json, Problem> body(std::initializer_list<std::string_view> known) const;
};

/// A route, and what openapi.json says about it.
struct Route {
    std::string_view method;
    std::string_view pattern;  ///< "{…}" stands for one segment each
    Result<http::Answer, Problem> (*handle)(const Call& call);
    std::string_view summary;
    std::string_view answer;      ///< the schema of a success, or its media type when it is no JSON
    std::string_view query = {};  ///< its parameters, with spaces between; others are refused
    std::string_view body = {};   ///< the schema of its body; empty: it takes none
};

/// Fails when the query has a parameter that the route does not know, or no good mch_id.
Result<void, Problem> check_query(const Route& route, const http::Request& request);

/// A member of a body that is a text; empty when absent. Fails when it is none, or too long.
Result<std::string, Problem> text_member(const nlohmann::json& body, const char* name,
                                         std::size_t bytes_max);

/// The member "openid"; empty when absent. Fails when no user can have it.
Result<std::string, Problem> openid_member(const nlohmann::json& body);

/// Longest members of bodies, in bytes.
inline constexpr std::size_t kWordMax = 64;
inline constexpr std::size_t kUrlMax = 1024;

Problem no_such_order(const std::string& id);

/// The order that `id` names: a prepay_id, a transaction_id or mch_id:out_trade_no. For a combined
/// order's number or prepay_id it is the first part.
std::optional<Order> find_order(Transaction& transaction, const std::string& id);
/// Whether there can ever be an order that find_order() finds by this.
bool can_name_an_order(const std::string& id);

/// One more attempt of a stored callback, now; the answer is the Notification with it.
http::Answer attempt_now(Context& context, std::int64_t notification_id);
/// Answers later with what `make` gives; a store that fails is logged and answered with 500.
void reply_with(const http::Reply& reply, const std::function<http::Response()>& make);
/// The answer when the sandbox itself failed.
Problem internal_error();

/// 200 with this JSON text.
http::Response json_response(std::string text, int status = 200);
http::Response problem_response(const Problem& problem);

}  // namespace wxpay::sandbox::control
