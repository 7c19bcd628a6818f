"""Noises that thresholds.toml declares, and presets in its limits: read strictly, every problem once and with its line."""

from __future__ import annotations

import math
import shlex
from decimal import Decimal

import pytest
from builders import line_of, to_toml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robustness.errors import RobustnessError
from robustness.gate.workbench import Workbench
from robustness.kinds import read_thresholds
from robustness.limits.asks.ask import Found
from robustness.limits.limit import Limit
from robustness.limits.measure import repeat_command
from robustness.noise import KINDS, PRESETS, Gaussian, parse_noises

HEAD = """\
schema = 1
[run]
data = "signs"
[models.cnn]
load = "baseline-cnn"
weights = "signs"
"""
NOISES = """\
[noises.blur]
load = "torchvision:GaussianBlur"
magnitude = "sigma"
kernel_size = [5, 5]
[noises.mist]
load = "python:mynoise:mist"
magnitude = "share"
"""
LIMITS = """\
[[limits]]
models = ["cnn"]
noise = "blur"
sigma = [0.3, 1]
accuracy = [0.8, 0.5]
[[limits]]  # mist
models = ["cnn"]
noise = "mist"
share = -0.5
accuracy = 0.4
"""
GOOD = HEAD + NOISES + LIMITS


@pytest.fixture
def file(tmp_path):
    return tmp_path / "thresholds.toml"


def read(file, text):
    file.write_text(text, encoding="utf-8")
    return read_thresholds(file)


def problems(file, text):
    """The problems a file is refused for, as (line, message)."""
    with pytest.raises(RobustnessError) as error:
        read(file, text)
    found = [line.removeprefix("  thresholds.toml:").partition(": ") for line in str(error.value).splitlines()[1:]]
    return [(int(number), message) for number, _, message in found]


def preset(table):
    return f'{HEAD}[[limits]]\nmodels = ["cnn"]\n{table}\n'


# Declared noises


def test_a_declared_noise_is_limited_like_any_other(file):
    thresholds = read(file, GOOD)
    assert [*thresholds.noises] == [*KINDS, "blur", "mist"]
    blur, mist = thresholds.noises["blur"], thresholds.noises["mist"]
    assert (blur.load, blur.arguments, blur.base) == ("torchvision:GaussianBlur", {"kernel_size": [5, 5]}, file.parent)
    assert (mist.load, mist.arguments, mist.magnitude) == ("python:mynoise:mist", {}, "share")
    assert [(limit.noise, limit.required, limit.place) for limit in thresholds.of(Limit)] == [
        (blur(0.3), Decimal("0.8"), "thresholds.toml:17"),
        (blur(1), Decimal("0.5"), "thresholds.toml:17"),
        (mist(-0.5), Decimal("0.4"), "thresholds.toml:19"),
    ]
    assert [str(limit) for limit in thresholds.of(Limit)] == [
        "cnn-blur(sigma=0.3)",
        "cnn-blur(sigma=1)",
        "cnn-mist(share=-0.5)",
    ]
    assert [limit.noise.bit_identical for limit in thresholds.of(Limit)] == [False] * 3


def test_a_file_without_declared_noises_knows_the_built_in_ones(file):
    text = preset('noise = "clean"\naccuracy = 1')
    assert read(file, text).noises == KINDS
    assert read(file, f"{text}[noises]\n").noises == KINDS


def test_files_do_not_share_what_they_declare(file):
    read(file, GOOD)
    assert not {"blur", "mist"} & set(KINDS)
    assert "limits[0].noise: unknown noise 'blur'" in problems(file, GOOD.replace(NOISES, ""))[0][1]


def test_arguments_of_any_type_reach_the_transform(file):
    more = "a = 1\nb = 2.5\nc = true\nd = 'x'\ne = [1, [2]]\nf = {g = 1}\nh = 2020-01-01\n"
    arguments = read(file, GOOD.replace('magnitude = "share"\n', f'magnitude = "share"\n{more}')).noises["mist"].arguments
    assert str(arguments.pop("h")) == "2020-01-01"
    assert arguments == {"a": 1, "b": 2.5, "c": True, "d": "x", "e": [1, [2]], "f": {"g": 1}}


def test_nothing_is_imported_or_called_while_reading(file):
    (file.parent / "mynoise.py").write_text("raise SystemExit\n")
    read(file, GOOD.replace("GaussianBlur", "NoSuchTransform"))


@pytest.mark.parametrize("magnitude", ["severity", "sigma", "seed", "data", "images", "verdict", "models_", "größe"])
def test_most_names_are_magnitudes(file, magnitude):
    text = GOOD.replace('"share"', f'"{magnitude}"').replace("share =", f'"{magnitude}" =')
    assert str(read(file, text).of(Limit)[-1].noise) == f"mist({magnitude}=-0.5)"


# One problem each: (what stands in the good file, what replaces it, the text whose line is named, the message)

TABLE, FOG = "[noises.mist]", "[[limits]]  # mist"
NO_NUMBER, NO_NAME = "limits[1]: mist: share is a number, not", "noises.mist: a magnitude is the name of an argument, not"
BEYOND = "limits[1]: mist: share lies between -1e+12 and 1e+12, not"
TWICE = "limits[0]: cnn-blur(sigma=1) is limited twice, first at thresholds.toml:17"
ONE_PROBLEM = {
    "unknown kind": (
        'noise = "mist"',
        'noise = "misst"',
        '"misst"',
        "limits[1].noise: unknown noise 'misst': did you mean 'mist'?",
    ),
    "unknown parameter": ("share = -0.5", "shar = -0.5", "shar =", "limits[1].shar: unknown key: did you mean 'share'?"),
    "argument in a limit": ("share = -0.5", "share = 1\nsize = 5", "size = 5", "limits[1].size: unknown key"),
    "no level": ("share = -0.5\n", "", FOG, "limits[1]: mist needs share, for example mist(share=0.5)"),
    "empty list": ("share = -0.5", "share = []", "share = []", "limits[1].share: empty: nothing would be measured"),
    "uneven lists": ("[0.3, 1]", "[0.3, 1, 2]", "accuracy", "limits[0].accuracy: has 2 of 3 values"),
    "level NaN": ("-0.5", "nan", FOG, f"{BEYOND} nan"),
    "level infinite": ("-0.5", "-inf", FOG, f"{BEYOND} -inf"),
    "level of many digits": ("-0.5", f"{10**400}", FOG, f"{BEYOND} a number of many digits"),
    "level a truth": ("-0.5", "true", FOG, f"{NO_NUMBER} True"),
    "level a text": ("-0.5", '"0.5"', FOG, f"{NO_NUMBER} '0.5'"),
    "level a table": ("-0.5", "{a = 1}", FOG, f"{NO_NUMBER} {{'a': 1}}"),
    "level in a list": ("[0.3, 1]", "[0.3, '1']", "sigma = [", "limits[0].sigma[1]: blur: sigma is a number, not '1'"),
    "twice": ("[0.3, 1]", "[1, 1.0]", "sigma = [", TWICE),
    "twice at zero": ("[0.3, 1]", "[0, -0.0]", "sigma = [", "limits[0]: cnn-blur(sigma=-0) is limited twice"),
    "no load": ('load = "python:mynoise:mist"\n', "", TABLE, "noises.mist.load: missing"),
    "no magnitude": ('magnitude = "share"\n', "", TABLE, "noises.mist.magnitude: missing"),
    "load a number": ('"python:mynoise:mist"', "3", "load = 3", "noises.mist.load: input should be a valid string, not 3"),
    "magnitude a list": ('"share"', '["share"]', '["share"]', "noises.mist.magnitude: input should be a valid string"),
    "load of no kind": (
        "python:mynoise",
        "py:mynoise",
        TABLE,
        "noises.mist: unknown transform 'py:mynoise:mist': valid: torch",
    ),
    "load without function": (
        "mynoise:mist",
        "mynoise",
        TABLE,
        "noises.mist: unknown transform 'python:mynoise': valid: torch",
    ),
    "magnitude no name": ('"share"', '"the share"', TABLE, f"{NO_NAME} 'the share'"),
    "magnitude a keyword": ('"share"', '"lambda"', TABLE, f"{NO_NAME} 'lambda'"),
    "magnitude level": ('"share"', '"level"', TABLE, "noises.mist: a magnitude cannot be called 'level' here"),
    "magnitude magnitude": ('"share"', '"magnitude"', TABLE, "noises.mist: a magnitude cannot be called 'magnitude' here"),
    "magnitude accuracy": ('"share"', '"accuracy"', TABLE, "noises.mist: 'accuracy' is a key of every limit"),
    "magnitude models": ('"share"', '"models"', TABLE, "noises.mist: 'models' is a key of every limit"),
    "magnitude max_drop": ('"share"', '"max_drop"', TABLE, "noises.mist: 'max_drop' is a key of every limit"),
    "magnitude noise": ('"share"', '"noise"', TABLE, "noises.mist: 'noise' is a key of every limit"),
    "magnitude fixed too": (
        '"share"',
        '"share"\nshare = 3',
        TABLE,
        "noises.mist: share is the magnitude, which the limits give",
    ),
}
ONE_PROBLEM |= {
    f"named {name}": (TABLE, f'[noises.{name}]\nload = "python:a:b"\nmagnitude = "x"\n{TABLE}', f"[noises.{name}]", message)
    for name, message in {
        **dict.fromkeys(("gaussian", "clean", "paper", "imagenet-c"), "is a noise already: name yours otherwise"),
        **dict.fromkeys(("1mist", '"mist(x)"', '""', '"a b"'), "a name has letters, digits, - and _"),
    }.items()
}


@pytest.mark.parametrize(("old", "new", "marked", "message"), ONE_PROBLEM.values(), ids=ONE_PROBLEM)
def test_a_problem_is_named_once_with_its_line(file, old, new, marked, message):
    assert old in GOOD
    text = GOOD.replace(old, new, 1) if "\n" not in old else GOOD.replace(old, new)
    ((line, said),) = problems(file, text)
    assert message in said
    assert line == line_of(text, marked)


@pytest.mark.parametrize("noises", ["noises = 3", "noises = []", "noises.mist = 3", "noises = {mist = []}"])
def test_what_is_no_table_of_tables_is_refused(file, noises):
    said = problems(file, f"{noises}\n" + preset('noise = "clean"\naccuracy = 1'))
    assert [line for line, _ in said] == [1]
    assert "input should be a valid dictionary" in said[0][1]


def test_limits_on_a_noise_with_a_problem_are_not_reported_too(file):
    text = GOOD.replace("python:mynoise", "mynoise").replace('magnitude = "sigma"', "magnitude = 3")
    assert [line for line, _ in problems(file, text)] == [line_of(text, "magnitude = 3"), line_of(text, TABLE)]


def test_a_misspelt_table_is_told(file):
    assert "noise: unknown key: did you mean 'noises'?" in [said for _, said in problems(file, f"{GOOD}[noise.haze]\n")]


def test_a_noise_that_takes_a_built_in_name_is_the_only_problem(file):
    text = GOOD.replace(TABLE, "[noises.gaussian]").replace('"mist"', '"gaussian"')
    assert problems(file, text) == [(line_of(text, "[noises.g"), "noises.gaussian: is a noise already: name yours otherwise")]


def test_no_drop_is_measured_under_a_declared_noise(file):
    text = GOOD.replace("[run]\n", '[run]\nbaseline = "former.safetensors"\n').replace("accuracy = 0.4", "max_drop = 0.1")
    ((line, said),) = problems(file, text)
    assert line == line_of(text, "max_drop")
    assert said.startswith("limits[1].max_drop: a transform of your own may make other bytes")


# Presets


def limited(file, table):
    return [(str(limit.noise), str(limit.required)) for limit in read(file, preset(table)).of(Limit)]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_limits_all_its_noises(file, name):
    wanted = [(str(noise), "0.5") for noise in PRESETS[name]]
    assert limited(file, f'noise = "{name}"\naccuracy = 0.5') == wanted
    assert limited(file, f'noise = "{name}"\naccuracy = [0.5]') == wanted


@pytest.mark.parametrize("name", ["imagenet-c", "cifar-c"])
@pytest.mark.parametrize("severity", [1, 3, 5, 2.0])
def test_a_preset_at_one_severity_limits_its_four_noises(file, name, severity):
    found = limited(file, f'noise = "{name}"\nseverity = {severity}\naccuracy = 0.5')
    assert found == [(str(noise), "0.5") for noise in parse_noises(f"{name}(severity={severity})")]
    assert len(found) == 4


def test_severities_and_accuracies_go_side_by_side(file):
    text = preset('noise = "imagenet-c"\nseverity = [\n1,\n5,\n]\naccuracy = [0.9, 0.2]')
    found = [(limit.noise, str(limit.required), limit.place) for limit in read(file, text).of(Limit)]
    assert found[0] == (Gaussian(20.4), "0.9", "thresholds.toml:11")
    assert found[-4] == (Gaussian(96.9), "0.2", "thresholds.toml:12")
    assert len(found) == 8


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("severity = 0", "limits[0]: imagenet-c: severity is 1, 2, 3, 4 or 5, not 0"),
        ("severity = 6", "limits[0]: imagenet-c: severity is 1, 2, 3, 4 or 5, not 6"),
        ("severity = 2.5", "limits[0]: imagenet-c: severity is 1, 2, 3, 4 or 5, not 2.5"),
        ("severity = nan", "limits[0]: imagenet-c: severity is 1, 2, 3, 4 or 5, not nan"),
        ("severity = inf", "limits[0]: imagenet-c: severity is 1, 2, 3, 4 or 5, not inf"),
        ("severity = -1", "limits[0]: imagenet-c: severity is 1, 2, 3, 4 or 5, not -1"),
        ("severity = [3, 6]", "limits[0].severity[1]: imagenet-c: severity is 1, 2, 3, 4 or 5, not 6"),
        ("severity = []", "limits[0].severity: empty: nothing would be measured"),
        ("severty = 3", "limits[0].severty: unknown key: did you mean 'severity'?"),
        ("sigma = 3", "limits[0].sigma: unknown key"),
    ],
)
def test_a_severity_that_is_none_is_refused(file, table, said):
    ((_, found),) = problems(file, preset(f'noise = "imagenet-c"\n{table}\naccuracy = 0.5'))
    assert found.startswith(said)


@pytest.mark.parametrize("severity", ["true", '"3"', "{a = 3}", "[[3]]", f"{10**400}"])
def test_a_severity_that_is_no_number_is_refused(file, severity):
    ((_, said),) = problems(file, preset(f'noise = "imagenet-c"\nseverity = {severity}\naccuracy = 0.5'))
    assert "severity" in said


def test_the_studys_nine_noises_have_no_severity(file):
    ((_, said),) = problems(file, preset('noise = "paper"\nseverity = 3\naccuracy = 0.5'))
    assert said.startswith("limits[0].severity: unknown key")


@pytest.mark.parametrize("table", ['noise = "paper"', 'noise = "cifar-c"', 'noise = "cifar-c"\nseverity = 2'])
def test_accuracies_in_a_list_want_severities_in_a_list(file, table):
    text = preset(f"{table}\naccuracy = [0.9, 0.8, 0.7]")
    ((line, said),) = problems(file, text)
    assert line == line_of(text, "accuracy")
    assert "takes one accuracy for all its noises, or one per severity" in said


@pytest.mark.parametrize(
    ("table", "twice"),
    [
        ('noise = "gaussian"\nsigma = 25\naccuracy = 0.5', ["gaussian(sigma=25)"]),
        ('noise = "paper"\naccuracy = 0.5', [str(noise) for noise in PRESETS["paper"]]),
        ('noise = "clean"\naccuracy = 0.5', []),
    ],
)
def test_a_noise_in_a_preset_and_beside_it_is_limited_twice(file, table, twice):
    text = preset('noise = "paper"\naccuracy = 0.4') + f'[[limits]]\nmodels = ["cnn"]\n{table}\n'
    if not twice:
        assert len(read(file, text).of(Limit)) == 10
        return
    wanted = {f"limits[1]: cnn-{noise} is limited twice, first at thresholds.toml:7" for noise in twice}
    assert {said for _, said in problems(file, text)} == wanted


def test_presets_that_share_noises_say_which(file):
    limits = "".join(f'[[limits]]\nmodels = ["cnn"]\nnoise = "{name}"\naccuracy = 0.5\n' for name in ("imagenet-c", "cifar-c"))
    shared = set(PRESETS["imagenet-c"]) & set(PRESETS["cifar-c"])
    assert len(problems(file, HEAD + limits)) == len(shared) == 3


# Whatever is declared, the reader returns limits or a RobustnessError

VALUES = st.recursive(
    st.sampled_from(["share", "sigma", "torchvision:A", "python:a:b", "level", "mist", "accuracy", "", 0, -1, 10**400, 0.5])
    | st.booleans()
    | st.floats()
    | st.text(st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_characters="\x7f"), max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["share", "0", "load"]), inner, max_size=2),
    max_leaves=5,
)
TABLES = st.dictionaries(st.sampled_from(["load", "magnitude", "share", "kernel_size", "level"]), VALUES, max_size=4)


@given(
    declared=TABLES.map(lambda table: {"load": "python:a:b", "magnitude": "share"} | table) | VALUES,
    limited=TABLES.map(lambda table: {"models": ["cnn"], "noise": "mist", "share": [1, 2], "accuracy": 0.5} | table),
    name=st.sampled_from(["mist", "mist", "gaussian", "paper", "1"]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_declaration_gives_limits_or_a_robustness_error(file, declared, limited, name):
    try:
        thresholds = read(file, f"noises = {to_toml({name: declared})}\nlimits = [{to_toml(limited)}]\n{HEAD}")
    except RobustnessError:
        return
    assert all(math.isfinite(limit.noise.level) for limit in thresholds.of(Limit))
    assert [parse_noises(str(limit.noise), thresholds.noises) for limit in thresholds.of(Limit)] == [
        (limit.noise,) for limit in thresholds.of(Limit)
    ]


# Measured again


def test_the_command_that_repeats_names_a_noise_that_the_file_knows(file):
    thresholds = read(file, GOOD)
    limit = thresholds.of(Limit)[-1]
    *_, noise = shlex.split(repeat_command(limit, Workbench(thresholds), Found(0.5, True, "kept")))
    assert parse_noises(noise, thresholds.noises) == (limit.noise,)
