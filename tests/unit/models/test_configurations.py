"""Preparations read from other libraries' configurations give what those libraries feed, image for image."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import models

from robustness.data.picture import Picture
from robustness.data.preparation import prepare
from robustness.errors import RobustnessError
from robustness.models.configurations import of_timm_config, read_preprocessing
from robustness.models.declaration import ModelDeclaration
from robustness.models.transformers_configuration import of_transformers_config

pytestmark = pytest.mark.filterwarnings("ignore")  # of other libraries

SHAPES = [(375, 500), (500, 375), (1, 300), (30, 20), (224, 224), (333, 601), (427, 640), (334, 500), (101, 90)]
IMAGES = [np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8) for seed, shape in enumerate(SHAPES)]


def fed(seen, image):
    """What a network gets: float32 of shape (channels, height, width)."""
    pixels = torch.from_numpy(prepare(Picture(image), seen.fit).copy()).permute(2, 0, 1).float() / 255
    mean, std = (torch.tensor(values).view(-1, 1, 1) for values in (seen.mean, seen.std))
    return (pixels - mean) / std


def same(ours, theirs):
    """The same levels: normalisation may round the last bits otherwise."""
    assert ours.shape == theirs.shape
    assert float((ours - theirs).abs().max()) < 1e-5


@pytest.mark.parametrize(
    "name",
    [
        *("ResNet50_Weights.IMAGENET1K_V1", "ResNet50_Weights.IMAGENET1K_V2", "EfficientNet_B0_Weights.IMAGENET1K_V1"),
        *("ViT_B_16_Weights.IMAGENET1K_V1", "Inception_V3_Weights.IMAGENET1K_V1", "Swin_V2_T_Weights.IMAGENET1K_V1"),
    ],
)
def test_torchvisions_weights(name, tmp_path):
    seen = read_preprocessing(ModelDeclaration("net", "torchvision:any"), f"torchvision:{name}", tmp_path)
    transform = models.get_weight(name).transforms()
    for image in IMAGES:
        same(fed(seen, image), transform(Image.fromarray(image)))


def test_every_weights_of_torchvisions_has_a_preparation(tmp_path):
    names = [str(weight) for name in models.list_models(module=models) for weight in models.get_model_weights(name)]
    assert len(names) > 100
    for name in names:
        seen = read_preprocessing(ModelDeclaration("net", "torchvision:any"), f"torchvision:{name}", tmp_path)
        assert seen.read_from == f"torchvision:{name}"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "resnet18.a1_in1k",
            "efficientnet_lite0.ra_in1k",
            "vit_tiny_patch16_224.augreg_in21k_ft_in1k",
            "convnext_tiny.fb_in1k",
        ),
        *("mobilenetv4_conv_small.e2400_r224_in1k", "tf_efficientnet_b1.ns_jft_in1k", "vit_base_patch16_clip_224.openai"),
        *("levit_128.fb_dist_in1k", "inception_v3.tv_in1k", "beit_base_patch16_224.in22k_ft_in22k_in1k"),
    ],
)
def test_timms_networks(name, tmp_path):
    timm = pytest.importorskip("timm")
    seen = read_preprocessing(ModelDeclaration("net", f"timm:{name}"), "timm", tmp_path)
    config = timm.data.resolve_data_config(pretrained_cfg=timm.get_pretrained_cfg(name).to_dict())
    transform = timm.data.create_transform(**config, is_training=False)
    for image in IMAGES:
        same(fed(seen, image), transform(Image.fromarray(image)))


def test_a_configuration_of_timms_that_is_not_implemented_is_refused_by_name():
    config = {"input_size": (3, 8, 8), "interpolation": "bicubic", "mean": (0,) * 3, "std": (1,) * 3, "crop_pct": 1.0}
    with pytest.raises(RobustnessError, match=r"mine: crop_mode 'border' of 8 x 8 pixels is not implemented"):
        of_timm_config({**config, "crop_mode": "border"}, "mine")
    with pytest.raises(RobustnessError, match=r"mine: tf_preprocessing = True is not implemented"):
        of_timm_config({**config, "tf_preprocessing": True}, "mine")
    with pytest.raises(RobustnessError, match=r"mine: interpolation 'random' is not implemented"):
        of_timm_config({**config, "interpolation": "random"}, "mine")


@pytest.mark.parametrize(
    ("processor", "options"),
    [
        ("ViTImageProcessor", {}),
        ("ViTImageProcessor", {"size": {"height": 32, "width": 100}, "resample": 3}),
        ("CLIPImageProcessor", {}),
        ("CLIPImageProcessor", {"do_resize": False}),
        ("BitImageProcessor", {}),
        ("BitImageProcessor", {"do_resize": False, "crop_size": {"height": 223, "width": 340}}),
        ("MobileNetV1ImageProcessor", {}),
        ("MobileNetV2ImageProcessor", {}),
        ("MobileNetV2ImageProcessor", {"size": {"shortest_edge": 99}, "crop_size": 110}),
        ("DeiTImageProcessor", {}),
        ("BeitImageProcessor", {"do_center_crop": True, "size": {"height": 256, "width": 256}}),
        ("ConvNextImageProcessor", {"size": {"shortest_edge": 224}, "crop_pct": 0.875}),
        ("ConvNextImageProcessor", {"size": {"shortest_edge": 384}}),
        ("BitImageProcessor", {"size": {"shortest_edge": 448}, "crop_size": {"height": 448, "width": 448}}),
        ("SiglipImageProcessor", {}),
        ("MobileNetV2ImageProcessor", {"do_normalize": False}),
        ("SegformerImageProcessor", {"size": {"height": 64, "width": 64}}),
    ],
)
def test_transformers_image_processors(processor, options, tmp_path):
    transformers = pytest.importorskip("transformers")
    theirs = getattr(transformers, processor)(**options)
    theirs.save_pretrained(tmp_path / "net")
    seen = read_preprocessing(ModelDeclaration("net", "python:any:any"), "transformers:net", tmp_path)
    for image in IMAGES:
        same(fed(seen, image), theirs(Image.fromarray(image), return_tensors="pt")["pixel_values"][0])


def test_keys_that_are_null_or_missing_are_read_as_transformers_reads_them():
    """And numbers in place of objects, as earlier versions wrote them."""
    transformers = pytest.importorskip("transformers")
    half = {"image_mean": [0.5] * 3, "image_std": 0.5}
    for config in (
        {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 224}, "crop_pct": None, "resample": 3},
        {"feature_extractor_type": "ConvNextFeatureExtractor", "size": 224, "crop_pct": 0.9, "resample": 3},
        {"feature_extractor_type": "CLIPFeatureExtractor", "size": 224, "crop_size": 200, "resample": 3},
        {"image_processor_type": "ViTImageProcessor", "size": 99, "do_center_crop": None, "crop_size": None},
        {"image_processor_type": "BeitImageProcessor", "size": 99, "do_center_crop": False, "crop_size": 50},
        {"image_processor_type": "DeiTImageProcessor", "size": 99, "do_center_crop": False},
    ):
        seen = of_transformers_config({**config, **half}, "mine")
        kind = next(str(value) for key, value in config.items() if key.endswith("_type"))
        processor = getattr(transformers, kind.replace("FeatureExtractor", "ImageProcessor"))
        theirs = processor.from_dict(
            {key: value for key, value in {**config, **dict.fromkeys(half, [0.5] * 3)}.items() if value is not None}
        )
        for image in IMAGES:
            same(fed(seen, image), theirs(Image.fromarray(image), return_tensors="pt")["pixel_values"][0])


VIT = {
    "image_processor_type": "ViTImageProcessor",
    "size": {"height": 8, "width": 8},
    "image_mean": [0.5] * 3,
    "image_std": [0.5] * 3,
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"image_processor_type": "DonutImageProcessor"}, "image_processor_type 'DonutImageProcessor' is not implemented"),
        ({"image_processor_type": None}, "image_processor_type '' is not implemented"),
        ({"do_thumbnail": True}, "do_thumbnail = True is not implemented"),
        ({"do\nthis": True}, "do this = True is not implemented"),
        ({"do_pad": True}, "do_pad = True is not implemented"),
        ({"rescale_factor": 1 / 127.5}, "rescale_factor = 0.00784.* is not implemented"),
        ({"do_rescale": False}, "do_rescale = False is not implemented"),
        ({"resample": 1}, "resample = 1 is not implemented"),
        ({"resample": 9}, "resample = 9 is not implemented"),
        ({"size": {"longest_edge": 8}}, "size = .* is not implemented"),
        ({"size": {"shortest_edge": 8}}, "resizes the shorter side and crops nothing"),
        ({"image_mean": None}, "do_normalize without image_mean"),
        ({"do_resize": False}, "neither size nor crop_size"),
    ],
)
def test_a_key_that_is_not_implemented_is_refused_by_name(changes, said):
    assert of_transformers_config(VIT, "mine").fit.shape == (8, 8)
    with pytest.raises(RobustnessError, match=f"^mine: {said}"):
        of_transformers_config({**VIT, **changes}, "mine")


CLIP = {**VIT, "image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 8}, "crop_size": 8}
CONVNEXT = {**VIT, "image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 8}, "resample": 3}


def of_family(family):
    return {"image_processor_type": f"{family}ImageProcessor"}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({**VIT, "resample": 0}, "resample = 0 is not implemented"),
        *(
            (
                {**VIT, "resample": 2, **of_family(family), "crop_size": 4},
                f"crop_size without do_center_crop, which for {family} ",
            )
            for family in ("ViT", "Siglip", "Segformer", "Beit", "ConvNext")
        ),
        *(
            ({**VIT, **of_family(family), **cropped}, "crops, and no crop_size says to what")
            for family in ("CLIP", "DeiT", "Bit", "MobileNetV1", "MobileNetV2")
            for cropped in ({}, {"crop_size": None}, {"do_center_crop": True})
        ),
        ({**VIT, "do_center_crop": True}, "crops, and no crop_size says to what"),
        *(
            ({**CLIP, **of_family(family), "do_center_crop": True, "size": 8}, "size = 8 is not implemented: whether")
            for family in ("MobileNetV1", "MobileNetV2", "Siglip")
        ),
        ({**VIT, "size": 8, "default_to_square": False}, "size = 8 is not implemented: whether"),
        ({**CLIP, "size": 8, "default_to_square": True}, "size = 8 is not implemented: whether"),
        ({**CONVNEXT, "do_center_crop": True, "crop_size": 4}, "do_center_crop = True is not implemented for ConvNext"),
        (
            {**VIT, **of_family("Segformer"), "do_center_crop": True, "crop_size": 4},
            "do_center_crop = True is not implemented for Segformer",
        ),
        ({**CONVNEXT, "size": {"height": 8, "width": 8}}, "size = .* is not implemented of ConvNext"),
        ({key: value for key, value in CONVNEXT.items() if key != "resample"}, "resample is missing"),
        ({**VIT, "crop_pct": 0.9}, "crop_pct = 0.9 is not implemented"),
        ({key: value for key, value in VIT.items() if key != "size"}, "size is missing"),
    ],
)
def test_what_versions_of_the_library_could_read_in_two_ways_is_refused_by_name(config, said):
    with pytest.raises(RobustnessError, match=f"^mine: {said}"):
        of_transformers_config(config, "mine")


BROKEN = [None, "text", [], [1, 2], {}, {"height": 8}, -1, 0, True, 10**9, 10**400, 1e400, float("nan"), 0.5j]


@pytest.mark.parametrize("value", BROKEN, ids=lambda value: repr(value)[:20])
def test_values_of_another_kind_are_refused_in_one_line_that_names_the_key(value):
    places: list[tuple[dict[str, Any], str]] = [
        (VIT, key) for key in ("rescale_factor", "size", "resample", "image_mean", "image_std", "do_resize", "do_normalize")
    ]
    places += [(CLIP, key) for key in ("size", "crop_size", "do_center_crop", "resample")]
    places += [(CONVNEXT, key) for key in ("size", "crop_pct")]
    for config, key in places:
        fine = (value is None and key == "crop_pct") or (value is True and key.startswith("do_"))
        for put in (value, *([[0.5, value, 0.5]] if key.startswith("image_") else [])):
            if fine or (key == "image_mean" and put in (0, [0.5, 0, 0.5])):
                continue
            with pytest.raises(RobustnessError) as refused:
                of_transformers_config({**config, key: put}, "folder/preprocessor_config.json")
            said = str(refused.value)
            assert said.startswith("folder/preprocessor_config.json: ")
            assert key in said
            assert "\n" not in said
            assert len(said) < 300


@pytest.mark.parametrize("length", [0, -8, 4097, 10**9, 8.0, True, "8", None])
@pytest.mark.parametrize("config", [VIT, CLIP, CONVNEXT], ids=lambda config: config["image_processor_type"])
def test_lengths_outside_1_to_4096_are_refused(config, length):
    keys = {"size": dict.fromkeys(config["size"], length)}
    keys |= {"crop_size": {"height": length, "width": 8}} if "crop_size" in config else {}
    for key, value in keys.items():
        with pytest.raises(RobustnessError, match=f"^mine: {key} = .* is not implemented"):
            of_transformers_config({**config, key: value}, "mine")


@pytest.mark.parametrize("content", ["{", "[]", "null", '"text"'])
def test_a_file_that_is_no_configuration_is_refused_by_name(tmp_path, content):
    (tmp_path / "preprocessor_config.json").write_text(content)
    with pytest.raises(RobustnessError, match=r"preprocessor_config\.json: not "):
        read_preprocessing(ModelDeclaration("net", "python:a:b"), "transformers:.", tmp_path)


@pytest.mark.parametrize(
    ("load", "prepare", "said"),
    [
        ("python:a:b", "timm", 'goes with load = "timm:NAME"'),
        ("timm:resnet18", "timm:resnet1", "has no configuration for 'resnet1'"),
        ("torchvision:resnet18", "torchvision", "wants weights by name"),
        ("torchvision:resnet18", "torchvision:ResNet18_Weights.V9", "no weights 'ResNet18_Weights.V9': did you mean"),
        ("torchvision:resnet18", "torchvision:Raft_Large_Weights.C_T_V1", "is no preparation of a classifier's images"),
        ("python:a:b", "transformers", "wants the folder"),
        ("python:a:b", "transformers:nowhere", "no such file"),
        ("python:a:b", "keras", "is unknown"),
    ],
)
def test_a_reference_that_leads_nowhere_says_what_to_write(tmp_path, load, prepare, said):
    with pytest.raises(RobustnessError, match=said):
        read_preprocessing(ModelDeclaration("net", load), prepare, tmp_path)


def test_the_code_that_a_configuration_names_is_not_run(tmp_path):
    (tmp_path / "mine.py").write_text("open('ran', 'w')\n")
    config = {**VIT, "auto_map": {"AutoImageProcessor": "mine.Mine"}}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(config))
    read_preprocessing(ModelDeclaration("net", "python:a:b"), "transformers:.", tmp_path)
    assert not (tmp_path / "ran").exists()
