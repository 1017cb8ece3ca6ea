"""The icons of the app package, drawn: the mark of our pages as PNG, which Teams wants in two sizes."""

import struct
import zlib
from collections.abc import Callable
from functools import cache
from math import hypot

COLOUR = 192  # pixels
OUTLINE = 32
FINE = 4  # times, in each direction: what is drawn finer and averaged has smooth edges

Rgba = tuple[int, int, int, int]
Shape = Callable[[float, float], bool]  # whether a point of the unit square is inside

ACCENT: Rgba = (11, 93, 78, 255)
WHITE: Rgba = (255, 255, 255, 255)
NOTHING: Rgba = (255, 255, 255, 0)
HALF_STROKE = 1.2
_LINES = (
    (7, 20.5, 25, 20.5),
    (9.5, 20.5, 9.5, 18.5),
    (22.5, 20.5, 22.5, 18.5),
    (13.8, 12.6, 13.8, 9.8),
    (13.8, 9.8, 18.2, 9.8),
    (18.2, 9.8, 18.2, 12.6),
)


@cache
def colour_icon() -> bytes:
    """192 x 192, on our colour to the edges."""
    return _png(COLOUR, _mark, WHITE, ACCENT)


@cache
def outline_icon() -> bytes:
    """32 x 32, white on nothing."""
    return _png(OUTLINE, _mark, WHITE, NOTHING)


def _mark(x: float, y: float) -> bool:
    """The helmet of api/web/static/mark.svg, whose units are 32 to a side."""
    x, y = x * 32, y * 32
    on_dome = y <= 18.5 and abs(hypot(x - 16, y - 18.5) - 6.5) <= HALF_STROKE
    return on_dome or any(_near(x, y, *line) for line in _LINES)


def _near(x: float, y: float, x1: float, y1: float, x2: float, y2: float) -> bool:
    """Whether a point is on the stroke from the first point to the second."""
    dx, dy = x2 - x1, y2 - y1
    at = max(0.0, min(1.0, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy)))
    return hypot(x - x1 - at * dx, y - y1 - at * dy) <= HALF_STROKE


def _png(size: int, shape: Shape, ink: Rgba, ground: Rgba) -> bytes:
    """A picture of `size` by `size` pixels (PNG, 8 bits a channel, RGBA)."""
    rows = b"".join(
        b"\0" + b"".join(_pixel(column, row, size, shape, ink, ground) for column in range(size))
        for row in range(size)
    )
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    parts = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows, 9)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _pixel(column: int, row: int, size: int, shape: Shape, ink: Rgba, ground: Rgba) -> bytes:
    points = [(i + 0.5) / FINE for i in range(FINE)]
    inside = sum(shape((column + dx) / size, (row + dy) / size) for dx in points for dy in points)
    part = inside / FINE**2
    return bytes(round(i * part + g * (1 - part)) for i, g in zip(ink, ground, strict=True))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
