#include "config/files.hpp"

#include "config/keys.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <fnmatch.h>
#include <fstream>
#include <system_error>

namespace switchroom::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_depth = 8;
constexpr std::size_t max_files = 256;

std::string text_of(const Place& place) { return fmt::format("{}:{}", place.file, place.line); }

/// Adds `from` to `into`; a value that both set is a problem that names both places.
class Merge {
 public:
  explicit Merge(std::vector<Problem>& problems) : problems_(problems) {}

  void tables(Node& into, Node&& from, const std::string& path) {
    for (Node::Entry& entry : from.entries) {
      const std::string key = join(path, entry.key);
      if (key == "pbx.include") {
        continue;  // every file has its own
      }
      const auto same = std::find_if(into.entries.begin(), into.entries.end(),
                                     [&](const Node::Entry& other) { return other.key == entry.key; });
      if (same == into.entries.end()) {
        into.entries.push_back(std::move(entry));
      } else if (same->value.kind == Node::Kind::table && entry.value.kind == Node::Kind::table) {
        tables(same->value, std::move(entry.value), key);
      } else if (same->value.is_table_list() && entry.value.is_table_list()) {
        std::move(entry.value.items.begin(), entry.value.items.end(), std::back_inserter(same->value.items));
      } else {
        problems_.push_back(
            {entry.place, key, "is set a second time; it stands in " + text_of(same->place) + " already"});
      }
    }
  }

 private:
  std::vector<Problem>& problems_;
};

class Reader {
 public:
  Reader(Sources& sources, std::vector<Problem>& problems) : sources_(sources), problems_(problems) {}

  void add_file(const fs::path& file) {
    sources_.files.push_back(file.string());
    const auto content = read_file(file);
    if (!content) {
      fail({file.string(), 0, 0}, content.error().what);
      return;
    }
    add_text(content->text, file);
  }

  void add_text(std::string_view text, const fs::path& file) {
    auto tree = parse_document(text, file.string(), problems_);
    if (!tree) {
      sources_.whole = false;
      return;
    }
    const std::vector<Node> includes = includes_of(*tree);
    if (empty_) {
      sources_.root = std::move(*tree);
      empty_ = false;
    } else {
      Merge(problems_).tables(sources_.root, std::move(*tree), "");
    }
    std::error_code none;
    open_.push_back(fs::weakly_canonical(file, none));
    for (const Node& include : includes) {
      follow(include, file.parent_path());
    }
    open_.pop_back();
  }

 private:
  void fail(const Place& place, const std::string& what) {
    problems_.push_back({place, place.line == 0 ? "" : "pbx.include", what});
    sources_.whole = false;
  }

  /// The texts of [pbx] include; what is wrong with its shape is told when the keys are read.
  static std::vector<Node> includes_of(const Node& tree) {
    const Node::Entry* pbx = tree.find("pbx");
    const Node::Entry* include = pbx == nullptr ? nullptr : pbx->value.find("include");
    std::vector<Node> found;
    if (include != nullptr && include->value.kind == Node::Kind::list) {
      std::copy_if(include->value.items.begin(), include->value.items.end(), std::back_inserter(found),
                   [](const Node& item) { return item.kind == Node::Kind::text && !item.text.empty(); });
    }
    return found;
  }

  void follow(const Node& include, const fs::path& folder) {
    if (include.text.find('\0') != std::string::npos) {
      return;  // a control character, told when the keys are read
    }
    for (const fs::path& file : matching(include, folder)) {
      std::error_code none;
      const fs::path real = fs::weakly_canonical(file, none);
      if (std::find(open_.begin(), open_.end(), real) != open_.end()) {
        fail(include.place, fmt::format("\"{}\" includes itself, directly or through others", file.string()));
      } else if (open_.size() > max_depth) {
        fail(include.place, fmt::format("includes are more than {} deep", max_depth));
      } else if (sources_.files.size() >= max_files) {
        fail(include.place, fmt::format("more than {} files are included", max_files));
        return;
      } else if (std::find(sources_.files.begin(), sources_.files.end(), file.string()) !=
                 sources_.files.end()) {
        fail(include.place, fmt::format("\"{}\" is included a second time", file.string()));
      } else {
        read_included(include, file);
      }
    }
  }

  void read_included(const Node& include, const fs::path& file) {
    sources_.files.push_back(file.string());
    const auto content = read_file(file);
    if (!content) {
      fail(include.place, fmt::format("\"{}\" {}", file.string(), content.error().what));
      return;
    }
    add_text(content->text, file);
  }

  /// One name as it is, or the sorted matches of a pattern (which may be none).
  std::vector<fs::path> matching(const Node& include, const fs::path& folder) {
    const fs::path path = (folder / fs::path(include.text)).lexically_normal();
    const std::string pattern = path.filename().string();
    if (path.parent_path().string().find_first_of("*?[") != std::string::npos) {
      fail(include.place, fmt::format("\"{}\": * and ? may stand in the last part only", include.text));
      return {};
    }
    if (pattern.find_first_of("*?[") == std::string::npos) {
      return {path};
    }
    std::vector<fs::path> found;
    std::error_code bad;
    const fs::path in = path.parent_path().empty() ? fs::path(".") : path.parent_path();
    for (fs::directory_iterator entry(in, bad); !bad && entry != fs::directory_iterator();
         entry.increment(bad)) {
      const std::string name = entry->path().filename().string();
      if (::fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) == 0) {
        found.push_back(path.parent_path() / name);
      }
    }
    if (bad) {
      fail(include.place, fmt::format("the folder \"{}\" cannot be read: {}", in.string(), bad.message()));
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  Sources& sources_;
  std::vector<Problem>& problems_;
  std::vector<fs::path> open_;  // the file that is read, and those that include it
  bool empty_ = true;
};

}  // namespace

base::result<Content> read_file(const fs::path& file) {
  std::error_code bad;
  const fs::file_status status = fs::status(file, bad);
  if (status.type() == fs::file_type::not_found) {
    return base::Error{"does not exist"};
  }
  if (fs::is_directory(status)) {
    return base::Error{"is a folder, not a file"};
  }
  if (bad || !fs::is_regular_file(status)) {
    return base::Error{bad ? "cannot be read: " + bad.message() : "is not a regular file"};
  }
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return base::Error{"cannot be read: " + std::generic_category().message(errno)};
  }
  // One byte more than allowed, whatever the size was said to be: a file may grow while it is read.
  std::string content(max_file_bytes + 1, '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (in.bad()) {
    return base::Error{"cannot be read"};
  }
  content.resize(static_cast<std::size_t>(in.gcount()));
  if (content.size() > max_file_bytes) {
    return base::Error{"is larger than 4 MiB"};
  }
  return Content{std::move(content)};
}

Sources read_sources(const fs::path& file, std::vector<Problem>& problems) {
  Sources sources;
  Reader(sources, problems).add_file(file);
  return sources;
}

Sources read_sources(std::string_view text, const std::string& name, std::vector<Problem>& problems) {
  Sources sources;
  sources.files.push_back(name);
  Reader(sources, problems).add_text(text, name);
  return sources;
}

}  // namespace switchroom::config
