"""The closed registry of the verifier: every symbol with its samples, every lemma with its conditions.

The entries are typed here a second time, on purpose: the verifier trusts nothing that a receipt says.

A sample tag says which sample a quantity depends on: `S`, the one sample of an unsplit learner; `S_1`,
on which the encoder is learned, and `S_2`, on which the head is; `S_3`, rows held out from all of them.
A quantity without a tag is fixed before any sample is drawn. Empirical risks on `S` and on `S_2` are
different symbols.
"""

from __future__ import annotations

from dataclasses import dataclass

from bounds.receipts.algebra import AT_LEAST_ONE, NON_NEGATIVE, POSITIVE, REAL


@dataclass(frozen=True)
class Symbol:
    """A quantity: its kind, the samples that it depends on, and whether a statement may hold it."""

    kind: str
    samples: frozenset[str] = frozenset()
    place: str = "argument"


@dataclass(frozen=True)
class Lemma:
    """An inequality that holds for all parameters that meet the conditions.

    Parameters
    ----------
    forms
        Texts "left <= right".
    needs
        Keys of the assumptions.
    parameters
        Names that a step fixes.
    fixed
        Parameters that must not depend on the sample whose randomness the lemma uses.
    size
        Parameters that must be the size of that sample.
    conditions
        Expressions that must be proved non-negative.
    failure
        The probability with which the inequality may fail.
    sample
        The sample on which it holds, if it depends on one.
    """

    forms: tuple[str, ...]
    needs: frozenset[str] = frozenset()
    parameters: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    size: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    failure: str = "0"
    sample: str = ""


SIZES = {"S": "m", "S_2": "m_head", "S_3": "m_test"}
ARGUMENT, STATED, INTERNAL = "argument", "stated", "internal"


def _symbols(kind: str, names: str, samples: str = "", place: str = ARGUMENT) -> dict[str, Symbol]:
    tags = frozenset(samples.split())
    return {name: Symbol(kind, tags, place) for name in names.split()}


SYMBOLS: dict[str, Symbol] = {
    **_symbols(POSITIVE, "delta"),
    **_symbols(POSITIVE, "bet", "S S_1 S_2"),
    **_symbols(AT_LEAST_ONE, "m m_head m_test"),
    **_symbols(NON_NEGATIVE, "C L R_M R_abs_M R_vector_M R R_vector R_loss C_M C_N"),
    **_symbols(NON_NEGATIVE, "R_loss_head V v_norm v_max v_frobenius", "S_1"),
    **_symbols(POSITIVE, "leverage theta", "S_1"),
    **_symbols(AT_LEAST_ONE, "p", "S_1"),
    **_symbols(REAL, "gamma", "S S_1"),
    **_symbols(REAL, "L_hat L_hat_M L_hat_N", "S"),
    **_symbols(NON_NEGATIVE, "R_hat_loss", "S"),
    **_symbols(NON_NEGATIVE, "slack", "S S_1 S_2"),
    **_symbols(NON_NEGATIVE, "kappa first_order_slack V_hat inflation", "S_1 S_2"),
    **_symbols(POSITIVE, "lam"),
    **_symbols(NON_NEGATIVE, "gibbs_hat KL", "S"),
    **_symbols(REAL, "Z_mean", "S S_1 S_2 S_3"),
    **_symbols(NON_NEGATIVE, "Z_square", "S S_1 S_2 S_3"),
    **_symbols(REAL, "risk_M risk_N", "S S_1 S_2", STATED),
    **_symbols(REAL, "eta_M bound_M bound_N", "S", STATED),
    **_symbols(REAL, "gibbs kl_gibbs", "S", STATED),
    **_symbols(REAL, "best_M best_N", "S S_1", INTERNAL),
    **_symbols(REAL, "risk_star mean_up mean_down", "", INTERNAL),
    **_symbols(REAL, "empirical_M empirical_best_M empirical_star", "S", INTERNAL),
    **_symbols(REAL, "up down deviation_star common", "S", INTERNAL),
    **_symbols(REAL, "mean_up_head", "S_1", INTERNAL),
    **_symbols(
        REAL, "empirical_head empirical_best_head up_head deviation_best", "S_1 S_2", INTERNAL
    ),
    **_symbols(NON_NEGATIVE, "R_abs_loss", "", INTERNAL),
    **_symbols(REAL, "tilt energy alignment", "S_1 S_2", INTERNAL),
    **_symbols(NON_NEGATIVE, "distance noise self_noise log_population", "S_1 S_2", INTERNAL),
    **_symbols(REAL, "log_sample", "S_1 S_2", INTERNAL),
    **_symbols(REAL, "difference", "S S_1 S_2", INTERNAL),
    **_symbols(REAL, "gibbs_gap mean_kl log_prior_kl log_prior_tilt", "S", INTERNAL),
    **_symbols(REAL, "log_mean_kl log_mean_tilt", "", INTERNAL),
}

MEASURED = frozenset({"gamma", "L_hat", "L_hat_M", "L_hat_N", "Z_mean", "gibbs_hat"})
"""What a bound takes from the sample or the population, rather than adds for not knowing it."""

CONDITIONS = (
    "kappa < 1",
    "2*theta*v_norm < 1",
    "C*bet < 1",
    "sqrt(2)*sqrt(leverage)*sqrt(log(4*p/delta))/sqrt(m_head) < 1",
)
"""The conditions under which a term may be finite. Each holds for some arguments: a contradiction
would prove everything.
"""

DEFAULTS = {"slack": 0.0, "first_order_slack": 0.0}
"""What may be left out, and the only value that it then has: an exact minimiser."""

BOUNDED_DIFFERENCES = {
    "up": ("S", "mean_up", "1"),
    "down": ("S", "mean_down", "1"),
    "R_hat_loss": ("S", "R_loss", "1/2"),
    "deviation_star": ("S", "0", "1"),
    "up_head": ("S_2", "mean_up_head", "1"),
    "deviation_best": ("S_2", "0", "1"),
}
"""Of what McDiarmid may be applied to: the sample, the mean given what is fixed before it, and the
multiple of C/n by which one of the n examples moves it at most."""

LEMMAS: dict[str, Lemma] = {
    "quality gap": Lemma(("best_M - best_N <= gamma", "gamma <= best_M - best_N")),
    "latent quality": Lemma(("eta_M <= best_M - risk_star",)),
    "centred empirical loss": Lemma(("empirical_M - empirical_star <= L_hat",), sample="S"),
    "deviation of the reference": Lemma(
        ("empirical_star - risk_star <= deviation_star",), sample="S"
    ),
    "infimum": Lemma(("best_M <= risk_M", "best_N <= risk_N"), frozenset({"fixed_class"})),
    "supremum": Lemma(
        ("risk_M - empirical_M <= up", "empirical_best_M - best_M <= down"),
        frozenset({"fixed_class"}),
        sample="S",
    ),
    "supremum over heads": Lemma(
        ("risk_M - empirical_head <= up_head",),
        frozenset({"fixed_class", "independent_split"}),
        sample="S_2",
    ),
    "fixed function": Lemma(
        ("empirical_best_head - best_M <= deviation_best",),
        frozenset({"independent_split"}),
        sample="S_2",
    ),
    "ERM optimality": Lemma(
        ("empirical_M <= empirical_best_M", "empirical_M <= empirical_best_M + slack"),
        frozenset({"erm"}),
        sample="S",
    ),
    "ERM optimality on S_2": Lemma(
        ("empirical_head <= empirical_best_head + slack",), frozenset({"erm"}), sample="S_2"
    ),
    "McDiarmid": Lemma(
        ("Z <= mean + change*sqrt(n*log(1/level)/2)",),
        frozenset({"iid", "bounded_loss"}),
        ("Z", "mean", "change", "n", "level"),
        fixed=("mean", "change", "level"),
        size=("n",),
        conditions=("log(1/level)",),
        failure="level",
        sample="by Z",
    ),
    "symmetrisation": Lemma(
        ("mean_up <= 2*R_loss", "mean_down <= 2*R_loss", "mean_up_head <= 2*R_loss_head"),
        frozenset({"iid"}),
    ),
    "absolute value": Lemma(("R_loss <= R_abs_loss", "R_M <= R_abs_M")),
    "contraction": Lemma(("R_loss <= L*R_M",), frozenset({"lipschitz_loss"})),
    "contraction with absolute value": Lemma(
        ("R_abs_loss <= 2*L*R_abs_M + C/sqrt(m)",), frozenset({"lipschitz_loss", "bounded_loss"})
    ),
    "vector contraction": Lemma(("R_loss <= sqrt(2)*L*R_vector_M",), frozenset({"lipschitz_loss"})),
    "complexity at its rate": Lemma(("R_M <= sqrt(C_M/m)",), frozenset({"complexity_rate"})),
    "slack given away": Lemma(("0 <= x",), parameters=("x",), conditions=("x",)),
    "monotone root": Lemma(
        ("sqrt(a) <= sqrt(b)",), parameters=("a", "b"), conditions=("a", "b - a")
    ),
    "quadratic maximisation": Lemma(("2*x*y - y**2 <= x**2",), parameters=("x", "y")),
    "Theorem 2 at the rate": Lemma(
        (
            "bound_M <= L_hat_M + 4*L*sqrt(C_M/m) + common",
            "-bound_N <= -(L_hat_N + 4*L*sqrt(C_N/m) + common)",
        ),
        frozenset({"complexity_rate"}),
    ),
    "reachable predictors": Lemma(
        ("best_M <= best_N",), frozenset({"linear_class", "full_latent", "nested"})
    ),
    "expansion of squared risk": Lemma(
        ("risk_M - best_M <= distance**2 + 2*tilt",),
        frozenset({"least_squares_head"}),
        sample="S_2",
    ),
    "first order, population": Lemma(
        ("0 <= tilt",), frozenset({"least_squares_head"}), sample="S_2"
    ),
    "first order, sample": Lemma(
        ("energy <= alignment - tilt + first_order_slack/2",),
        frozenset({"erm", "least_squares_head"}),
        sample="S_2",
    ),
    "Cauchy-Schwarz": Lemma(("alignment <= noise*distance",), sample="S_2"),
    "Bousquet": Lemma(
        ("noise <= sqrt(V/n) + sqrt(2*t*(v_norm + 2*v_max*sqrt(V/n))/n) + v_max*t/(3*n)",),
        frozenset({"iid", "independent_split", "bounded_features"}),
        ("t", "n"),
        fixed=("t",),
        size=("n",),
        conditions=("t",),
        failure="exp(-t)",
        sample="S_2",
    ),
    "observed spectrum": Lemma(("(1 - kappa)*distance**2 <= energy",), sample="S_2"),
    "matrix Chernoff": Lemma(
        ("(1 - distortion)*distance**2 <= energy",),
        frozenset({"iid", "independent_split", "bounded_features"}),
        ("distortion", "n"),
        fixed=("distortion",),
        size=("n",),
        conditions=("distortion",),
        failure="p*exp(-distortion**2*n/(2*leverage))",
        sample="S_2",
    ),
    "observed inflation": Lemma(
        ("2*(alignment - energy)/(1 - kappa) + distance**2 <= inflation*self_noise",),
        sample="S_2",
    ),
    "Gaussian mixture": Lemma(
        ("theta*n*self_noise <= t + log_sample + log_population",),
        frozenset({"iid", "independent_split"}),
        ("t", "n"),
        fixed=("t",),
        size=("n",),
        conditions=("t", "1 - 2*theta*v_norm"),
        failure="exp(-t)",
        sample="S_2",
    ),
    "logarithm of the sample's determinant": Lemma(
        ("log_sample <= theta*(V_hat - V)/3",), sample="S_2"
    ),
    "logarithm of the population's determinant": Lemma(
        ("log_population <= theta*V + theta**2*v_frobenius**2/(1 - 2*theta*v_norm)",),
        conditions=("1 - 2*theta*v_norm",),
    ),
    "mean on held-out rows": Lemma(
        ("risk_M - risk_N <= difference",), frozenset({"held_out"}), sample="S_3"
    ),
    "capital of one stake": Lemma(
        ("stake*(difference - Z_mean) <= stake**2*Z_square/(2*(1 - stake*C)) + log(1/level)/n",),
        frozenset({"iid", "bounded_loss", "held_out"}),
        ("stake", "level", "n"),
        fixed=("stake", "level"),
        size=("n",),
        conditions=("stake", "1 - stake*C", "log(1/level)"),
        failure="level",
        sample="S_3",
    ),
    "gap of the posterior": Lemma(("gibbs - gibbs_hat <= C*gibbs_gap",), sample="S"),
    "convexity of relative entropy": Lemma(("kl_gibbs <= mean_kl",), sample="S"),
    "Pinsker": Lemma(("2*gibbs_gap**2 <= kl_gibbs",), sample="S"),
    "change of measure": Lemma(
        ("m*mean_kl <= KL + log_prior_kl", "lam*(gibbs - gibbs_hat) <= KL + log_prior_tilt"),
        sample="S",
    ),
    "Markov under the prior": Lemma(
        (
            "log_prior_kl <= log_mean_kl + log(1/level)",
            "log_prior_tilt <= log_mean_tilt + log(1/level)",
        ),
        frozenset({"prior"}),
        ("level",),
        fixed=("level",),
        conditions=("log(1/level)",),
        failure="level",
        sample="S",
    ),
    "Maurer": Lemma(
        ("log_mean_kl <= log(2*sqrt(m))",), frozenset({"iid", "bounded_loss"}), sample="S"
    ),
    "Seeger": Lemma(("log_mean_kl <= log(m + 1)",), frozenset({"iid", "bounded_loss"}), sample="S"),
    "Hoeffding": Lemma(
        ("log_mean_tilt <= lam**2*C**2/(8*m)",), frozenset({"iid", "bounded_loss"}), sample="S"
    ),
}
