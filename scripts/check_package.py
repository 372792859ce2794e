"""Use the package as one who has installed nothing else: CI runs this beside a wheel.

``python scripts/check_package.py chapter.ipynb`` lets ``lenet-tutorial predict`` read a picture of
a 7 and runs the chapter's cells up to its first figure.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw

import lenet_tutorial

BOOK = Path(__file__).resolve().parent.parent


def draw_seven(file):
    """Draw a 7 as with a felt pen on a sheet."""
    sheet = Image.new("L", (200, 200), 255)
    pen = ImageDraw.Draw(sheet)
    pen.line([(60, 50), (140, 50), (95, 155)], fill=20, width=14, joint="curve")
    sheet.save(file)


def predict(file):
    """Return the digit that the command reads from a picture."""
    command = [sys.executable, "-m", "lenet_tutorial", "predict", "--json", str(file)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, check=True, encoding="utf-8")
    answer = json.loads(ran.stdout)
    return (answer[0] if isinstance(answer, list) else answer)["digit"]


def run_first_cells(chapter):
    """Run a chapter's code up to its first figure; return how many cells that were."""
    cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
    names, count = {}, 0
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
            count += 1
            if any("image/png" in output.get("data", {}) for output in cell["outputs"]):
                break
    return count


def main():
    """Use the package; stop at the first thing that is wrong."""
    matplotlib.use("Agg")
    if BOOK in Path(lenet_tutorial.__file__).resolve().parents:
        sys.exit("this is the package of the checkout, and not the one that was installed")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "seven.png"
        draw_seven(file)
        found = predict(file)
    if found != 7:
        sys.exit(f"a 7 was read as {found}")
    print(f"a 7 is read as {found}; {run_first_cells(Path(sys.argv[1]))} cells of a chapter ran")


if __name__ == "__main__":
    main()
