"""Commands that must not outlive loomkin: a small shell beside it ends them even after `kill -9`."""

import os
import subprocess
import threading

# At the end of its input loomkin is gone, however it went, and what is still listed is ended. It reads in a
# session of its own and is deaf to signals, so that nothing meant for loomkin ends it early.
_SCRIPT = """\
trap '' HUP INT QUIT TERM
groups=
send() {
  reached=1
  for one in $groups; do kill "-$1" "-$one" && reached=0; done
  return $reached
}
while read -r sign group; do
  case $sign in
  +) groups="$groups $group" ;;
  -) left=
     for one in $groups; do [ "$one" = "$group" ] || left="$left $one"; done
     groups=$left ;;
  esac
done
send TERM || exit 0
for round in 1 2 3 4 5 6 7 8 9 10; do
  sleep 0.2
  send 0 || exit 0
done
send KILL
"""


class OrphanWatch:
    """Process groups that end when this process does: TERM at once, KILL after two seconds.

    A watcher process is started with the first need and ended by `close`. All methods may be called from any
    thread; only `start` and `close` block, for the milliseconds that a process takes to start or end.
    """

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._watcher: subprocess.Popen[bytes] | None = None
        self._pipe = -1
        self._closed = False
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The watcher's process id; None before the first command and after the end."""
        return self._watcher.pid if self._watcher else None

    def start(self) -> None:
        """Make sure that the watcher runs; without a shell to run it, commands go on unwatched."""
        with self._lock:
            if self._closed or (self._pipe >= 0 and self._watcher and self._watcher.poll() is None):
                return
            self._end()
            # Neither end is inherited by other programs: a command that held one would hide our end.
            read_end, write_end = os.pipe()
            try:
                self._watcher = subprocess.Popen(
                    ["/bin/sh", "-c", _SCRIPT, "loomkin-watch"],
                    stdin=read_end, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    cwd="/", env={"PATH": os.environ.get("PATH", os.defpath)}, start_new_session=True,
                )  # fmt: skip
            except OSError:
                os.close(write_end)
                return
            finally:
                os.close(read_end)
            self._pipe = write_end
            for group in self._groups:
                self._tell("+", group)

    def add(self, group: int) -> None:
        """List a process group; the watcher must have been started."""
        with self._lock:
            self._groups.add(group)
            self._tell("+", group)

    def remove(self, group: int) -> None:
        """Unlist a group that has ended: its number may soon be another's."""
        with self._lock:
            self._groups.discard(group)
            self._tell("-", group)

    def close(self) -> None:
        """End the watcher for good; groups still listed end now."""
        with self._lock:
            self._closed = True
            self._end()

    def _tell(self, sign: str, group: int) -> None:
        if self._pipe < 0:
            return
        try:
            os.write(self._pipe, f"{sign} {group}\n".encode())
        except BrokenPipeError:
            # Somebody ended the watcher; the next `start` starts another with all groups.
            os.close(self._pipe)
            self._pipe = -1

    def _end(self) -> None:
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
        if self._watcher is not None:
            self._watcher.wait()
            self._watcher = None
