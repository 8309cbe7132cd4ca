#include "bridge/config/options.h"

#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

absl::Status Set(const std::string& name, const std::string& text,
                 Config& config) {
  const Option* option = FindOption(name);
  if (option == nullptr) return absl::NotFoundError(name);
  return SetOption(*option, "--", text, config);
}

std::string Refusal(const std::string& name, const std::string& text) {
  Config config;
  const absl::Status status = Set(name, text, config);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument)
      << name << "=" << text;
  EXPECT_EQ(FindOption(name)->get(config), FindOption(name)->get(Config()))
      << "a refused value changed the setting";
  return std::string(status.message());
}

TEST(Options, EveryNameIsThereOnceAndHasASentence) {
  std::set<absl::string_view> names;
  for (const Option& option : Options()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    EXPECT_EQ(option.sentence.back(), '.') << option.name;
    EXPECT_FALSE(option.bounds.empty()) << option.name;
    EXPECT_EQ(option.value.empty(), option.is_bool) << option.name;
  }
  for (const char* name : {"config",
                           "grpc_listen",
                           "http_listen",
                           "loops",
                           "heartbeat",
                           "retry",
                           "cors_origins",
                           "require_topics",
                           "http_publish",
                           "insecure",
                           "error_event",
                           "descriptor_set",
                           "demo",
                           "retention_events",
                           "retention_bytes",
                           "retention_age",
                           "topics",
                           "memory_limit",
                           "max_event_bytes",
                           "max_topics",
                           "max_topics_per_stream",
                           "max_connections",
                           "request_memory",
                           "replay_memory",
                           "producer_window",
                           "producer_grace",
                           "tombstone_ttl",
                           "idle_topic_ttl",
                           "log_level",
                           "log_format",
                           "max_stream_age",
                           "drain",
                           "header_timeout",
                           "body_timeout",
                           "write_timeout",
                           "drip_timeout",
                           "max_grpc_connections",
                           "max_streams",
                           "grpc_keepalive",
                           "grpc_memory"}) {
    EXPECT_EQ(names.erase(name), 1u) << name;
  }
  EXPECT_THAT(names, ::testing::IsEmpty());
}

TEST(Options, EveryDefaultReadsBackAsItPrints) {
  for (const Option& option : Options()) {
    Config config;
    const std::string value = option.get(config);
    EXPECT_TRUE(option.set(value, config).ok()) << option.name << "=" << value;
    EXPECT_EQ(option.get(config), value) << option.name;
  }
}

TEST(Options, BothBoundsAreAllowedAndNothingBeyondThem) {
  Config config;
  EXPECT_TRUE(Set("heartbeat", "1s", config).ok());
  EXPECT_TRUE(Set("heartbeat", "60s", config).ok());
  EXPECT_EQ(config.heartbeat, absl::Seconds(60));
  EXPECT_EQ(Refusal("heartbeat", "999ms"),
            "--heartbeat=999ms: must be a duration such as 1500ms, 15s or 1h, "
            "1s to 1m");
  Refusal("heartbeat", "60001ms");
  Refusal("heartbeat", "0");
  Refusal("heartbeat", "inf");
  Refusal("retry", "-2s");
  Refusal("retention_events", "1000000001");
  Refusal("max_event_bytes", "64MiB1");
  EXPECT_THAT(Refusal("max_event_bytes", "65MiB"), HasSubstr("1 to 64MiB"));
}

TEST(Options, ZeroIsAllowedWhereItStandsForSomething) {
  Config config;
  EXPECT_TRUE(Set("max_stream_age", "0", config).ok());
  EXPECT_TRUE(Set("max_connections", "0", config).ok());
  EXPECT_TRUE(Set("loops", "0", config).ok());
  EXPECT_THAT(Refusal("max_stream_age", "1ms"), HasSubstr("or 0: no limit"));
  Refusal("max_topics", "0");
}

TEST(Options, SizesArePlainBytesOrHaveABinaryUnit) {
  Config config;
  EXPECT_TRUE(Set("retention_bytes", "1000", config).ok());
  EXPECT_EQ(config.retention_bytes, 1000u);
  EXPECT_TRUE(Set("retention_bytes", "3KiB", config).ok());
  EXPECT_EQ(config.retention_bytes, 3072u);
  EXPECT_TRUE(Set("retention_bytes", "2GiB", config).ok());
  EXPECT_EQ(config.retention_bytes, 2 * kGiB);
  for (const char* text : {"", "MiB", "1MB", "1mib", "1.5MiB", "-1", "1 KB",
                           "17179869185GiB", "99999999999999999999"}) {
    Refusal("retention_bytes", text);
  }
}

TEST(Options, DurationsAndCountsThatAreNoneAreRefused) {
  for (const char* text : {"", "2", "2sec", "two", "1h x"})
    EXPECT_THAT(Refusal("retry", text), HasSubstr("100ms to 24h"));
  for (const char* text : {"", "-1", "1.5", "many", "99999999999"})
    EXPECT_THAT(Refusal("loops", text),
                HasSubstr("1 to 256, or 0: one a core"));
  EXPECT_THAT(Refusal("insecure", "perhaps"), HasSubstr("true or false"));
}

TEST(Options, NamesAreTakenFromAListOfWords) {
  Config config;
  EXPECT_TRUE(Set("log_level", "debug", config).ok());
  EXPECT_EQ(config.log_level, LogLevel::kDebug);
  EXPECT_TRUE(Set("log_format", "json", config).ok());
  EXPECT_EQ(config.log_format, LogFormat::kJson);
  EXPECT_THAT(Refusal("log_level", "loud"),
              HasSubstr("debug, info, warning or error"));
}

TEST(Options, TheErrorEventIsATypeThatASubscriberCanListenFor) {
  Config config;
  EXPECT_TRUE(Set("error_event", "failure", config).ok());
  EXPECT_EQ(config.error_event, "failure");
  for (const char* text : {"", "open", "sluice.error", "a\nb", "\xff"})
    Refusal("error_event", text);
}

TEST(Options, OriginsAreTakenInTheFormThatBrowsersSend) {
  Config config;
  EXPECT_TRUE(
      Set("cors_origins", "https://a.example, http://localhost:3000", config)
          .ok());
  EXPECT_THAT(
      config.cors_origins,
      ::testing::ElementsAre("https://a.example", "http://localhost:3000"));
  for (const char* text : {"http://[::1]:5173", "capacitor://localhost"})
    EXPECT_TRUE(Set("cors_origins", text, config).ok()) << text;
  EXPECT_TRUE(Set("cors_origins", "", config).ok());
  EXPECT_THAT(config.cors_origins, ::testing::IsEmpty());
  for (const char* text :
       {"*", "null", "a.example", "https://", "https://A.example",
        "https://a.example/", "https://a.example:443", "http://a.example:80",
        "https://a.example:0", "https://u@a.example", "https://a.example,",
        "https://a.example:x", "https://:1", "://a", "file://"}) {
    Refusal("cors_origins", text);
  }
}

TEST(Options, ARefusalShowsControlCharactersEscaped) {
  EXPECT_THAT(Refusal("heartbeat", "1\n\x1b[2J"), Not(HasSubstr("\n")));
  EXPECT_THAT(Refusal("heartbeat", "1\x1b[2J"), Not(HasSubstr("\x1b")));
}

TEST(Options, AnUnknownNameGetsTheNearestOneIfItIsNear) {
  const auto message = [](absl::string_view name) {
    return std::string(UnknownOption("--", name).message());
  };
  EXPECT_EQ(message("hartbeat"),
            "--hartbeat: there is no such setting, did you mean heartbeat?");
  EXPECT_THAT(message("max-topics-per-stream"),
              HasSubstr("max_topics_per_stream?"));
  EXPECT_THAT(message("heart"), Not(HasSubstr("mean")));
  EXPECT_THAT(message("x"), Not(HasSubstr("mean")));
  EXPECT_THAT(message(std::string(5000, 'x')), Not(HasSubstr("mean")));
}

}  // namespace
}  // namespace sluice
