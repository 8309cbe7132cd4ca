#include "bridge/config/host_port.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice {
namespace {

bool IsLoopback(const std::string& text) {
  const absl::StatusOr<HostPort> parsed = ParseHostPort(text);
  EXPECT_TRUE(parsed.ok()) << text << ": " << parsed.status();
  return parsed.ok() && parsed->IsLoopback();
}

TEST(HostPort, WhatIsReadPrintsAsItWas) {
  for (const std::string text :
       {"127.0.0.1:50051", "localhost:0", "[::1]:8080", "[::]:65535", ":8080",
        "bridge_1.example-host.com:443"}) {
    const absl::StatusOr<HostPort> parsed = ParseHostPort(text);
    ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.status();
    EXPECT_EQ(parsed->ToString(), text);
  }
}

TEST(HostPort, AnIpv6HostLosesItsBrackets) {
  const absl::StatusOr<HostPort> parsed = ParseHostPort("[fe80::1]:9");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(*parsed, (HostPort{"fe80::1", 9}));
}

TEST(HostPort, WhatIsNotHostAndPortIsRefused) {
  for (
      const std::string text :
      {"",         "localhost",   "8080",        "localhost:", "localhost:http",
       "a:65536",  "a:-1",        "a:+1",        "a: 1",       "a:000080",
       "::1:8080", "[::1]",       "[::1:8080",   "[::1]8080",  "[localhost]:1",
       "[]:1",     "http://a:1",  "a b:1",       "a/b:1",      "127.1:1",
       "0:1",      "256.0.0.1:1", "1.2.3.4.5:1", "a\n:1"}) {
    EXPECT_EQ(ParseHostPort(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
  EXPECT_FALSE(ParseHostPort(absl::string_view("[::1\0x]:1", 10)).ok());
  EXPECT_FALSE(ParseHostPort(std::string(254, 'a') + ":1").ok());
}

TEST(HostPort, LocalhostAndLoopbackAddressesAreLoopback) {
  for (const char* text :
       {"localhost:1", "LocalHost:1", "127.0.0.1:1", "127.255.0.3:1", "[::1]:1",
        "[0:0:0:0:0:0:0:1]:1", "[::ffff:127.0.0.1]:1"}) {
    EXPECT_TRUE(IsLoopback(text)) << text;
  }
}

TEST(HostPort, EveryOtherHostMayBeReachedFromOutside) {
  for (const char* text :
       {":1", "0.0.0.0:1", "[::]:1", "10.0.0.1:1", "128.0.0.1:1",
        "[::ffff:10.0.0.1]:1", "localhost.example.com:1", "127.0.0.1.nip.io:1",
        "my-host:1"}) {
    EXPECT_FALSE(IsLoopback(text)) << text;
  }
}

}  // namespace
}  // namespace sluice
