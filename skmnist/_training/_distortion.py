"""Random distortions of images, inside the training loop."""

import math
from functools import lru_cache

import numpy as np
import tensorflow as tf

# Random numbers per image that go into its affine map.
_N_AFFINE = 6


def make_distort(image_shape, recenter):
    """Make the function that distorts images; it is compiled for each size of batch.

    With `recenter` the center of mass stays where it was, but for the shift.
    """
    height, width = image_shape
    # Columns and rows from the middle.
    middle = (width - 1) / 2, (height - 1) / 2
    plane = np.indices((height, width))[::-1].reshape(2, -1) - np.vstack(middle)

    # Compiled by XLA: a few loops over the pixels in place of one for each operation.
    @tf.function(jit_compile=True, autograph=False)
    def sample(images, words, ranges, modes):
        stored, dtype = images.dtype, ranges.dtype
        images = tf.cast(images, dtype)
        n_images = tf.shape(images)[0]
        affine, weights = _numbers(words, n_images, dtype)
        linear, shift = _inverse(affine, ranges)
        # Where each pixel comes from is a sum of fields.
        amounts = tf.concat([linear, weights], axis=2)
        fields = tf.concat([tf.constant(plane, dtype), modes], axis=0)
        came_from = tf.unstack(tf.tensordot(amounts, fields, 1), axis=1)
        x, y = (at + half for at, half in zip(came_from, middle, strict=True))

        flat = tf.reshape(images, [-1])
        start = tf.range(n_images)[:, tf.newaxis] * (height * width)

        def pixel(column, row):
            return start + row * width + column

        if recenter:
            # Half of the pixels are enough, and the nearest ones.
            few_x, few_y = x[:, ::2], y[:, ::2]
            near_x = tf.clip_by_value(few_x, 0, width - 1)
            near_y = tf.clip_by_value(few_y, 0, height - 1)
            inside = (tf.abs(few_x - near_x) < 0.5) & (tf.abs(few_y - near_y) < 0.5)
            after = tf.gather(flat, pixel(_nearest(near_x), _nearest(near_y)))
            after = _center(tf.where(inside, after, 0), plane[:, ::2])
            shift -= ranges[5] * (after - _center(images, plane))
        shift = tf.linalg.matvec(linear, shift)
        x, y = x - shift[:, :1], y - shift[:, 1:]
        column, right, seen_x = _between(x, width)
        row, down, seen_y = _between(y, height)
        at = pixel(column, row)

        def mix(at):
            return (1 - right) * tf.gather(flat, at) + right * tf.gather(flat, at + 1)

        moved = seen_x * seen_y * ((1 - down) * mix(at) + down * mix(at + width))
        return tf.cast(moved, stored)

    def distort(images, seed, ranges, modes):
        """Distort each image by an affine map and a smooth displacement of its own.

        Built of stateless operations: the same seed, of shape (2,), gives the same
        bits. `ranges` has the largest rotation (radians), relative change of width and
        height, shear (radians), shift to the right and down (pixels); what is drawn is
        uniform in [-largest, largest]. Its last number is the share of the drift of the
        center of mass that is taken back. The displacement along each axis is a sum of
        `modes`, each times a number drawn from [-1, 1]. Zeros, and no modes, leave
        images as they are. Samples are bilinear; outside of the image all is zero.
        """
        n_images, n_modes = tf.shape(images)[0], tf.shape(modes)[0]
        # 16 bits a number.
        words = tf.random.stateless_uniform(
            [n_images * (_N_AFFINE // 2 + n_modes)],
            seed,
            minval=None,
            maxval=None,
            dtype=tf.int32,
        )
        return sample(images, words, ranges, modes)

    return distort


def _numbers(words, n_images, dtype):
    """Turn random words into numbers of (-1, 1): for affine maps, and for modes."""
    bits = tf.reshape(tf.bitcast(words, tf.int16), [-1])
    numbers = (tf.cast(bits, dtype) + 0.5) * 2.0**-15
    affine, weights = tf.split(numbers, [n_images * _N_AFFINE, -1])
    return tf.reshape(affine, [-1, _N_AFFINE]), tf.reshape(weights, [n_images, 2, -1])


def _inverse(affine, ranges):
    """Return the inverse of scaling, shear and rotation, and the shift that follows.

    The shapes are (n_images, 2, 2) and (n_images, 2).
    """
    angle, wider, slant, *shift = tf.unstack(affine[:, :5] * ranges[:5], axis=1)
    taller = affine[:, 5] * ranges[1]
    cos, sin, tan = tf.cos(angle), tf.sin(angle), tf.tan(slant)
    x = tf.stack([cos + tan * sin, sin - tan * cos], 1) / (1 + wider)[:, tf.newaxis]
    y = tf.stack([-sin, cos], 1) / (1 + taller)[:, tf.newaxis]
    return tf.stack([x, y], 1), tf.stack(shift, 1)


def _nearest(x):
    """Round numbers that are much smaller than 2**22.

    XLA's own conversion looks for NaN and overflow, one number at a time. Added to a
    number of which the last bit counts ones, integers are these bits.
    """
    double = x.dtype == tf.float64
    large = x.dtype.as_numpy_dtype(1.5 * 2.0 ** (52 if double else 23))
    of_large = large.view(np.int64 if double else np.int32)
    return tf.cast(tf.bitcast(x + large, of_large.dtype) - of_large, tf.int32)


def _between(x, side):
    """Return the pixel before a place, how far it is behind it, and its weight.

    The weight is less than one where the image ends, and zero outside.
    """
    x -= 0.5
    near = tf.clip_by_value(x, -0.5, side - 1.5)
    before = _nearest(near)
    part = near - tf.cast(before, x.dtype) + 0.5
    return before, part, tf.maximum(1 - tf.abs(x - near), 0)


def _center(images, plane):
    """Return where the center of mass is, shape (n_images, 2)."""
    # A product, for which XLA works out the pixels once, and not for each sum.
    fields = tf.constant(np.vstack([plane, np.ones_like(plane[0])]).T, images.dtype)
    sums = tf.matmul(tf.abs(images), fields)
    return tf.math.divide_no_nan(sums[:, :2], sums[:, 2:])


@lru_cache(maxsize=8)
def _distort(kind, dtype):
    """Compile what distorts any number of images of one kind."""
    n_pixels = math.prod(kind.image_shape)
    return tf.function(
        make_distort(*kind),
        input_signature=[
            tf.TensorSpec([None, n_pixels], dtype),
            tf.TensorSpec([2], tf.int32),
            tf.TensorSpec([6], dtype),
            tf.TensorSpec([None, n_pixels], dtype),
        ],
        autograph=False,
    )


def distort_rows(X, seed, ranges, modes, kind):
    """Distort the rows of an array; `kind` has the arguments of `make_distort`."""
    n_rows = len(X)
    # XLA compiles for each number of rows: here for few.
    padding = (1 << (n_rows - 1).bit_length()) - n_rows
    X = np.pad(X, [(0, padding), (0, 0)])
    with tf.device("CPU"):
        return _distort(kind, X.dtype.name)(
            tf.constant(X),
            tf.constant(seed, tf.int32),
            tf.constant(ranges),
            tf.constant(modes),
        ).numpy()[:n_rows]
