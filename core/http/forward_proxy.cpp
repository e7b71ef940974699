#include "core/http/forward_proxy.hpp"

#include <exception>
#include <future>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include "core/http/acceptor.hpp"
#include "core/http/name_lookup.hpp"
#include "core/http/proxy_connection.hpp"
#include "core/http/response_writer.hpp"

namespace wxpay::http {
namespace {

constexpr std::chrono::seconds kCheckEvery{1};
// stop() waits so long for clients to take what has arrived for them.
constexpr std::chrono::seconds kLastStall{1};
// Beyond the limit, those that are told so; more are closed without a word.
constexpr std::size_t kTurnedAwayMax = 64;

}  // namespace

class ForwardProxy::Impl {
  public:
    explicit Impl(Options options);
    ~Impl() { stop(); }

    Result<void> listen() { return acceptor_.listen(options_.host, options_.port); }
    Result<void> start();
    int port() const { return acceptor_.port(); }
    Counts counts() const;
    void check_deadlines();
    void stop();

  private:
    // From here on: only on thread_.
    void serve();
    void take(Descriptor socket);
    void forget(const ProxyConnection& connection);
    void expire();
    void tick();
    void end_all();
    template <class Do>
    void for_each_connection(Do action);

    const Options options_;
    const SystemStopwatch own_stopwatch_;
    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
    asio::steady_timer timer_{io_};
    NameLookup lookup_;
    ResponseWriter writer_;
    std::vector<char> scratch_;
    ProxyContext context_;
    std::unordered_map<const ProxyConnection*, std::shared_ptr<ProxyConnection>> registry_;
    bool timer_runs_ = false;  // without connections it does not
    bool all_ended_ = false;

    std::atomic<std::size_t> connections_ = 0;
    std::atomic<std::uint64_t> wakeups_ = 0;
    std::mutex mutex_;  // orders what other threads post before the end
    bool serving_ = false;
    std::mutex stop_mutex_;
    std::thread thread_;
    Acceptor acceptor_;
};

ForwardProxy::Impl::Impl(Options options)
    : options_(std::move(options)),
      lookup_(options_.resolve ? options_.resolve : resolve_by_system,
              [this](std::function<void()> task) { asio::post(io_, std::move(task)); }),
      scratch_(options_.buffer_bytes),
      context_{io_,      lookup_,
               options_, options_.stopwatch != nullptr ? *options_.stopwatch : own_stopwatch_,
               writer_,  scratch_},
      acceptor_([this](Descriptor socket) {
          asio::post(io_,
                     [this, socket = std::move(socket)]() mutable { take(std::move(socket)); });
      }) {
    WXPAY_ASSERT(options_.route && options_.buffer_bytes > 0);
}

Result<void> ForwardProxy::Impl::start() {
    WXPAY_ASSERT(!thread_.joinable());
    if (port() == 0) WXPAY_CHECK(listen());
    {
        const std::lock_guard lock(mutex_);
        serving_ = true;
    }
    thread_ = std::thread([this] { serve(); });
    acceptor_.start();
    return {};
}

ForwardProxy::Counts ForwardProxy::Impl::counts() const {
    return {.connections = connections_,
            .tunnels = context_.tunnels,
            .tunnels_total = context_.tunnels_total,
            .requests_total = context_.requests_total,
            .refused_total = context_.refused_total,
            .wakeups = wakeups_};
}

void ForwardProxy::Impl::check_deadlines() {
    std::promise<void> checked;
    {
        const std::lock_guard lock(mutex_);
        if (!serving_) return;
        asio::post(io_, [&] {
            expire();
            checked.set_value();
        });
    }
    checked.get_future().wait();
}

void ForwardProxy::Impl::stop() {
    const std::lock_guard stopping(stop_mutex_);
    acceptor_.stop();
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(serving_, false)) asio::post(io_, [this] { end_all(); });
    }
    if (thread_.joinable()) thread_.join();
}

void ForwardProxy::Impl::serve() {
    for (;;) {
        try {
            if (io_.run_one() == 0) return;
        } catch (const std::exception&) {
            // No memory for one more connection: those that are here go on.
        }
        ++wakeups_;
    }
}

void ForwardProxy::Impl::take(Descriptor socket) {
    if (registry_.size() >= options_.connections_max + kTurnedAwayMax) return;
    const bool has_room = registry_.size() < options_.connections_max;
    const auto connection = ProxyConnection::create(
        context_, std::move(socket), [this](const ProxyConnection& ended) { forget(ended); });
    if (!connection) return;
    registry_.emplace(connection.get(), connection);
    connections_ = registry_.size();
    if (!std::exchange(timer_runs_, true)) tick();
    if (has_room) {
        connection->start();
    } else {
        connection->turn_away();
    }
}

void ForwardProxy::Impl::forget(const ProxyConnection& connection) {
    registry_.erase(&connection);
    connections_ = registry_.size();
    if (all_ended_ && registry_.empty()) timer_.cancel();
}

/// What it does may end any of them.
template <class Do>
void ForwardProxy::Impl::for_each_connection(Do action) {
    std::vector<std::shared_ptr<ProxyConnection>> all;
    all.reserve(registry_.size());
    for (const auto& [key, connection] : registry_) all.push_back(connection);
    for (const auto& connection : all) action(*connection);
}

void ForwardProxy::Impl::expire() {
    const Millis now = context_.stopwatch.elapsed();
    for_each_connection([&](ProxyConnection& connection) { connection.expire(now); });
}

void ForwardProxy::Impl::tick() {
    timer_.expires_after(kCheckEvery);
    timer_.async_wait([this](const asio::error_code& cancelled) {
        if (cancelled || all_ended_) return;
        expire();
        timer_runs_ = !registry_.empty();
        if (timer_runs_) tick();
    });
}

void ForwardProxy::Impl::end_all() {
    all_ended_ = true;
    lookup_.close();
    work_.reset();
    timer_.expires_after(kLastStall);  // in place of the next tick
    timer_.async_wait([this](const asio::error_code&) {
        for_each_connection([](ProxyConnection& connection) { connection.close(); });
    });
    for_each_connection([](ProxyConnection& connection) { connection.finish(); });
    if (registry_.empty()) timer_.cancel();
}

ForwardProxy::ForwardProxy(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
ForwardProxy::~ForwardProxy() = default;
Result<void> ForwardProxy::listen() { return impl_->listen(); }
Result<void> ForwardProxy::start() { return impl_->start(); }
int ForwardProxy::port() const { return impl_->port(); }
ForwardProxy::Counts ForwardProxy::counts() const { return impl_->counts(); }
void ForwardProxy::check_deadlines() { impl_->check_deadlines(); }
void ForwardProxy::stop() { impl_->stop(); }

}  // namespace wxpay::http
