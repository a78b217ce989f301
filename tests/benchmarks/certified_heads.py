"""Certified heads in batches beside loops over problems: processor seconds, one thread each, by turns.

1,000 problems of 2,000 rows, 32 features and 6 classes. Loops are timed on fewer problems, whose number
is printed, and scaled up. Run: python tests/benchmarks/certified_heads.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import history
import numpy as np
import torch
from scipy.optimize import brentq, minimize
from sklearn.linear_model import LogisticRegression, Ridge
from threadpoolctl import threadpool_limits

from empirical import heads

PROBLEMS, ROWS, FEATURES, CLASSES = 1000, 2000, 32, 6
ROUNDS = 4
# Radii at which every problem is on the ball, and at which none is (the optimum has a norm of 3).
ACTIVE, INTERIOR = 1.0, 20.0
SQUARES_RADIUS = 0.3


def data(count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Features [T, p, rows] with a constant, labels of a noisy linear rule [T, c, rows], mass."""
    generator = np.random.default_rng(0)
    z = generator.standard_normal((count, FEATURES, ROWS))
    z[:, -1] = 1.0
    weights = generator.standard_normal((count, CLASSES, FEATURES)) / FEATURES**0.5
    scores = weights @ z + generator.gumbel(size=(count, CLASSES, ROWS))
    targets = np.eye(CLASSES)[scores.argmax(1)].swapaxes(1, 2)
    mass = np.full((count, ROWS), 1 / ROWS)
    return torch.from_numpy(z), torch.from_numpy(targets.copy()), torch.from_numpy(mass)


def rounds(work: dict[str, tuple[Callable[[slice], list], int]]) -> dict[str, tuple[float, list]]:
    """Processor seconds for all problems and what came out, by name; `work` solves a slice of them.

    The contestants take turns, ROUNDS each, so that a busy machine slows all of them; those that
    solve only their first n problems are scaled up.
    """
    seconds, found = {name: [] for name in work}, {name: [] for name in work}
    for i in range(ROUNDS):
        for name, (solve, count) in work.items():
            share = count // ROUNDS
            start = time.process_time()
            part = solve(slice(i * share, (i + 1) * share))
            seconds[name].append((time.process_time() - start) * PROBLEMS / count)
            found[name].append(part)
    return {name: (sum(seconds[name]), found[name]) for name in work}


def numpy_squares(z: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    """One problem as a careful numpy user solves it: moments, eigenvectors, a root."""
    gram, moment = z @ z.T / ROWS, z @ y.T / ROWS
    values, vectors = np.linalg.eigh(gram)
    rotated = vectors.T @ moment
    squares = (rotated**2).sum(1)

    def excess(mu: float) -> float:
        return 1 / radius - 1 / np.sqrt((squares / (values + mu) ** 2).sum())

    mu = 0.0 if excess(0.0) <= 0 else brentq(excess, 0.0, np.sqrt(squares.sum()) / radius)
    return (vectors @ (rotated / (values + mu)[:, None])).T


def sklearn_squares(z: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    """One problem by Ridge: a root search for the penalty whose solution has the norm asked for."""
    rows, columns = np.ascontiguousarray(z.T), np.ascontiguousarray(y.T)
    ridge = Ridge(alpha=0.0, fit_intercept=False, solver="cholesky", copy_X=False)

    def excess(log_alpha: float) -> float:
        ridge.set_params(alpha=np.exp(log_alpha)).fit(rows, columns)
        return np.log(np.linalg.norm(ridge.coef_) / radius)

    # To a norm within 1e-6; ours and numpy's are exact to 1e-12.
    brentq(excess, np.log(1e-2 * ROWS), np.log(1e2 * ROWS), xtol=1e-6, rtol=1e-6)
    return ridge.coef_


def risk_and_slope(v: np.ndarray, z: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
    scores = v.reshape(CLASSES, FEATURES) @ z
    scores -= scores.max(0)
    exponentials = np.exp(scores)
    total = exponentials.sum(0)
    value = (np.log(total) - (scores * t).sum(0)).mean()
    return value, ((exponentials / total - t) @ z.T / ROWS).ravel()


def slsqp(z: np.ndarray, t: np.ndarray, radius: float) -> np.ndarray:
    ball = {"type": "ineq", "fun": lambda v: radius**2 - v @ v, "jac": lambda v: -2 * v}
    options = {"ftol": 1e-9, "maxiter": 500}
    start = np.zeros(CLASSES * FEATURES)
    found = minimize(
        risk_and_slope, start, (z, t), "SLSQP", jac=True, constraints=ball, options=options
    )
    return found.x


def lbfgs(z: np.ndarray, t: np.ndarray, radius: float) -> np.ndarray:
    """One problem by L-BFGS and, where the ball binds, a root search for the penalty, warm-started."""
    state = np.zeros(CLASSES * FEATURES)

    def solve(penalty: float) -> np.ndarray:
        nonlocal state

        def objective(v: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = risk_and_slope(v, z, t)
            return value + penalty / 2 * (v @ v), slope + penalty * v

        options = {"gtol": 1e-7, "ftol": 1e-15, "maxiter": 1000}
        state = minimize(objective, state, jac=True, method="L-BFGS-B", options=options).x
        return state

    if np.linalg.norm(solve(0.0)) > radius:
        brentq(
            lambda log: np.log(np.linalg.norm(solve(np.exp(log))) / radius), -12.0, 3.0, xtol=1e-4
        )
    return state


def sklearn_softmax(z: np.ndarray, t: np.ndarray, radius: float) -> np.ndarray:
    """An interior problem by LogisticRegression without a penalty."""
    del radius
    model = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-7, max_iter=1000)
    return model.fit(z.T, t.argmax(0)).coef_


def worst_excess(weights: list[np.ndarray], head: heads.Head, problem, radius: float) -> float:
    """By how much the loop's risk is above ours, at most, its heads pulled onto the ball."""
    z, t, _ = (a.numpy() for a in problem)
    excess = []
    for i, v in enumerate(weights):
        inside = v.ravel() * min(1.0, radius / np.linalg.norm(v))
        ours = risk_and_slope(head.weights[i].numpy().ravel(), z[i], t[i])[0]
        excess.append(risk_and_slope(inside, z[i], t[i])[0] - ours)
    return float(max(excess))


def race(
    ours: Callable[[slice], heads.Head],
    loops: list[tuple[str, Callable, int]],
    problem: tuple[torch.Tensor, ...],
    radius: float,
) -> tuple[heads.Head, dict[str, tuple[float, list[np.ndarray]]]]:
    """Our heads of all problems, and by name the seconds and the heads of each contestant."""
    z, t, _ = (part.numpy() for part in problem)
    work = {"ours": (ours, PROBLEMS)}
    for name, loop, count in loops:
        work[name] = (
            lambda which, f=loop: [
                f(*pair, radius) for pair in zip(z[which], t[which], strict=True)
            ],
            count,
        )
    ours(slice(0, 16))  # warms up
    results = rounds(work)
    parts = results["ours"][1]
    head = heads.Head(
        torch.cat([part.weights for part in parts]), torch.cat([part.gap for part in parts])
    )
    return head, {
        name: (seconds, [] if name == "ours" else [v for part in found for v in part])
        for name, (seconds, found) in results.items()
    }


def squares(problem: tuple[torch.Tensor, ...]) -> dict[str, float]:
    features, labels = problem[0].numpy(), problem[1].numpy()

    def ours(which: slice) -> heads.Head:
        # Moments as in the loop, by numpy, which computes half of a symmetric product, and like there
        # both products of a problem while its features are in the cache.
        count = len(features[which])
        gram = np.empty((count, FEATURES, FEATURES))
        moment = np.empty((count, FEATURES, CLASSES))
        for i in range(0, count, 4):
            z, y = features[which][i : i + 4], labels[which][i : i + 4]
            np.matmul(z, z.swapaxes(1, 2), out=gram[i : i + 4])
            np.matmul(z, y.swapaxes(1, 2), out=moment[i : i + 4])
        gram /= ROWS
        moment /= ROWS
        return heads.least_squares(torch.from_numpy(gram), torch.from_numpy(moment), SQUARES_RADIUS)

    loops = [("numpy loop", numpy_squares, PROBLEMS), ("scikit-learn", sklearn_squares, 20)]
    head, results = race(ours, loops, problem, SQUARES_RADIUS)
    norms = torch.linalg.vector_norm(head.weights, dim=(1, 2))
    print(
        f"least squares on a ball of {SQUARES_RADIUS} (all active: {bool((norms > 0.299).all())})"
    )
    seconds, _ = results["ours"]
    print(
        f"  ours            {seconds:8.2f} s   n={PROBLEMS}"
        f"           largest certified gap {float(head.gap.max()):.1e}"
    )
    for name, _, _ in loops:
        its, found = results[name]
        off = max(np.abs(v - head.weights[i].numpy()).max() for i, v in enumerate(found))
        print(
            f"  {name:15} {its:8.2f} s   n={len(found):4}  {its / seconds:6.1f} x   weights off by {off:.0e}"
        )
    return {f"least squares: {name}": results[name][0] / seconds for name, _, _ in loops}


def softmax(
    problem: tuple[torch.Tensor, ...], radius: float, label: str, loops
) -> dict[str, float]:
    def ours(which: slice) -> heads.Head:
        return heads.softmax(*(part[which] for part in problem), radius, tolerance=1e-6)

    head, results = race(ours, loops, problem, radius)
    norms = torch.linalg.vector_norm(head.weights, dim=(1, 2))
    share = float((norms > radius * (1 - 1e-6)).double().mean())
    certified = float((head.gap <= 1e-6).double().mean())
    print(f"softmax, {label} (radius {radius}; on the ball: {share:.0%})")
    seconds, _ = results["ours"]
    print(
        f"  ours            {seconds:8.2f} s   n={PROBLEMS}           certified to 1e-6: {certified:.1%}"
    )
    for name, _, _ in loops:
        its, found = results[name]
        excess = worst_excess(found, head, problem, radius)
        print(
            f"  {name:15} {its:8.2f} s   n={len(found):4}  {its / seconds:6.1f} x   risk {excess:+.0e}"
        )
    return {f"softmax, {label}: {name}": results[name][0] / seconds for name, _, _ in loops}


def main() -> None:
    options = history.parser(__doc__).parse_args()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        print(
            f"{PROBLEMS:,} problems, {ROWS:,} rows, {FEATURES} features, {CLASSES} classes; one thread"
        )
        problem = data(PROBLEMS)
        figures = squares(problem)
        loops = [("SLSQP", slsqp, 40), ("L-BFGS + root", lbfgs, 20)]
        figures |= softmax(problem, ACTIVE, "active", loops)
        loops = [("SLSQP", slsqp, 20), ("L-BFGS", lbfgs, 40), ("scikit-learn", sklearn_softmax, 20)]
        figures |= softmax(problem, INTERIOR, "interior", loops)
    history.record(__file__, figures, options.history)


if __name__ == "__main__":
    main()
