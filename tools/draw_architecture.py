"""Draw the picture of architecture.md: python tools/draw_architecture.py."""

from html import escape
from pathlib import Path

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "architecture.svg"
# From the top to the bottom: boxes of a name, what it is, and a color.
GRAY, BLUE, GREEN = "#e4e4e4", "#cfe3f5", "#d7edd9"
ORANGE, VIOLET = "#fbdcc2", "#e7dcf3"
LAYERS = [
    [("_cli/", "one file per command", GRAY)],
    [
        ("datasets/, _reader", "load_images, load_reader", BLUE),
        ("_io/", "save, load, to_onnx", BLUE),
        ("_plot/", "a Display per file", BLUE),
    ],
    [
        ("_classifier, _augmentation", "MLPDigitClassifier", GREEN),
        ("_pixel_scaler, _unsharp_mask", "images to rows", GREEN),
        ("images/", "photos, DigitNormalizer", GREEN),
    ],
    [("_training/", "TensorFlow and Keras: imported by fit and to_keras only", ORANGE)],
    [("_network, _blas", "the forward pass, NumPy", VIOLET)],
    [("_validation", "parameters, arrays, image shapes", VIOLET)],
    [
        ("_base", "versions in files", VIOLET),
        ("_sklearn_compat", "private scikit-learn", VIOLET),
        ("_version", "imports nothing", VIOLET),
    ],
]
WIDTH, HEIGHT, GAP, MARGIN = 720, 50, 22, 20


def draw():
    """Return the picture as SVG."""
    total = len(LAYERS) * (HEIGHT + GAP) - GAP + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH + 2 * MARGIN}" '
        f'height="{total}" viewBox="0 0 {WIDTH + 2 * MARGIN} {total}" role="img" '
        'font-family="system-ui, \'DejaVu Sans\', sans-serif" font-size="13" '
        'fill="#1a1a1a" text-anchor="middle">',
        "<title>The modules of skmnist, layer by layer. Imports go down.</title>",
    ]
    for i, layer in enumerate(LAYERS):
        top = MARGIN + i * (HEIGHT + GAP)
        if i:
            middle = MARGIN + WIDTH // 2
            parts.append(
                f'<path d="M{middle} {top - GAP + 2}V{top - 6}" stroke="#808080" '
                f'stroke-width="2"/><path d="M{middle - 5} {top - 8}h10l-5 7z" '
                'fill="#808080"/>'
            )
        side = (WIDTH - GAP * (len(layer) - 1)) / len(layer)
        for j, (name, what, color) in enumerate(layer):
            left = MARGIN + j * (side + GAP)
            x = left + side / 2
            parts.append(
                f'<rect x="{left:.0f}" y="{top}" width="{side:.0f}" '
                f'height="{HEIGHT}" rx="8" fill="{color}" stroke="#5a5a5a"/>'
                f'<text x="{x:.0f}" y="{top + 21}" font-weight="bold">{escape(name)}'
                f'</text><text x="{x:.0f}" y="{top + 40}" font-size="12">'
                f"{escape(what)}</text>"
            )
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
