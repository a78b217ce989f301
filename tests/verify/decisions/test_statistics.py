"""What a decision must not get wrong: weights, missing rows, worthless models, and words."""

from typing import Any

import numpy as np
import pytest

from verify import Decision, decide
from verify.decisions import curves, figures, page
from verify.decisions.choice import Plan, plan
from verify.decisions.curves import Crossover, Point
from verify.decisions.extrapolation import extrapolate
from verify.decisions.family import Comparison, Gain, family
from verify.decisions.losses import Scale, cut_weights, settled_weights
from verify.decisions.recommend import recommend, rows_needed, verdicts
from verify.decisions.words import crossover_sentence, extrapolation_sentence


def said(decision: Decision) -> dict[str, str]:
    return {each.name: each.verdict for each in decision.modalities}


def gain(larger: str, smaller: str, mean: float, half: float, subject: str = "") -> Gain:
    pair = Comparison("modality", subject, tuple(larger), tuple(smaller), 0.1, 0.1)
    return Gain(mean, mean - half, mean + half, 500, 500, 0.4, pair)


def coin(rng: np.random.Generator, n: int, rate: float) -> np.ndarray:
    return (rng.random(n) < rate).astype(float)


def test_weights_take_part_in_the_choice() -> None:
    """On half of the rows a is right, on the other half b; the weights say which half counts."""
    first = np.arange(200) < 100
    losses = {(): np.ones(200), ("a",): 1.0 * ~first, ("b",): 1.0 * first}
    heavy = np.where(first, 1.9, 0.1)
    assert plan(("a", "b"), losses, np.arange(200), heavy).favourite == ("a",)
    assert plan(("a", "b"), losses, np.arange(200), 2 - heavy).favourite == ("b",)


def test_the_range_of_weights_is_that_of_the_training_part() -> None:
    """A weight that appears in the hold-out alone cannot widen a range that is fixed in advance."""
    weights = np.array([1.0, 2.0, 3.0, 50.0])
    settled = settled_weights(weights, np.array([0, 1]))
    assert settled is not None
    assert settled.tolist() == [2 / 3, 4 / 3, 4 / 3, 4 / 3]
    assert cut_weights(weights, np.array([0, 1]))[0].startswith("2 held-out rows weigh more")
    rng = np.random.default_rng(0)
    losses = {"": coin(rng, 600, 0.5), "a": coin(rng, 600, 0.2)}
    heavy = np.ones(600)
    quiet = decide(predictions=losses, C=1, weights=heavy)
    held = decide(predictions=losses, C=1, weights=np.where(np.arange(600) == 7, 1e12, heavy))
    loud = [each for each in held.warnings if "such weights were cut" in each]
    if loud:  # row 7 certifies: cut, it changes next to nothing
        assert held.recommendation.low == pytest.approx(quiet.recommendation.low, abs=0.01)
    else:  # row 7 chooses: its weight is the range, and nothing can be certified
        assert held.recommendation.subset == ()


class Gaps:
    """Predicts nothing for the rows on which it would be wrong."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> "Gaps":
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.where(np.abs(X[:, 0]) > 2.0, np.nan, X[:, 0])


def test_a_model_without_predictions_for_some_rows_is_refused() -> None:
    """Rows that drop out would flatter it."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 1))
    y = np.where(np.abs(x[:, 0]) > 2.0, -x[:, 0], x[:, 0])
    with pytest.raises(ValueError, match="a model for a must predict finite numbers"):
        decide({"a": x, "b": x**2}, y, task="regression", estimators=lambda subset: Gaps())


def test_many_modalities_with_few_subsets_are_no_matter_of_powers_of_two() -> None:
    rng = np.random.default_rng(0)
    losses = {"": coin(rng, 400, 0.5)} | {f"m{k}": coin(rng, 400, 0.4) for k in range(40)}
    assert len(decide(predictions=losses, C=1).modalities) == 40


def test_better_than_a_worthless_model_is_no_help() -> None:
    """c and d err more often than the constant, with d a little less often."""
    rng = np.random.default_rng(0)
    rates = {"": 0.3, "a": 0.2, "c": 0.7, "c+d": 0.5}
    losses = {subset: coin(rng, 4000, rate) for subset, rate in rates.items()}
    found = decide(predictions=losses, C=1)
    assert said(found) == {"a": "helps", "c": "hurts", "d": "undecided"}
    assert found.modalities[2].low > 0
    assert "not shown to be better than a constant" in found.recommendation.sentence
    assert "D adds nothing" not in found.recommendation.sentence


def test_two_modalities_that_are_given_together_alone_can_be_recommended() -> None:
    """The fifth that chooses is too small to tell them from the constant; the rest is not."""
    recommended = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        losses = {"": coin(rng, 3000, 0.5), "a+b": coin(rng, 3000, 0.42)}
        found = decide(predictions=losses, C=1, seed=seed)
        recommended += found.recommendation.subset == ("a", "b")
        assert any("Nothing is said of a, b alone" in each for each in found.warnings)
    assert recommended == 10


def test_without_a_constant_the_page_says_so() -> None:
    rng = np.random.default_rng(0)
    losses = {"a": coin(rng, 400, 0.4), "a+b": coin(rng, 400, 0.2)}
    assert any(
        "No constant prediction" in each for each in decide(predictions=losses, C=1).warnings
    )
    whole = losses | {"": coin(rng, 400, 0.5)}
    assert not any("No constant" in each for each in decide(predictions=whole, C=1).warnings)


def test_a_part_of_the_favourite_that_beats_the_constant_is_recommended() -> None:
    """The favourite was the wrong guess: only a is shown to beat the constant."""
    aim = Plan(("a", "b"), ((), ("a",), ("a", "b")), ("a", "b"))
    gains = [
        gain("ab", "b", 0.02, 0.03, "a"),
        gain("ab", "a", -0.03, 0.02, "b"),
        gain("a", "", 0.05, 0.02),
        gain("ab", "", 0.02, 0.03),
    ]
    found = recommend(gains, aim)
    assert found.subset == ("a",)
    assert found.gain is gains[2]


def test_the_constant_is_compared_with_what_was_compared_with_it() -> None:
    """c against a + b is no comparison with a constant, however large."""
    gains = [gain("abc", "ab", 0.3, 0.4, "c"), gain("a", "", 0.01, 0.05, "a")]
    found = recommend(gains, Plan((), ((),), ()))
    assert found.gain is gains[1]


@pytest.mark.parametrize("mean", [1e-160, 0.001, 0.004, 0.02, -0.03])
@pytest.mark.parametrize("half", [0.04, 0.2])
def test_more_rows_are_needed_than_did_not_decide(mean: float, half: float) -> None:
    undecided = gain("a", "", mean, half, "a")
    needed = rows_needed(undecided, 0.005, 0.05, 1.0, 1000)
    assert needed is not None
    assert needed > 1000
    wider = rows_needed(gain("a", "", mean, 2 * half, "a"), 0.005, 0.05, 1.0, 1000)
    assert wider is not None
    assert wider >= needed


def test_rows_that_lack_a_modality_are_counted_among_the_rows_needed() -> None:
    """A tenth of the rows has the modality: ten times as many rows are needed."""
    few, all_rows = (
        verdicts(
            [gain("a", "", 0.02, 0.05, "a")],
            margin=0.005,
            delta=0.05,
            largest=1.0,
            rows=rows,
        )[0].rows_needed
        for rows in (10000, 1000)
    )
    assert few is not None
    assert all_rows is not None
    assert few == pytest.approx(10 * all_rows, rel=0.1)


def test_equal_models_need_rows_too() -> None:
    found = decide(predictions={"": np.zeros(100), "a": np.zeros(100)}, C=1)
    assert said(found) == {"a": "undecided"}
    assert found.modalities[0].rows_needed is not None
    more = decide(predictions=dict.fromkeys(("", "a"), np.zeros(2 * 10**4)), C=1)
    assert said(more) == {"a": "negligible"}


def test_a_hold_out_that_lacks_a_modality_leaves_it_undecided() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(120, 2)), rng.normal(size=(120, 1))
    train = np.arange(120) < 60
    b[~train] = np.nan
    found = decide({"a": a, "b": b}, (a[:, 0] > 0).astype(int), train=train)
    assert said(found) == {"a": "helps", "b": "undecided"}
    assert found.modalities[1].low == -1


def test_curves_are_judged_on_rows_in_an_order_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows sorted by class: the first of a large hold-out would be of one class alone."""
    monkeypatch.setattr(curves, "MOST_HOLDOUT", 60)
    rng = np.random.default_rng(0)
    y = np.arange(200) // 100
    found = decide({"a": rng.normal(size=(200, 1))}, y, seed=1)
    losses = [each["loss"] for each in found.document["curves"]]
    assert losses
    assert np.mean(losses) == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Crossover("a", 50, 50), "a starts to pay at 50 training rows or fewer."),
        (Crossover("a", 50, 100), "a starts to pay at 100 training rows or fewer."),
        (Crossover("a", 100, 100, 50), "a starts to pay between 50 and 100 training rows."),
        (Crossover("a", 100, 200, 50), "a starts to pay between 50 and 200 training rows."),
    ],
)
def test_a_crossover_lies_between_sizes_that_were_measured(found: Crossover, text: str) -> None:
    assert crossover_sentence(found, "rows") == text


def test_prices_compare_losses_on_the_same_rows() -> None:
    """b is there on the easy rows alone, where its loss looks as small as that of a."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 1))
    y = np.where(x[:, 0] > 0, 1, 0)
    hard = np.arange(600) % 2 == 0
    y[hard] = np.where(rng.random(hard.sum()) < 0.35, 1 - y[hard], y[hard])
    b = x + 0.6 * rng.normal(size=(600, 1))
    b[hard] = np.nan
    found = decide({"a": x, "b": b}, y, cost={"a": 2, "b": 1}, margin=0.05)
    assert found.document["cheapest"] == ["a"]


@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_a_target_beyond_what_a_square_can_hold_is_one_line(scale: float) -> None:
    with pytest.raises(
        ValueError, match="y must vary in the training part, with a finite variance"
    ):
        Scale.of(scale * np.array([-1.0, 1.0]), 0)


def test_pairs_without_the_favourite_have_a_constant_of_their_own() -> None:
    subsets = [(), ("a",), ("c",), ("c", "d")]
    listed = family(("a", "c", "d"), Plan(("a",), ((), ("a",)), ("a",)), subsets)
    pairs = {(each.larger, each.smaller) for each in listed}
    assert (("c", "d"), ()) in pairs
    assert sum(each.low_share + each.high_share for each in listed) <= 1 + 1e-12


def test_a_modality_without_a_pair_is_there_and_undecided() -> None:
    """c and d come together alone: nothing can be said of either, and the answer says so."""
    rng = np.random.default_rng(0)
    rates = {"": 0.5, "a": 0.3, "a+c+d": 0.2}
    found = decide(predictions={s: coin(rng, 2000, rate) for s, rate in rates.items()}, C=1)
    assert said(found) == {"a": "helps", "c": "undecided", "d": "undecided"}
    for each in found.modalities[1:]:
        assert (each.gain, each.low, each.high, each.rows_needed) == (None, None, None, None)
        assert "differ by this modality only" in each.why
        assert each.why in repr(found)
        assert each.why in found._repr_html_()
        assert each.why in page.render(found.document)
    assert len(found.plot().get_yticklabels()) == 3


def test_an_open_verdict_says_why() -> None:
    rng = np.random.default_rng(0)
    losses = {"": coin(rng, 400, 0.5), "a": coin(rng, 400, 0.2), "a+b": coin(rng, 400, 0.2)}
    a, b = decide(predictions=losses, C=1).modalities
    assert (a.verdict, a.why) == ("helps", "")
    assert b.verdict == "undecided"
    assert "the gain could be zero, and it could be more than the 0.5 points" in b.why


def test_the_picture_of_prices_has_a_line_of_sets_that_no_cheaper_one_equals() -> None:
    rng = np.random.default_rng(0)
    rates = {"": 0.5, "a": 0.3, "b": 0.35, "a+b": 0.2}
    losses = {s: coin(rng, 4000, rate) for s, rate in rates.items()}
    found = decide(predictions=losses, C=1, cost={"a": 1, "b": 3})
    picture = figures.price_picture(found.document)
    assert picture is not None
    assert [each["name"] for each in picture["line"]] == ["a constant", "a", "a + b"]
    assert [each["name"] for each in picture["points"] if not each["best"]] == ["b"]
    across, down = zip(*(each["end"] for each in picture["line"]), strict=True)
    assert list(across) == sorted(across)
    assert list(down) == sorted(down)  # the lower the loss, the lower the point
    assert picture["path"] in page.render(found.document)
    free = decide(predictions=losses, C=1)
    assert figures.price_picture(free.document) is None
    assert figures.price_picture(decide(predictions=losses, C=1, cost={}).document) is None


def test_the_cheapest_good_set_is_certified_against_the_favourite() -> None:
    """b is worth a point and a half, less than the margin of two."""
    rng = np.random.default_rng(0)
    base = coin(rng, 20_000, 0.2)
    both = np.where(rng.random(20_000) < 0.075, 0, base)
    losses = {"": coin(rng, 20_000, 0.5), "a": base, "a+b": both}
    found = decide(predictions=losses, C=1, cost={"b": 3}, margin=0.02).document
    assert found["cheapest"] == ["a"]
    assert found["cheapest_sentence"].startswith(
        "The cheapest set within the margin of the best, on the rows used for choosing: a."
        " On new rows it loses at most "
    )
    pair = next(each for each in found["comparisons"] if each["smaller"] == ["a"])
    assert f"at most {100 * pair['high']:.1f} points against a + b" in found["cheapest_sentence"]
    assert found["cheapest_sentence"] in page.render(found)


def test_extrapolations_carry_their_record() -> None:
    curve = [Point(("a",), m, 0.2 + 2 / m**0.5, 0.0, 1.0) for m in (50, 100, 200, 400)]
    curve[-1] = Point(("a",), 400, 0.33, 0.0, 1.0)
    [found] = extrapolate([*curve, Point(("b",), 50, 0.3, 0.3, 0.3)])  # one size of b is no curve
    assert (found.m, found.known_m, found.measured) == (800, 400, 0.33)
    assert found.said == pytest.approx(0.3)
    assert found.loss > 0.2 + 2 / 800**0.5
    sentence = extrapolation_sentence(found, "rows")
    assert sentence.startswith(
        "Extrapolated to 800 training rows: a would have a mean loss of about "
    )
    assert "said 0.3 for 400, where 0.33 was measured." in sentence


def test_where_nothing_is_shown_to_pay_the_curves_say_so(worlds: dict[str, Any]) -> None:
    features, y = worlds["noise 5"](np.random.default_rng(0), 200)
    crossings = {each["name"]: each for each in decide(features, y).document["crossovers"]}
    assert crossings["a"]["first"] is not None
    assert crossings["noise"]["first"] is None
    assert crossings["noise"]["sentence"] == "noise is not shown to pay within your rows."
