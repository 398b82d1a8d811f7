// Files: what cannot be read, and files that include files.
#include "loading.hpp"
#include "scratch.hpp"

#include <fmt/core.h>

#include <unistd.h>

using namespace switchroom;
using namespace switchroom::config;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {
std::string extension(int number, const std::string& password = "kV7-tree-lamp") {
  return fmt::format("[extensions.{}]\npassword = '{}'\n", number, password);
}
}  // namespace

TEST_CASE("a file that cannot be read says why") {
  const Scratch scratch;
  CHECK(only(load(scratch / "none.toml", {})) == (scratch / "none.toml").string() + ": does not exist");
  CHECK_THAT(only(load(scratch / ".", {})), EndsWith("is a folder, not a file"));
  CHECK_THAT(only(load("/dev/null", {})), EndsWith("is not a regular file"));
  scratch.write("large.toml", std::string(5U << 20U, '#'));
  CHECK_THAT(only(load(scratch / "large.toml", {})), EndsWith("is larger than 4 MiB"));
  if (::geteuid() != 0) {
    scratch.write("locked.toml", "");
    std::filesystem::permissions(scratch / "locked.toml", std::filesystem::perms::none);
    CHECK_THAT(only(load(scratch / "locked.toml", {})), Contains("cannot be read: Permission denied"));
  }
}

TEST_CASE("included files are read as if they stood in the file") {
  const Scratch scratch;
  scratch.write("pbx.toml", "[pbx]\ninclude = ['people/*.toml', 'plan.toml']\n[vars]\nword = 'kV7-tree'\n" +
                                std::string(sound));
  scratch.write("people/b.toml", extension(1003, "$${word}-lamp"));
  scratch.write("people/a.toml", extension(1002));
  scratch.write("people/.hidden.toml", "nonsense");
  scratch.write("people/notes.txt", "nonsense");
  scratch.write("plan.toml", "[pbx]\ninclude = ['deeper/x.toml']\n[[contexts.default]]\ndo = ['answer']\n");
  scratch.write("deeper/x.toml", "[acl]\nlan = ['10.0.0.0/8']\n");
  const SnapshotPtr snapshot = right(load(scratch / "pbx.toml", {}));
  CHECK(snapshot->extensions.size() == 3);
  CHECK(snapshot->extensions.at("1003").password == "kV7-tree-lamp");
  CHECK(snapshot->contexts.at("default").size() == 2);
  CHECK(snapshot->contexts.at("default")[1].place.file == (scratch / "plan.toml").string());
  CHECK(snapshot->acl.count("lan") == 1);
}

TEST_CASE("problems of included files come in the files' order, with their own places") {
  const Scratch scratch;
  scratch.write("pbx.toml",
                "[pbx]\ninclude = ['b.toml', 'a.toml']\n" + std::string(sound) + "[log]\nlevl = 'x'\n");
  scratch.write("a.toml", "[log]\nkeap = 1\n");
  scratch.write("b.toml", extension(1002, "1002"));
  const std::vector<std::string> said = texts(load(scratch / "pbx.toml", {}));
  REQUIRE(said.size() == 3);
  CHECK_THAT(said[0], StartsWith((scratch / "pbx.toml").string() + ":15:1: log.levl"));
  CHECK_THAT(said[1], StartsWith((scratch / "b.toml").string() + ":2:12: extensions.1002.password"));
  CHECK_THAT(said[2], StartsWith((scratch / "a.toml").string() + ":2:1: log.keap"));
}

TEST_CASE("a key that two files set names both places") {
  const Scratch scratch;
  scratch.write("pbx.toml", "[pbx]\nname = 'one'\ninclude = ['more.toml']\n" + std::string(sound));
  scratch.write("more.toml", "[pbx]\nname = 'two'\n");
  CHECK(only(load(scratch / "pbx.toml", {})) == (scratch / "more.toml").string() +
                                                    ":2:1: pbx.name: is set a second time; it stands in " +
                                                    (scratch / "pbx.toml").string() + ":2 already");
}

TEST_CASE("includes that cannot work") {
  const Scratch scratch;
  const auto said = [&](const std::string& include) {
    scratch.write("pbx.toml", "[pbx]\ninclude = [" + include + "]\n" + std::string(sound));
    return only(load(scratch / "pbx.toml", {}));
  };
  const std::string at = (scratch / "pbx.toml").string() + ":2:12: pbx.include: ";
  CHECK_THAT(said("'missing.toml'"), StartsWith(at) && EndsWith("does not exist"));
  CHECK_THAT(said("'pbx.toml'"), StartsWith(at) && Contains("includes itself"));
  CHECK_THAT(said("'./x/../pbx.toml'"), StartsWith(at) && Contains("includes itself"));
  CHECK_THAT(said("'*/x.toml'"), StartsWith(at) && Contains("in the last part only"));
  CHECK_THAT(said("'none/*.toml'"), StartsWith(at) && Contains("cannot be read"));
  scratch.write("loop.toml", "[pbx]\ninclude = ['pbx.toml']\n");
  CHECK_THAT(said("'loop.toml'"),
             StartsWith((scratch / "loop.toml").string() + ":2:12") && Contains("includes itself"));
  scratch.write("twice.toml", extension(1002));
  CHECK_THAT(said("'twice.toml', 'twice.toml'"), Contains("is included a second time"));
  scratch.write("broken.toml", "[extensions\n");
  CHECK_THAT(said("'broken.toml'"),
             StartsWith((scratch / "broken.toml").string() + ":1:") && Contains("a ] is missing"));
  scratch.write("pbx.toml", "[pbx]\ninclude = 'more.toml'\n" + std::string(sound));
  CHECK_THAT(only(load(scratch / "pbx.toml", {})), Contains("a list belongs here"));
}

TEST_CASE("no files may match a pattern, and includes have a depth") {
  const Scratch scratch;
  scratch.write("pbx.toml", "[pbx]\ninclude = ['*.part']\n" + std::string(sound));
  right(load(scratch / "pbx.toml", {}));
  for (int i = 0; i < 12; ++i) {
    scratch.write(fmt::format("{}.inc", i), fmt::format("[pbx]\ninclude = ['{}.inc']\n", i + 1));
  }
  scratch.write("pbx.toml", "[pbx]\ninclude = ['0.inc']\n" + std::string(sound));
  CHECK_THAT(only(load(scratch / "pbx.toml", {})), Contains("more than 8 deep"));
}

TEST_CASE("relative paths are seen from the file's folder") {
  const Scratch scratch;
  scratch.write("pbx.toml", "[pbx]\ndata_dir = 'data'\n[control]\nsocket = 'c.sock'\n" + std::string(sound));
  const SnapshotPtr snapshot = right(load(scratch / "pbx.toml", {}));
  CHECK(snapshot->pbx.data_dir == scratch / "data");
  CHECK(snapshot->control.socket == scratch / "c.sock");
  CHECK(snapshot->file == scratch / "pbx.toml");
}
