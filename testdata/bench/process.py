"""One process, timed: what the benches that compare Plimsoll with a real program share."""
import os, time

_NULL = os.open(os.devnull, os.O_RDWR)
_QUIET = [(os.POSIX_SPAWN_DUP2, _NULL, 1), (os.POSIX_SPAWN_DUP2, _NULL, 2)]


def bench(name, built):
    """The command of one of our benches: what is built already, else what cargo builds."""
    return [os.path.abspath(built)] if built else ["cargo", "bench", "--quiet", "--bench", name, "--"]


def run(command, env):
    """Runs `command` in the working directory, its output thrown away: seconds on the wall, seconds of processor, peak resident
    MiB, and how it ended.

    It is spawned and not forked: to copy the address space of Python takes a millisecond, which is a third of what a small
    rendering takes and belongs to neither program. The peak is never below what Python itself has resident."""
    start = time.perf_counter()
    pid = os.posix_spawn(command[0], command, env, file_actions=_QUIET)
    _, status, usage = os.wait4(pid, 0)
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, status
