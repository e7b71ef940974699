#pragma once

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/http/dispatcher.hpp"

namespace wxpay::test {

inline http::Request post(std::string body = "<xml/>") {
    http::Request request;
    request.method = "POST";
    request.headers.add("Content-Type", "text/xml");
    request.body = std::move(body);
    return request;
}

/// What came of a request that will end, however long that takes.
inline http::Outcome send_and_wait(http::Dispatcher& dispatcher, const http::Url& url,
                                   Millis timeout = std::chrono::seconds(30),
                                   const http::Request& request = post()) {
    const auto ended = std::make_shared<std::promise<http::Outcome>>();
    dispatcher.send(url, request, timeout,
                    [ended](http::Outcome outcome) { ended->set_value(std::move(outcome)); });
    return ended->get_future().get();
}

/// Collects the outcomes of many requests; outlives the dispatcher.
class Outcomes {
  public:
    http::Dispatcher::Done collect() {
        return [this](http::Outcome outcome) {
            const std::lock_guard lock(mutex_);
            outcomes_.push_back(std::move(outcome));
            changed_.notify_all();
        };
    }
    std::vector<http::Outcome> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60),
                                      [&] { return outcomes_.size() >= count; }));
        return outcomes_;
    }
    std::size_t size() {
        const std::lock_guard lock(mutex_);
        return outcomes_.size();
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<http::Outcome> outcomes_;
};

inline http::Dispatcher::Options resolving_to(const std::vector<std::string>& addresses) {
    http::Dispatcher::Options options;
    options.resolve = [addresses](const std::string&) { return addresses; };
    return options;
}

}  // namespace wxpay::test
