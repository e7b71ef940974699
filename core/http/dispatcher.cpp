#include "core/http/dispatcher.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/ssl/context.hpp>
#include <openssl/ssl.h>

#include "core/http/framing.hpp"
#include "core/http/name_lookup.hpp"
#include "core/http/outbound_connection.hpp"

namespace wxpay::http {
namespace {

// Kept for all hosts together: a merchant per test should not use up the process's descriptors.
constexpr std::size_t kKeptMax = 256;

bool is_header_line(const Headers::Line& line) {
    return is_token(line.first) && is_header_value(line.second);
}

/// The request's bytes; a failure's detail says why it cannot be sent.
Result<std::string> serialize(const Url& url, const Request& request) {
    if (!is_token(request.method))
        return Failure{Error{Errc::invalid_value, "the request's method cannot be sent"}};
    std::string bytes;
    bytes.reserve(512 + request.body.size());
    bytes.append(request.method).append(" ").append(url.target).append(" HTTP/1.1\r\n");
    bytes.append("Host: ").append(url.authority()).append("\r\n");
    for (const auto& line : request.headers) {
        if (!is_header_line(line))
            return Failure{Error{Errc::invalid_value, "a header of the request cannot be sent"}};
        bytes.append(line.first).append(": ").append(line.second).append("\r\n");
    }
    bytes.append("Content-Length: ").append(std::to_string(request.body.size()));
    bytes.append("\r\n\r\n").append(request.body);
    return bytes;
}

Result<OutboundRequest> outbound(const Url& url, const Request& request, Millis timeout) {
    WXPAY_TRY(std::string bytes, serialize(url, request));
    return OutboundRequest{std::make_shared<const std::string>(std::move(bytes)),
                           request.method == "HEAD", timeout};
}

asio::ssl::context make_tls(const std::string& ca_file) {
    asio::ssl::context tls(asio::ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
    tls.set_verify_mode(asio::ssl::verify_peer);
    if (ca_file.empty()) return tls;
    try {
        tls.load_verify_file(ca_file);
    } catch (const std::system_error& error) {
        throw std::runtime_error("cannot read certificates from " + ca_file + ": " + error.what());
    }
    return tls;
}

Outcome unreachable(std::string reason) {
    Outcome outcome;
    outcome.reason = std::move(reason);
    return outcome;
}

}  // namespace

class Dispatcher::Impl {
  public:
    explicit Impl(Options options);
    ~Impl() { stop(); }

    void send(const Url& url, OutboundRequest request, Done done);
    /// Ends a request that is none.
    void refuse(std::string reason, Done done);
    std::size_t pending() const { return pending_; }
    void stop();

  private:
    struct Job {
        OutboundRequest request;
        Done done;
    };
    using ConnectionPtr = std::shared_ptr<OutboundConnection>;
    /// All that is known of one origin; forgotten when there is nothing left in it.
    struct Host {
        Url url;
        std::deque<Job> queue;
        std::vector<ConnectionPtr> busy;
        std::vector<ConnectionPtr> kept;
    };

    void post(Done done, std::function<void(Done)> task);

    // From here on: only on thread_.
    void serve();
    asio::ssl::context& tls();
    void enqueue(const Url& url, Job job);
    void start_what_can(Host& host);
    void start(Host& host, const ConnectionPtr& connection);
    void on_end(Host& host, const OutboundConnection* ended, const Done& done, Outcome outcome);
    void keep(Host& host, ConnectionPtr connection);
    void forget_if_unused(const Host& host);
    void finish(const Done& done, Outcome outcome);
    void end_all();

    const Options options_;
    const SystemStopwatch own_stopwatch_;
    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
    asio::ssl::context tls_;
    bool has_roots_;
    NameLookup lookup_;
    OutboundContext context_;
    std::unordered_map<std::string, Host> hosts_;  // by origin; references to a Host stay good
    std::size_t kept_ = 0;
    bool all_ended_ = false;

    std::atomic<std::size_t> pending_ = 0;
    std::mutex mutex_;  // orders posts to io_ before the one that ends it
    bool stopping_ = false;
    std::mutex join_mutex_;
    std::thread thread_;
    std::thread::id thread_id_;
};

Dispatcher::Impl::Impl(Options options)
    : options_(std::move(options)),
      tls_(make_tls(options_.ca_file)),
      has_roots_(!options_.ca_file.empty()),
      lookup_(options_.resolve ? options_.resolve : resolve_by_system,
              [this](std::function<void()> task) { asio::post(io_, std::move(task)); }),
      context_{io_, [this]() -> asio::ssl::context& { return tls(); }, lookup_, options_,
               options_.stopwatch != nullptr ? *options_.stopwatch : own_stopwatch_} {
    WXPAY_ASSERT(options_.in_flight_per_host_max > 0);
    thread_ = std::thread([this] { serve(); });
    thread_id_ = thread_.get_id();
}

void Dispatcher::Impl::send(const Url& url, OutboundRequest request, Done done) {
    post(std::move(done), [this, url, request = std::move(request)](Done ended) mutable {
        enqueue(url, {std::move(request), std::move(ended)});
    });
}

void Dispatcher::Impl::refuse(std::string reason, Done done) {
    post(std::move(done), [this, reason = std::move(reason)](const Done& ended) {
        finish(ended, unreachable(reason));
    });
}

/// Runs the task on thread_; it sees to it that `done` is called. After stop() nothing does.
void Dispatcher::Impl::post(Done done, std::function<void(Done)> task) {
    {
        const std::lock_guard lock(mutex_);
        if (!stopping_) {
            ++pending_;
            asio::post(io_, [task = std::move(task), done = std::move(done)]() mutable {
                task(std::move(done));
            });
            return;
        }
    }
    done(unreachable("shutting down"));
}

void Dispatcher::Impl::serve() {
    for (;;) {
        try {
            io_.run();
            return;
        } catch (const std::exception&) {
            // No memory for one more request, or a rule of the owner's that failed: the others go
            // on, and this one's time ends it.
        }
    }
}

void Dispatcher::Impl::stop() {
    WXPAY_ASSERT(std::this_thread::get_id() != thread_id_);
    {
        const std::lock_guard lock(mutex_);
        if (!std::exchange(stopping_, true)) asio::post(io_, [this] { end_all(); });
    }
    const std::lock_guard lock(join_mutex_);
    if (thread_.joinable()) thread_.join();
}

/// The system's roots take some 20 ms to read, which a sandbox that never calls an https url need
/// not spend.
asio::ssl::context& Dispatcher::Impl::tls() {
    if (!std::exchange(has_roots_, true)) {
        asio::error_code no_roots;  // shows as a certificate that cannot be verified
        tls_.set_default_verify_paths(no_roots);
    }
    return tls_;
}

void Dispatcher::Impl::enqueue(const Url& url, Job job) {
    Host& host = hosts_[url.origin()];
    if (host.queue.size() >= options_.queued_per_host_max &&
        host.busy.size() >= options_.in_flight_per_host_max) {
        return finish(job.done, unreachable(std::to_string(host.queue.size()) +
                                            " requests wait for " + url.origin() + " already"));
    }
    host.url = url;
    host.queue.push_back(std::move(job));
    start_what_can(host);
}

void Dispatcher::Impl::start_what_can(Host& host) {
    while (!host.queue.empty() && host.busy.size() < options_.in_flight_per_host_max) {
        ConnectionPtr connection;
        if (host.kept.empty()) {
            connection = OutboundConnection::create(context_, host.url);
        } else {
            // The last one used: those that are not needed grow old and close.
            connection = std::move(host.kept.back());
            host.kept.pop_back();
            --kept_;
        }
        start(host, connection);
    }
}

void Dispatcher::Impl::start(Host& host, const ConnectionPtr& connection) {
    Job job = std::move(host.queue.front());
    host.queue.pop_front();
    host.busy.push_back(connection);
    connection->send(std::move(job.request),
                     [this, &host, ended = connection.get(), done = std::move(job.done)](
                         Outcome outcome) { on_end(host, ended, done, std::move(outcome)); });
}

void Dispatcher::Impl::on_end(Host& host, const OutboundConnection* ended, const Done& done,
                              Outcome outcome) {
    const auto found = std::find_if(host.busy.begin(), host.busy.end(),
                                    [&](const ConnectionPtr& busy) { return busy.get() == ended; });
    ConnectionPtr connection = std::move(*found);
    host.busy.erase(found);
    finish(done, std::move(outcome));
    if (all_ended_) return;
    if (connection->is_open()) {
        if (host.queue.empty()) {
            keep(host, std::move(connection));
        } else {
            start(host, connection);
        }
    }
    start_what_can(host);
    forget_if_unused(host);
}

void Dispatcher::Impl::keep(Host& host, ConnectionPtr connection) {
    if (kept_ == kKeptMax) return connection->close();
    connection->keep([this, &host, closed = connection.get()] {
        std::erase_if(host.kept, [&](const ConnectionPtr& kept) { return kept.get() == closed; });
        --kept_;
        forget_if_unused(host);
    });
    host.kept.push_back(std::move(connection));
    ++kept_;
}

void Dispatcher::Impl::forget_if_unused(const Host& host) {
    if (host.queue.empty() && host.busy.empty() && host.kept.empty())
        hosts_.erase(host.url.origin());
}

void Dispatcher::Impl::finish(const Done& done, Outcome outcome) {
    --pending_;
    try {
        done(std::move(outcome));
    } catch (const std::exception&) {
        // Its own affair: the host's next request must not wait for ever.
    }
}

void Dispatcher::Impl::end_all() {
    all_ended_ = true;
    lookup_.close();
    for (auto& [origin, host] : hosts_) {
        for (const auto& kept : host.kept) kept->close();
        for (const auto& busy : std::vector(host.busy)) busy->close();
        for (const auto& job : host.queue) finish(job.done, unreachable("shutting down"));
    }
    hosts_.clear();
    work_.reset();
}

Dispatcher::Dispatcher(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Dispatcher::~Dispatcher() = default;

void Dispatcher::send(const Url& url, const Request& request, Millis timeout, Done done) {
    auto whole = outbound(url, request, timeout);
    if (!whole) return impl_->refuse(std::move(whole.error().detail), std::move(done));
    impl_->send(url, *std::move(whole), std::move(done));
}

void Dispatcher::send_and_cut(const Url& url, const Request& request,
                              std::optional<std::size_t> body_bytes, Millis timeout, Done done) {
    auto part = outbound(url, request, timeout);
    if (!part) return impl_->refuse(std::move(part.error().detail), std::move(done));
    const std::size_t head = part->bytes->size() - request.body.size();
    part->cut_at = body_bytes ? head + std::min(*body_bytes, request.body.size()) : 0;
    impl_->send(url, *std::move(part), std::move(done));
}

std::size_t Dispatcher::pending() const { return impl_->pending(); }

void Dispatcher::stop() { impl_->stop(); }

}  // namespace wxpay::http
