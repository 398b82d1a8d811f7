#!/usr/bin/python3
"""Groups sources into batches that compile as one file each: what they include is read once for all.

usage: batches.py OUTPUT-PREFIX MOST SOURCE…

Two sources may share a batch when no name that is local to one of them (in its anonymous namespace, or brought in by
`using`) means something else in the other, or stands in a header of the room that the other includes. That is read
off the text, which clang-format has put into a known shape. Writes OUTPUT-PREFIX-N.cpp, touching none that stays the
same, and prints what to compile, a line each: a batch, or a source that stands alone. The room is the prefix's last
part, without unit_.
"""
import functools
import re
import sys
from pathlib import Path

TYPE = re.compile(r"^(?:struct|class|enum(?: class)?|union)\s+(?:\[\[\w+\]\]\s+)?(\w+)")
ALIAS = re.compile(r"^using (\w+) =(.*);$")
BROUGHT = re.compile(r"^using ([\w:]+)::(\w+);$")
DECLARED = re.compile(r"(\w+)\s*(?:\(|=|\{|\[|;)")
TYPE_ANYWHERE = re.compile(TYPE.pattern + r"[^;]*$", re.MULTILINE)
INLINE = re.compile(r"^inline [^(=;]*?(\w+)\(", re.MULTILINE)
INCLUDED = re.compile(r'^#include "(.+)"$', re.MULTILINE)
_, TESTS = ROOTS = [Path(__file__).absolute().parent.parent / name for name in ("src", "tests")]
NO_NAMES = {"requires", "noexcept", "decltype", "alignas", "template", "operator"}


@functools.cache
def names_of_headers(path, room):
    """Types in headers of the room that `path` includes, by way of others too -> the header. Of tests functions, too."""
    names = {}
    for name in INCLUDED.findall(path.read_text()):
        for header in (place / name for place in (path.parent, *ROOTS) if (place / name).exists()):
            names.update(names_of_headers(header, room))
            if any(header.is_relative_to(root / room) for root in ROOTS):
                text = header.read_text()
                found = TYPE_ANYWHERE.findall(text) + (INLINE.findall(text) if header.is_relative_to(TESTS) else [])
                names.update((one, f"{header}") for one in found)
    return names


def local_names(source):
    """name -> what it means: texts that are equal in two files may stand beside each other.
    None: the source brings in names that are not seen here, of an enumeration or of a header's macros."""
    text = source.read_text()
    if "\nusing enum " in text or "#include <spandsp" in text or source.name.endswith("_impl.cpp"):
        return None
    names = {}
    depth = []  # for each open namespace whether it is anonymous
    carried = ""
    for line in text.splitlines():
        if line.startswith("namespace "):
            if line.endswith("{"):
                depth.append(line == "namespace {")
            continue
        if line.startswith("}  // namespace") and depth:
            depth.pop()
            continue
        if found := BROUGHT.match(line):
            names[found[2]] = found[0]
            continue
        if found := ALIAS.match(line):
            names[found[1]] = found[0]
            continue
        is_local = (depth and depth[-1]) or carried or line.startswith("static ") or not depth
        if not is_local or not line or line[0] in " \t#/}*)" or line.startswith(("using namespace", "TEST_CASE", "template")):
            carried = ""
            continue
        declaration = carried + line
        carried = ""
        if found := TYPE.match(declaration):
            names[found[1]] = f"{source}: type"
        elif found := next((one for one in DECLARED.finditer(declaration) if one[1] not in NO_NAMES), None):
            if "::" not in declaration[:found.start(1)].split(" ")[-1]:  # a member's definition is no name of the file
                names[found[1]] = f"{source}: value"
        else:
            carried = declaration + " "  # the name is on the next line
    return names


def main():
    prefix, most, sources = sys.argv[1], int(sys.argv[2]), [Path(one) for one in sys.argv[3:]]
    room = Path(prefix).name.removeprefix("unit_")
    batches = []  # (sources, names)
    for source in sorted(sources):
        names = local_names(source)
        if names is not None:
            names = {**names_of_headers(source, room), **names}
        for members, taken in batches if names is not None else []:
            if taken is not None and len(members) < most and all(taken.get(name, meaning) == meaning for name, meaning in names.items()):
                members.append(source)
                taken.update(names)
                break
        else:
            batches.append(([source], names and dict(names)))
    for number, (members, _) in enumerate(batches):
        if len(members) == 1:
            print(members[0])
            continue
        path = Path(f"{prefix}-{number}.cpp")
        text = "".join(f'#include "{one}"\n' for one in members)
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        print(path)


if __name__ == "__main__":
    main()
