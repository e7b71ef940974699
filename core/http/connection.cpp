#include "core/http/connection.hpp"

#include <sys/epoll.h>
#include <unistd.h>
#include <utility>

namespace wxpay::http {

Connection::Connection(int socket, MessageReader::Limits limits, std::string remote_address)
    : fd(socket), talk(limits, std::move(remote_address)) {}

Connection::~Connection() { ::close(fd); }

bool Connection::arm(int epoll, int operation, std::uint32_t events, std::uint64_t tag,
                     std::int64_t at) {
    const std::lock_guard lock(handover_);
    deadline = at;
    epoll_event event{};
    event.events = events | EPOLLONESHOT;
    event.data.u64 = tag;
    return ::epoll_ctl(epoll, operation, fd, &event) == 0;
}

bool Connection::take() {
    const std::lock_guard lock(handover_);
    return deadline.exchange(kNoDeadline) != kExpired;
}

}  // namespace wxpay::http
