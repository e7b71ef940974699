#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/result.hpp"

namespace wxpay::http {

/// The IP addresses of a host, textual, in the order in which to try them; at least one.
using Addresses = Result<std::vector<std::string>>;

/// Asks the machine (hosts file, name servers). Blocks, for many seconds when a name server is
/// dead. The failure's detail is a sentence for people, "no such host: x".
Addresses resolve_by_system(const std::string& name);

/// Looks names up without holding anybody up: each name has a thread of its own for as long as it
/// takes, so that one that no server answers for delays no other. Nothing is remembered; the
/// system's resolver has the cache. All members are called on the owner's thread, and so are the
/// answers.
class NameLookup {
  public:
    using Ticket = std::uint64_t;
    using Found = std::function<void(const Addresses&)>;
    /// Blocks; called on threads that may outlive the NameLookup, so it owns what it uses.
    using Resolve = std::function<Addresses(const std::string& name)>;
    /// Runs a task on the owner's thread, never at once; called on any thread.
    using Post = std::function<void(std::function<void()>)>;

    NameLookup(Resolve resolve, Post post);
    ~NameLookup() { close(); }
    NameLookup(const NameLookup&) = delete;
    NameLookup& operator=(const NameLookup&) = delete;

    /// `found` is called once, later, unless cancel() or close() comes before.
    Ticket find(const std::string& name, Found found);
    void cancel(const std::string& name, Ticket ticket);
    /// Forgets everybody who waits and does not wait for threads that are still blocked.
    void close();

  private:
    struct Shared;
    void start_threads();
    void on_answer(const std::string& name, const Addresses& addresses);

    std::shared_ptr<Shared> shared_;  // with the threads
    Ticket last_ticket_ = 0;
    std::size_t threads_ = 0;
    std::unordered_map<std::string, std::map<Ticket, Found>> waiting_;
    std::deque<std::string> not_started_;
};

}  // namespace wxpay::http
