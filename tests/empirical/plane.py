"""The exact supremum of one ReLU unit for given signs, for rows in the plane: an oracle for the searches."""

import numpy as np


def plane_supremum(x, signs):
    """max over ||w|| <= 1 of ||sum_i s_i relu(w . x_i)||, for rows x [m, 2] and signs [c, m] or [m].

    Between the angles at which a row switches on or off the sum is G w with a fixed G, [c, 2]; on
    such an arc ||G w|| is largest at an end or at a singular vector of G. Every candidate is
    evaluated by the definition, so that one outside its own arc does no harm.
    """
    rows, s = np.asarray(x, dtype=np.float64), np.atleast_2d(np.asarray(signs, dtype=np.float64))
    angles = np.arctan2(rows[:, 1], rows[:, 0])
    ends = np.sort(np.mod(np.r_[angles + np.pi / 2, angles - np.pi / 2], 2 * np.pi))
    middles = ends + np.diff(np.r_[ends, ends[0] + 2 * np.pi]) / 2
    on = directions(middles) @ rows.T > 0
    peaks = np.linalg.svd((on[:, None, :] * s) @ rows)[2][:, 0]
    candidates = np.vstack([directions(ends), peaks, -peaks])
    return np.linalg.norm(np.maximum(candidates @ rows.T, 0.0) @ s.T, axis=1).max()


def directions(angles):
    """Unit vectors [n, 2] at angles [n]."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)
