"""What models got wrong: counted from predictions made by hand."""

from __future__ import annotations

import base64
import io

import builders
import numpy as np
import pytest
from builders import limit_record, results
from PIL import Image

from robustness.data import Fit, ImageSet
from robustness.evaluation.result import Result
from robustness.evaluation.store import Store
from robustness.noise import Clean, Gaussian, Offset
from robustness.report.html.confusion_charts import confusion_charts
from robustness.report.mistakes import TURNED, describe_confusions, draw_turned

NAMES = ("stop", "yield", "keep")
LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
IMAGES = ImageSet.from_images("made", [np.full((8, 8, 3), 10 * n, np.uint8) for n in range(10)], LABELS.tolist(), NAMES)
FITS = {"net": Fit(40)}


def limit(noise, accuracy=0.5, model="net", stops=False):
    return limit_record(noise, accuracy=accuracy, model=model, stops=stops, key=f"{model} {noise}")


def finder(**predictions):
    """Predictions by the noise's kind; the later an image, the surer."""
    found = {
        kind: Result(np.array(named, np.int16), np.arange(len(named), dtype=np.float32)) for kind, named in predictions.items()
    }
    return lambda key: found.get(key.split()[1].partition("(")[0])


def test_confusions_are_counted_without_noise_and_under_the_worst():
    find = finder(clean=[0, 0, 0, 1, 1, 1, 1, 2, 2, 2], gaussian=[1, 1, 2, -1, 1, 1, 1, 1, 2, 0])
    limits = [limit(Clean(), 0.9), limit(Offset(20), 0.8), limit(Gaussian(25), 0.4)]
    clean, noisy = describe_confusions(limits, IMAGES, find)
    assert (clean.noise, clean.right, clean.seen, clean.pairs) == ("clean", (3, 3, 3), (4, 3, 3), ((0, 1, 1),))
    assert noisy.noise == "gaussian(sigma=25)"
    assert noisy.seen == (3, 3, 3)  # one was not evaluated
    assert noisy.pairs == ((0, 1, 2), (0, 2, 1), (2, 0, 1), (2, 1, 1))
    chart = confusion_charts(results(images=builders.images(*NAMES), confusions=(noisy,)))[0]
    assert chart.largest[0] == "stop taken for yield: 2 of 3"
    assert [row.name for row in chart.worst] == ["stop", "keep", "yield"]
    assert sum(square.share for square in chart.squares) == pytest.approx(3, abs=0.01)  # every row adds up to one


def test_what_is_not_kept_is_left_out():
    assert describe_confusions([limit(Clean())], IMAGES, finder()) == ()
    noises, clean, noisy = {str(Gaussian(25)): Gaussian(25)}, limit(Clean()), limit(Gaussian(25))
    turned = {"clean": LABELS, "gaussian": (LABELS + 1) % 3}
    assert draw_turned([clean, noisy], FITS, noises, IMAGES, 0, finder(**turned)) != ()
    for left_out in turned:
        kept = {name: predictions for name, predictions in turned.items() if name != left_out}
        assert draw_turned([clean, noisy], FITS, noises, IMAGES, 0, finder(**kept)) == ()
    assert draw_turned([noisy], FITS, noises, IMAGES, 0, finder(**turned)) == ()
    assert draw_turned([clean, noisy], FITS, {}, IMAGES, 0, finder(**turned)) == ()


def test_the_surest_image_of_each_class_that_noise_turned_is_shown_before_and_after():
    find = finder(clean=[0, 0, 0, 0, 1, 1, 2, 2, 2, 2], offset=[1, 0, 1, 0, 1, 0, 0, 2, 2, 2])
    noise = Offset(100)
    (entry,) = draw_turned([limit(Clean()), limit(noise)], FITS, {str(noise): noise}, IMAGES, 0, find)
    assert (entry.model, entry.noise, entry.turned) == ("net", str(noise), 3)
    told = [(picture.index, picture.before, picture.after) for picture in entry.pictures]
    assert told == [(5, "yield", "stop"), (2, "stop", "yield")]
    for kind, lighter in (("clean", 0), ("noisy", 100)):
        content = base64.b64decode(getattr(entry.pictures[0], kind).partition(",")[2])
        assert np.array(Image.open(io.BytesIO(content)))[20, 20].tolist() == [50 + lighter] * 3
    assert len(entry.pictures) <= TURNED


def test_of_each_kind_of_noise_the_first_magnitude_that_breaks_a_limit_is_shown_or_the_highest():
    find = finder(clean=LABELS, gaussian=(LABELS + 1) % 3, offset=(LABELS + 1) % 3)
    noises = [Gaussian(5), Gaussian(25), Gaussian(50), Offset(50), Offset(-20)]
    limits = [limit(Clean()), *(limit(noise, stops=noise == Gaussian(25)) for noise in noises)]
    drawn = draw_turned(limits, FITS, {str(noise): noise for noise in noises}, IMAGES, 0, find)
    assert [entry.noise for entry in drawn] == [str(Gaussian(25)), str(Offset(50))]


def test_predictions_are_found_in_the_store_whether_bound_to_a_run_or_not(tmp_path):
    from robustness.evaluation.case import Case

    store, kept = Store(tmp_path), Result(LABELS.astype(np.int16), np.zeros(10, np.float32))
    for run in (None, "this run"):
        case = Case("net", "made", Clean(), 0, "hash", "data", "cpu", run)
        store.get_or_extend(case, Result, lambda _: kept)
        found = store.read(case.key, "this run", Result)
        assert found is not None
        assert np.array_equal(found.predictions, kept.predictions)
    assert store.read(case.key, "another run", Result) is None
