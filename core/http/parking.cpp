#include "core/http/parking.hpp"

#include <atomic>
#include <sys/epoll.h>
#include <utility>

namespace wxpay::http {

/// What the copies of one Reply share.
class Parking::Promise {
  public:
    Promise(std::shared_ptr<Parking> parking, std::uint64_t tag)
        : parking_(std::move(parking)), tag_(tag) {}
    ~Promise() { keep(Response{500, {}, {}}); }
    Promise(const Promise&) = delete;
    Promise& operator=(const Promise&) = delete;

    void keep(Response response) {
        if (!kept_.exchange(true)) parking_->answer(tag_, std::move(response));
    }

  private:
    std::shared_ptr<Parking> parking_;
    std::uint64_t tag_;
    std::atomic<bool> kept_{false};
};

Reply Parking::park(Connection& connection) {
    const auto tag = next_tag_.fetch_add(2);
    Reply reply = [promise = std::make_shared<Promise>(shared_from_this(), tag)](
                      Response response) { promise->keep(std::move(response)); };
    const std::lock_guard lock(mutex_);
    parked_.emplace(tag, &connection);
    connection.arm(epoll_, EPOLL_CTL_MOD, EPOLLRDHUP, tag, Connection::kNoDeadline);
    return reply;
}

void Parking::park_stream(Connection& connection) {
    const auto tag = next_tag_.fetch_add(2);
    const auto stream = connection.stream;  // the connection may be gone before we are through
    // Made before it is given up: whoever fails here still has it.
    std::function<void()> wake = [parking = shared_from_this(), tag] { parking->go_on(tag); };
    {
        const std::lock_guard lock(mutex_);
        parked_.emplace(tag, &connection);
        connection.arm(epoll_, EPOLL_CTL_MOD, EPOLLRDHUP, tag, Connection::kNoDeadline);
    }
    stream->when_ready(std::move(wake));
}

Connection* Parking::leave(std::uint64_t tag) {
    const std::lock_guard lock(mutex_);
    const auto node = parked_.extract(tag);
    return node.empty() ? nullptr : node.mapped();
}

Connection* Parking::peer_finished(std::uint64_t tag, std::int64_t deadline) {
    const std::lock_guard lock(mutex_);
    const auto found = parked_.find(tag);
    if (found == parked_.end()) return nullptr;
    if (found->second->stream) return parked_.extract(found).mapped();
    // Without events asked for, epoll still reports a reset and our own shutdown.
    found->second->arm(epoll_, EPOLL_CTL_MOD, 0, tag, deadline);
    return nullptr;
}

void Parking::answer(std::uint64_t tag, Response response) {
    const std::lock_guard lock(mutex_);
    const auto node = parked_.extract(tag);
    if (node.empty()) return;
    Connection& connection = *node.mapped();
    connection.promised = std::move(response);
    hand_over(connection, Connection::Phase::answering);
}

/// To a worker: at once, unless what went before fills the socket. From here on events bear the
/// connection's own tag.
void Parking::hand_over(Connection& connection, Connection::Phase phase) {
    connection.phase = phase;
    connection.arm(epoll_, EPOLL_CTL_MOD, EPOLLOUT, connection.tag(), send_deadline_());
}

void Parking::go_on(std::uint64_t tag) {
    const std::lock_guard lock(mutex_);
    const auto node = parked_.extract(tag);
    if (!node.empty()) hand_over(*node.mapped(), Connection::Phase::sending);
}

void Parking::close() {
    const std::lock_guard lock(mutex_);
    parked_.clear();
}

}  // namespace wxpay::http
