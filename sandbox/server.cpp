#include "sandbox/server.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "core/base/random.hpp"
#include "core/http/dispatcher.hpp"
#include "core/http/server.hpp"
#include "core/program/program.hpp"

#include "sandbox/certificates/files.hpp"
#include "sandbox/certificates/listener.hpp"
#include "sandbox/certificates/merchants.hpp"
#include "sandbox/certificates/platform_files.hpp"
#include "sandbox/certificates/private_files.hpp"
#include "sandbox/config/stored_merchants.hpp"
#include "sandbox/events/announce.hpp"
#include "sandbox/events/event_bus.hpp"
#include "sandbox/exchanges/exchange_archive.hpp"
#include "sandbox/faults/fault_set.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/metrics/metrics.hpp"
#include "sandbox/notify/notifier.hpp"
#include "sandbox/notify/sender.hpp"
#include "sandbox/notify/target_policy.hpp"
#include "sandbox/platform/platform.hpp"
#include "sandbox/proxy/proxy.hpp"
#include "sandbox/store/sqlite_store.hpp"
#include "sandbox/timers/fire.hpp"
#include "sandbox/timers/scheduler.hpp"
#include "sandbox/unread.hpp"
#include "sandbox/verdict/traces.hpp"
#include "sandbox/waiters.hpp"

namespace wxpay::sandbox {
namespace {

/// Callbacks over sockets, to addresses that the policy allows.
class SocketSender final : public Sender {
  public:
    explicit SocketSender(const Config& config)
        : policy_(config.allow_notify),
          virtual_wire_(config.settings.virtual_wire),
          dispatcher_(options()) {}

    void send(const http::Url& url, const http::Request& request, Millis timeout,
              std::function<void(http::Outcome)> done) override {
        dispatcher_.send(to(url), request, timeout, judged(url, std::move(done)));
    }
    void send_and_cut(const http::Url& url, const http::Request& request,
                      std::optional<std::size_t> body_bytes, Millis timeout,
                      std::function<void(http::Outcome)> done) override {
        dispatcher_.send_and_cut(to(url), request, body_bytes, timeout,
                                 judged(url, std::move(done)));
    }
    void stop() { dispatcher_.stop(); }

  private:
    /// WeChat's names are refused whatever they lead to: nobody is asked for their address.
    static http::Url to(http::Url url) {
        if (TargetPolicy::is_wechat(url.host)) url.host = "0.0.0.0";
        return url;
    }

    std::function<void(http::Outcome)> judged(const http::Url& url,
                                              std::function<void(http::Outcome)> done) {
        return [this, host = url.host, done = std::move(done)](http::Outcome outcome) {
            if (outcome.kind == http::Outcome::Kind::not_allowed) {
                outcome.reason = policy_.why_not(host, outcome.reason);
            } else if (outcome.reason.starts_with("no such host") && !policy_.is_named(host)) {
                outcome.reason += "; a public host would also need --allow-notify";
            }
            if (virtual_wire_) outcome.latency = Millis{0};
            done(std::move(outcome));
        };
    }

    http::Dispatcher::Options options() {
        http::Dispatcher::Options options;
        options.allow = [this](const std::string& host, const std::string& address) {
            return policy_.allows(host, address);
        };
        return options;
    }

    TargetPolicy policy_;
    const bool virtual_wire_;
    http::Dispatcher dispatcher_;
};

http::Server::Options edge_options(const Config& config, Context& context) {
    http::Server::Options options;
    options.host = config.http_host;
    options.port = config.http_port;
    options.workers = config.workers;
    options.head_bytes_max = kHeadBytesMax;
    options.body_bytes_max = kBodyBytesMax;
    options.refuse = [&context](int status, std::string_view detail, const std::string& target) {
        return refuse_unread(status, detail, target, context);
    };
    return options;
}

/// Where certificates lie from start to start.
std::filesystem::path home_of(const Config& config) {
    if (config.data) return *config.data;
    auto home = user_cache_directory();
    make_private_directory(home);
    return home;
}

/// Writes down what clients need; `authority` is empty without a TLS listener.
void write_files(Config& config, const std::filesystem::path& home, const std::string& authority,
                 const Platform& platform) {
    const auto directory = home / "certs";
    CertificateFiles files = write_certificate_files(directory, authority, config.directory);
    if (!authority.empty())
        files.trust = write_trust_files(directory, authority, config.other_roots);
    write_platform_files(files, platform);
    config.settings.certificate_files = std::move(files);
}

/// The server's options for TLS; writes down where clients find what they need.
http::TlsOptions prepare_tls(Config& config, const Platform& platform) try {
    const auto home = home_of(config);
    SecureRandom random;
    ListenerIdentity identity = load_or_make_listener(home / "tls", SystemClock().now(), random);
    write_files(config, home, identity.authority, platform);
    return {std::move(identity.shown.certificate), std::move(identity.shown.key),
            merchants_authority()};
} catch (const std::runtime_error& problem) {
    throw std::runtime_error(
        fmt::format("--https has no place for its certificates: {}; name a directory with --data "
                    "or XDG_CACHE_HOME",
                    problem.what()));
}

/// Without a TLS listener it is convenient to have the files, no more.
void offer_files(Config& config, const Platform& platform) try {
    write_files(config, home_of(config), {}, platform);
} catch (const std::runtime_error& problem) {
    spdlog::warn(
        "no place for the certificate files of API V3: {}; name a directory with --data or "
        "XDG_CACHE_HOME",
        problem.what());
}

/// The seed of this directory. Keys that follow from it are in merchants' hands, and so it outlives
/// a restart.
std::uint64_t seed_for(std::optional<std::uint64_t> given, SqliteStore& store) {
    const auto kept = store.kept_seed();
    const std::uint64_t seed = given ? *given : kept ? *kept : SecureRandom().next();
    if (kept != seed) store.keep_seed(seed);
    return seed;
}

/// The seed of this start. A second one over the same directory must not draw the ids of the first.
std::uint64_t seed_of(std::uint64_t seed, std::uint64_t earlier_starts) {
    SeededRandom seeds(seed);
    for (std::uint64_t i = 0; i < earlier_starts; ++i) seed = seeds.next();
    return seed;
}

/// How business time moves, and from where: on from what was kept, never back, for what has
/// happened must not lie in the future.
std::pair<ClockMode, Instant> clock_of(const Config& config,
                                       const std::optional<SqliteStore::KeptTime>& kept,
                                       Instant real) {
    if (!kept) return {config.clock.value_or(ClockMode()), config.start_time.value_or(real)};
    constexpr auto kReal = ClockMode::Kind::real;
    const ClockMode mode = config.clock.value_or(kept->mode);
    Instant reached = kept->now;
    // A real clock goes on while nobody runs: ahead of the machine's if it was, never behind it.
    if (kept->mode.kind == kReal) reached += std::max(Millis{0}, real - kept->real);
    if (mode.kind == kReal) reached = std::max(reached, real);
    return {mode, std::max(reached, config.start_time.value_or(reached))};
}

/// After the store, which keeps other servers out of the directory.
std::unique_ptr<ExchangeArchive> open_archive(const std::optional<std::filesystem::path>& data) {
    if (!data) return nullptr;
    return std::make_unique<ExchangeArchive>(*data, kExchangesMax, kExchangeBytesMax);
}

/// The proxy has to have TLS to lead to.
Config with_listeners(Config config) {
    if (config.proxy && !config.https) config.https.emplace("127.0.0.1", 0);
    return config;
}

template <class Listener>
Result<void> listen(Listener& listener, const char* option) {
    auto listening = listener.listen();
    if (!listening) listening.error().field = option;
    return listening;
}

}  // namespace

class Server::Impl {
  public:
    explicit Impl(Config given)
        : config(with_listeners(std::move(given))),
          store(SqliteStore::open(config.data)),
          seed(seed_for(config.seed, *store)),
          begins(clock_of(config, store->kept_time(), system_clock.now())),
          clock(begins.first, begins.second, stopwatch),
          random(seed_of(seed, store->earlier_starts())),
          faults(seed, config.data ? store.get() : nullptr),
          traces(clock.now()),
          archive(open_archive(config.data)),
          exchanges(kExchangesMax, kExchangeBytesMax, archive.get()),
          scheduler(*store, clock),
          waiters(stopwatch),
          sender(config),
          context{config.directory,
                  config.settings,
                  *store,
                  clock,
                  random,
                  exchanges,
                  scheduler,
                  notifier,
                  waiters,
                  sender,
                  events,
                  faults,
                  metrics,
                  traces,
                  stopwatch,
                  platform,
                  config.settings.virtual_wire ? static_cast<const Clock&>(clock) : system_clock},
          notifier(context),
          app(context),
          edge(edge_options(config, context),
               [this](http::Request request) { return app.handle(std::move(request)); }) {
        config.directory.set_seed(seed);
        store->follow(clock, system_clock);
        keep_time();
        config::add_stored_merchants(config.directory, *store);
        faults.start_with(config.faults);
        if (config.https) {
            http::Server::Options options = edge_options(config, context);
            std::tie(options.host, options.port) = *config.https;
            options.tls = prepare_tls(config, platform);
            tls_edge = std::make_unique<http::Server>(
                std::move(options),
                [this](http::Request request) { return app.handle(std::move(request)); });
        } else if (config.writes_certificates) {
            offer_files(config, platform);
        }
        exchanges.set_observer(
            [this](const Exchange& exchange) { announce_exchange(context, exchange); });
        scheduler.set_hurry([this](Instant target) { notifier.hurry(target); });
        scheduler.set_handler(
            [this](const Timer& timer, const std::function<void(Scheduler::Fired)>& done) {
                fire(timer, context, done);
            });
    }

    Result<void> start() {
        // All listen before one serves: a server that cannot start has answered nobody, and its
        // addresses are known.
        WXPAY_CHECK(listen(edge, "http"));
        if (tls_edge) {
            WXPAY_CHECK(listen(*tls_edge, "https"));
            config.settings.https_url =
                wxpay::https_url(reachable(config.https->first), tls_edge->port());
        }
        if (config.proxy) WXPAY_CHECK(open_proxy());
        if (tls_edge) WXPAY_CHECK(tls_edge->start());
        WXPAY_CHECK(edge.start());
        if (proxy) WXPAY_CHECK(proxy->start());
        scheduler.start();
        return {};
    }

    Result<void> open_proxy() {
        Proxy::Options options;
        std::tie(options.host, options.port) = *config.proxy;
        options.passes_others = config.proxy_passes_others;
        options.http = {reachable(config.http_host), edge.port()};
        options.https = {reachable(config.https->first), tls_edge->port()};
        proxy = std::make_unique<Proxy>(options);
        WXPAY_CHECK(listen(*proxy, "proxy"));
        config.settings.proxy_url = http_url(reachable(options.host), proxy->port());
        metrics.watch_proxy([this] { return proxy->counts(); });
        return {};
    }

    void stop() {
        waiters.stop();  // their last words leave by the edges
        if (tls_edge) tls_edge->stop();
        edge.stop();
        if (proxy) proxy->stop();
        scheduler.stop();
        notifier.stop();
        sender.stop();
        try {
            keep_time();
        } catch (const std::runtime_error& problem) {
            spdlog::error("the time could not be kept for the next start: {}", problem.what());
        }
    }

    /// Each commit does.
    void keep_time() { store->begin()->commit(); }

    // In the order in which they depend on each other.
    Config config;
    SystemStopwatch stopwatch;
    SystemClock system_clock;
    std::unique_ptr<SqliteStore> store;
    std::uint64_t seed;
    std::pair<ClockMode, Instant> begins;
    VirtualClock clock;
    SeededRandom random;
    FaultSet faults;
    Metrics metrics;
    Traces traces;
    Platform platform;
    std::unique_ptr<ExchangeArchive> archive;
    ExchangeLog exchanges;
    Scheduler scheduler;
    Waiters waiters;
    EventBus events;
    SocketSender sender;
    Context context;
    Notifier notifier;
    App app;
    http::Server edge;
    std::unique_ptr<http::Server> tls_edge;
    std::unique_ptr<Proxy> proxy;
};

Server::Server(Config config) : impl_(std::make_unique<Impl>(std::move(config))) {}

Server::~Server() { impl_->stop(); }

Result<void> Server::start() { return impl_->start(); }

void Server::stop() { impl_->stop(); }

std::uint64_t Server::seed() const { return impl_->seed; }

int Server::port() const { return impl_->edge.port(); }

std::string Server::base_url() const {
    return http_url(reachable(impl_->config.http_host), port());
}

const std::string& Server::https_url() const { return impl_->config.settings.https_url; }

const std::string& Server::proxy_url() const { return impl_->config.settings.proxy_url; }

const CertificateFiles* Server::certificate_files() const {
    const auto& files = impl_->config.settings.certificate_files;
    return files ? &*files : nullptr;
}

Context& Server::context() { return impl_->context; }

App& Server::app() { return impl_->app; }

}  // namespace wxpay::sandbox
