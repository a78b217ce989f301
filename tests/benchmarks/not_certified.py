"""What the page on what cannot be certified states in numbers, measured on scikit-learn's digits.

    python tests/benchmarks/not_certified.py

The pair is M = both upper quadrants, N = the upper left one. The rows of the data set are the population:
samples are drawn from them without replacement, and true gaps are means over the rows left out.
"""

from __future__ import annotations

import history
import numpy as np
from scipy import optimize, stats
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import KFold

from empirical.statistics.laws import clopper_pearson
from verify.certificates.certify import certify

IMAGES, Y = load_digits(return_X_y=True)
X = IMAGES.reshape(-1, 8, 8) / 16
UPPER, LEFT = X[:, :4].reshape(len(X), -1), X[:, :4, :4].reshape(len(X), -1)
PENALTIES = np.geomspace(0.01, 100, 9)
LEVEL = 0.95


def differences(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """0-1 loss of M minus that of N on the test rows, both fitted by ridge on the training rows."""
    wrong = []
    for features in (UPPER, LEFT):
        fitted = RidgeCV(PENALTIES).fit(features[train], np.eye(10)[Y[train]])
        wrong.append(fitted.predict(features[test]).argmax(1) != Y[test])
    return wrong[0].astype(float) - wrong[1]


def folds(n: int, K: int, trials: int) -> dict[str, float]:
    """Does the normal interval of a K-fold estimate hold the algorithm's mean gap?"""
    means, halves, true, held = [], [], [], []
    for seed in range(trials):
        rows = np.random.default_rng(seed).permutation(len(Y))
        sample, rest = rows[:n], rows[n:]
        values, gaps = np.empty(n), []
        for train, test in KFold(K).split(sample):
            both = differences(sample[train], np.concatenate([sample[test], rest]))
            values[test] = both[: len(test)]
            gaps.append(both[len(test) :].mean())
        means.append(values.mean())
        halves.append(stats.norm.isf((1 - LEVEL) / 2) * values.std(ddof=1) / np.sqrt(n))
        true.append(np.mean(gaps))
        half = n // 2
        both = differences(sample[:half], np.concatenate([sample[half:], rest]))
        Z = both[: n - half]
        found = certify(np.maximum(Z, 0), np.maximum(-Z, 0), C=1, seed=seed)
        held.append(found.low <= both[n - half :].mean() <= found.high)
    covered = int((np.abs(np.array(means) - np.mean(true)) <= halves).sum())
    text = f"n = {n}, K = {K}, {trials} samples: "
    for name, hits in (("K-fold normal interval", covered), ("half held out", int(sum(held)))):
        interval = clopper_pearson(hits, trials, 0.025)
        ends = f"{float(interval.low):.3f} to {float(interval.high):.3f}"
        text += f"{name} covers {hits / trials:.3f} ({ends}); "
    print(text)
    name = f"n = {n}, K = {K}"
    return {f"{name}: K-fold": covered / trials, f"{name}: held out": sum(held) / trials}


def kl_inverse(rate: float, budget: float, sign: int) -> float:
    """The largest (or least) p with kl(rate, p) ≤ budget."""

    def excess(p: float) -> float:
        terms = [(rate, p), (1 - rate, 1 - p)]
        return sum(a * np.log(a / b) for a, b in terms if a > 0) - budget

    end = 1 - 1e-12 if sign > 0 else 1e-12
    if excess(end) < 0:
        return end
    return float(optimize.brentq(excess, rate, end)) if 0 < rate < 1 else _edge(rate, budget, sign)


def _edge(rate: float, budget: float, sign: int) -> float:
    return 1 - np.exp(-budget) if rate == 0 and sign > 0 else rate


def pac_bayes(n: int, trials: int) -> dict[str, float]:
    """Bounds on the risks and on the gap: PAC-Bayes with a prior from half of the rows, and a hold-out."""
    rows_of = []
    spreads = (0.03, 0.1, 0.3, 1.0)
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        rows = rng.permutation(len(Y))
        first, second = rows[: n // 2], rows[n // 2 : n]
        bounds, held, wrong = {}, {}, {}
        for name, features in (("M", UPPER), ("N", LEFT)):
            prior, posterior = (
                LogisticRegression(max_iter=500).fit(features[part], Y[part])
                for part in (first, rows[:n])
            )
            weights = [np.c_[model.coef_, model.intercept_] for model in (prior, posterior)]
            distance = float(np.square(weights[1] - weights[0]).sum())
            padded = np.c_[features[second], np.ones(len(second))]
            best = {+1: 1.0, -1: 0.0}
            for spread in spreads:  # each pays for being one of them, and for either end
                drawn = weights[1] + spread * rng.normal(size=(200, *weights[1].shape))
                rate = float(((padded @ drawn.transpose(0, 2, 1)).argmax(2) != Y[second]).mean())
                count = len(second)
                cost = np.log(2 * np.sqrt(count) * len(spreads) * 4 / (1 - LEVEL))
                budget = (distance / (2 * spread**2) + cost) / count
                best[1] = min(best[1], kl_inverse(rate, budget, +1))
                best[-1] = max(best[-1], kl_inverse(rate, budget, -1))
            bounds[name] = best
            wrong[name] = (prior.predict(features[second]) != Y[second]).astype(float)
            held[name] = float(clopper_pearson(wrong[name].sum(), len(second), 0.0125).high)
        gap = certify(wrong["M"], wrong["N"], C=1, seed=seed)
        rows_of.append(
            (bounds["M"][1], held["M"], bounds["M"][1] - bounds["N"][-1], gap.high, gap.gap)
        )
    found = np.median(rows_of, axis=0)
    certified = (np.array(rows_of)[:, 2:4] < 0).sum(0)
    print(
        f"n = {n}, {trials} samples, medians: risk of M at most {found[0]:.3f} by PAC-Bayes,"
        f" {found[1]:.3f} by the hold-out; gap at most {found[2]:+.3f} by PAC-Bayes, {found[3]:+.3f} by the"
        f" hold-out (it is about {found[4]:+.3f}); certified {certified[0]} and {certified[1]} times"
    )
    return {f"n = {n}: gap by PAC-Bayes": found[2], f"n = {n}: gap by the hold-out": found[3]}


if __name__ == "__main__":
    options = history.parser(__doc__).parse_args()
    figures = folds(100, 5, 2000)
    figures |= folds(200, 10, 500)
    figures |= pac_bayes(500, 10)
    figures |= pac_bayes(1000, 10)
    history.record(__file__, figures, options.history)
