"""The pictures of the README, taken anew: python docs/screenshots.py (needs chromium and chromium-driver).

Grades the sample class and photographs the class report, a student's page and the review desk in headless Chromium.
"""

import io
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from autograder import cli, spec  # noqa: E402
from tests import browser, desk  # noqa: E402

SEED = "20260821"
EXERCISES = ("sin_derivative", "second_backward", "control_flow", "jacobian")  # what that class was asked for
ANSWER = ("second_backward", "explanation", "jaya")
COLOURS = 48  # of a picture, which is mostly paper and ink
SHOTS = {  # picture → page, where it begins, width, height
    "class.png": ("index.html", "", 1000, 900),
    "student.png": ("students/hye_jin.html", "sin_derivative", 760, 900),
}


def main() -> None:
    """docs/images/*.png, of the sample class as it is graded now."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = [word for name in EXERCISES for word in ("--exercise", name)]
        cli.main([str(ROOT / "submissions" / "sample"), "--output", folder, "--seed", SEED, "--quiet", *chosen])
        with browser.browser() as driver:
            for name, (page, anchor, width, height) in SHOTS.items():
                browser.show(driver, Path(folder) / "report" / page, width, height)
                driver.execute_script("document.getElementById(arguments[0])?.scrollIntoView()", anchor)
                save(driver.get_screenshot_as_png(), ROOT / "docs" / "images" / name)
            save(at_the_desk(driver, Path(folder)), ROOT / "docs" / "images" / "desk.png")


def at_the_desk(driver: Any, folder: Path) -> bytes:
    """An answer in words that awaits a person."""
    with desk.Room(folder, spec.load_all()) as room:
        items = room.desk.now().queue.items.values()
        item = next(i for i in items if (i.exercise, i.criterion, i.report.submission.student) == ANSWER)
        for address in (room.addresses[0], f"http://127.0.0.1:{room.port}/item/{item.key}"):
            browser.visit(driver, address, 760, 900)
        return bytes(driver.get_screenshot_as_png())


def save(png: bytes, path: Path) -> None:
    """As a small PNG."""
    path.parent.mkdir(exist_ok=True)
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    reason = browser.missing()
    sys.exit(reason) if reason else main()
