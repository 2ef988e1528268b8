"""A real browser without a window, driven over a pipe; what needs one skips where there is none."""

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 60.0
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--remote-debugging-pipe",
)  # fmt: skip


class Browser:
    """One page in a Chromium; `faults` are its errors, `asked` the addresses that it fetched."""

    def __init__(self, folder: Path) -> None:
        name = next(filter(None, map(shutil.which, NAMES)), None)
        if name is None:
            pytest.skip(f"there is no browser here: none of {', '.join(NAMES)} is found")
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        script = f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser}'
        self._process = subprocess.Popen(
            ["bash", "-c", script, name, *FLAGS, f"--user-data-dir={folder}"],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._buffer = b""
        self._number = 0
        self._session = ""
        self.faults: list[str] = []
        self.asked: list[str] = []

    def __enter__(self) -> "Browser":
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._write)
        os.close(self._read)
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def open(self, address: str, width: int, height: int, *, dark: bool = False) -> None:
        """Show a page at a size, and wait until it is there."""
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
            mobile=width < 500,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])
        self._call("Page.navigate", url="about:blank")
        self._call("Page.navigate", url=address)
        self.wait("location.href !== 'about:blank' && document.readyState === 'complete'")

    def value(self, script: str) -> Any:
        """What an expression comes to in the page."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, script: str) -> None:
        """Return when an expression is true."""
        until = time.monotonic() + SECONDS
        while not self.value(script):
            assert time.monotonic() < until, f"never came true: {script}"

    def click(self, selector: str) -> None:
        """Press and let go the left button in the middle of an element."""
        x, y = self.middle(selector)
        self.mouse("mousePressed", x, y)
        self.mouse("mouseReleased", x, y)

    def middle(self, selector: str) -> tuple[float, float]:
        """The middle of an element on the screen."""
        box = self.value(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
            " return [one.x + one.width / 2, one.y + one.height / 2]; })()"
        )
        return box[0], box[1]

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """One event of the mouse."""
        button = {"mouseMoved": "left", "mouseWheel": "none"}.get(kind, "left")
        self._call(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, buttons=int(button == "left"),
            clickCount=int(kind != "mouseWheel"), **more,
        )  # fmt: skip

    def key(self, name: str, text: str = "") -> None:
        """Press and let go a key."""
        self._call("Input.dispatchKeyEvent", type="keyDown", key=name, text=text)
        self._call("Input.dispatchKeyEvent", type="keyUp", key=name)

    def type(self, text: str) -> None:
        """Type a text where the focus is."""
        self._call("Input.insertText", text=text)

    def shoot(self, file: Path) -> None:
        """Save what is to be seen."""
        file.write_bytes(base64.b64decode(self._call("Page.captureScreenshot")["data"]))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        order = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            order["sessionId"] = self._session
        os.write(self._write, json.dumps(order).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            assert select.select([self._read], [], [], SECONDS)[0], "the browser does not answer"
            data = os.read(self._read, 1 << 20)
            assert data, "the browser has ended"
            self._buffer += data
        one, _, self._buffer = self._buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(one)
        return answer

    def _note(self, event: dict[str, Any]) -> None:
        about = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.faults.append(str(about["exceptionDetails"]))
        elif event.get("method") == "Log.entryAdded":
            self.faults.append(str(about["entry"]["text"]))
        elif event.get("method") == "Page.javascriptDialogOpening":
            self.faults.append(f"a dialog: {about['message']}")
        elif event.get("method") == "Network.requestWillBeSent":
            self.asked.append(about["request"]["url"])
