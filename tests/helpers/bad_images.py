"""Pictures that are damaged, too large, or of another kind."""

import struct
import zlib

from PIL import Image


def _png_header(width, height):
    def chunk(kind, data):
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")


def bad_files(folder, gray):
    Image.fromarray(gray).save(folder / "good.png")
    good = (folder / "good.png").read_bytes()
    Image.fromarray(gray).save(folder / "good.jpg")
    jpeg = (folder / "good.jpg").read_bytes()
    contents = {
        "truncated.png": good[: len(good) // 2],
        "truncated.jpg": jpeg[: len(jpeg) // 2],
        "empty.png": b"",
        "text.png": b"this is no picture\n",
        "huge.png": _png_header(100_000, 100_000),
        "large.png": _png_header(12_000, 12_000),
        "damaged.png": good[:60] + bytes(40) + good[100:],
    }
    paths = []
    for name, content in contents.items():
        paths.append(folder / name)
        paths[-1].write_bytes(content)
    return paths
