"""Tables and pictures of bounds."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from bounds import latent_quality, risk_gap

T = latent_quality.sharp("TVA")
M = np.array([100, 10_000])


def test_a_table_has_a_row_per_point():
    frame = T.table(L_hat=0.1, R_loss=0.2, C=1, m=M[:, None], delta=[0.1, 0.05])
    terms_of = "empirical_loss complexity confidence"
    assert list(frame.columns) == f"m delta {terms_of} total dominant vacuous".split()
    assert frame["m"].tolist() == [100, 100, 10_000, 10_000]
    assert frame["delta"].tolist() == [0.1, 0.05, 0.1, 0.05]
    terms = frame[["empirical_loss", "complexity", "confidence"]].sum(axis=1)
    np.testing.assert_allclose(terms, frame["total"])
    assert frame["dominant"].tolist() == ["complexity"] * 4


def test_a_table_of_one_point_and_without_a_range():
    frame = risk_gap.fast_rate("T", "A").table(
        gamma=0, V=1, v_norm=1, v_max=1, m_head=100, delta=0.1, kappa=0.1
    )
    assert len(frame) == 1
    assert "vacuous" not in frame


def areas(axes):
    return [each.get_label() for each in axes.collections]


def test_the_picture_stacks_terms_and_shades_where_nothing_is_said():
    m = np.geomspace(10, 1e6, 40).round()
    axes = risk_gap.paper("TVA", "TA").plot(
        "m", gamma=-0.1, R_M=2 / np.sqrt(m), L=1, C=1, m=m, delta=0.05
    )
    assert areas(axes) == ["complexity", "centring", "confidence", "vacuous"]
    lines = {line.get_label(): line.get_ydata() for line in axes.lines}
    assert set(lines) == {"quality_gap", "total"}
    # The zone begins at C + gamma = 0.9, because gamma cancels in what the range is compared with.
    zone = axes.collections[-1].get_paths()[0].get_extents()
    assert zone.y0 == pytest.approx(0.9)
    at = risk_gap.paper("TVA", "TA").evaluate(
        gamma=-0.1, R_M=2 / np.sqrt(m), L=1, C=1, m=m, delta=0.05
    )
    shown = at.total < axes.get_ylim()[1]
    np.testing.assert_allclose(lines["total"][shown], at.total[shown])


def test_points_in_any_order_and_infinite_terms():
    design = dict(leverage=40, p=33)
    axes = risk_gap.fast_rate("T", "A").plot(
        m_head=[4000, 100, 20_000], gamma=0.1, V=1, v_norm=1, v_max=1, delta=0.1, C=4, **design
    )
    x = axes.lines[-1].get_xdata()
    assert x.tolist() == [100, 4000, 20_000]
    assert np.isfinite(axes.get_ylim()).all()


def test_against_delta_and_without_a_range():
    axes = risk_gap.fast_rate("T", "A").plot(
        "delta", gamma=0, V=1, v_norm=1, v_max=1, m_head=1000, delta=[0.01, 0.1], kappa=0.1
    )
    assert "vacuous" not in areas(axes)
    assert axes.get_xlabel() == "delta"


@pytest.mark.parametrize(
    ("along", "m", "message"),
    [
        ("delta", M, "along must name an argument that varies, got 'delta' where m varies"),
        (None, 100, "along must name an argument that varies, got None where none varies"),
        ("m", M[:, None], r"arguments must vary in one direction, got shape \(2, 2\)"),
    ],
)
def test_what_cannot_be_drawn_is_refused(along, m, message):
    delta = [0.1, 0.05] if np.ndim(m) == 2 else 0.05
    with pytest.raises(ValueError, match=message):
        T.plot(along, L_hat=0, R_loss=0.1, C=1, m=m, delta=delta)


@pytest.mark.parametrize("gamma", [[-0.3, -0.1, 0.2], [-0.3, -0.2, -0.1], [-0.5, 0.0, 0.0]])
def test_values_that_are_not_positive_are_on_no_logarithmic_axis(gamma):
    axes = risk_gap.paper("TVA", "TA").plot(gamma=gamma, R_M=0.1, L=1, C=1, m=1000, delta=0.05)
    assert axes.get_xlabel() == "gamma"
    low, high = axes.get_xlim()
    shown = axes.lines[-1].get_xdata()
    assert ((low <= shown) & (shown <= high)).all()
    pixels = axes.transData.transform(np.column_stack([shown, np.zeros(3)]))[:, 0]
    assert np.isfinite(pixels).all()
    assert pixels[1] > pixels[0]
    axes.figure.canvas.draw()


def test_the_size_is_on_the_axis_wherever_it_is_named():
    m = np.array([100, 400, 1600])
    axes = T.plot(R_loss=1 / np.sqrt(m), L_hat=0, C=1, m=m, delta=0.05)
    assert axes.get_xlabel() == "m"
    axes = T.plot("R_loss", R_loss=1 / np.sqrt(m), L_hat=0, C=1, m=m, delta=0.05)
    assert axes.get_xlabel() == "R_loss"


def test_a_picture_is_drawn_where_it_is_asked_for():
    left, right = Figure().subplots(1, 2)
    assert T.plot(L_hat=0, R_loss=0.1, C=1, m=M, delta=0.05, ax=right) is right
    assert right.get_title() == T.title
    assert not left.lines
