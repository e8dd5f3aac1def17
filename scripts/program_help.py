# SPDX-License-Identifier: GPL-2.0
"""What the program's --help says, taken apart: the one source of the manual pages and of completion."""
import dataclasses
import re
import subprocess


@dataclasses.dataclass
class Option:
    """One line of an option: -e,--event EVENT."""
    names: list
    value: str = ""  # what it takes, if it takes something
    shown: str = ""
    text: str = ""


@dataclasses.dataclass
class Command:
    """What "perfbuf NAME --help" says; the name is empty for the program itself."""
    name: str
    summary: str
    about: list
    usage: str
    options: list = dataclasses.field(default_factory=list)
    commands: dict = dataclasses.field(default_factory=dict)  # name: summary

    @property
    def runs_a_command(self):
        return "COMMAND" in self.usage.split()[-1]


def option_of(line):
    """From "  -m,--pages SIZE=4   how many" to an Option."""
    shown, text = re.match(r"^  (\S.*?)(?:  +(.*))?$", line).groups()
    words = re.split(r",\s*|\s+", re.sub(r"\s+Excludes:.*", "", shown))
    names = [word for word in words if word.startswith("-")]
    value = next((word for word in words if word and not word.startswith("-")), "")
    shown = re.sub(r"\s+Excludes:\s*(.*)", r" (not with \1)", re.sub(r",\s*-", ", -", shown))
    return Option(names, re.split(r"[=\[]", value)[0], shown, text or "")


def read(program, name=""):
    """Versions of CLI11 differ in the case of headings and in where they wrap."""
    words = [program, *([name] if name else []), "--help"]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    about, _, rest = text.partition("\nUsage: ")
    usage, *rest = rest.splitlines()
    about = about.strip("\n").splitlines()
    usage = usage.strip()
    usage = usage if usage.startswith("perfbuf") else "perfbuf " + usage
    if not name:
        usage = "perfbuf [OPTIONS] COMMAND"
    command = Command(name, re.sub(r"^perfbuf: ", "", about[0]).rstrip("."), about[1:], usage)
    within = ""
    for line in rest:
        if found := re.match(r"^([A-Z][A-Za-z ]*):\s*$", line):
            within = found[1].lower()
        elif re.match(r"^  \S", line):
            if within == "subcommands":
                found = re.match(r"^  (\S+)\s*(.*)$", line)
                command.commands[found[1]] = found[2]
            elif line.lstrip().startswith("-"):
                command.options.append(option_of(line))
        elif within == "options" and line.strip() and command.options:
            last = command.options[-1]
            last.text = (last.text + " " + line.strip()).strip()
    return command


def read_all(program):
    """The program itself first, then each of its commands."""
    first = read(program)
    return [first, *[read(program, name) for name in first.commands]]
