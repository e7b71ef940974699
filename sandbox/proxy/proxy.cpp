#include "sandbox/proxy/proxy.hpp"

#include <utility>
#include <variant>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "sandbox/certificates/listener.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/notify/target_policy.hpp"

namespace wxpay::sandbox {
namespace {

using http::ForwardProxy;

constexpr int kHttpPort = 80;
constexpr int kHttpsPort = 443;

ForwardProxy::Refusal refusal(std::string reason) { return {403, std::move(reason)}; }

/// Which way a request goes.
std::variant<ForwardProxy::Destination, ForwardProxy::Refusal> route(
    const Proxy::Options& options, const http::ProxyRequest& asked) {
    const http::Url& url = asked.url;
    if (!TargetPolicy::is_wechat(url.host)) {
        if (!options.passes_others)
            return refusal(fmt::format(
                "{} is none of WeChat's hosts, and this proxy leads to those of the sandbox alone; "
                "start it with --proxy-pass to let other hosts through",
                url.host));
        if (url.scheme == "https")
            return refusal(fmt::format("https://{} wants a tunnel: CONNECT {}:{}", url.authority(),
                                       url.host, url.port));
        return ForwardProxy::Destination{url.host, url.port};
    }
    constexpr const char* kNever = "this proxy never connects to the real one";
    if (!is_played(url.host))
        return refusal(fmt::format("{} is WeChat's own host, which the sandbox does not play; {}",
                                   url.host, kNever));
    const auto to = [](const Proxy::Place& place) {
        return ForwardProxy::Destination{place.host, place.port, true};
    };
    const int usual = url.scheme == "https" ? kHttpsPort : kHttpPort;
    if (asked.tunnel && url.port == kHttpsPort) return to(options.https);
    // Some clients send https urls to their proxy as they are, trusting it with the TLS.
    if (url.port == (asked.tunnel ? kHttpPort : usual)) return to(options.http);
    return refusal(fmt::format("the sandbox plays {} at ports 80 and 443 alone, not at {}; {}",
                               url.host, url.port, kNever));
}

ForwardProxy::Options engine_options(const Proxy::Options& options) {
    ForwardProxy::Options engine;
    engine.host = options.host;
    engine.port = options.port;
    engine.head_bytes_max = kHeadBytesMax;
    engine.connections_max = kProxyConnectionsMax;
    engine.resolve = options.resolve;
    engine.route = [options](const http::ProxyRequest& asked) {
        auto way = route(options, asked);
        if (const auto* const refused = std::get_if<ForwardProxy::Refusal>(&way))
            spdlog::warn("proxy: {}", refused->reason);
        return way;
    };
    engine.allow = [](const std::string&, const std::string& address) {
        return TargetPolicy::why_useless(address).empty();
    };
    return engine;
}

}  // namespace

Proxy::Proxy(const Options& options)
    : engine_(std::make_unique<ForwardProxy>(engine_options(options))) {}
Proxy::~Proxy() = default;
Result<void> Proxy::listen() { return engine_->listen(); }
Result<void> Proxy::start() { return engine_->start(); }
void Proxy::stop() { engine_->stop(); }
int Proxy::port() const { return engine_->port(); }
ForwardProxy::Counts Proxy::counts() const { return engine_->counts(); }

}  // namespace wxpay::sandbox
