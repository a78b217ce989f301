"""The distinctive name: the public API on first use, beside a project's own modules of our names."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import multimodal_bounds as mb
from multimodal_bounds import own_packages

ROOT = Path(own_packages.__file__).parents[1]


def run(code, folder, *arguments):
    """Python in a folder that comes first on the path, with this tree behind it."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def project(tmp_path):
    """A project with a verify.py, a folder bounds and an empirical.py of its own."""
    (tmp_path / "verify.py").write_text("WHOSE = 'the project'\n")
    (tmp_path / "empirical.py").write_text("WHOSE = 'the project'\n")
    (tmp_path / "bounds").mkdir()
    (tmp_path / "bounds" / "__init__.py").write_text("WHOSE = 'the project'\n")
    (tmp_path / "bounds" / "own.py").write_text("DEEP = 7\n")
    return tmp_path


@pytest.mark.parametrize("name", mb.__all__)
def test_every_public_name_is_there(name):
    assert getattr(mb, name) is not None
    assert name in dir(mb)


def test_the_names_are_the_packages_own():
    from bounds import risk_gap
    from verify.study import Study

    assert mb.risk_gap is risk_gap
    assert mb.Study is Study
    assert mb.__version__
    with pytest.raises(AttributeError, match="no attribute 'nonesuch'"):
        _ = mb.nonesuch


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("bounds", "catalogue linear_case losses modality_gain rademacher risk_gap"),
        ("bounds.contract", "check_contract"),
        ("bounds.notation", "C ETA_M L_hat ModalitySet delta m"),
        ("bounds.theorem", "Assumption Term Theorem"),
        ("empirical", "datasets"),
        (
            "empirical.quality",
            "Features centred_loss empirical_risk latent_quality optimality_gap population_risk"
            " quality_gap",
        ),
        ("verify", "Study check_theorem verify_dataset"),
    ],
)
def test_the_documented_imports_of_the_three_packages_go_on(module, names):
    for name in names.split():
        exec(f"from {module} import {name}", {})


def test_importing_it_loads_nothing(tmp_path):
    code = (
        "import sys, multimodal_bounds; "
        "print(sorted({'bounds', 'empirical', 'verify', 'torch', 'sympy'} & set(sys.modules)))"
    )
    done = run(code, tmp_path)
    assert done.stdout == "[]\n", done.stderr


def test_a_project_with_modules_of_our_names_keeps_them_and_has_ours(project):
    code = """
import verify
import multimodal_bounds as mb
import bounds.own
total = mb.risk_gap.sharp("TVA", "TA").evaluate(gamma=0, R_loss=0.02, C=1, m=10_000, delta=0.05).total
assert round(total, 4) == 0.1072, total
study = mb.verify_dataset({"a": [[1.0], [2.0], [4.0]] * 5, "b": [[0.5], [3.0], [1.0]] * 5},
                          ["x", "y", "x"] * 5, m=[8], head_m=[], trials=70, steps=2)
assert len(study.run(workers=1).frame) == len(study.run(workers=2).frame) > 0
import empirical
assert verify.WHOSE == bounds.WHOSE == empirical.WHOSE == "the project"
assert bounds.own.DEEP == 7
assert mb.losses.squared(1.0, 1.0).C == 4.0
print("fine")
"""
    done = run(code, project)
    assert done.stdout == "fine\n", done.stderr


def test_pytest_runs_in_such_a_project_with_the_plugin(project):
    (project / "test_theirs.py").write_text(
        """
import numpy as np
import bounds, empirical, verify

def test_their_own():
    assert verify.WHOSE == bounds.WHOSE == empirical.WHOSE == "the project"

def test_ours(check_theorem):
    import multimodal_bounds as mb
    terms = {"gamma": 0.0, "R_M": 0.01, "L": 1.0, "C": 1.0, "m": 10_000, "delta": 0.05}
    check_theorem(mb.risk_gap.paper("TA", "T"), np.full(150, 0.01), terms)
    import verify
    assert verify.WHOSE == "the project"
"""
    )
    code = (
        "import sys, pytest; "
        "sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '-p', 'no:multimodal_bounds',"
        " '-p', 'multimodal_bounds.pytest_plugin', 'test_theirs.py']))"
    )
    done = run(code, project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert "risk_gap.paper in test_ours" in done.stdout


def test_an_empty_project_of_two_files_starts_pytest(tmp_path):
    (tmp_path / "verify.py").write_text("")
    (tmp_path / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
    code = (
        "import sys, pytest; sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '-p',"
        " 'no:multimodal_bounds', '-p', 'multimodal_bounds.pytest_plugin']))"
    )
    done = run(code, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_line_starts_beside_a_verify_of_the_projects_own(project):
    code = (
        "import sys; sys.argv = ['multimodal-bounds', 'bound', 'risk_gap.sharp', 'm=10000', 'delta=0.05',"
        " 'C=1', 'R_loss=0.02', 'gamma=0']; from multimodal_bounds.__main__ import main; main()"
    )
    done = run(code, project)
    assert "0.107" in done.stdout, done.stderr


def test_nothing_is_in_the_way_here():
    assert own_packages.in_the_way() == []
