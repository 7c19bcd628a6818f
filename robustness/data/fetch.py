"""The official GTSRB archives, downloaded, checked and unpacked into torchvision's folder."""

from __future__ import annotations

import stat
from pathlib import Path, PureWindowsPath
from shutil import copyfileobj
from zipfile import ZipFile, ZipInfo

import pooch
from tqdm import tqdm

from robustness.data.decode import decode
from robustness.data.gtsrb import list_gtsrb
from robustness.errors import RobustnessError, in_one_line
from robustness.files.atomic import replacing

BASE_URL = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/"
ARCHIVES = {
    "GTSRB_Final_Training_Images.zip": "md5:f33fd80ac59bff73c82d25ab499e03a3",
    "GTSRB_Final_Test_Images.zip": "md5:c7e4e6327067d32654124b0fe9e82185",
    "GTSRB_Final_Test_GT.zip": "md5:fe31e9c9270bbcd7b84b7f21a9d9d9e5",
}
RETRIES = 3


def fetch_gtsrb(root: Path, base_url: str = BASE_URL) -> None:
    """Download what is missing under root, unpack it into `root/gtsrb`, and read it all once."""
    folder = root / "gtsrb"
    archives = pooch.create(
        path=folder / "archives", base_url=base_url, registry=ARCHIVES, retry_if_failed=RETRIES, allow_updates=True
    )
    for archive in ARCHIVES:
        try:
            _unpack(Path(archives.fetch(archive, progressbar=True)), folder)
        except Exception as error:  # of the network, a wrong MD5, and whatever a damaged archive may raise
            said = in_one_line(error) or type(error).__name__
            raise RobustnessError(
                f"{base_url}{archive}: {said}\nRun the command again to go on, or download the three archives by hand, "
                f"unpack them into {folder} and name {root} with --root"
            ) from error
    for split in ("train", "test"):
        decode(list_gtsrb(root, split))


def _unpack(archive: Path, folder: Path) -> None:
    """What is not there yet in full: every file whole or not at all, and none where a name leads out of the folder."""
    with ZipFile(archive) as members:
        files = [member for member in members.infolist() if not member.is_dir()]
        for member in files:
            if problem := _refusal(member):
                raise ValueError(f"its member {member.filename!r} {problem}, so nothing of it is unpacked")
        for member in tqdm(files, f"unpacking {archive.name}", unit="file", disable=None):
            target = folder / member.filename
            if not (target.is_file() and target.stat().st_size == member.file_size):
                with members.open(member) as source, replacing(target) as partial, partial.open("wb") as file:
                    copyfileobj(source, file)


def _refusal(member: ZipInfo) -> str | None:
    """Why a member may not be written where it says."""
    path = PureWindowsPath(member.filename)  # which takes both slashes for what they may be, and knows drives
    if path.anchor or ".." in path.parts or not member.filename.isprintable():
        return "leads out of the folder, or has no plain name"
    return "is a link" if stat.S_ISLNK(member.external_attr >> 16) else None
