#include "merchant/server.hpp"

#include <latch>
#include <utility>

#include "core/http/server.hpp"
#include "core/program/program.hpp"

#include "merchant/app.hpp"
#include "merchant/limits.hpp"
#include "merchant/reconcile/reconciler.hpp"

namespace wxpay::merchant {
namespace {

/// A pay call holds a worker while WeChat thinks. Callbacks must get through all the same, within
/// the five seconds that WeChat gives them.
constexpr std::size_t kWorkers = 32;

http::Server::Options edge_options(const Config& config) {
    http::Server::Options options;
    options.host = config.host;
    options.port = config.port;
    options.workers = kWorkers;
    options.head_bytes_max = kHeadBytesMax;
    return options;
}

}  // namespace

class Server::Impl {
  public:
    explicit Impl(Config given)
        : config(std::move(given)),
          store(open_books(config)),
          transport(connect(config)),
          wechat(open_gateway(config, *transport, random, clock)),
          settings{config.notify_url, config.reconcile_after, config.refund_notify_url},
          context{settings, *store, *wechat, clock, random, config.report},
          app(context),
          edge(edge_options(config), [this](const http::Request& request) {
              serving.wait();
              return app.handle(request);
          }) {}

    // In the order in which they depend on each other.
    Config config;
    SystemClock clock;
    SecureRandom random;
    std::unique_ptr<Store> store;
    std::unique_ptr<http::Client> transport;
    std::unique_ptr<Gateway> wechat;
    Settings settings;
    Context context;
    App app;
    std::latch serving{
        1};  ///< the notify_url may hold the port, which is known only once we listen
    http::Server edge;
    std::optional<Reconciler> reconciler;
};

Server::Server(Config config) : impl_(std::make_unique<Impl>(std::move(config))) {}

Server::~Server() { stop(); }

Result<void> Server::start() {
    WXPAY_CHECK(impl_->edge.start());
    const std::string& given = impl_->config.public_url;
    const std::string ours = given.empty() ? base_url() : given;
    Settings& settings = impl_->settings;
    if (settings.notify_url.empty()) settings.notify_url = ours + "/wxpay/notify";
    // Without an address that WeChat could call it asks for no callback: queries find out as well.
    const bool is_callable =
        !given.empty() || (impl_->config.host != "0.0.0.0" && impl_->config.host != "::");
    if (settings.refund_notify_url.empty() && is_callable)
        settings.refund_notify_url = ours + "/wxpay/refund_notify";
    impl_->serving.count_down();
    impl_->reconciler.emplace(impl_->context, impl_->config.reconcile_every);
    return {};
}

void Server::stop() {
    impl_->reconciler.reset();
    impl_->edge.stop();
}

std::string Server::base_url() const { return http_url(impl_->config.host, impl_->edge.port()); }

const std::string& Server::notify_url() const { return impl_->settings.notify_url; }

}  // namespace wxpay::merchant
