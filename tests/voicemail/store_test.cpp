// The index and the files: what a crash leaves at any instant is finished at the next start.
#include "voicemail/store.hpp"

#include "base/random.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace switchroom;
using voicemail::Message;
using voicemail::State;
using voicemail::Store;

namespace {

struct Scratch {
  fs::path path = fs::temp_directory_path() / ("switchroom-voicemail-" + base::random_token(8));
  Scratch() { fs::create_directories(path); }
  ~Scratch() { fs::remove_all(path); }
};

void put32(std::string& out, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) {
    out += static_cast<char>(value >> (8 * i) & 0xFFU);
  }
}

/// A WAV of so many ms; `finished`: with its sizes in the header.
void write_wav(const fs::path& file, std::uint32_t ms, bool finished) {
  const std::uint32_t bytes = ms * 16;
  std::string out = "RIFF";
  put32(out, finished ? 36 + bytes : 0);
  out += "WAVEfmt ";
  put32(out, 16);
  out += std::string("\1\0\1\0", 4);
  put32(out, 8000);
  put32(out, 16000);
  out += std::string("\2\0\20\0", 4);
  out += "data";
  put32(out, finished ? bytes : 0);
  out += std::string(bytes, 'x');
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << out;
}

voicemail::FileName file_name(const std::string& token) {
  return {1'700'000'000'123'456, "+15551234567", "Jörg ~/..", token};
}

Message message(const std::string& mailbox, voicemail::MessageId id, const std::string& token) {
  Message m;
  m.id = id;
  m.mailbox = mailbox;
  m.file = voicemail::write_name(file_name(token));
  m.caller_number = "1002";
  m.left_at = 1'700'000'000'123'456;
  m.length_ms = 3000;
  return m;
}

Store::Contents load(const fs::path& folder) {
  auto store = Store::open(folder);
  REQUIRE(store);
  auto contents = store->load(1000);
  REQUIRE(contents);
  return std::move(*contents);
}

}  // namespace

TEST_CASE("a file's name tells all that must survive the index") {
  const auto name = file_name("abc123");
  const std::string text = voicemail::write_name(name);
  CHECK(text.find('/') == std::string::npos);
  CHECK(text.size() < 200);
  const auto back = voicemail::parse_name(text);
  REQUIRE(back);
  CHECK(back->left_at == name.left_at);
  CHECK(back->caller_number == name.caller_number);
  CHECK(back->caller_name == name.caller_name);
  CHECK(back->token == name.token);
  CHECK_FALSE(voicemail::parse_name("name.wav"));
  CHECK_FALSE(voicemail::parse_name("20231114T221320.123456Z~1~2.wav"));
  CHECK(voicemail::escaped("..") == "%2E%2E");
}

TEST_CASE("the length of a WAV whose writer was killed is that of its sound, and its header is completed") {
  const Scratch scratch;
  write_wav(scratch.path / "cut.wav", 2500, false);
  const auto facts = voicemail::wav_facts(scratch.path / "cut.wav", true);
  REQUIRE(facts);
  CHECK(facts->length_ms == 2500);
  CHECK(facts->rate == 8000);
  std::ifstream in(scratch.path / "cut.wav", std::ios::binary);
  std::string head(44, '\0');
  in.read(head.data(), 44);
  CHECK(static_cast<unsigned char>(head[40]) + 256 * static_cast<unsigned char>(head[41]) == 40000);
  std::ofstream(scratch.path / "no.wav") << "not a wav";
  CHECK_FALSE(voicemail::wav_facts(scratch.path / "no.wav", true));
}

TEST_CASE("delivered messages are there again") {
  const Scratch scratch;
  {
    auto store = Store::open(scratch.path);
    REQUIRE(store);
    const auto recording = voicemail::incoming_of(scratch.path, "1001", file_name("a"));
    write_wav(recording, 3000, true);
    REQUIRE(store->deliver(recording, {message("1001", 1, "a")}));
    CHECK_FALSE(fs::exists(recording));
  }
  const auto contents = load(scratch.path);
  REQUIRE(contents.messages.size() == 1);
  CHECK(contents.adopted == 0);
  CHECK(contents.messages[0].mailbox == "1001");
  CHECK(fs::exists(voicemail::sound_of(scratch.path, contents.messages[0])));
}

TEST_CASE("what was being said when the process was killed is delivered at the next start") {
  const Scratch scratch;
  {
    REQUIRE(Store::open(scratch.path));
  }
  write_wav(voicemail::incoming_of(scratch.path, "1001", file_name("b")), 4000, false);
  write_wav(voicemail::incoming_of(scratch.path, "1001", file_name("short")), 300, false);
  const auto contents = load(scratch.path);
  REQUIRE(contents.messages.size() == 1);
  CHECK(contents.adopted == 1);
  CHECK(contents.messages[0].length_ms == 4000);
  CHECK(contents.messages[0].caller_number == "+15551234567");
  CHECK(contents.messages[0].caller_name == "Jörg ~/..");
  CHECK(contents.messages[0].mail == voicemail::MailState::due);
  CHECK(fs::is_empty(scratch.path / "incoming"));
  CHECK(load(scratch.path).messages.size() == 1);  // once
}

TEST_CASE(
    "a crash between the move and the entry, and between two mailboxes of a list, loses and doubles "
    "nothing") {
  const Scratch scratch;
  const auto recording = voicemail::incoming_of(scratch.path, "1001", file_name("c"));
  {
    auto store = Store::open(scratch.path);
    REQUIRE(store);
    write_wav(voicemail::sound_of(scratch.path, message("1003", 1, "moved")), 3000,
              true);  // moved, not entered
    write_wav(recording, 3000, true);
    REQUIRE(Store::address(recording, {"1001", "1002", "1004"}));
    // 1002 has it already; the crash comes before 1004 and 1001.
    fs::create_directories(voicemail::folder_of(scratch.path, "1002"));
    fs::create_hard_link(recording, voicemail::sound_of(scratch.path, message("1002", 1, "c")));
  }
  const auto contents = load(scratch.path);
  std::multiset<std::string> boxes;
  for (const auto& one : contents.messages) {
    boxes.insert(one.mailbox);
    CHECK(fs::exists(voicemail::sound_of(scratch.path, one)));
  }
  CHECK(boxes == std::multiset<std::string>{"1001", "1002", "1003", "1004"});
  CHECK(fs::is_empty(scratch.path / "incoming"));
  CHECK(load(scratch.path).messages.size() == 4);
}

TEST_CASE("a crash while a message is erased leaves no entry without a sound") {
  const Scratch scratch;
  {
    auto store = Store::open(scratch.path);
    REQUIRE(store);
    const auto recording = voicemail::incoming_of(scratch.path, "1001", file_name("d"));
    write_wav(recording, 3000, true);
    REQUIRE(store->deliver(recording, {message("1001", 7, "d")}));
    fs::remove(voicemail::sound_of(scratch.path, message("1001", 7, "d")));
  }
  const auto contents = load(scratch.path);
  CHECK(contents.messages.empty());
  CHECK(contents.lost_rows == 1);
}

TEST_CASE("a damaged index is made again from the files") {
  const Scratch scratch;
  {
    auto store = Store::open(scratch.path);
    REQUIRE(store);
    for (int i = 1; i <= 3; ++i) {
      const auto recording = voicemail::incoming_of(scratch.path, "1001", file_name("e" + std::to_string(i)));
      write_wav(recording, 2000, true);
      REQUIRE(store->deliver(recording, {message("1001", i, "e" + std::to_string(i))}));
    }
  }
  std::ofstream(scratch.path / "index.db", std::ios::binary | std::ios::trunc) << std::string(8192, 'z');
  fs::remove(scratch.path / "index.db-wal");
  const auto contents = load(scratch.path);
  CHECK(contents.messages.size() == 3);
  CHECK(contents.adopted == 3);
}

TEST_CASE("owners and states are kept") {
  const Scratch scratch;
  {
    auto store = Store::open(scratch.path);
    REQUIRE(store);
    REQUIRE(store->save({"1001", "scrypt$x", "temporary", 3, 42}));
    const auto recording = voicemail::incoming_of(scratch.path, "1001", file_name("f"));
    write_wav(recording, 2000, true);
    auto one = message("1001", 1, "f");
    REQUIRE(store->deliver(recording, {one}));
    one.state = State::deleted;
    one.before = State::saved;
    one.deleted_at = 99;
    one.urgent = true;
    REQUIRE(store->update(one));
  }
  const auto contents = load(scratch.path);
  REQUIRE(contents.owners.size() == 1);
  CHECK(contents.owners[0].pin_hash == "scrypt$x");
  CHECK(contents.owners[0].greeting == "temporary");
  CHECK(contents.owners[0].failures == 3);
  CHECK(contents.owners[0].locked_until == 42);
  CHECK(contents.messages[0].state == State::deleted);
  CHECK(contents.messages[0].before == State::saved);
  CHECK(contents.messages[0].urgent);
}
