"""The most memory that a child process has had, as Linux tells it."""

#: The last line of a child's program: kB. (`ru_maxrss` also counts the parent, at the fork.)
PRINT_PEAK = "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
