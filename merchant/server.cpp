#include "merchant/server.hpp"

#include <latch>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "core/http/client.hpp"
#include "core/http/server.hpp"
#include "core/program/program.hpp"

#include "merchant/app.hpp"
#include "merchant/limits.hpp"
#include "merchant/reconcile/reconciler.hpp"
#include "merchant/store/sqlite_store.hpp"

namespace wxpay::merchant {
namespace {

constexpr Millis kWechatTimeout = std::chrono::seconds(5);
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

std::unique_ptr<http::Client> connect(const Config& config) {
    http::Client::Options options;
    options.base_url = config.gateway;
    options.answer_timeout = kWechatTimeout;
    options.ca_file = config.ca_file;
    auto client = http::Client::create(std::move(options));
    if (!client) {
        throw std::runtime_error(
            fmt::format("--gateway {}: {}", config.gateway, client.error().detail));
    }
    return *std::move(client);
}

std::unique_ptr<SqliteStore> open_books(const Config& config) {
    try {
        return std::make_unique<SqliteStore>(config.data);
    } catch (const std::runtime_error& problem) {
        throw std::runtime_error(fmt::format("--data {}: {}; name a directory that we may write",
                                             config.data.value_or("").string(), problem.what()));
    }
}

}  // namespace

class Server::Impl {
  public:
    explicit Impl(Config given)
        : config(std::move(given)),
          store(open_books(config)),
          transport(connect(config)),
          wechat(config.account, *transport, random),
          settings{config.notify_url, config.reconcile_after},
          context{settings, *store, wechat, clock, random, config.report},
          app(context),
          edge(edge_options(config), [this](const http::Request& request) {
              serving.wait();
              return app.handle(request);
          }) {}

    // In the order in which they depend on each other.
    Config config;
    SystemClock clock;
    SecureRandom random;
    std::unique_ptr<SqliteStore> store;
    std::unique_ptr<http::Client> transport;
    v2::Client wechat;
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
    if (impl_->settings.notify_url.empty()) {
        const std::string& given = impl_->config.public_url;
        impl_->settings.notify_url = (given.empty() ? base_url() : given) + "/wxpay/notify";
    }
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
