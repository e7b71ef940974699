#include "tests/support/app_harness.hpp"

#include <future>
#include <utility>

#include <gtest/gtest.h>

#include "core/codec/beijing_time.hpp"

#include "sandbox/events/announce.hpp"

namespace wxpay::test {

void RecordingSender::send(const http::Url& url, const http::Request& request, Millis timeout,
                           std::function<void(http::Outcome)> done) {
    sent.push_back({url.origin() + url.target, request, clock_.now(), timeout, false});
    if (hang) return std::exchange(hang, nullptr)(std::move(done));
    done(answer(sent.back()));
}

void RecordingSender::send_and_cut(const http::Url& url, const http::Request& request,
                                   std::optional<std::size_t> body_bytes, Millis timeout,
                                   std::function<void(http::Outcome)> done) {
    sent.push_back({url.origin() + url.target, request, clock_.now(), timeout, true});
    sent.back().request.body.resize(std::min(request.body.size(), body_bytes.value_or(0)));
    http::Outcome outcome;
    outcome.reason = "the connection was cut off on purpose";
    done(std::move(outcome));
}

http::Outcome RecordingSender::answered(int status, std::string body) {
    http::Outcome outcome;
    outcome.kind = http::Outcome::Kind::answered;
    outcome.response.status = status;
    outcome.response.body = std::move(body);
    return outcome;
}

http::Outcome RecordingSender::unreachable() {
    http::Outcome outcome;
    outcome.kind = http::Outcome::Kind::unreachable;
    outcome.reason = "connection refused";
    return outcome;
}

http::Outcome RecordingSender::timed_out() {
    http::Outcome outcome;
    outcome.kind = http::Outcome::Kind::timed_out;
    outcome.reason = "no answer within 5 s";
    return outcome;
}

http::Outcome RecordingSender::success() {
    return answered(200,
                    "<xml><return_code><![CDATA[SUCCESS]]></"
                    "return_code><return_msg><![CDATA[OK]]></return_msg></xml>");
}

AppHarness::AppHarness(sandbox::Settings given, std::uint64_t seed)
    : settings(std::move(given)),
      store(sandbox::SqliteStore::open(std::nullopt)),
      clock({sandbox::ClockMode::Kind::manual, 0}, *parse_rfc3339("2024-06-01T12:00:00+08:00"),
            stopwatch),
      random(seed),
      faults(seed),
      traces(clock.now()),
      scheduler(*store, clock),
      waiters(stopwatch),
      sender(clock),
      context{directory, settings, *store, clock,   random, exchanges, scheduler, notifier, waiters,
              sender,    events,   faults, metrics, traces, stopwatch, platform,  clock},
      notifier(context),
      app(context) {
    exchanges.set_observer(
        [this](const sandbox::Exchange& exchange) { announce_exchange(context, exchange); });
    scheduler.set_hurry([this](Instant target) { notifier.hurry(target); });
    scheduler.set_handler([this](const sandbox::Timer& timer,
                                 const std::function<void(sandbox::Scheduler::Fired)>& done) {
        sandbox::fire(timer, context, done);
    });
}

AppHarness::~AppHarness() {
    scheduler.stop();
    waiters.stop();
}

Fields AppHarness::order(const std::string& out_trade_no, const Fields& changes) {
    Fields fields{{"body", "腾讯充值中心-QQ会员充值"},
                  {"out_trade_no", out_trade_no},
                  {"total_fee", "888"},
                  {"spbill_create_ip", "14.23.150.211"},
                  {"notify_url", "http://127.0.0.1:9190/wxpay/notify"},
                  {"trade_type", "JSAPI"},
                  {"openid", kOpenId}};
    for (const auto& [name, value] : changes) {
        if (value == "-") {
            fields.erase(name);
        } else {
            fields[name] = value;
        }
    }
    return fields;
}

Fields AppHarness::sign(Fields fields, const std::string& key) {
    fields.try_emplace("appid", kAppId);
    fields.try_emplace("mch_id", kMchId);
    fields.try_emplace("nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS");
    std::vector<FieldView> views;
    for (const auto& [name, value] : fields) views.push_back({name, value});
    const auto type = v2::parse_sign_type(fields["sign_type"]).value_or(v2::SignType::md5);
    if (fields["sign_type"].empty()) fields.erase("sign_type");
    fields["sign"] = v2::sign(views, Secret(key), type);
    return fields;
}

std::string AppHarness::xml(const Fields& fields) {
    v2::Message message;
    for (const auto& [name, value] : fields) message.text(name, value);
    return message.render();
}

http::Response AppHarness::call(const http::Request& request) {
    http::Answer answer = app.handle(request);
    http::Response response;
    if (auto* const now = std::get_if<http::Response>(&answer)) {
        response = std::move(*now);
    } else {
        const auto promise = std::make_shared<std::promise<http::Response>>();
        auto future = promise->get_future();
        std::get<http::Later>(answer)(
            [promise](http::Response later) { promise->set_value(std::move(later)); });
        if (future.wait_for(std::chrono::seconds(20)) != std::future_status::ready) {
            ADD_FAILURE() << "no answer to " << request.path;
            return response;
        }
        response = future.get();
    }
    hint = std::string(response.headers.get("Wxpay-Sandbox-Hint"));
    return response;
}

http::Response AppHarness::post(const std::string& path, std::string body) {
    http::Request request;
    request.method = "POST";
    request.path = path;
    request.headers.add("Host", "127.0.0.1:12180");
    request.body = std::move(body);
    request.remote_address = "127.0.0.1";
    return call(request);
}

Fields AppHarness::v2_raw(const std::string& path, const std::string& body) {
    const http::Response response = post(path, body);
    EXPECT_EQ(response.status, 200);
    Fields out;
    const auto message = XmlMessage::parse(response.body);
    if (!message) {
        ADD_FAILURE() << response.body;
        return out;
    }
    for (const FieldView& field : message->fields())
        out[std::string(field.name)] = std::string(field.value);
    return out;
}

Fields AppHarness::v2(const std::string& path, Fields fields) {
    const Fields sent = sign(std::move(fields));
    Fields answer = v2_raw(path, xml(sent));
    if (answer.contains("sign")) {
        std::vector<FieldView> views;
        for (const auto& [name, value] : answer) views.push_back({name, value});
        const auto type =
            sent.contains("sign_type") ? v2::SignType::hmac_sha256 : v2::SignType::md5;
        EXPECT_TRUE(v2::verify(views, answer["sign"], Secret(kKey), type))
            << "the answer's sign is wrong";
    } else {
        EXPECT_EQ(answer["return_code"], "FAIL") << "only protocol failures are unsigned";
    }
    return answer;
}

AppHarness::Controlled AppHarness::control(const std::string& method, const std::string& target,
                                           const nlohmann::json& body) {
    http::Request request;
    request.method = method;
    http::set_target(request, target);
    request.headers.add("Host", "127.0.0.1:12180");
    if (!body.is_null()) request.body = body.dump();
    const http::Response response = call(request);
    return {response.status, nlohmann::json::parse(response.body)};
}

nlohmann::json AppHarness::only_notification() {
    const auto listed = control("GET", "/_sandbox/v1/notifications").body["notifications"];
    EXPECT_EQ(listed.size(), 1U);
    return listed.empty() ? nlohmann::json() : listed[0];
}

}  // namespace wxpay::test
