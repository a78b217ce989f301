"""In a shell or a notebook: short lines, small tables, pictures of pyplot, public names, near names."""

import inspect
import re
import types
from html.parser import HTMLParser

import matplotlib
import numpy as np
import pytest

import bounds
import empirical
import multimodal_bounds as mb
import verify
from bounds import latent_quality, losses, risk_gap
from bounds.catalogue import THEOREMS
from bounds.names import did_you_mean, known_options
from empirical.datasets import from_arrays
from verify.certificates.certificate import Certificate
from verify.execution.run import run_study

T = latent_quality.sharp("TVA")
POINT = dict(L_hat=0.1, R_loss=0.2, C=1, m=100, delta=0.05)


class Tags(HTMLParser):
    """Whether every element of a fragment is closed in order, and which there are."""

    def __init__(self, html):
        super().__init__()
        self.open, self.seen = [], set()
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in ("br", "hr", "col"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def study(**options):
    rng = np.random.default_rng(0)
    rows = {"a<b": rng.normal(size=(40, 2)), "text": rng.normal(size=(40, 3))}
    return mb.verify_dataset(
        rows, rng.normal(size=40), m=[8], head_m=[], trials=2, steps=2, **options
    )


# ---- values


def test_a_value_is_a_number_with_named_terms():
    value = T.evaluate(**POINT)
    assert float(value) == value.total
    assert value["complexity"] == value.terms["complexity"] == 0.4
    assert sum(value[name] for name in value) == pytest.approx(float(value))
    assert repr(value).startswith(f"BoundValue({value.total:.4g} = empirical_loss 0.1 + complexity")
    assert repr(value).endswith("; not vacuous)")
    assert len(repr(value)) < 120


def test_a_value_at_many_points_is_a_frame():
    value = T.evaluate(**{**POINT, "m": [[10], [1000]], "delta": [0.1, 0.05, 0.01]})
    frame = value.frame
    assert frame.equals(T.table(**{**POINT, "m": [[10], [1000]], "delta": [0.1, 0.05, 0.01]}))
    assert frame["m"].tolist() == [10] * 3 + [1000] * 3
    np.testing.assert_array_equal(frame["total"], np.ravel(value.total))
    assert "(2, 3) along m, delta" in repr(value)
    with pytest.raises(ValueError, match=r"^value must be one point, got shape \(2, 3\)"):
        float(value)
    assert "table" in Tags(value._repr_html_()).seen


def test_a_term_that_is_not_there_names_the_nearest():
    with pytest.raises(ValueError, match=r"^terms must be one of .*; did you mean 'complexity'\?$"):
        T.evaluate(**POINT)["complexty"]


def test_the_constants_of_a_loss_are_passed_as_they_are():
    constants = losses.squared(1.0, 2.0)
    given = dict(gamma=0, R_M=0.01, m=10_000, delta=0.05)
    theorem = risk_gap.paper("TVA", "TA")
    assert dict(**constants) == {"C": 9.0, "L": 6.0}
    assert theorem.evaluate(**constants, **given).total == theorem.evaluate(C=9, L=6, **given).total
    with pytest.raises(KeyError):
        constants["c"]


# ---- short lines and small tables


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda theorem: theorem.key)
def test_a_theorem_is_one_line_a_formula_and_a_page(theorem):
    assert theorem.key in repr(theorem)
    assert len(repr(theorem)) < 120
    assert "\n" not in repr(theorem)
    formula = theorem._repr_latex_()
    assert formula.startswith("$\\displaystyle")
    assert formula.count("{") == formula.count("}")
    html = theorem._repr_html_()
    assert Tags(html).seen >= {"strong", "details", "table"}
    assert all(f"<th>{name}</th>" in html for name in theorem.arguments)
    assert all(each.key in html for each in theorem.assumptions)


def test_a_study_and_its_results_are_short_and_escape_names():
    designed = study()
    results = designed.run(workers=1)
    for each in (designed, results, designed.data):
        assert len(repr(each)) < 200
        assert "array" not in repr(each)
    for each in (designed, results):
        assert "a<b" not in each._repr_html_()
        assert "a&lt;b" in each._repr_html_()
        assert "table" in Tags(each._repr_html_()).seen
    assert repr(designed).startswith(
        "Study(user features: 40 rows, 2 modalities, 2 pairs; 2 trials"
    )


def test_tables_of_names_show_them():
    assert repr(mb.OPERATIONS).startswith("Table('operation': concatenation, sum")


# ---- pictures


def test_pictures_are_known_to_pyplot_and_return_their_axes():
    from matplotlib import pyplot

    pyplot.close("all")
    m = np.array([100, 1000])
    found = Certificate(-0.2, -0.3, -0.1, delta=0.05, n=100, rows=100, C=1.0, spread=0.5)
    decision = mb.decide(predictions={"": [0.0, 1.0] * 50, "a": [0.0] * 100}, C=1)
    drawings = (
        lambda ax: T.plot(**{**POINT, "m": m}, ax=ax),
        lambda ax: found.plot(ax=ax),
        lambda ax: decision.plot(ax=ax),
    )
    for number, draw in enumerate(drawings, 1):
        axes = draw(None)
        assert isinstance(axes, matplotlib.axes.Axes)
        assert pyplot.gcf() is axes.figure
        assert len(pyplot.get_fignums()) == number
    _, own = pyplot.subplots()
    for draw in drawings:
        assert draw(own) is own
    assert len(pyplot.get_fignums()) == len(drawings) + 1
    pyplot.close("all")


@pytest.mark.parametrize(
    ("arguments", "along", "scale"),
    [
        # m comes first, whatever varies with it; a constant array does not vary.
        ({"R_loss": [0.3, 0.1], "m": [100, 400]}, "m", "linear"),
        ({"m": [100, 5000]}, "m", "log"),
        ({"L_hat": [0.1, 0.1], "R_loss": [0.3, 0.2]}, "R_loss", "linear"),
        ({"L_hat": [-0.1, 0.0, 0.2]}, "L_hat", "linear"),
        ({"L_hat": [-0.5, 0.0, 1e-4, 0.5]}, "L_hat", "symlog"),
    ],
)
def test_the_axis_fits_the_values(arguments, along, scale):
    axes = T.plot(**{**POINT, **arguments})
    assert (axes.get_xlabel(), axes.get_xscale()) == (along, scale)
    x = axes.lines[-1].get_xdata()
    pixels = axes.transData.transform(np.column_stack([x, np.zeros(len(x))]))[:, 0]
    assert (np.diff(pixels) > 0).all()
    axes.figure.canvas.draw()


def test_the_held_out_size_is_on_the_axis():
    given = dict(Z_mean=-0.1, Z_square=[0.2, 0.1], C=1, bet=0.1, delta=0.05)
    axes = risk_gap.held_out("M", "N").plot(m_test=[100, 200], **given)
    assert axes.get_xlabel() == "m_test"


# ---- public names


def public_modules():
    yield from (bounds, empirical, verify, mb)
    yield from (getattr(mb, name) for name in mb.__all__ if inspect.ismodule(getattr(mb, name)))


@pytest.mark.parametrize("module", list(public_modules()), ids=lambda module: module.__name__)
def test_dir_shows_what_is_public_and_there(module):
    names = dir(module)
    assert names == sorted(set(names))
    strangers = {"annotations", "Any", "TYPE_CHECKING", "dataclass"}
    assert not strangers & set(names)
    for name in names:
        value = getattr(module, name)
        assert name == "__version__" or not name.startswith("_")
        if isinstance(value, types.ModuleType):
            assert value.__name__.partition(".")[0] in ("bounds", "empirical", "verify")


def test_the_version_is_one():
    versions = {bounds.__version__, empirical.__version__, verify.__version__, mb.__version__}
    assert len(versions) == 1
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", versions.pop())


# ---- names that were nearly right


@pytest.mark.parametrize(
    ("call", "near"),
    [
        (lambda: study(trails=3), "trials"),
        (lambda: study(fusion="gate"), "gated"),
        (lambda: study(loss="Softmax"), "softmax"),
        (lambda: study().run(worker=1), "workers"),
        (lambda: mb.decide({"a": [[1.0]]}, [1.0], matric="brier"), "metric"),
        (lambda: mb.certify([0.0], [1.0], dleta=0.1), "delta"),
        (lambda: mb.certify([0.0] * 9, [1.0] * 9, C=1, method="beting"), "betting"),
        (lambda: T.evaluate(**POINT, slak=0), None),
        (lambda: T.evaluate(L_hat=0, R_los=0.1, C=1, m=10, delta=0.1), "R_loss"),
        (lambda: T.plot("M", **{**POINT, "m": [10, 20]}), "m"),
        (lambda: mb.check_theorem(T, [0.1], {**POINT, "m": 9}, slck=0.1), "slack"),
        (lambda: mb.catalogue.find("risk_gap.shrp"), "risk_gap.sharp"),
        (lambda: mb.datasets.by_name("digit"), "digits"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_nearest(call, near):
    with pytest.raises(ValueError, match=" must ") as raised:
        call()
    assert near is None or str(raised.value).endswith(f"; did you mean {near!r}?")


def test_checked_functions_keep_their_signature_and_their_other_errors():
    assert list(inspect.signature(run_study).parameters)[:2] == ["design", "out"]
    assert run_study.__doc__.startswith("Measure every trial")

    @known_options
    def add(first, second=1):
        return first + second

    assert add(1, second=2) == 3
    with pytest.raises(TypeError):
        add()
    assert did_you_mean(3, ["m"]) == ""


def test_a_data_set_says_what_it_is():
    data = from_arrays({"a": [[1.0], [2.0]], "b": [[1.0], [3.0]]}, [0.5, 1.5])
    assert repr(data) == "Dataset(user features: 2 rows, regression; a (1), b (1))"
