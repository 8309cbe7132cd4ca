#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/stress/eventually.h"
#include "tests/stress/every_order.h"
#include "tests/stress/http_side.h"
#include "tests/stress/race_reader.h"

namespace sluice {
namespace {

using testing::ElementsAreArray;

class RacesTest : public testing::Test {
 protected:
  std::string NewTopic() { return absl::StrCat("t", ++topics_); }

  // False if the topic has ended.
  bool Publish(const std::string& topic, const std::string& text) {
    Store::AppendRequest request;
    request.topic = topic;
    request.events.push_back({"", "", text});
    return side_.Append(std::move(request)).ok();
  }
  void End(const std::string& topic) {
    Store::AppendRequest request;
    request.topic = topic;
    request.end = sluice::End{};
    EXPECT_TRUE(side_.Append(std::move(request)).ok());
  }

  // Reads until the end, over as many connections as the server makes of it.
  void ReadAll(RaceReader& reader, const std::string& topic) {
    while (!reader.connected() || !reader.ReadToEnd()) {
      if (HasFailure()) return;
      if (!reader.connected() && reader.status() == 204) return;
      reader.Subscribe(side_.port(), topic);
    }
  }

  // Whoever comes back at the end is sent away, and nobody is counted.
  void ExpectOver(RaceReader& reader, const std::string& topic) {
    reader.Subscribe(side_.port(), topic);
    ASSERT_TRUE(reader.WaitFor("\r\n\r\n"));
    reader.Leave(false);
    EXPECT_EQ(reader.status(), 204);
    EXPECT_TRUE(
        Eventually([&] { return side_.hub().Subscribers(topic) == 0; }));
  }

  HttpSide side_;

 private:
  int topics_ = 0;
};

// Readers that come, come late and leave; two events and an end: whoever reads
// is shown what was accepted, once and in that order, however it all falls.
TEST_F(RacesTest, ReadersThatComeAndGoAroundEventsAndAnEnd) {
  enum Step { kCome, kComeLate, kLeave, kFirst, kSecond, kEnd, kSteps };
  HttpOptions options = HttpSide::Options();
  options.loops = 1;
  side_.StartHttp(options);
  bool reset = false;
  InEveryOrder(kSteps, [&](const std::vector<int>& order, unsigned pauses) {
    const std::string topic = NewTopic();
    RaceReader early;
    RaceReader late;
    std::vector<std::string> expected;
    const auto publish = [&](const std::string& text, bool pause) {
      if (!Publish(topic, text)) return;
      expected.push_back(text);
      for (RaceReader* reader : {&early, &late}) {
        if (pause && reader->connected()) {
          ASSERT_TRUE(reader->WaitFor(absl::StrCat("data: ", text, "\n")));
        }
      }
    };
    const auto come = [&](RaceReader& reader, bool pause) {
      reader.Subscribe(side_.port(), topic);
      if (pause) {
        ASSERT_TRUE(reader.WaitUntilOpen());
      }
    };
    for (size_t i = 0; i < order.size(); ++i) {
      const bool pause = (pauses >> i & 1) != 0;
      switch (order[i]) {
        case kCome:
          come(early, pause);
          break;
        case kComeLate:
          come(late, pause);
          break;
        case kLeave:
          if (early.connected()) early.Leave(reset = !reset);
          break;
        case kFirst:
          publish("first", pause);
          break;
        case kSecond:
          publish("second", pause);
          break;
        case kEnd:
          End(topic);
          break;
      }
      if (HasFailure()) return;
    }
    expected.push_back("[DONE]");
    for (RaceReader* reader : {&early, &late}) {
      ReadAll(*reader, topic);
      ASSERT_THAT(reader->texts(), ElementsAreArray(expected));
    }
    ExpectOver(early, topic);
  });
}

// A topic that ends and begins anew: whoever reads is shown one life of it,
// whole.
TEST_F(RacesTest, ReadersAroundAnEndAndANewLife) {
  enum Step { kCome, kComeLate, kEvent, kEnd, kReplace, kNewEvent, kSteps };
  HttpOptions options = HttpSide::Options();
  options.loops = 1;
  side_.StartHttp(options);
  InEveryOrder(kSteps, [&](const std::vector<int>& order, unsigned pauses) {
    const std::string topic = NewTopic();
    RaceReader readers[2];
    size_t came_in[2] = {};
    bool paused[2] = {};
    std::vector<std::vector<std::string>> lives(1);
    bool ended = false;
    for (size_t i = 0; i < order.size(); ++i) {
      const bool pause = (pauses >> i & 1) != 0;
      switch (order[i]) {
        case kCome:
        case kComeLate: {
          const int which = order[i] == kCome ? 0 : 1;
          readers[which].Subscribe(side_.port(), topic);
          came_in[which] = lives.size() - 1;
          paused[which] = pause;
          if (pause) {
            ASSERT_TRUE(readers[which].WaitUntilOpen());
          }
          break;
        }
        case kEvent:
        case kNewEvent: {
          const std::string text = absl::StrCat("event ", order[i]);
          if (Publish(topic, text)) lives.back().push_back(text);
          break;
        }
        case kEnd:
          End(topic);
          ended = true;
          break;
        case kReplace:
          // AlreadyExists as long as it has not ended.
          if (side_.Create(topic, {}, true).ok() && ended) {
            lives.emplace_back();
            ended = false;
          }
          break;
      }
      if (HasFailure()) return;
    }
    if (!ended) End(topic);
    for (std::vector<std::string>& life : lives) life.push_back("[DONE]");
    for (int which : {0, 1}) {
      RaceReader& reader = readers[which];
      ASSERT_TRUE(reader.ReadToEnd());
      std::vector<std::string> shown = reader.texts();
      if (paused[which]) {
        ASSERT_THAT(shown, ElementsAreArray(lives[came_in[which]]));
      } else {
        // The request may have been read in a later life, or at the border of
        // two, where the first is gone.
        if (shown.front() == "sluice.gap") shown.erase(shown.begin());
        ASSERT_TRUE(
            std::find(lives.begin() + static_cast<ptrdiff_t>(came_in[which]),
                      lives.end(), shown) != lives.end())
            << absl::StrJoin(shown, ", ");
      }
    }
  });
}

// What a topic that is deleted once, and maybe made anew, was and became.
struct Deletion {
  int lives = 1;
  bool deleted = false;  // the first of them
  int event_in = -1;     // the life of its event; -1: there is none
};

// A reader of such a topic, when it came last.
struct Visit {
  int came_in = 0;      // at the earliest
  bool open = false;    // it stood before anything else happened
  bool before = false;  // the deletion
  bool came_back = false;
};

// A reader is shown one life to its end, or is told that something is gone.
void ExpectShown(const std::vector<std::string>& texts,
                 const Deletion& deletion, const Visit& visit) {
  const bool event = std::count(texts.begin(), texts.end(), "event") > 0;
  const bool gap = std::count(texts.begin(), texts.end(), "sluice.gap") > 0;
  const bool error = std::count(texts.begin(), texts.end(), "error") > 0;
  std::vector<std::string> others = texts;
  others.erase(std::remove(others.begin(), others.end(), "sluice.gap"),
               others.end());
  std::vector<std::string> expected;
  if (event) expected.emplace_back("event");
  if (error) expected.emplace_back("error");
  expected.emplace_back("[DONE]");
  ASSERT_THAT(others, ElementsAreArray(expected));

  // Of the lives, one ends in each of the two ways at the most.
  ASSERT_TRUE(error ? deletion.deleted
                    : !deletion.deleted || deletion.lives == 2);
  const int life = error ? 0 : deletion.lives - 1;
  ASSERT_GE(life, visit.came_in);
  if (gap) {
    ASSERT_TRUE(deletion.deleted);
  }
  if (event) {
    ASSERT_LE(deletion.event_in, life);
  }
  if (event && deletion.event_in < life) {
    ASSERT_TRUE(gap);
  }
  if (deletion.event_in == life && !event) {
    ASSERT_TRUE(error);
    if (visit.open && visit.before) {
      ASSERT_TRUE(gap);
    }
  }
  if (visit.open && !visit.came_back && visit.came_in < life) {
    ASSERT_TRUE(gap);
  }
}

// A topic that is deleted, and made anew, while readers come and the last of
// them may leave.
TEST_F(RacesTest, ReadersAroundADeletionAndANewLife) {
  enum Step { kCome, kComeLate, kLeave, kEvent, kDelete, kAnew, kSteps };
  HttpOptions options = HttpSide::Options();
  options.loops = 1;
  side_.StartHttp(options);
  bool reset = false;
  InEveryOrder(kSteps, [&](const std::vector<int>& order, unsigned pauses) {
    const std::string topic = NewTopic();
    RaceReader readers[2];
    Visit visits[2];
    bool over[2] = {};
    Deletion deletion;
    const auto come = [&](int which, bool pause) {
      readers[which].Subscribe(side_.port(), topic);
      visits[which] = {deletion.lives - 1, pause, !deletion.deleted,
                       !readers[which].events().empty()};
      if (pause) {
        ASSERT_TRUE(readers[which].WaitUntilOpen());
      }
    };
    for (size_t i = 0; i < order.size(); ++i) {
      const bool pause = (pauses >> i & 1) != 0;
      switch (order[i]) {
        case kCome:
          come(0, pause);
          break;
        case kComeLate:
          come(1, pause);
          break;
        case kLeave: {
          if (!readers[0].connected()) break;
          readers[0].Leave(reset = !reset);
          const std::vector<std::string> texts = readers[0].texts();
          over[0] = !texts.empty() && texts.back() == "[DONE]";
          break;
        }
        case kEvent:
          if (Publish(topic, "event")) deletion.event_in = deletion.lives - 1;
          break;
        case kDelete:
          // NotFound if it is not there: not even by a reader.
          if (side_.Delete(topic).ok()) deletion.deleted = true;
          break;
        case kAnew:
          // AlreadyExists as long as it is open.
          if (side_.Create(topic, {}, true).ok() && deletion.deleted)
            deletion.lives = 2;
          break;
      }
      if (HasFailure()) return;
    }
    if (!deletion.deleted || deletion.lives == 2) End(topic);
    for (int which : {0, 1}) {
      RaceReader& reader = readers[which];
      if (!reader.connected() && !over[which]) come(which, false);
      if (!over[which]) {
        ASSERT_TRUE(reader.ReadToEnd());
      }
      SCOPED_TRACE(absl::StrCat("reader ", which, ": ",
                                absl::StrJoin(reader.texts(), ", ")));
      ExpectShown(reader.texts(), deletion, visits[which]);
      if (HasFailure()) return;
    }
    ASSERT_TRUE(
        Eventually([&] { return side_.hub().Subscribers(topic) == 0; }));
  });
}

// Both lives may come to a loop at once.
TEST_F(RacesTest, AReaderOfOneLifeIsShownNothingOfTheNext) {
  side_.StartHttp();
  for (int round = 0; round < 200; ++round) {
    const std::string topic = NewTopic();
    RaceReader reader;
    reader.Subscribe(side_.port(), topic);
    ASSERT_TRUE(reader.WaitUntilOpen());
    End(topic);
    ASSERT_TRUE(side_.Create(topic, {}, true).ok());
    ASSERT_TRUE(Publish(topic, "new"));
    End(topic);
    ASSERT_TRUE(reader.ReadToEnd());
    ASSERT_THAT(reader.texts(), ElementsAreArray({"[DONE]"}));
  }
}

// The HTTP side itself goes, and another comes: what a reader was shown before
// and after is the whole.
TEST_F(RacesTest, ReadersAroundTheHttpSidesOwnEnd) {
  enum Step { kCome, kComeLate, kEvent, kEnd, kDrain, kStop, kSteps };
  InEveryOrder(kSteps, [&](const std::vector<int>& order, unsigned pauses) {
    const std::string topic = NewTopic();
    RaceReader readers[2];
    std::vector<std::string> expected;
    side_.StartHttp();
    bool draining = false;
    for (size_t i = 0; i < order.size(); ++i) {
      const bool pause = (pauses >> i & 1) != 0;
      switch (order[i]) {
        case kCome:
        case kComeLate: {
          RaceReader& reader = readers[order[i] == kCome ? 0 : 1];
          if (side_.port() == 0) break;
          reader.Subscribe(side_.port(), topic);
          // One that drains may close a connection before it has read what
          // was asked.
          if (pause && !reader.WaitUntilOpen()) {
            ASSERT_TRUE(draining);
          }
          break;
        }
        case kEvent:
          if (Publish(topic, "event")) expected.push_back("event");
          break;
        case kEnd:
          End(topic);
          break;
        case kDrain:
          draining = true;
          if (side_.port() != 0) side_.BeginDrain(absl::Seconds(1));
          break;
        case kStop:
          side_.StopHttp();
          break;
      }
      if (HasFailure()) return;
    }
    ASSERT_EQ(side_.hub().Subscribers(topic), 0u);
    side_.StartHttp();
    expected.push_back("[DONE]");
    for (RaceReader& reader : readers) {
      ReadAll(reader, topic);
      ASSERT_THAT(reader.texts(), ElementsAreArray(expected));
    }
    ExpectOver(readers[0], topic);
    side_.StopHttp();
  });
}

}  // namespace
}  // namespace sluice
