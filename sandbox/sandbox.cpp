#include "sandbox/sandbox.hpp"

#include <future>
#include <stdexcept>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"

#include "sandbox/limits.hpp"
#include "sandbox/server.hpp"

namespace wxpay::sandbox {
namespace {

using Json = nlohmann::json;

Config config_from(const Sandbox::Options& options) {
    Config config;
    config.seed = options.seed;
    config.clock = {ClockMode::Kind::manual, 0};
    config.start_time = options.start_time;
    config.settings.strict = options.strict;
    return config;
}

/// Waits for an answer that comes later.
http::Response response_of(http::Answer answer) {
    if (auto* const now = std::get_if<http::Response>(&answer)) return std::move(*now);
    auto* const later = std::get_if<http::Later>(&answer);
    if (!later) throw std::runtime_error("a stream has no end to wait for");
    // Shared with the reply, which may still be at work in set_value() when get() returns.
    const auto promise = std::make_shared<std::promise<http::Response>>();
    (*later)([promise](http::Response response) { promise->set_value(std::move(response)); });
    return promise->get_future().get();
}

/// The reason in an answer of the control API that is an error.
std::string reason_in(const http::Response& response) {
    const Json body = Json::parse(response.body, nullptr, false);
    const auto error = body.is_object() ? body.find("error") : body.end();
    if (error == body.end()) return fmt::format("HTTP status {}", response.status);
    const std::string field = error->value("field", "");
    return fmt::format("{}{}{}", field, field.empty() ? "" : ": ", error->value("message", ""));
}

std::optional<Instant> time_in(const Json& object, const char* name) {
    return parse_rfc3339(object.value(name, ""));
}

Sandbox::Order order_from(const Json& json) {
    Sandbox::Order order;
    order.mch_id = json.value("mch_id", "");
    order.out_trade_no = json.value("out_trade_no", "");
    order.prepay_id = json.value("prepay_id", "");
    order.transaction_id = json.value("transaction_id", "");
    order.trade_type = json.value("trade_type", "");
    order.state = json.value("state", "");
    order.openid = json.value("openid", "");
    order.total_fee = json.value("total_fee", std::int64_t{0});
    order.refunded_fee = json.value("refunded_fee", std::int64_t{0});
    order.paid_at = time_in(json, "paid_at");
    return order;
}

Sandbox::Notification notification_from(const Json& json) {
    Sandbox::Notification notification;
    notification.id = json.value("id", "");
    notification.kind = json.value("kind", "");
    notification.mch_id = json.value("mch_id", "");
    notification.out_trade_no = json.value("out_trade_no", "");
    notification.url = json.value("url", "");
    notification.state = json.value("state", "");
    for (const Json& each : json.at("attempts")) {
        Sandbox::Attempt& attempt = notification.attempts.emplace_back();
        attempt.at = time_in(each, "at").value();
        attempt.http_status = each.value("http_status", 0);
        attempt.verdict = each.value("verdict", "");
        attempt.reason = each.value("reason", "");
        attempt.response_body = each.value("response_body", "");
    }
    return notification;
}

}  // namespace

class Sandbox::Impl {
  public:
    explicit Impl(const Options& options) : server_(config_from(options)) {
        if (const auto started = server_.start(); !started)
            throw std::runtime_error("the sandbox cannot start: " + started.error().detail);
    }

    std::string url() const { return server_.base_url(); }

    http::Response call(std::string_view method, std::string_view target, std::string_view body) {
        http::Request request;
        request.method = method;
        http::set_target(request, fmt::format("/_sandbox/v1/{}", target));
        request.headers.add("Host", url().substr(std::string_view("http://").size()));
        request.body = body;
        request.remote_address = "127.0.0.1";
        return response_of(server_.app().handle(std::move(request)));
    }

    /// The same; an error is thrown.
    std::string demand(std::string_view method, std::string_view target,
                       std::string_view body = {}) {
        http::Response response = call(method, target, body);
        if (response.status < 400) return std::move(response.body);
        throw std::runtime_error(fmt::format("{} {}: {}", method, target, reason_in(response)));
    }

    Json demand_json(std::string_view method, std::string_view target, const Json& body = {}) {
        constexpr auto kReplace = Json::error_handler_t::replace;  // bytes that are no UTF-8
        return Json::parse(
            demand(method, target, body.is_null() ? "" : body.dump(-1, ' ', false, kReplace)));
    }

    /// The path of an order. A number that could be an id as well is the merchant's, if there is
    /// such an order.
    std::string path_of(std::string_view id) {
        std::string by_id = fmt::format("orders/{}", id);
        if (id.find(':') != std::string_view::npos) return by_id;
        std::string by_number = fmt::format("orders/{}:{}", merchant().mch_id, id);
        return call("GET", by_number, {}).status == 200 ? by_number : by_id;
    }

  private:
    Server server_;
};

Sandbox::Sandbox() : Sandbox(Options{}) {}

Sandbox::Sandbox(const Options& options) : impl_(std::make_unique<Impl>(options)) {}

Sandbox::~Sandbox() = default;

std::string Sandbox::url() const { return impl_->url(); }

const Sandbox::Merchant& Sandbox::merchant() {
    static const Merchant demo = [] {
        const Directory directory = demo_directory();
        const auto& merchant = *directory.merchants().front();
        const std::string& appid = merchant.appids.front().str();
        return Merchant{appid, std::string(directory.find_app(appid)->secret.reveal()),
                        merchant.mch_id.str(), std::string(merchant.api_key.reveal())};
    }();
    return demo;
}

Sandbox::Order Sandbox::order(std::string_view id) const {
    return order_from(impl_->demand_json("GET", impl_->path_of(id)));
}

Sandbox::Order Sandbox::pay(std::string_view id, std::string_view outcome) {
    return order_from(
        impl_->demand_json("POST", impl_->path_of(id) + "/pay", {{"outcome", outcome}}));
}

Sandbox::Advanced Sandbox::advance(Millis by) {
    const double seconds = std::chrono::duration<double>(by).count();
    const Json json = impl_->demand_json("POST", "clock/advance", {{"seconds", seconds}});
    return {time_in(json, "now").value(), json.value("fired", 0), json.value("delivered", 0),
            json.value("failed", 0)};
}

Instant Sandbox::now() const { return time_in(impl_->demand_json("GET", "clock"), "now").value(); }

std::vector<Sandbox::Notification> Sandbox::notifications(std::string_view order_id) const {
    std::string target = fmt::format("notifications?limit={}", kListMax);
    if (!order_id.empty()) {
        const Order narrowed = order(order_id);
        target += fmt::format("&mch_id={}&out_trade_no={}", narrowed.mch_id,
                              http::percent_encode(narrowed.out_trade_no));
    }
    std::vector<Notification> out;
    const Json json = impl_->demand_json("GET", target);
    for (const Json& each : json.at("notifications")) out.push_back(notification_from(each));
    return out;
}

std::string Sandbox::add_fault(std::string_view json) {
    return Json::parse(impl_->demand("POST", "faults", json)).value("id", "");
}

void Sandbox::reset() { impl_->demand("POST", "reset"); }

std::string Sandbox::control(std::string_view method, std::string_view target,
                             std::string_view body) {
    return impl_->demand(method, target, body);
}

}  // namespace wxpay::sandbox
