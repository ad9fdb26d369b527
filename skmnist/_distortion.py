# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""The TensorFlow room of augmentation: random distortions inside a compiled epoch."""

import math
from functools import lru_cache

import numpy as np
import tensorflow as tf

# Random numbers per image that go into its affine map.
_N_AFFINE = 6


def make_distort(image_shape, recenter):
    """Make the function that distorts images of one kind.

    Each function that is made is compiled once for each size of batch; whoever builds
    several steps into a graph makes it once.

    Parameters
    ----------
    image_shape : tuple of int
        Height and width.
    recenter : bool
        Whether the centre of mass stays where it was, but for the shift.

    Returns
    -------
    callable
        See the inner function.
    """
    height, width = image_shape

    # One loop over the pixels, compiled by XLA: a fifth of the time of the same
    # operations one after the other.
    @tf.function(jit_compile=True, autograph=False)
    def sample(images, affine, ranges, displacement):
        dtype = images.dtype
        n_images = tf.shape(images)[0]
        amounts = tf.unstack(affine[:, :5] * ranges[:5], axis=1)
        angle, wider, slant, right, down = (each[:, tf.newaxis] for each in amounts)
        taller = affine[:, 5:] * ranges[1]
        cos, sin = tf.cos(angle), tf.sin(angle)
        moved = tf.reshape(displacement, [n_images, 2, height, width])
        # A frame of zeros, one pixel before and two after: what lies outside is read
        # from it.
        framed = tf.pad(
            tf.reshape(images, [n_images, height, width]), [[0, 0], [1, 2], [1, 2]]
        )
        flat = tf.reshape(framed, [-1])
        start = tf.range(n_images)[:, tf.newaxis] * ((height + 3) * (width + 3))

        def grid(step):
            # Every column, or every other one, from the middle.
            y, x = np.mgrid[:height, :width:step].reshape(2, -1)
            return (
                tf.constant(x - (width - 1) / 2, dtype),
                tf.constant(y - (height - 1) / 2, dtype),
            )

        def came_from(x, y, step):
            # The inverse of scaling, shear and rotation, bent: a place in the frame.
            x, y = cos * x + sin * y, cos * y - sin * x
            x, y = (x - tf.tan(slant) * y) / (1 + wider), y / (1 + taller)
            bent = tf.reshape(moved[:, :, :, ::step], [n_images, 2, -1])
            x = tf.clip_by_value(x + bent[:, 0] + (width + 1) / 2, 0, width + 1)
            y = tf.clip_by_value(y + bent[:, 1] + (height + 1) / 2, 0, height + 1)
            return x, y

        def pixel(x, y):
            return start + tf.cast(y, tf.int32) * (width + 3) + tf.cast(x, tf.int32)

        x, y = grid(1)
        if recenter:
            # Half of the pixels are enough, and the nearest ones.
            few = grid(2)
            near_x, near_y = came_from(*few, 2)
            after = tf.gather(flat, pixel(near_x + 0.5, near_y + 0.5))
            off_center = _center(after, *few) - _center(images, x, y)
            off_center *= ranges[5]
            right, down = right - off_center[:, :1], down - off_center[:, 1:]
        x, y = came_from(x - right, y - down, 1)
        at = pixel(x, y)
        x, y = x - tf.floor(x), y - tf.floor(y)

        def between(at):
            left = tf.gather(flat, at)
            return left + x * (tf.gather(flat, at + 1) - left)

        above = between(at)
        return above + y * (between(at + (width + 3)) - above)

    def distort(images, seed, ranges, modes):
        """Distort each image by an affine map and a smooth displacement of its own.

        Built of stateless operations, so that it fits into any graph and the same seed
        gives the same bits.

        Parameters
        ----------
        images : Tensor of shape (n_images, height * width), float32 or float64
            Images as rows.
        seed : Tensor of shape (2,), int32
            Source of all randomness.
        ranges : Tensor of shape (6,), dtype of `images`
            Largest rotation (radians), relative change of width and height, shear
            (radians), shift to the right and down (pixels); what is drawn is uniform
            in [-largest, largest]. The last is the share of the drift of the centre of
            mass that is taken back; zeros, and no modes, leave images as they are.
        modes : Tensor of shape (n_modes, height * width), dtype of `images`
            The displacement along each axis is a sum of these, each times a number
            drawn uniformly from [-1, 1].

        Returns
        -------
        Tensor of shape (n_images, height * width), dtype of `images`
            Bilinear samples; outside of the image all is zero.
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
        bits = tf.reshape(tf.bitcast(words, tf.int16), [-1])
        numbers = (tf.cast(bits, images.dtype) + 0.5) * 2.0**-15
        affine, weights = tf.split(numbers, [n_images * _N_AFFINE, -1])
        affine = tf.reshape(affine, [n_images, _N_AFFINE])
        weights = tf.reshape(weights, [n_images * 2, n_modes])
        moved = sample(images, affine, ranges, tf.matmul(weights, modes))
        return tf.ensure_shape(moved, images.shape)

    return distort


def _center(images, x, y):
    """Return where the centre of mass is, shape (n_images, 2)."""
    # A product, for which XLA works out the pixels once, and not for each sum.
    sums = tf.matmul(tf.abs(images), tf.stack([x, y, tf.ones_like(x)], axis=1))
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
    """Distort the rows of an array; see `make_distort`.

    Parameters
    ----------
    X : ndarray of shape (n_images, height * width)
        Images as rows.
    seed : array-like of shape (2,)
        Two int32 numbers.
    ranges, modes : ndarray
        As in `make_distort`, of the dtype of `X`.
    kind : DistortionKind
        What `make_distort` takes.

    Returns
    -------
    ndarray of shape (n_images, height * width)
    """
    with tf.device("CPU"):
        return _distort(kind, X.dtype.name)(
            tf.constant(X),
            tf.constant(seed, tf.int32),
            tf.constant(ranges),
            tf.constant(modes),
        ).numpy()
