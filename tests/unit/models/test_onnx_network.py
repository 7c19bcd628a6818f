"""ONNX files as classifiers."""

from __future__ import annotations

import hashlib
import pickle
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from robustness.data import Fit, load_image_set
from robustness.errors import RobustnessError
from robustness.evaluation.evaluate import evaluate
from robustness.evaluation.identity import identify
from robustness.models import onnx_network
from robustness.models.classifier import Classifier
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier
from robustness.noise import Gaussian

CLASSES = 43
WEIGHT = np.random.default_rng(0).standard_normal((CLASSES, 3 * 64), dtype=np.float32)


def model(batch="N", image=(3, 8, 8), takes=TensorProto.FLOAT, gives=TensorProto.FLOAT, more_inputs=(), more_outputs=()):
    """Logits that a matrix makes of the pixels, with casts to the types that the file is to declare."""
    nodes = [
        helper.make_node("Cast", ["images"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["real"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weight"], ["real logits"], transB=1),
        helper.make_node("Cast", ["real logits"], ["logits"], to=gives),
        *(helper.make_node("Flatten", ["real"], [name]) for name in more_outputs),
    ]
    graph = helper.make_graph(
        nodes,
        "matrix",
        [
            helper.make_tensor_value_info("images", takes, [batch, *image]),
            *(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in more_inputs),
        ],
        [
            helper.make_tensor_value_info("logits", gives, [batch, CLASSES]),
            *(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in more_outputs),
        ],
        [numpy_helper.from_array(WEIGHT, "weight")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def as_torch():
    linear = nn.Linear(3 * 64, CLASSES, bias=False)
    linear.weight.data = torch.from_numpy(WEIGHT.copy())
    return nn.Sequential(nn.Flatten(), linear)


@pytest.fixture
def load(tmp_path):
    def load(content=None, size=8, **more):
        if content is not None:
            (tmp_path / "net.onnx").write_bytes(content if isinstance(content, bytes) else content.SerializeToString())
        return load_classifier(ModelDeclaration("shipped", "onnx:net.onnx", size=size, fit="resize", **more), tmp_path)

    return load


def test_it_names_noisy_images_as_the_network_does_with_the_preprocessing_declared_beside_it(load):
    images = load_image_set("signs").take(range(0, 1290, 3))
    mean, std = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)
    source = Classifier("source", as_torch(), Fit(8, "resize"), mean, std)
    named = [
        evaluate(classifier, images, Gaussian(25), 0).predictions for classifier in (source, load(model(), mean=mean, std=std))
    ]
    assert len(set(named[0].tolist())) > 5
    assert (named[0] == named[1]).all()


@pytest.mark.parametrize("batch", ["N", 1, 4, 7, 300])
@pytest.mark.parametrize("count", [1, 4, 256])
def test_a_batch_of_any_length_is_served_by_a_file_of_any_length(batch, count, load):
    images = torch.rand(count, 3, 8, 8).contiguous(memory_format=torch.channels_last)
    module = load(model(batch)).module
    with torch.inference_mode():
        assert torch.allclose(module(images.to(load().device)).cpu(), as_torch()(images), atol=1e-5)


def test_its_content_says_all_so_its_results_are_kept(load, tmp_path):
    classifier = load(model())
    digest = hashlib.sha256((tmp_path / "net.onnx").read_bytes()).hexdigest()
    provider = onnxruntime.InferenceSession(
        tmp_path / "net.onnx", providers=onnx_network._providers(onnxruntime)
    ).get_providers()
    assert classifier.architecture == f"onnx {digest} onnxruntime {onnxruntime.__version__} {provider[0]}"
    assert identify(classifier).is_hashable
    assert load().content_hash() == classifier.content_hash() != load(model(7)).content_hash()


@pytest.fixture
def beside(tmp_path):
    """A file whose weights are in another one beside it."""
    onnx.save(model(), tmp_path / "net.onnx", save_as_external_data=True, location="net.weights", size_threshold=1024)
    return tmp_path / "net.weights"


def test_weights_in_a_file_beside_it_are_part_of_its_content(load, beside):
    before = load().content_hash()
    assert load().content_hash() == before
    beside.write_bytes(beside.read_bytes()[:-1] + b"\0")
    assert load().content_hash() != before


def test_weights_inside_a_branch_are_found_too():
    inner = helper.make_graph(
        [helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(WEIGHT))], "branch", [], []
    )
    outer = helper.make_graph([helper.make_node("If", ["yes"], ["c"], then_branch=inner, else_branch=inner)], "graph", [], [])
    assert len(list(onnx_network._tensors(helper.make_model(outer), TensorProto))) == 2


def test_it_runs_on_the_threads_that_torch_has(load):
    options = load(model()).module._session.get_session_options()
    assert options.intra_op_num_threads == torch.get_num_threads()


def test_it_runs_on_cuda_where_torch_and_onnx_runtime_both_do(monkeypatch):
    class Runtime:
        available: tuple[str, ...] = ("CUDAExecutionProvider", "CPUExecutionProvider")

        def get_available_providers(self):
            return self.available

    runtime = Runtime()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [*dict(onnx_network._providers(runtime)[:1])] == ["CUDAExecutionProvider"]
    runtime.available = ("CPUExecutionProvider",)
    assert onnx_network._providers(runtime) == ["CPUExecutionProvider"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    runtime.available = Runtime.available
    assert onnx_network._providers(runtime) == ["CPUExecutionProvider"]


@pytest.mark.parametrize(
    ("content", "size", "said"),
    [
        (model(), 9, r"takes input of shape \(any, 3, 8, 8\), neither \(N, 3, 9, 9\) nor \(N, 9, 9, 3\): declare the size and"),
        (model(image=(192,)), 8, r"takes input of shape \(any, 192\)"),
        (model(takes=TensorProto.INT8), 8, r"images is tensor\(int8\), and it is fed .* put a cast into the network"),
        (model(gives=TensorProto.BOOL), 8, r"logits is tensor\(bool\), which are no logits"),
        (model(more_inputs=["threshold"]), 8, "takes images, threshold, not one batch of images"),
        (model(more_outputs=["features"]), 8, 'gives logits, features: say which are the logits, such as output = "logits"'),
        (model(), None, "say which input it takes"),
    ],
)
def test_what_does_not_take_images_and_give_logits_is_refused(content, size, said, load):
    with pytest.raises(RobustnessError, match=f"model shipped: .*{said}"):
        load(content, size)


WHOLE = model().SerializeToString()


PIXELS = torch.arange(3 * 64, dtype=torch.uint8).view(1, 3, 8, 8).repeat(5, 1, 1, 1)


def logits(classifier, images=PIXELS):
    return classifier.logits(images).cpu()


@pytest.mark.parametrize(
    ("takes", "fed"),
    [
        (TensorProto.FLOAT16, (PIXELS / 255).half().float()),
        (TensorProto.DOUBLE, PIXELS / 255),
        (TensorProto.UINT8, PIXELS.float()),
    ],
)
@pytest.mark.parametrize("batch", ["N", 2])
def test_it_is_fed_in_the_type_it_takes(load, takes, fed, batch):
    with torch.inference_mode():
        assert torch.allclose(logits(load(model(batch, takes=takes))), as_torch()(fed), atol=1e-3, rtol=1e-4)


def test_it_is_fed_channels_last_where_it_takes_that(load):
    with torch.inference_mode():
        wanted = as_torch()((PIXELS / 255).permute(0, 2, 3, 1).reshape(5, 3, 8, 8))
        assert torch.allclose(logits(load(model(image=(8, 8, 3)))), wanted, atol=1e-5)
        assert torch.allclose(logits(load(model(image=("H", "W", 3)))), wanted, atol=1e-5)


def test_pixels_as_they_are_want_no_mean_and_std(load):
    with pytest.raises(RobustnessError, match="takes the pixels as they are, 0..255; declare no mean and std for it"):
        load(model(takes=TensorProto.UINT8), mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def test_the_output_that_is_named_is_read_and_is_part_of_what_results_are_kept_under(load):
    content = model(more_outputs=["features", "logits two"])
    by_name = {name: load(content, output=name) for name in ("logits", "features")}
    assert [logits(classifier).shape[1] for classifier in by_name.values()] == [CLASSES, 192]
    assert by_name["logits"].file_key() != by_name["features"].file_key()
    with pytest.raises(RobustnessError, match="has no output 'feature': did you mean 'features'"):
        load(content, output="feature")


def test_one_output_has_no_other_name(load):
    with pytest.raises(RobustnessError, match="has no output 'scores': valid: logits"):
        load(model(), output="scores")


def test_a_copy_in_another_process_is_fed_the_same(load):
    classifier = load(model(4, image=(8, 8, 3), takes=TensorProto.UINT8, more_outputs=["features"]), output="logits")
    copy = pickle.loads(pickle.dumps(classifier.module))
    assert torch.equal(copy(PIXELS), classifier.module(PIXELS))


@pytest.mark.parametrize("content", [b"", b"garbage" * 20, WHOLE[:-1], WHOLE[:500], b"PK\x03\x04" + bytes(100)])
def test_what_is_no_onnx_file_is_refused_in_one_line(content, load, capfd):
    with pytest.raises(
        RobustnessError, match=r"model shipped: .*net\.onnx: not an ONNX file that ONNX Runtime takes"
    ) as refused:
        load(content)
    assert "\n" not in str(refused.value)
    assert capfd.readouterr().err == ""


def test_what_onnx_runtime_would_log_of_a_file_is_not_printed(load, capfd):
    content = model()
    content.graph.initializer.append(numpy_helper.from_array(WEIGHT, "of no use"))
    load(content)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("damage", [lambda file: file.unlink(), lambda file: file.write_bytes(b"1234")])
def test_weights_beside_it_that_are_missing_or_too_short_are_refused(damage, load, beside, capfd):
    damage(beside)
    with pytest.raises(RobustnessError, match=r"net\.onnx: not an ONNX file that ONNX Runtime takes .*"):
        load()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("place", ["../net.weights", "{outside}/net.weights", "/dev/zero"])
def test_weights_outside_its_folder_are_not_read(tmp_path, place):
    (tmp_path / "net.weights").write_bytes(bytes(10_000))
    (tmp_path / "inside").mkdir()
    file = tmp_path / "inside" / "net.onnx"
    onnx.save(model(), file, save_as_external_data=True, location="net.weights", size_threshold=1024)
    kept = onnx.load(file, load_external_data=False)
    for tensor in kept.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = place.format(outside=tmp_path)
    file.write_bytes(kept.SerializeToString())
    with pytest.raises(RobustnessError, match="not an ONNX file that ONNX Runtime takes"):
        load_classifier(ModelDeclaration("shipped", "onnx:inside/net.onnx", size=8, fit="resize"), tmp_path)


def test_a_missing_file_and_weights_of_another_are_refused(load):
    with pytest.raises(RobustnessError, match=r"model shipped: .*net\.onnx: no such file; `robustness export"):
        load()
    with pytest.raises(RobustnessError, match=r"net\.onnx has its weights inside; name no others"):
        load(model(), weights="other.safetensors")


@pytest.mark.parametrize("module", ["onnx", "onnxruntime"])
def test_without_the_extra_the_error_says_how_to_install_it(module, load, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(RobustnessError, match=rf'{module} cannot be imported .*pip install "pytest-robustness\[onnx\]"'):
        load(model())
