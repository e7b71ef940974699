#include "core/http/name_lookup.hpp"

#include <array>
#include <exception>
#include <mutex>
#include <netdb.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <utility>

namespace wxpay::http {
namespace {

// More dead names than this at a time make the others wait; each takes a thread for some seconds.
constexpr std::size_t kThreadsMax = 32;

Failure<Error> no_address(std::string detail) {
    return Failure{Error{Errc::unreachable, std::move(detail)}};
}

/// What `resolve` says; what it throws, which must not leave its thread, is no address either.
Addresses look_up(const NameLookup::Resolve& resolve, const std::string& name) {
    try {
        return resolve(name);
    } catch (const std::exception& problem) {
        return no_address("the address of " + name + " cannot be found: " + problem.what());
    }
}

}  // namespace

Addresses resolve_by_system(const std::string& name) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(name.c_str(), nullptr, &hints, &found);
    if (error == EAI_NONAME) return no_address("no such host: " + name);
    if (error != 0)
        return no_address("the address of " + name + " cannot be found: " + gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);

    std::vector<std::string> addresses;
    for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (getnameinfo(info->ai_addr, info->ai_addrlen, text.data(), text.size(), nullptr, 0,
                        NI_NUMERICHOST) == 0)
            addresses.emplace_back(text.data());
    }
    if (addresses.empty()) return no_address("no such host: " + name);
    return addresses;
}

struct NameLookup::Shared {
    Resolve resolve;
    std::mutex mutex;
    Post post;  // empty once the lookup is closed
};

NameLookup::NameLookup(Resolve resolve, Post post) : shared_(std::make_shared<Shared>()) {
    shared_->resolve = std::move(resolve);
    shared_->post = std::move(post);
}

NameLookup::Ticket NameLookup::find(const std::string& name, Found found) {
    const auto [entry, is_new] = waiting_.try_emplace(name);
    entry->second.emplace(++last_ticket_, std::move(found));
    if (is_new) {
        not_started_.push_back(name);
        start_threads();
    }
    return last_ticket_;
}

void NameLookup::cancel(const std::string& name, Ticket ticket) {
    // The name stays, even with nobody waiting: its thread may be at work, and one is enough.
    if (const auto entry = waiting_.find(name); entry != waiting_.end())
        entry->second.erase(ticket);
}

void NameLookup::close() {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->post = nullptr;
    }
    waiting_.clear();
    not_started_.clear();
}

void NameLookup::start_threads() {
    while (threads_ < kThreadsMax && !not_started_.empty()) {
        const std::string name = std::move(not_started_.front());
        not_started_.pop_front();
        if (waiting_[name].empty()) {
            waiting_.erase(name);
            continue;
        }
        const auto work = [this, name, shared = shared_] {
            Addresses addresses = look_up(shared->resolve, name);
            const std::lock_guard lock(shared->mutex);
            if (!shared->post) return;  // and `this` may be gone
            shared->post([this, name, addresses = std::move(addresses)] {
                --threads_;
                on_answer(name, addresses);
                start_threads();
            });
        };
        ++threads_;
        try {
            // Detached, for nothing can interrupt a lookup: whoever stops must not wait for it.
            std::thread(work).detach();
        } catch (const std::system_error& error) {
            --threads_;
            shared_->post(
                [this, name, reason = std::string("no thread for a lookup: ") + error.what()] {
                    on_answer(name, no_address(reason));
                });
        }
    }
}

void NameLookup::on_answer(const std::string& name, const Addresses& addresses) {
    const auto waiting = waiting_.extract(name);
    if (waiting.empty()) return;  // closed
    for (const auto& [ticket, found] : waiting.mapped()) found(addresses);
}

}  // namespace wxpay::http
