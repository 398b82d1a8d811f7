#include "main/process_facts.hpp"

#include "base/thread.hpp"

#include <sys/mman.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <link.h>
#include <malloc.h>
#include <span>
#include <unistd.h>

namespace switchroom::main {
namespace {

int forget_read_only(dl_phdr_info* program, std::size_t /*size*/, void* /*unused*/) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (const auto& part : std::span(program->dlpi_phdr, program->dlpi_phnum)) {
    if (part.p_type == PT_LOAD && (part.p_flags & PF_W) == 0) {
      const auto begin = (program->dlpi_addr + part.p_vaddr + page - 1) / page * page;
      const auto end = (program->dlpi_addr + part.p_vaddr + part.p_memsz) / page * page;
      if (end > begin) {
        auto* const first = reinterpret_cast<void*>(begin);  // NOLINT(performance-no-int-to-ptr)
        (void)madvise(first, end - begin, MADV_DONTNEED);
      }
    }
  }
  return 1;  // the program itself, no library
}

}  // namespace

ProcessFacts process_facts() {
  ProcessFacts facts;
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  if (statm >> total >> resident) {
    facts.resident_kb = resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) / 1024;
  }
  std::error_code ec;
  for (std::filesystem::directory_iterator it("/proc/self/fd", ec);
       !ec && it != std::filesystem::directory_iterator(); it.increment(ec)) {
    ++facts.descriptors;
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    facts.descriptor_limit = limit.rlim_cur;
  }
  return facts;
}

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return 0;
  }
  constexpr rlim_t enough = 1U << 20U;  // root may raise the hard limit too, up to fs.nr_open
  const rlimit wish{enough, enough > limit.rlim_max ? enough : limit.rlim_max};
  if (setrlimit(RLIMIT_NOFILE, &wish) != 0) {
    const rlimit modest{limit.rlim_max, limit.rlim_max};
    (void)setrlimit(RLIMIT_NOFILE, &modest);
  }
  (void)getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

void allow_priority() {
  constexpr rlim_t highest = 20 - base::favoured_nice;  // as RLIMIT_NICE counts
  const rlimit wish{highest, highest};
  (void)setrlimit(RLIMIT_NICE, &wish);
}

void keep_some_freed_memory() {
  constexpr int kept = 4 << 20;     // bytes at the end of the heap: about 80 calls' worth
  constexpr int fetched = 1 << 20;  // bytes at a time
  (void)mallopt(M_TRIM_THRESHOLD, kept);
  (void)mallopt(M_TOP_PAD, fetched);
}

void forget_pages_of_the_start() { (void)dl_iterate_phdr(forget_read_only, nullptr); }

}  // namespace switchroom::main
