"""The compiled trainer takes the steps of plain float64 training, model by model."""

import math
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from compiled_runs import SUBSETS, plain, problem, run
from plain_training import mean_loss, parameters, train

from empirical import erm
from empirical.erm import compiled
from empirical.fusion import OPERATIONS, FusionClass, Stack
from empirical.fusion.stack import slot_of

pytestmark = pytest.mark.skipif(
    not compiled.available(), reason="the compiled trainer was not built on this machine"
)

CASES = [
    # Padding in units and classes, more classes than one vector holds, rows across two blocks,
    # balls that bind, and both losses.
    ("padded", FusionClass(5, 9.0, 20.0, 3), (4, 3, 7), 40, "softmax"),
    ("binding balls", FusionClass(8, 1.5, 2.0, 3), (4, 3, 7), 130, "softmax"),
    ("many classes", FusionClass(12, 3.0, 15.0, 11), (4, 3, 7), 300, "softmax"),
    ("one output", FusionClass(32, 3.0, 5.0, 1), (26, 2, 9), 129, "least-squares"),
    ("one logit", FusionClass(7, 3.0, 5.0, 1), (4, 3, 7), 50, "logistic"),
    ("signs", FusionClass(6, 3.0, 5.0, 2), (4, 3, 7), 50, "correlation"),
    ("wide", FusionClass(33, 3.0, 5.0, 9), (2, 2, 2), 1, "least-squares"),
    ("two layers", FusionClass(8, 3.0, 15.0, 3, depth=2), (4, 3, 7), 130, "softmax"),
    ("three layers", FusionClass(21, 9.0, 15.0, 2, depth=3), (4, 3, 7), 130, "least-squares"),
]


TRIPLED = replace(
    OPERATIONS.find("sum"), name="tripled", fuse=lambda tokens, inputs, own: 3 * sum(tokens)
)

PARAMETERS, NAMES = [case[1:] for case in CASES], [case[0] for case in CASES]


@pytest.mark.parametrize("kernel", compiled.kernels())
@pytest.mark.parametrize(("cls", "dims", "rows", "objective"), PARAMETERS, ids=NAMES)
def test_the_same_weights_as_plain_float64_training(cls, dims, rows, objective, kernel):
    # Few steps: later on a unit at its kink, or a gradient near zero, makes Adam enlarge rounding, and
    # the sooner the deeper.
    steps = 10 if cls.depth == 1 else 2
    inputs, targets, scale, start = problem(cls, dims, rows, objective, seed=1)
    stack = run(inputs, targets, scale, start, cls, objective, steps, kernel=kernel)
    for index in range(len(SUBSETS)):
        for trial in range(3):
            first, own = plain(index, trial, inputs, targets, start, cls)
            expected = train(first, *own, objective, steps, learning_rate=0.01)
            moved = (expected[-1] - first[-1]).abs().max()
            assert moved > 0.003 * steps, "the comparison says nothing if nothing was learnt"
            mine = parameters(stack.encoders, stack.heads, SUBSETS, cls, index, trial)
            for ours, theirs in zip(mine, expected, strict=True):
                assert (ours.double() - theirs).abs().max() < 3e-6


@pytest.mark.parametrize(("cls", "dims", "rows", "objective"), PARAMETERS, ids=NAMES)
def test_kernels_that_round_alike_give_the_same_bits(cls, dims, rows, objective):
    inputs, targets, scale, start = problem(cls, dims, rows, objective)
    first = run(inputs, targets, scale, start, cls, objective, steps=40)
    for kernel in compiled.kernels():
        other = run(inputs, targets, scale, start, cls, objective, steps=40, kernel=kernel)
        pairs = zip((*first.encoders, *first.heads), (*other.encoders, *other.heads), strict=True)
        same = all(torch.equal(a, b) for a, b in pairs)
        assert same == (compiled.rounding(kernel) == compiled.rounding(compiled.kernels()[0]))


def test_the_build_says_how_the_kernel_in_use_rounds():
    assert compiled.build().endswith(compiled.rounding(compiled.kernels()[0]))


def test_a_kernel_that_is_not_there_is_refused():
    cls = FusionClass(4, 3.0, 5.0, 2)
    with pytest.raises(ValueError, match="^kernel must be one of .*, got 'MMX'"):
        run(*problem(cls, (4, 3, 7), 20), cls, "softmax", 1, kernel="MMX")


def test_a_model_beyond_all_memory_is_a_memory_error():
    """Its further layer has 2**46 weights: refused before they are touched, and counted beyond 32 bits."""
    width = 2**23
    one = torch.zeros(1, 1, 1, 1)
    encoders = (one.expand(1, 1, width, 1), one.expand(1, 1, width, width))
    cls = FusionClass(width, 3.0, 5.0, 1, depth=2)
    stack = Stack(((0,),), encoders, (one[0].expand(1, 1, width + 1),), depth=2)
    row = torch.ones(1, 1, 1)
    options = {"objective": "least-squares", "steps": 1, "learning_rate": 0.01}
    with pytest.raises(
        MemoryError, match="^training models of 1 rows needs more memory than there"
    ):
        compiled.train([row], row, row, stack, cls, **options)


def test_more_rows_than_32_bits_count_are_refused():
    """Before they are touched: these take no memory."""
    cls = FusionClass(4, 3.0, 5.0, 2)
    inputs, targets, scale, start = problem(cls, (4, 3, 7), 20)
    many = 2**31 - 50
    inputs = [x[:, :1].expand(-1, many, -1) for x in inputs]
    targets, scale = targets[..., :1].expand(-1, -1, many), scale[..., :1].expand(-1, -1, many)
    with pytest.raises(
        ValueError, match="^inputs must have at most 2147483584 rows, got 2147483598"
    ):
        run(inputs, targets, scale, start, cls, "softmax", 1)


@pytest.mark.parametrize(("cls", "dims", "rows", "objective"), PARAMETERS, ids=NAMES)
def test_the_same_loss_after_many_steps(cls, dims, rows, objective):
    inputs, targets, scale, start = problem(cls, dims, rows, objective)
    steps = 80 if cls.depth == 1 else 20
    stack = run(inputs, targets, scale, start, cls, objective, steps)
    for index in range(len(SUBSETS)):
        first, own = plain(index, 0, inputs, targets, start, cls)
        expected = train(first, *own, objective, steps, learning_rate=0.01)
        mine = parameters(stack.encoders, stack.heads, SUBSETS, cls, index, 0)
        ours, theirs = (
            mean_loss([w.double() for w in blocks], *own, objective).item()
            for blocks in (mine, expected)
        )
        # In float32 a loss near zero is as exact as its terms.
        assert ours == pytest.approx(theirs, rel=2e-5, abs=1e-7)


@pytest.mark.parametrize("kernel", compiled.kernels())
def test_a_unit_that_is_no_number_stays_none(kernel):
    """As in torch: zero in its place would hide an overflow from the check of what was trained."""
    cls = FusionClass(4, 3.0, 5.0, 2)
    inputs, targets, scale, start = problem(cls, (4, 3, 7), 20)
    # The first model of modality 0 is that of the second subset.
    start[0][0][0, 0, 1] = math.nan
    stack = run(inputs, targets, scale, start, cls, "softmax", 1, kernel=kernel)
    assert [bool(head.isnan().any()) for head in stack.heads] == [False, True, False]


def test_row_factors_weigh_the_rows():
    cls = FusionClass(4, 3.0, 5.0, 2)
    inputs, targets, scale, start = problem(cls, (4, 3, 7), 20, "least-squares")
    keep = scale.clone()
    keep[..., 10:] = 0.0
    weighted = run(inputs, targets, keep, start, cls, "least-squares", 30)
    short = run(
        [x[:, :10] for x in inputs],
        targets[..., :10],
        keep[..., :10],
        start,
        cls,
        "least-squares",
        30,
    )
    for a, b in zip(weighted.heads, short.heads, strict=True):
        assert (a - b).abs().max() < 1e-5


def test_no_number_depends_on_company_or_threads():
    cls = FusionClass(8, 3.0, 15.0, 3)
    inputs, targets, scale, start = problem(cls, (4, 3, 7), 150, trials=6)
    together = run(inputs, targets, scale, start, cls, "softmax", 20)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1 if threads > 1 else 2)
        again = run(inputs, targets, scale, start, cls, "softmax", 20)
    finally:
        torch.set_num_threads(threads)
    alone = run(
        [x[4:5] for x in inputs],
        targets[4:5],
        scale[4:5],
        ([e[4:5] for e in start[0]], [h[4:5] for h in start[1]]),
        cls,
        "softmax",
        20,
    )
    for many, other, one in zip(together.heads, again.heads, alone.heads, strict=True):
        assert torch.equal(many, other)
        assert torch.equal(many[4:5], one)
    for many, one in zip(together.encoders, alone.encoders, strict=True):
        assert torch.equal(many[4:5], one)


def test_every_model_ends_inside_its_balls():
    cls = FusionClass(8, 0.7, 0.9, 3)
    inputs, targets, scale, start = problem(cls, (4, 3, 7), 64)
    for steps in (0, 25):
        stack = run(inputs, targets, scale, start, cls, "softmax", steps)
        for index, members in enumerate(SUBSETS):
            squares = sum(
                stack.encoders[k][:, slot_of(SUBSETS, index, k)].double().square().sum((1, 2))
                for k in members
            )
            assert bool((squares.sqrt() <= cls.encoder_radius).all())
            assert bool((stack.heads[index].double().square().sum((1, 2)).sqrt() <= 0.9).all())


def test_large_scores_keep_the_softmax_finite():
    cls = FusionClass(4, 1e3, 1e3, 3)
    inputs, targets, scale, start = problem(cls, (4, 3, 7), 30)
    start = ([e * 100 for e in start[0]], [h * 100 for h in start[1]])
    stack = run(inputs, targets, scale, start, cls, "softmax", 5)
    assert all(bool(torch.isfinite(h).all()) for h in stack.heads)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"engine": "gpu"}, "^engine must be one of compiled, graphs, torch, got 'gpu'"),
        ({"batches": [], "engine": "compiled"}, "^engine must be one that can take this schedule"),
        (
            {"double": True, "engine": "compiled"},
            "^engine must be one that can take this device or type",
        ),
        (
            {"operation": TRIPLED, "engine": "compiled"},
            "^engine must be one that can take this operation",
        ),
    ],
)
def test_what_the_compiled_engine_cannot_do_is_said(change, message):
    change = dict(change)
    cls = FusionClass(4, 3.0, 5.0, 3, operation=change.pop("operation", "concatenation"))
    inputs, targets, _, start = problem(cls, (4, 3, 7), 8)
    if change.pop("double", False):
        inputs, targets = [x.double() for x in inputs], targets.double()
    with pytest.raises(ValueError, match=message):
        erm.fit(inputs, targets, SUBSETS, cls, *start, objective="softmax", steps=1, **change)


def test_erm_takes_the_compiled_trainer_where_it_can_and_torch_without_it(monkeypatch):
    cls = FusionClass(6, 3.0, 5.0, 3)
    inputs, targets, scale, start = problem(cls, (4, 3, 7), 20)
    arguments = (inputs, targets, SUBSETS, cls, *start)
    options = {"objective": "softmax", "steps": 10, "learning_rate": 0.01}
    chosen = erm.fit(*arguments, **options)
    direct = run(inputs, targets, scale, start, cls, "softmax", 10)
    assert all(torch.equal(a, b) for a, b in zip(chosen.stack.heads, direct.heads, strict=True))
    monkeypatch.setattr(compiled, "_library", lambda: None)
    fallback = erm.fit(*arguments, **options)
    torch_engine = erm.fit(*arguments, **options, engine="torch")
    for a, b, c in zip(fallback.stack.heads, torch_engine.stack.heads, direct.heads, strict=True):
        assert torch.equal(a, b)
        assert 0 < (a - c).abs().max() < 2e-6
    with pytest.raises(ValueError, match="the compiled trainer is not installed"):
        erm.fit(*arguments, **options, engine="compiled")


def test_commands_in_a_copy_of_the_repository_train_with_the_installed_engine():
    """The README's first command: `python -m` imports the library from the folder it is run in."""
    program = "from empirical.erm import compiled; print(compiled.available())"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr


def test_the_installed_engine_counts_only_if_its_sources_are_the_same(tmp_path, monkeypatch):
    copy, installed = tmp_path / "copy", tmp_path / "installed" / "empirical" / "erm" / "compiled"
    for folder in (copy, installed):
        shutil.copytree(Path(compiled.__file__).parent, folder)
    distribution = SimpleNamespace(locate_file=(tmp_path / "installed").joinpath)
    monkeypatch.setattr(compiled.metadata, "distributions", lambda name: [distribution])
    assert list(compiled._folders(copy)) == [copy, installed]
    assert list(compiled._folders(installed)) == [installed]
    (installed / "model.inl").write_text("// another version", encoding="utf-8")
    assert list(compiled._folders(copy)) == [copy]
    shutil.rmtree(installed)
    assert list(compiled._folders(copy)) == [copy]
