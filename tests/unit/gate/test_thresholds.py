"""Reading thresholds.toml: strictly, with a line for every problem, and all problems at once."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path

import pytest
from builders import line_of, to_toml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robustness.errors import RobustnessError
from robustness.kinds import read_thresholds
from robustness.limits.limit import Limit
from robustness.noise import Clean, Gaussian, Periodic, SaltAndPepper

HEAD = """\
schema = 1
[run]
data = "folder"
[models.cnn]
load = "baseline-cnn"
weights = "gtsrb"
[models.my-net]
load = "fixture"
size = 40
fit = "resize"
"""
LIMITS = """\
[[limits]]
models = ["cnn", "my-net"]
noise = "gaussian"
sigma = [
    5,
    25,
]
accuracy = [0.9, 0.29]
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "thresholds.toml"


def problems(file, text):
    """The problems a file is refused for, as (line, message)."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RobustnessError) as error:
        read_thresholds(file)
    first, *rest = str(error.value).splitlines()
    assert first == f"thresholds.toml cannot be used: {len(rest)} problem{'s' * (len(rest) > 1)}"
    found = [line.removeprefix("  thresholds.toml:").partition(": ") for line in rest]
    return [(int(number), message) for number, _, message in found]


# A good file


def test_a_good_file_gives_its_limits_with_their_places(file):
    file.write_text(HEAD + LIMITS)
    thresholds = read_thresholds(file)
    assert (thresholds.file, thresholds.base, thresholds.data, thresholds.seed) == (file, file.parent, "folder", 0)
    assert list(thresholds.models) == ["cnn", "my-net"]
    assert thresholds.models["my-net"].fixture == "my_net"
    assert [(limit.model, limit.noise, limit.required, limit.place) for limit in thresholds.of(Limit)] == [
        ("cnn", Gaussian(5), Decimal("0.9"), "thresholds.toml:15"),
        ("my-net", Gaussian(5), Decimal("0.9"), "thresholds.toml:15"),
        ("cnn", Gaussian(25), Decimal("0.29"), "thresholds.toml:16"),
        ("my-net", Gaussian(25), Decimal("0.29"), "thresholds.toml:16"),
    ]
    assert str(thresholds.of(Limit)[0]) == "cnn-gaussian(sigma=5)"


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        ('noise = "clean"\naccuracy = 1', [(Clean(), "1")]),
        ('noise = "gaussian"\nsigma = 5\naccuracy = 0.5', [(Gaussian(5), "0.5")]),
        ('noise = "gaussian"\nsigma = [5, 6]\naccuracy = 0.5', [(Gaussian(5), "0.5"), (Gaussian(6), "0.5")]),
        ('noise = "gaussian"\nsigma = [5]\naccuracy = [0]', [(Gaussian(5), "0")]),
        (
            'noise = "periodic"\namplitude = 1\nphase = [0, 90]\naccuracy = [0.1, 0.2]',
            [(Periodic(1), "0.1"), (Periodic(1, phase=90), "0.2")],
        ),
        ('noise = "salt-and-pepper"\namount = 0.001\naccuracy = 1e-3', [(SaltAndPepper(0.001), "0.001")]),
    ],
)
def test_lists_go_side_by_side_and_single_values_hold_for_all(file, table, wanted):
    file.write_text(f'{HEAD}[[limits]]\nmodels = ["cnn"]\n{table}\n')
    limits = read_thresholds(file).of(Limit)
    assert [(limit.noise, limit.required) for limit in limits] == [(noise, Decimal(share)) for noise, share in wanted]


def test_the_largest_seed_is_read_exactly(file):
    file.write_text(HEAD.replace("[models.cnn]", f"seed = {2**64 - 1}\n[models.cnn]") + LIMITS)
    assert read_thresholds(file).seed == 2**64 - 1


# One problem each: (what stands in the good file, what replaces it, the text whose line is named, the message)

ONE_PROBLEM = {
    "unknown top key": ("schema = 1", "schema = 1\nschem = 1", "schem = 1", "schem: unknown key: did you mean 'schema'?"),
    "unknown run key": ("data =", "sede = 1\ndata =", "sede", "run.sede: unknown key: did you mean 'seed'?"),
    "unknown model key": ("size = 40", "size = 40\nsise = 3", "sise", "models.my-net.sise: unknown key: did you mean 'size'?"),
    "unknown parameter": ("sigma =", "sigm =", "sigm", "limits[0].sigm: unknown key: did you mean 'sigma'?"),
    "unknown noise": (
        '"gaussian"',
        '"gausian"',
        "noise =",
        "limits[0].noise: unknown noise 'gausian': did you mean 'gaussian'?",
    ),
    "unknown model": (
        '"my-net"]',
        '"my-nets"]',
        "models = [",
        "limits[0].models[1]: unknown model 'my-nets': did you mean 'my-net'?",
    ),
    "unknown load": (
        'load = "baseline-cnn"',
        'load = "baseline-cn"',
        "load =",
        "models.cnn.load: unknown model 'baseline-cn': did you mean 'baseline-cnn'?",
    ),
    "no weights": (
        'weights = "gtsrb"',
        "",
        "load =",
        'models.cnn.load: baseline-cnn needs weights, for example weights = "signs"',
    ),
    "no fit": ('fit = "resize"', "", 'load = "fixture"', "models.my-net.load: say how images come to that size"),
    "no size": ("size = 40", "", 'load = "fixture"', "models.my-net.load: a model of your own needs the size of its input"),
    "size 0": ("size = 40", "size = 0", "size", "models.my-net.size: a size is 1 to 4096 pixels, or height and width, not 0"),
    "std 0": ("size = 40", "size = 40\nstd = [1, 0, 1]", "std", "models.my-net.std: is divided by, and lies above 0"),
    "std below 0": ("size = 40", "size = 40\nstd = [1, -1, 1]", "std", "models.my-net.std: is divided by, and lies above 0"),
    "mean NaN": (
        "size = 40",
        "size = 40\nmean = [0, nan, 0]",
        "mean",
        "models.my-net.mean[1]: input should be a finite number, not nan",
    ),
    "mean of two": (
        "size = 40",
        "size = 40\nmean = [0, 0]",
        "mean",
        "models.my-net.mean: has 2 values, and there are 3 channels: give one for each",
    ),
    "mean of texts": (
        "size = 40",
        'size = 40\nmean = [0, 0, "0"]',
        "mean",
        "models.my-net.mean[2]: input should be a valid number, not '0'",
    ),
    "wrong fit": ('fit = "resize"', 'fit = "crop"', "fit", "models.my-net.fit: 'crop' is not 'crop-or-pad' or 'resize'"),
    "model name": (
        "[models.my-net]",
        "[models.1net]\nload = 'fixture'\nsize = 3\nfit = 'resize'\n[models.my-net]",
        "[models.1net]",
        "models.1net: a name has",
    ),
    "seed negative": ("data =", "seed = -1\ndata =", "seed", "run.seed: input should be greater than or equal to 0, not -1"),
    "seed too large": ("data =", f"seed = {2**64}\ndata =", "seed", f"run.seed: input should be less than {2**64}"),
    "seed a float": ("data =", "seed = 1.0\ndata =", "seed", "run.seed: input should be a valid integer, not 1.0"),
    "seed a bool": ("data =", "seed = true\ndata =", "seed", "run.seed: input should be a valid integer, not True"),
    "data a number": ('"folder"', "3", "data", "run.data: input should be a valid string, not 3"),
    "no data": ('data = "folder"', "", "[run]", "run.data: missing"),
    "wrong schema": ("schema = 1", "schema = 2", "schema", "schema: this version reads thresholds of schema 1, not 2"),
    "schema a truth": ("schema = 1", "schema = true", "schema", "schema: input should be a valid integer, not True"),
    "schema a fraction": ("schema = 1", "schema = 1.0", "schema", "schema: input should be a valid integer, not 1.0"),
    "no levels": ("    5,\n    25,\n", "", "sigma", "limits[0].sigma: empty: nothing would be measured"),
    "sigma of many digits": ("    25,", f"    {10**400},", f"{10**400}", "not a number of many digits"),
    "schema a text": ("schema = 1", 'schema = "1"', "schema", "schema: input should be a valid integer, not '1'"),
    "no schema": ("schema = 1", "", "", "schema: missing"),
    "accuracy above 1": ("0.29]", "1.01]", "accuracy", "limits[0].accuracy[1]: 1.01 lies outside 0..1"),
    "accuracy below 0": ("0.29]", "-0.1]", "accuracy", "limits[0].accuracy[1]: -0.1 lies outside 0..1"),
    "accuracy NaN": ("0.29]", "nan]", "accuracy", "limits[0].accuracy[1]: nan lies outside 0..1"),
    "accuracy inf": ("0.29]", "inf]", "accuracy", "limits[0].accuracy[1]: inf lies outside 0..1"),
    "accuracy a text": ("0.29]", '"0.29"]', "accuracy", "limits[0].accuracy[1]: input should be a valid number, not '0.29'"),
    "accuracy a bool": ("0.29]", "true]", "accuracy", "limits[0].accuracy[1]: input should be a valid number, not True"),
    "accuracy empty": ("[0.9, 0.29]", "[]", "accuracy", "limits[0].accuracy: empty: nothing would be measured"),
    "no accuracy": ("accuracy = [0.9, 0.29]", "", "[[limits]]", "limits[0]: asks for nothing"),
    "dotted accuracy": (
        "accuracy = [0.9, 0.29]",
        "accuracy.0.9 = 1",
        "[[limits]]",
        "TOML reads a bare key like 0.001 as 0 dot 001",
    ),
    "no models in a limit": ('["cnn", "my-net"]', "[]", "models = [", "limits[0].models: empty: nothing would be measured"),
    "sigma NaN": ("    25,", "    nan,", "nan", "limits[0].sigma[1]: gaussian: sigma lies between 0 and 2550, not nan"),
    "sigma inf": ("    25,", "    inf,", "inf", "limits[0].sigma[1]: gaussian: sigma lies between 0 and 2550, not inf"),
    "sigma negative": ("    25,", "    -25,", "-25", "limits[0].sigma[1]: gaussian: sigma lies between 0 and 2550, not -25"),
    "sigma a text": ("    25,", '    "25",', '"25"', "limits[0].sigma[1]: gaussian: sigma is a number, not '25'"),
    "uneven lists": ("    25,\n", "", "sigma", "limits[0].sigma: has 1 of 2 values: lists of one table go side by side"),
    "missing parameter": ("sigma = [\n    5,\n    25,\n]", "", "accuracy", "limits[0].accuracy[0]: gaussian needs sigma"),
    "same level twice": ("    25,", "    5.0,", "5.0", "is limited twice, first at thresholds.toml:15"),
    "fixture taken": (
        "[models.my-net]",
        '[models.my_net]\nload = "fixture"\nsize = 3\nfit = "resize"\n[models.my-net]',
        "[models.my-net]",
        "models.my-net: the fixture my_net already stands for 'my_net'",
    ),
}


@pytest.mark.parametrize(("old", "new", "marked", "message"), ONE_PROBLEM.values(), ids=ONE_PROBLEM)
def test_a_problem_is_named_with_its_line(file, old, new, marked, message):
    text = HEAD + LIMITS
    assert old in text
    text = text.replace(old, new, 1)
    assert line_of(text, marked) in [line for line, said in problems(file, text) if message in said]


@pytest.mark.parametrize("name", [name for name in ONE_PROBLEM if name not in {"missing parameter", "same level twice"}])
def test_a_problem_is_reported_once(file, name):
    old, new, *_ = ONE_PROBLEM[name]
    assert len(problems(file, (HEAD + LIMITS).replace(old, new, 1))) == 1


def test_the_key_0_001_is_explained(file):
    table = '[[limits]]\nmodels = ["cnn"]\nnoise = "salt-and-pepper"\namount.0.001 = 0.9\naccuracy = 0.9\n'
    ((line, message),) = problems(file, HEAD + table)
    assert line == line_of(HEAD + table, "[[limits]]")  # the nearest table written down
    assert "TOML reads a bare key like 0.001 as 0 dot 001: write levels as a list" in message


def test_a_limit_of_another_table_is_a_duplicate(file):
    text = HEAD + LIMITS + LIMITS.replace("5,\n    25,", "6,\n    25,").replace('"cnn", ', "")
    assert problems(file, text) == [
        (line_of(text, "6,\n") + 1, "limits[1]: my-net-gaussian(sigma=25) is limited twice, first at thresholds.toml:16")
    ]


def test_all_problems_are_reported_at_once_by_line(file):
    text = """\
schema = 0
[run]
data = 4
sede = 1
[models.cnn]
load = "python:a:b"
[models.my-x]
load = "fixture"
[models.my_x]
load = "baseline-cnn"
[[limits]]
models = ["nobody"]
noise = "gausian"
accuracy = 1
[[limits]]
models = ["cnn"]
noise = "gaussian"
sigma = [1, -2]
accuracy = [1, 1]
[[limits]]
models = []
noise = "clean"
accuracy = 2
[limit]
"""
    assert [line for line, _ in problems(file, text)] == [1, 3, 4, 6, 6, 8, 8, 9, 10, 12, 13, 18, 21, 23, 24]


def test_limits_on_a_model_with_a_problem_are_not_reported_too(file):
    text = (HEAD + LIMITS).replace('weights = "gtsrb"', "weights = 3")
    assert [line for line, _ in problems(file, text)] == [line_of(text, "weights")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", ["limits: missing", "models: missing", "run: missing", "schema: missing"]),
        ("schema = 1\nlimits = []\n[run]\ndata = 'x'\n[models]\n", ["limits: empty", "models: empty"]),
        (
            "schema = 1\nlimits = 3\nmodels = 4\nrun = 5",
            ["limits: input should be a valid list", "models: input", "run: input"],
        ),
    ],
)
def test_a_file_without_limits_or_models_is_refused(file, content, message):
    said = sorted(text for _, text in problems(file, content))
    assert len(said) == len(message)
    for text, start in zip(said, message, strict=True):
        assert text.startswith(start)


def test_bad_toml_is_refused_with_its_line(file):
    file.write_text("schema = 1\n[run\n")
    with pytest.raises(RobustnessError, match=r"thresholds\.toml: .*line 2"):
        read_thresholds(file)


def test_a_key_written_twice_is_refused(file):
    file.write_text(HEAD + LIMITS + "noise = 'clean'\n")
    with pytest.raises(RobustnessError, match="overwrite"):
        read_thresholds(file)


def test_a_missing_file_is_refused_with_what_to_do(file):
    with pytest.raises(RobustnessError, match=r"thresholds\.toml: no such file; `robustness init`"):
        read_thresholds(file)


def test_text_that_is_not_utf_8_is_refused(file):
    file.write_bytes(b"# \xe9\n" + HEAD.encode())
    with pytest.raises(RobustnessError, match=r"thresholds\.toml: .*utf-8"):
        read_thresholds(file)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(RobustnessError, match=f"^{tmp_path}: .*[Dd]irectory"):
        read_thresholds(tmp_path)


# Whatever stands in the file, the reader returns limits or a RobustnessError

WORDS = ["schema", "run", "data", "seed", "models", "limits", "load", "weights", "size", "fit", "mean", "std"] + [
    "noise", "accuracy", "sigma", "amount", "cnn", "fixture", "baseline-cnn", "gaussian", "clean", "resize", "0",
]  # fmt: skip
NAMES = st.sampled_from(WORDS) | st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_characters="\x7f"), max_size=4
)
SCALARS = (
    st.sampled_from([0, 1, 2, -1, 40, 2**64, 0.5, 0.0, -0.0, 1e308, 5e-324])
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | NAMES
    | st.dates(datetime.date(1000, 1, 1))
)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
GOOD = {
    "schema": 1,
    "run": {"data": "x", "seed": 3},
    "models": {
        "cnn": {"load": "baseline-cnn", "weights": "gtsrb", "mean": [0, 0, 0], "std": [1, 1, 1]},
        "own": {"load": "fixture", "size": 40, "fit": "resize"},
    },
    "limits": [
        {"models": ["cnn", "own"], "noise": "gaussian", "sigma": [5, 25], "accuracy": [0.9, 0.5]},
        {"models": ["cnn"], "noise": "periodic", "amplitude": 1, "phase": [1, 2], "accuracy": 0.5},
    ],
}


@st.composite
def damaged(draw):
    """The good content with some values replaced, dropped or joined by others."""
    content = json.loads(json.dumps(GOOD))
    for _ in range(draw(st.integers(1, 3))):
        spot = content
        while True:
            key = draw(st.sampled_from(list(spot) if isinstance(spot, dict) else list(range(len(spot)))))
            if not (isinstance(spot[key], dict | list) and spot[key]) or draw(st.integers(0, 3)) == 0:
                break
            spot = spot[key]
        action = draw(st.sampled_from(["replace", "replace", "drop", "join"]))
        if action == "replace" or (action == "drop" and len(spot) == 1):
            spot[key] = draw(TREES)
        elif action == "drop":
            del spot[key]
        elif isinstance(spot, dict):
            spot[draw(NAMES)] = draw(TREES)
        else:
            spot.append(draw(TREES))
    return content


@given(content=damaged() | st.dictionaries(NAMES, TREES, max_size=5))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_content_gives_limits_or_a_robustness_error(file, content):
    file.write_text("".join(f"{to_toml(key)} = {to_toml(value)}\n" for key, value in content.items()), encoding="utf-8")
    try:
        thresholds = read_thresholds(file)
    except RobustnessError:
        return
    assert len({(limit.model, limit.noise) for limit in thresholds.of(Limit)}) == len(thresholds.of(Limit))
    assert all(0 <= limit.required <= 1 and limit.model in thresholds.models for limit in thresholds.of(Limit))


def test_the_repositorys_own_file_can_be_read():
    thresholds = read_thresholds(Path(__file__).parents[3] / "thresholds.toml")
    assert thresholds.of(Limit)


def test_names_in_a_table_with_bad_values_are_reported_at_once_too(file):
    said = problems(file, HEAD + LIMITS.replace("0.29", "1.29").replace('"cnn"', '"cn"').replace("gaussian", "gausian"))
    assert len(said) == 3


@pytest.mark.parametrize("text", ["x = " + "[" * 3000 + "]" * 3000, f"schema = {'9' * 5000}"], ids=["deep", "long"])
def test_toml_that_python_cannot_hold_is_refused(file, text):
    file.write_text(text)
    with pytest.raises(RobustnessError, match="thresholds.toml"):
        read_thresholds(file)


def test_a_model_takes_no_fixtures_name(file):
    text = (HEAD + LIMITS).replace("my-net", "tmp-path")
    assert (7, "models.tmp-path: pytest has a fixture 'tmp_path' already: name the model otherwise") in problems(file, text)


def test_a_misspelt_array_of_tables_is_found_where_it_stands(file):
    assert (11, "limit: unknown key: did you mean 'limits'?") in problems(file, HEAD + LIMITS.replace("limits", "limit"))


@pytest.mark.parametrize("network", ["torchvision:resnet18", "timm:resnet18"])
def test_a_library_s_network_needs_weights_size_and_fit(tmp_path, network):
    text = f'schema = 1\n[run]\ndata = "signs"\n[models.net]\nload = "{network}"\n'
    (tmp_path / "thresholds.toml").write_text(text + '[[limits]]\nmodels = ["net"]\nnoise = "clean"\naccuracy = 0.5\n')
    with pytest.raises(RobustnessError) as caught:
        read_thresholds(tmp_path / "thresholds.toml")
    for needed in ("needs weights: a safetensors file", "needs the size of its input", 'fit = "resize"'):
        assert needed in str(caught.value)


@pytest.mark.parametrize("file", ["exported:net.pt2", "onnx:net.onnx"])
def test_a_file_with_its_weights_inside_takes_no_others(tmp_path, file):
    text = f'schema = 1\n[run]\ndata = "signs"\n[models.net]\nload = "{file}"\nsize = 8\nfit = "resize"\nweights = "a.pt"\n'
    (tmp_path / "thresholds.toml").write_text(text + '[[limits]]\nmodels = ["net"]\nnoise = "clean"\naccuracy = 0.5\n')
    with pytest.raises(RobustnessError, match=r"thresholds\.toml:8.*has its weights inside; name no others"):
        read_thresholds(tmp_path / "thresholds.toml")


def test_an_integer_of_more_digits_than_can_be_printed_is_refused(file):
    file.write_text((HEAD + LIMITS).replace("schema = 1", f"schema = 0x{'f' * 5000}"))
    with pytest.raises(RobustnessError, match=r"thresholds\.toml: .*4300 digits"):
        read_thresholds(file)


def test_a_key_that_breaks_a_line_breaks_no_line_of_the_problems(file):
    assert any(said.startswith("a\\nb: unknown key") for _, said in problems(file, f'"a\\nb" = 1\n{HEAD}{LIMITS}'))


# What a file speaks of


NO_MEANING = 'run.{}: has no meaning for the test set itself; it goes with claim = "population", [[claims]] or max_flips'
CLAIM = """\
[[claims]]
says = "more-noise-never-helps"
models = ["cnn"]
noise = "gaussian"
sigma = [5, 25]
expected = "supported"
"""
FLIPS = '[[limits]]\nmodels = ["cnn"]\nnoise = "gaussian"\nsigma = 3\nmax_flips = 0.1\n'


def in_run(*lines):
    return HEAD.replace('data = "folder"\n', "\n".join(['data = "folder"', *lines, ""]))


@pytest.mark.parametrize("line", ["independent = true", "design_effect = 2.0"])
def test_what_images_depend_on_goes_with_something_that_speaks_of_the_population(file, line):
    key = line.partition(" ")[0]
    found = problems(file, in_run(line) + LIMITS)
    assert found == [(4, NO_MEANING.format(key))]
    for text in (in_run(line, 'claim = "population"') + LIMITS, in_run(line) + LIMITS + CLAIM, in_run(line) + LIMITS + FLIPS):
        file.write_text(text)
        scope = read_thresholds(file).scope
        assert (scope.independent, scope.design_effect) == ((True, None) if key == "independent" else (False, 2.0))


def test_independent_images_have_no_design_effect(file):
    both = in_run("independent = true", "design_effect = 2.0", 'claim = "population"') + LIMITS
    assert problems(file, both) == [(5, "run.design_effect: images that are independent have none")]
    file.write_text(both.replace("independent = true", "independent = false"))
    assert read_thresholds(file).scope.design_effect == 2
