// The engine on a file system that is really full: a small tmpfs of its own, where mounting is permitted.
#include "hem/model/json.hpp"
#include "hem/search/embedded/engine.hpp"

#include <gtest/gtest.h>

#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace hem::search::embedded {
namespace {

class small_disk {
public:
    explicit small_disk(const char* size) {
        char name[] = "/tmp/hem_full_disk_XXXXXX";
        if (::mkdtemp(name) == nullptr) throw std::runtime_error("cannot make a folder in /tmp");
        path_ = name;
        mounted_ = ::mount("tmpfs", name, "tmpfs", 0, size) == 0;
        reason_ = std::strerror(errno);
    }
    ~small_disk() {
        if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
        ::rmdir(path_.c_str());
    }
    small_disk(const small_disk&) = delete;
    small_disk& operator=(const small_disk&) = delete;
    bool mounted() const { return mounted_; }
    const std::string& reason() const { return reason_; }
    std::string store() const { return path_ + "/store.db"; }
    bool resize(const char* size) const { return ::mount(nullptr, path_.c_str(), nullptr, MS_REMOUNT, size) == 0; }

private:
    std::string path_, reason_;
    bool mounted_ = false;
};

rest_response send(engine& to, const std::string& method, const std::string& target, const std::string& body = {},
                   const std::string& type = "application/json") {
    return to.handle(rest_request::from_target(method, target, body, type));
}

// 3.9: a full disk is a clear error of the items that it hit; what was acknowledged is there, at once and after opening again.
TEST(FullDisk, BulkSaysSoAndLosesNothingAcknowledged) {
    const small_disk disk("size=3m");
    if (!disk.mounted()) GTEST_SKIP() << "cannot mount a tmpfs here: " << disk.reason();
    std::vector<std::string> stored;
    int refused = 0, next = 0;
    const auto bulk = [&](engine& to, int documents) {
        std::string body;
        for (int at = 0; at < documents; ++at, ++next)
            body += R"({"index":{"_id":")" + std::to_string(next) + "\"}}\n" + R"({"t":"fox )" + std::to_string(next) +
                    R"(","filling":{"x":")" + std::string(2000, 'a') + "\"}}\n";
        const json answer = json::parse(send(to, "POST", "/posts/_bulk", body, "application/x-ndjson").body);
        for (const json& item : answer["items"].elements()) {
            const json& one = item["index"];
            if (one["status"].as_int64() == 201) {
                stored.push_back(one["_id"].as_string());
                continue;
            }
            ++refused;
            EXPECT_EQ(one["status"].as_int64(), 429);
            EXPECT_NE(one["error"]["reason"].as_string().find("disk is full"), std::string::npos) << one.dump();
        }
    };
    const auto all_there = [&](engine& in) {
        for (const std::string& id : stored) ASSERT_EQ(send(in, "GET", "/posts/_doc/" + id).status, 200) << id;
        const json counted = json::parse(send(in, "POST", "/posts/_count", R"({"query":{"match":{"t":"fox"}}})").body);
        ASSERT_EQ(counted["count"].as_int64(), static_cast<std::int64_t>(stored.size())) << counted.dump();
    };
    const char* mapping = R"({"mappings":{"properties":{"t":{"type":"text"},"filling":{"type":"object","enabled":false}}}})";
    {
        const auto opened = engine::open({.path = disk.store()});
        ASSERT_EQ(send(*opened, "PUT", "/posts", mapping).status, 200);
        for (int round = 0; round < 100 && refused == 0; ++round) bulk(*opened, 50);
        ASSERT_GT(refused, 0) << "the disk never filled";
        ASSERT_GT(stored.size(), 50U);
        all_there(*opened);
        const rest_response single =
            send(*opened, "PUT", "/posts/_doc/large", R"({"t":"large","filling":{"x":")" + std::string(2'000'000, 'a') + "\"}}");
        EXPECT_EQ(single.status, 429) << single.body.substr(0, 300);
        EXPECT_NE(single.body.find("disk is full"), std::string::npos) << single.body.substr(0, 300);
    }
    // Still full: it opens, or says why not, and changes nothing.
    try {
        const auto opened = engine::open({.path = disk.store()});
        all_there(*opened);
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("disk is full"), std::string::npos) << error.what();
    }
    ASSERT_TRUE(disk.resize("size=40m"));
    const auto opened = engine::open({.path = disk.store()});
    all_there(*opened);
    refused = 0;
    bulk(*opened, 50);
    EXPECT_EQ(refused, 0);
    all_there(*opened);
}

}  // namespace
}  // namespace hem::search::embedded
