"""The combinations of format, type, layout, output and size that are gated, and what each runtime itself says of the images."""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from digits import Flat, Labels, Net, Pixels, as_batch, split, train, write_folder
from PIL import Image
from safetensors.torch import save_file
from torch import nn

os.environ.setdefault("KERAS_BACKEND", "torch")

Classes = npt.NDArray[np.int64]
FILES = Path(__file__).with_name("files")
GREY = {"size": 8, "fit": "crop-or-pad", "channels": 1}


@dataclass(frozen=True)
class Combination:
    """name: of the model. shown: format, type, layout, output and size, for the table. table: of the model in thresholds.toml.

    own: the classes that the runtime itself says of the test images, fed as its users feed it. data: which image set.
    """

    name: str
    shown: tuple[str, str, str, str, str]
    table: dict[str, Any]
    own: Callable[[Pixels], Classes]
    data: str = "digits"

    @property
    def is_hashed(self) -> bool:
        return not self.table["load"].startswith("python:")


@dataclass
class Workshop:
    """Makes networks and files in a folder, each once. made: the combinations so far."""

    folder: Path
    made: list[Combination] = field(default_factory=list)

    def __post_init__(self) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(0)
        self.images, self.labels, self.test_images, self.test_labels = split()
        self.batch = as_batch(self.images)
        self.grey = train(Net(), self.batch, self.labels)
        self.flat = train(Flat(), self.batch, self.labels)
        self.binary = train(Net(outputs=1), self.batch, (self.labels >= 5).astype(np.int64))

    @staticmethod
    def test_set() -> tuple[Pixels, Labels]:
        return split()[2:]

    def add(
        self, name: str, shown: tuple[str, ...], load: str, own: Callable[[Pixels], Classes], data: str = "digits", **table: Any
    ) -> None:
        form, kind, layout, output, size = shown
        keys = {} if load.startswith("transformers:") else GREY
        self.made.append(Combination(name, (form, kind, layout, output, size), {"load": load, **keys, **table}, own, data))


def argmax(answer: Any) -> Classes:
    return np.asarray(answer).reshape(len(answer), -1).argmax(axis=1).astype(np.int64)


def of_torch(module: nn.Module, dtype: torch.dtype = torch.float32, find: Callable[[Any], Any] = lambda answer: answer) -> Any:
    """A module as its users call it."""

    def own(images: Pixels) -> Classes:
        with torch.inference_mode():
            return argmax(find(module(as_batch(images).to(dtype))).float().numpy())

    return own


# Modules of torch, from code

NETWORKS = '''
"""Networks as a project makes them."""
import copy, sys, types
import torch
from torch import nn
sys.path.insert(0, {formats!r})
from digits import Net, Flat
sys.path.pop(0)
HERE = {folder!r}

def read(name, network):
    network.load_state_dict(torch.load(f"{{HERE}}/{{name}}.pt", weights_only=True))
    return network.eval()

def plain(): return read("grey", Net())
def half(): return plain().half()
def bfloat16(): return plain().bfloat16()
def double(): return plain().double()
def one_logit(): return read("binary", Net(outputs=1))

class After(nn.Module):
    def __init__(self, network, function):
        super().__init__()
        self.network, self.function = network, function
    def forward(self, images): return self.function(self.network(images))

def in_a_dict(): return After(plain(), lambda logits: {{"features": logits * 0, "scores": logits}})
def in_a_tuple(): return After(plain(), lambda logits: (logits * 0, logits))
def in_an_object(): return After(plain(), lambda logits: types.SimpleNamespace(logits=logits, loss=None))
def four_dimensions(): return After(plain(), lambda logits: logits[:, :, None, None])
def probabilities(): return After(plain(), lambda logits: logits.softmax(1))
def one_probability(): return After(one_logit(), torch.sigmoid)
def channels_last():
    class Last(nn.Module):
        def __init__(self): super().__init__(); self.network = plain()
        def forward(self, images): return self.network(images.contiguous(memory_format=torch.channels_last))
    return Last()
def compiled(): return torch.compile(plain(), backend="eager")
def weight_norm():
    network = plain()
    nn.utils.parametrizations.weight_norm(network.head[2])
    return network
def extra_state():
    class WithState(Net):
        def get_extra_state(self): return {{"version": 3, "labels": list(range(10))}}
        def set_extra_state(self, state): self.version = state["version"]
    network = WithState()
    network.load_state_dict({{**plain().state_dict(), "_extra_state": {{"version": 3}}}})
    return network.eval()
def empty(): return Net()
def dynamic():
    import warnings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(read("flat", Flat()), {{nn.Linear}}, dtype=torch.qint8)
def static():
    import warnings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        q = torch.ao.quantization
        network = nn.Sequential(q.QuantStub(), read("flat", Flat()), q.DeQuantStub()).eval()
        network.qconfig = q.get_default_qconfig(torch.backends.quantized.engine)
        prepared = q.prepare(network)
        prepared(torch.load(f"{{HERE}}/examples.pt", weights_only=True))
        return q.convert(prepared)
def torchao_int8():
    from torchao.quantization import Int8WeightOnlyConfig, quantize_
    network = read("flat", Flat())
    quantize_(network, Int8WeightOnlyConfig())
    return network
'''


def add_modules(shop: Workshop) -> None:
    for name, network in (("grey", shop.grey), ("flat", shop.flat), ("binary", shop.binary)):
        torch.save(network.state_dict(), shop.folder / f"{name}.pt")
    torch.save(shop.batch[:200], shop.folder / "examples.pt")
    (shop.folder / "networks.py").write_text(NETWORKS.format(formats=str(Path(__file__).parent), folder=str(shop.folder)))
    made: dict[str, Any] = {}
    exec(compile((shop.folder / "networks.py").read_text(), "networks.py", "exec"), made)
    types = {"half": torch.float16, "bfloat16": torch.bfloat16, "double": torch.float64}
    plain = ["plain", *types, "channels_last", "compiled", "weight_norm", "extra_state", "dynamic", "static", "torchao_int8"]
    kinds = {"plain": "float32", "dynamic": "int8, dynamic", "static": "int8, static", "torchao_int8": "int8, torchao"}
    for name in plain:
        kind = kinds.get(name, name if name in types else f"float32, {name.replace('_', ' ')}")
        own = of_torch(made[name](), types.get(name, torch.float32))
        shop.add(f"torch-{name}", ("python:", kind, "NCHW", "logits", "1 x 8 x 8"), f"python:networks:{name}", own)
    outputs: dict[str, tuple[Callable[[Any], Any], dict[str, str], str]] = {
        "in_a_dict": (lambda answer: answer["scores"], {"output": "scores"}, "dict, one named"),
        "in_a_tuple": (lambda answer: answer[1], {"output": "1"}, "tuple, one named"),
        "in_an_object": (lambda answer: answer.logits, {}, "object with .logits"),
        "four_dimensions": (lambda answer: answer, {}, "(N, C, 1, 1)"),
        "probabilities": (lambda answer: answer, {"output": "probabilities"}, "probabilities"),
    }
    for name, (find, table, shown) in outputs.items():
        own = of_torch(made[name](), find=find)
        shop.add(f"torch-{name}", ("python:", "float32", "NCHW", shown, "1 x 8 x 8"), f"python:networks:{name}", own, **table)

    def above(module: nn.Module, edge: float) -> Callable[[Pixels], Classes]:
        def own(images: Pixels) -> Classes:
            with torch.inference_mode():
                return (module(as_batch(images))[:, 0] > edge).numpy().astype(np.int64)

        return own

    two = {"data": "halves"}
    one = ("python:", "float32", "NCHW", "one logit", "1 x 8 x 8")
    shop.add("torch-one-logit", one, "python:networks:one_logit", above(shop.binary, 0), output="logits", **two)
    another = ("python:", "float32", "NCHW", "one probability, threshold", "1 x 8 x 8")
    own = above(made["one_probability"](), 0.3)
    shop.add("torch-sigmoid", another, "python:networks:one_probability", own, output="sigmoid", threshold=0.3, **two)


def add_checkpoints(shop: Workshop) -> None:
    import argparse

    state = shop.grey.state_dict()
    prefixed = {f"model.{name}": tensor for name, tensor in state.items()}
    contents = {
        "lightning.ckpt": {
            "pytorch-lightning_version": "2.6",
            "state_dict": prefixed,
            "hyper_parameters": argparse.Namespace(),
        },
        "timm.pth.tar": {
            "epoch": 1,
            "state_dict": {f"module.{name}": one for name, one in state.items()},
            "args": argparse.Namespace(),
        },
        "reference.pth": {"model": {f"_orig_mod.{name}": tensor for name, tensor in state.items()}, "epoch": 3},
    }
    for file, content in contents.items():
        torch.save(content, shop.folder / file)
    save_file({f"module._orig_mod.{name}": tensor for name, tensor in state.items()}, shop.folder / "wrapped.safetensors")
    for file in (*contents, "wrapped.safetensors"):
        shown = (f"python: with {file}", "float32", "NCHW", "logits", "1 x 8 x 8")
        name = f"weights-{file.partition('.')[0]}"
        shop.add(name, shown, "python:networks:empty", of_torch(shop.grey), weights=file)


# Programs of torch


def add_programs(shop: Workshop) -> None:
    made: dict[str, Any] = {}
    exec(compile((shop.folder / "networks.py").read_text(), "networks.py", "exec"), made)
    example = shop.batch[:2]
    for name, module, dtype in (
        ("float32", shop.grey, torch.float32),
        ("half", made["half"](), torch.float16),
        ("int8", made["static"](), torch.float32),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.jit.save(torch.jit.trace(module, example.to(dtype)), str(shop.folder / f"{name}.torchscript"))
            program = torch.jit.load(str(shop.folder / f"{name}.torchscript"))
        shown = ("torchscript:", name, "NCHW", "logits", "1 x 8 x 8")
        shop.add(f"torchscript-{name}", shown, f"torchscript:{name}.torchscript", of_torch(program, dtype))
    for name, module, dtype in (("float32", shop.grey, torch.float32), ("half", made["half"](), torch.float16)):
        any_batch = ({0: torch.export.Dim("batch", min=1)},)
        exported = torch.export.export(copy.deepcopy(module), (example.to(dtype),), dynamic_shapes=any_batch)
        torch.export.save(exported, shop.folder / f"{name}.pt2")
        shown = ("exported:", name, "NCHW", "logits", "1 x 8 x 8")
        shop.add(f"exported-{name}", shown, f"exported:{name}.pt2", of_torch(exported.module(), dtype))


# ONNX


class Fed(nn.Module):
    """A network behind whatever its file does first, and before whatever it does last."""

    def __init__(
        self, network: nn.Module, first: Callable[[Any], Any], last: Callable[[Any], Any] = lambda answer: answer
    ) -> None:
        super().__init__()
        self.network, self.first, self.last = network, first, last

    def forward(self, images: torch.Tensor) -> Any:
        return self.last(self.network(self.first(images)))


def write_onnx(
    file: Path, module: nn.Module, example: torch.Tensor, dynamic: bool = True, outputs: tuple[str, ...] = ("logits",)
) -> None:
    shapes = ({0: torch.export.Dim("batch", min=1)},) if dynamic else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(module.eval(), (example,), dynamic_shapes=shapes)
        written = torch.onnx.export(program, dynamo=True, verbose=False, input_names=["images"], output_names=list(outputs))
    assert written is not None
    file.write_bytes(written.model_proto.SerializeToString())


def of_onnx(file: Path, feed: Callable[[Pixels], npt.NDArray[Any]], output: str = "logits", piece: int | None = None) -> Any:
    def own(images: Pixels) -> Classes:
        import onnxruntime

        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        fed = feed(images)
        parts = [fed[start : start + (piece or len(fed))] for start in range(0, len(fed), piece or len(fed))]
        return argmax(np.concatenate([session.run([output], {"images": part})[0] for part in parts]))

    return own


def add_onnx(shop: Workshop) -> None:
    grey, example = shop.grey, shop.batch[:2]
    unit = lambda images: as_batch(images).numpy()  # noqa: E731

    def add(
        name: str,
        kind: str,
        layout: str,
        shown: str,
        sized: str,
        feed: Any,
        of: str = "logits",
        piece: int | None = None,
        **table: Any,
    ) -> None:
        own = of_onnx(shop.folder / f"{name}.onnx", feed, of, piece)
        shop.add(f"onnx-{name}", ("onnx:", kind, layout, shown, sized), f"onnx:{name}.onnx", own, **table)

    write_onnx(shop.folder / "float32.onnx", grey, example)
    add("float32", "float32", "NCHW", "logits", "1 x 8 x 8", unit)
    write_onnx(shop.folder / "one.onnx", grey, example[:1], dynamic=False)
    add("one", "float32", "NCHW, batches of 1", "logits", "1 x 8 x 8", unit, piece=1)
    write_onnx(shop.folder / "nhwc.onnx", Fed(grey, lambda images: images.permute(0, 3, 1, 2)), example.permute(0, 2, 3, 1))
    add("nhwc", "float32", "NHWC", "logits", "8 x 8 x 1", lambda images: unit(images).transpose(0, 2, 3, 1))
    pixels = (example * 255).to(torch.uint8)
    write_onnx(
        shop.folder / "uint8.onnx",
        Fed(grey, lambda images: images.permute(0, 3, 1, 2).float() / 255),
        pixels.permute(0, 2, 3, 1),
    )
    add("uint8", "uint8, preprocessing inside", "NHWC", "logits", "8 x 8 x 1", lambda images: images[..., None])
    write_onnx(shop.folder / "float16.onnx", copy.deepcopy(grey).half(), example.half())
    add("float16", "float16", "NCHW", "logits", "1 x 8 x 8", lambda images: unit(images).astype(np.float16))
    write_onnx(shop.folder / "softmax.onnx", Fed(grey, lambda images: images, lambda logits: logits.softmax(1)), example)
    add("softmax", "float32", "NCHW", "probabilities", "1 x 8 x 8", unit, output="probabilities")
    both = Fed(grey, lambda images: images, lambda logits: (logits * 0 + 1, logits))
    write_onnx(shop.folder / "two.onnx", both, example, outputs=("features", "scores"))
    add("two", "float32", "NCHW", "two, one named", "1 x 8 x 8", unit, "scores", output="scores")
    write_onnx(shop.folder / "raw.onnx", Fed(grey, lambda images: images / 255), example)
    raw = lambda images: as_batch(images).numpy() * np.float32(255)  # noqa: E731
    add("raw", "float32 of 0..255", "NCHW", "logits", "1 x 8 x 8", raw, std=[1 / 255])
    torch.manual_seed(0)
    normalised = train(Net(), (shop.batch - 0.5) / 0.5, shop.labels)
    write_onnx(shop.folder / "normalised.onnx", normalised, example)
    add(
        "normalised",
        "float32, mean and std",
        "NCHW",
        "logits",
        "1 x 8 x 8",
        lambda images: (unit(images) - np.float32(0.5)) / np.float32(0.5),
        mean=[0.5],
        std=[0.5],
    )
    add_int8(shop)
    torch.manual_seed(0)
    red = train(Net(), as_batch(_resized(shop.images, (12, 12))), shop.labels)
    first = Fed(red, lambda images: images[:, :1])  # a network that saw grey alone would be told to take one channel
    write_onnx(shop.folder / "rgb.onnx", first, torch.zeros(2, 3, 12, 12))
    resized = lambda images: as_batch(_resized(images, (12, 12)), 3).numpy()  # noqa: E731
    add("rgb", "float32", "NCHW", "logits", "3 x 12 x 12", resized, size=12, fit="resize", channels=3)
    wide: Any = train(Net(), as_batch(_resized(shop.images, (8, 16))), shop.labels)
    wide.head[0] = nn.AvgPool2d((2, 6), (2, 6))  # as AdaptiveAvgPool2d(2) does at 4 x 12, and exports with sizes left open
    write_onnx(shop.folder / "wide.onnx", wide, torch.zeros(2, 1, 8, 16))
    add(
        "wide",
        "float32",
        "NCHW",
        "logits",
        "1 x 8 x 16",
        lambda images: as_batch(_resized(images, (8, 16))).numpy(),
        size=[8, 16],
        fit="resize",
    )
    _open_sizes(shop.folder / "float32.onnx", shop.folder / "open.onnx")
    add("open", "float32", "NCHW, any size", "logits", "1 x 8 x 8", unit)


def _open_sizes(file: Path, to: Path) -> None:
    """The same network with height and width left open, as many exporters leave them."""
    import onnx

    model = onnx.load(file)
    for place, name in ((2, "height"), (3, "width")):
        model.graph.input[0].type.tensor_type.shape.dim[place].dim_param = name
    del model.graph.value_info[:]
    to.write_bytes(model.SerializeToString())


def add_int8(shop: Workshop) -> None:
    from onnxruntime import quantization

    write_onnx(shop.folder / "flat.onnx", shop.flat, shop.batch[:2])
    unit = lambda images: as_batch(images).numpy()  # noqa: E731
    shop.add(
        "onnx-flat",
        ("onnx:", "float32, the source of int8", "NCHW", "logits", "1 x 8 x 8"),
        "onnx:flat.onnx",
        of_onnx(shop.folder / "flat.onnx", unit),
    )

    class Reader(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self.left = [shop.batch[start : start + 1].numpy() for start in range(100)]

        def get_next(self) -> dict[str, Any] | None:
            return {"images": self.left.pop()} if self.left else None

    quantization.quantize_static(
        shop.folder / "flat.onnx", shop.folder / "int8.onnx", Reader(), quant_format=quantization.QuantFormat.QDQ
    )
    own = of_onnx(shop.folder / "int8.onnx", unit)
    shop.add("onnx-int8", ("onnx:", "int8, QDQ", "NCHW", "logits", "1 x 8 x 8"), "onnx:int8.onnx", own)


def _resized(images: Pixels, shape: tuple[int, int]) -> Pixels:
    height, width = shape
    return np.stack([np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR)) for image in images])


# Other runtimes


def add_openvino(shop: Workshop) -> None:
    import openvino as ov
    from openvino.preprocess import PrePostProcessor

    core = ov.Core()

    def add(name: str, kind: str, layout: str, size: str, model: Any, feed: Any, compress: bool = False) -> None:
        ov.save_model(model, shop.folder / f"{name}.xml", compress_to_fp16=compress)

        def own(images: Pixels) -> Classes:
            compiled = core.compile_model(
                core.read_model(shop.folder / f"{name}.xml"), "CPU", {"EXECUTION_MODE_HINT": "ACCURACY"}
            )
            return argmax(compiled([feed(images)])[0])

        shop.add(f"openvino-{name}", ("openvino:", kind, layout, "logits", size), f"openvino:{name}.xml", own)

    unit = lambda images: as_batch(images).numpy()  # noqa: E731
    add("ov-float32", "float32", "NCHW", "1 x 8 x 8", ov.convert_model(shop.folder / "flat.onnx"), unit)
    add("ov-float16", "float16 weights", "NCHW", "1 x 8 x 8", ov.convert_model(shop.folder / "flat.onnx"), unit, compress=True)
    add("ov-int8", "int8, QDQ", "NCHW", "1 x 8 x 8", ov.convert_model(shop.folder / "int8.onnx"), unit)
    inside = PrePostProcessor(ov.convert_model(shop.folder / "flat.onnx"))
    inside.input().tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    inside.input().model().set_layout(ov.Layout("NCHW"))
    inside.input().preprocess().convert_element_type(ov.Type.f32).scale(255.0)
    add("ov-uint8", "uint8, preprocessing inside", "NHWC", "8 x 8 x 1", inside.build(), lambda images: images[..., None])


def add_litert(shop: Workshop) -> None:
    from ai_edge_litert.interpreter import Interpreter

    for name, kind in (
        ("digits", "float32"),
        ("digits-dynamic", "int8, dynamic"),
        ("digits-int8", "int8"),
        ("digits-uint8", "uint8"),
    ):
        file = FILES / f"{name}.tflite"

        def own(images: Pixels, file: Path = file) -> Classes:
            interpreter = Interpreter(str(file))
            interpreter.allocate_tensors()
            takes, gives = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
            said = []
            for image in images:
                fed = (image.astype(np.float32) / 255)[None, ..., None]
                scale, zero = takes["quantization"]
                fed = np.round(fed / scale + zero).clip(*_limits(takes["dtype"])).astype(takes["dtype"]) if scale else fed
                interpreter.set_tensor(takes["index"], fed)
                interpreter.invoke()
                said.append(int(interpreter.get_tensor(gives["index"])[0].argmax()))
            return np.array(said)

        shown = ("litert:", kind, "NHWC", "logits", "8 x 8 x 1")
        shop.add(f"litert-{name}", shown, f"litert:{file}", own)


def _limits(dtype: Any) -> tuple[int, int]:
    return np.iinfo(dtype).min, np.iinfo(dtype).max


def add_keras(shop: Workshop) -> None:
    import keras

    keras.utils.set_random_seed(0)

    def network(*last: Any) -> Any:
        layers = keras.layers
        return keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(16, 3, activation="relu"), layers.Flatten(), *last])

    for name, output, last in (
        ("keras-logits", "logits", keras.layers.Dense(10)),
        ("keras-softmax", "probabilities", keras.layers.Dense(10, activation="softmax")),
    ):
        model = network(last)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=output == "logits")
        model.compile("adam", loss)
        model.fit(self_fed(shop.images), shop.labels, epochs=8, verbose=0)
        model.save(shop.folder / f"{name}.keras")
        table = {} if output == "logits" else {"output": output}

        def own(images: Pixels, model: Any = model) -> Classes:
            return argmax(model.predict(self_fed(images), verbose=0))

        shop.add(name, ("keras:", "float32", "NHWC", output, "8 x 8 x 1"), f"keras:{name}.keras", own, **table)


def self_fed(images: Pixels) -> npt.NDArray[np.float32]:
    return (images.astype(np.float32) / np.float32(255))[..., None].astype(np.float32)


def add_transformers(shop: Workshop) -> None:
    import transformers

    names = {place: str(place) for place in range(10)}
    vit = transformers.ViTConfig(
        image_size=8,
        patch_size=2,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        id2label=names,
        label2id={name: place for place, name in names.items()},
    )
    resnet = transformers.ResNetConfig(
        embedding_size=16,
        hidden_sizes=[16, 32],
        depths=[1, 1],
        layer_type="basic",
        downsample_in_first_stage=False,
        num_labels=10,
    )
    for name, config, epochs in (("vit", vit, 25), ("resnet", resnet, 12)):
        torch.manual_seed(0)
        module = transformers.AutoModelForImageClassification.from_config(config)
        batch = (as_batch(shop.images, 3) - 0.5) / 0.5
        module.train()
        train(module, batch, shop.labels, epochs)
        module.save_pretrained(shop.folder / f"hf-{name}")
        processor = transformers.ViTImageProcessor(size={"height": 8, "width": 8}, image_mean=[0.5] * 3, image_std=[0.5] * 3)
        processor.save_pretrained(shop.folder / f"hf-{name}")

        def own(images: Pixels, name: str = name) -> Classes:
            folder = shop.folder / f"hf-{name}"
            network = transformers.AutoModelForImageClassification.from_pretrained(folder).eval()
            own_processor = transformers.AutoImageProcessor.from_pretrained(folder)
            pictures = [Image.fromarray(image).convert("RGB") for image in images]
            with torch.inference_mode():
                return argmax(network(**own_processor(pictures, return_tensors="pt")).logits.numpy())

        shown = (f"transformers:, {name}", "float32", "NCHW", "object with .logits", "3 x 8 x 8")
        shop.add(f"transformers-{name}", shown, f"transformers:hf-{name}", own)


def all_combinations(folder: Path) -> list[Combination]:
    """Made in the folder, with the images: `digits`, of ten classes, and `halves`, of two."""
    shop = Workshop(folder)
    for add in (add_modules, add_checkpoints, add_programs, add_onnx, add_openvino, add_litert, add_keras, add_transformers):
        add(shop)
    write_folder(folder / "digits", shop.test_images, [str(label) for label in shop.test_labels])
    write_folder(folder / "halves", shop.test_images, ["low" if label < 5 else "more" for label in shop.test_labels])
    return shop.made


def own_right(combination: Combination, images: Pixels, labels: Labels) -> int:
    """How many test images the runtime itself classifies correctly."""
    wanted = labels if combination.data == "digits" else (labels >= 5).astype(np.int64)
    return int((combination.own(images) == wanted).sum())
