#include "core/http/name_lookup.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace wxpay::http {
namespace {

/// The owner's thread is the test's: it runs what was posted when it says so.
class Tasks {
  public:
    NameLookup::Post post() {
        return [this](std::function<void()> task) {
            const std::lock_guard lock(mutex_);
            tasks_.push_back(std::move(task));
            changed_.notify_all();
        };
    }
    void run_next() {
        std::unique_lock lock(mutex_);
        ASSERT_TRUE(
            changed_.wait_for(lock, std::chrono::seconds(60), [&] { return !tasks_.empty(); }));
        const auto task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        task();
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> tasks_;
};

/// Names whose lookups go on until the test answers them. Shared with the lookup's threads.
class Names {
  public:
    NameLookup::Resolve resolve() const {
        return [state = state_](const std::string& name) -> Addresses {
            std::unique_lock lock(state->mutex);
            ++state->asked[name];
            state->changed.notify_all();
            state->changed.wait(lock, [&] { return state->answered[name] > 0; });
            return std::vector<std::string>{"192.0.2.1"};
        };
    }
    void answer(const std::string& name) const {
        const std::lock_guard lock(state_->mutex);
        state_->answered[name] = 1;
        state_->changed.notify_all();
    }
    void wait_until_asked(const std::string& name) const {
        std::unique_lock lock(state_->mutex);
        ASSERT_TRUE(state_->changed.wait_for(lock, std::chrono::seconds(60),
                                             [&] { return state_->asked[name] > 0; }));
    }
    int asked(const std::string& name) const {
        const std::lock_guard lock(state_->mutex);
        return state_->asked[name];
    }

  private:
    struct State {
        std::mutex mutex;
        std::condition_variable changed;
        std::map<std::string, int> asked;
        std::map<std::string, int> answered;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

TEST(NameLookup, AsksOnceForAllWhoWaitForAName) {
    Tasks tasks;
    const Names names;
    NameLookup lookup(names.resolve(), tasks.post());
    std::string found;
    lookup.find("a.test",
                [&](const Addresses& addresses) { found += "1" + addresses->front() + " "; });
    lookup.find("a.test",
                [&](const Addresses& addresses) { found += "2" + addresses->front() + " "; });
    names.answer("a.test");
    tasks.run_next();
    EXPECT_EQ(found, "1192.0.2.1 2192.0.2.1 ");
    EXPECT_EQ(names.asked("a.test"), 1);
}

TEST(NameLookup, RemembersNothing) {
    Tasks tasks;
    const Names names;
    NameLookup lookup(names.resolve(), tasks.post());
    names.answer("a.test");
    for (int i = 0; i < 2; ++i) {
        lookup.find("a.test", [](const Addresses&) {});
        tasks.run_next();
    }
    EXPECT_EQ(names.asked("a.test"), 2);
}

TEST(NameLookup, ANameThatHangsDelaysNoOther) {
    Tasks tasks;
    const Names names;
    NameLookup lookup(names.resolve(), tasks.post());
    std::string found;
    lookup.find("hanging.test", [&](const Addresses&) { found += "hanging "; });
    names.wait_until_asked("hanging.test");
    lookup.find("quick.test", [&](const Addresses&) { found += "quick "; });
    names.answer("quick.test");
    tasks.run_next();
    EXPECT_EQ(found, "quick ");
    names.answer("hanging.test");
    tasks.run_next();
    EXPECT_EQ(found, "quick hanging ");
}

TEST(NameLookup, DoesNotAnswerWhoCancelled) {
    Tasks tasks;
    const Names names;
    NameLookup lookup(names.resolve(), tasks.post());
    std::string found;
    const auto first = lookup.find("a.test", [&](const Addresses&) { found += "first"; });
    lookup.find("a.test", [&](const Addresses&) { found += "second"; });
    lookup.cancel("a.test", first);
    names.answer("a.test");
    tasks.run_next();
    EXPECT_EQ(found, "second");
}

TEST(NameLookup, SkipsNamesInItsQueueThatNobodyWaitsForAnyMore) {
    Tasks tasks;
    const Names names;
    NameLookup lookup(names.resolve(), tasks.post());
    for (int i = 0; i < 32; ++i)
        lookup.find("hanging" + std::to_string(i), [](const Addresses&) {});
    std::string found;
    const auto given_up =
        lookup.find("given-up.test", [&](const Addresses&) { found += "given up"; });
    lookup.find("patient.test", [&](const Addresses&) { found += "patient"; });
    lookup.cancel("given-up.test", given_up);
    EXPECT_EQ(names.asked("patient.test"), 0);

    names.answer("patient.test");
    names.answer("hanging7");
    tasks.run_next();
    tasks.run_next();
    EXPECT_EQ(found, "patient");
    EXPECT_EQ(names.asked("given-up.test"), 0);
    for (int i = 0; i < 32; ++i) names.answer("hanging" + std::to_string(i));
}

TEST(NameLookup, CloseForgetsWhoWaitsWithoutWaitingItself) {
    Tasks tasks;
    const Names names;
    bool found = false;
    {
        NameLookup lookup(names.resolve(), tasks.post());
        lookup.find("hanging.test", [&](const Addresses&) { found = true; });
        names.wait_until_asked("hanging.test");
    }
    names.answer("hanging.test");
    EXPECT_FALSE(found);
}

TEST(NameLookup, TakesWhatAResolverThrowsForNoAddress) {
    Tasks tasks;
    NameLookup lookup(
        [](const std::string&) -> Addresses { throw std::runtime_error("out of names"); },
        tasks.post());
    std::string found;
    lookup.find("a.test", [&](const Addresses& addresses) { found = addresses.error().detail; });
    tasks.run_next();
    EXPECT_EQ(found, "the address of a.test cannot be found: out of names");
}

TEST(ResolveBySystem, FindsLocalhost) {
    const auto addresses = resolve_by_system("localhost");
    ASSERT_TRUE(addresses.has_value()) << addresses.error().detail;
    for (const auto& address : *addresses)
        EXPECT_TRUE(address == "127.0.0.1" || address == "::1") << address;
}

}  // namespace
}  // namespace wxpay::http
