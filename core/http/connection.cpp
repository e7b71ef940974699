#include "core/http/connection.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <utility>

namespace wxpay::http {

Connection::Connection(std::unique_ptr<Channel> bytes, MessageReader::Limits limits,
                       std::string remote_address, const Conversation::Refuse& refuse)
    : channel(std::move(bytes)), talk(limits, std::move(remote_address), refuse) {}

Connection::~Connection() {
    if (stream) stream->close();
}

bool Connection::arm(int epoll, int operation, std::uint32_t events, std::uint64_t tag,
                     std::int64_t at) {
    const std::lock_guard lock(handover_);
    deadline = at;
    epoll_event event{};
    event.events = events | EPOLLONESHOT;
    event.data.u64 = tag;
    return ::epoll_ctl(epoll, operation, channel->fd(), &event) == 0;
}

bool Connection::take() {
    const std::lock_guard lock(handover_);
    return deadline.exchange(kNoDeadline) != kExpired;
}

void Connection::expire(std::int64_t now, std::string_view timeout_answer) {
    if (now < deadline) return;
    const std::lock_guard lock(handover_);
    if (now < deadline || deadline == kExpired) return;
    deadline = kExpired;
    if (std::size_t taken = 0; owes_timeout) channel->send(timeout_answer, taken);
    channel->finish();
    ::shutdown(channel->fd(), SHUT_RDWR);
}

}  // namespace wxpay::http
