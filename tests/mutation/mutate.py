"""How much of a room its tests hold: random single-line mutations of it, and how many of them a test notices.

    python tests/mutation/mutate.py limits --count 40 --seed 1

Each mutant is one change of one expression or statement in `robustness/ROOM`, in a copy; only `tests/unit/ROOM`
runs on it, but for the files in `ELSEWHERE`. Those that no test noticed are listed with their line, to be fixed by a
test or explained.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMPARISONS = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==", ast.Is: "is not", ast.IsNot: "is",
    ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
OPERATORS = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "*", ast.Mod: "*", ast.Pow: "*"}
UNNOTICED = "NO TEST NOTICED"
ELSEWHERE = {"robustness/evaluation/ray_engine.py": "tests/ray"}  # what runs on a cluster is tested on one


@dataclass(frozen=True)
class Mutant:
    """One piece of a line and what stands in its place. line from 1; start and end: columns, in bytes."""

    file: Path
    line: int
    start: int
    end: int
    after: str

    @property
    def before(self) -> str:
        return self.file.read_bytes().split(b"\n")[self.line - 1][self.start : self.end].decode()

    def put(self, file: Path) -> None:
        lines = file.read_bytes().split(b"\n")
        line = lines[self.line - 1]
        lines[self.line - 1] = line[: self.start] + self.after.encode() + line[self.end :]
        file.write_bytes(b"\n".join(lines))

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}: `{self.before}` -> `{self.after}`"


def mutants(file: Path) -> Iterator[Mutant]:
    """All that can be done to a file; texts, annotations and imports are left alone."""
    tree = ast.parse(file.read_bytes())
    ignored = {id(inner) for node in ast.walk(tree) for part in _not_code(node) for inner in ast.walk(part)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr | ast.stmt) or id(node) in ignored or node.lineno != node.end_lineno:
            continue
        after = _changed(node)
        if after is not None and after != ast.unparse(node):
            yield Mutant(file, node.lineno, node.col_offset, node.end_col_offset or 0, after)


def _not_code(node: ast.AST) -> list[ast.AST]:
    match node:
        case ast.arg() | ast.AnnAssign():
            return [part for part in (node.annotation,) if part is not None]
        case ast.FunctionDef():
            return [*node.decorator_list, *([node.returns] if node.returns else [])]
        case ast.ClassDef():
            return [*node.decorator_list, *node.bases]
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return [node]
        case ast.JoinedStr():
            return [node]
    return []


def _changed(node: ast.AST) -> str | None:
    """Another piece of code in its place; None where there is none of interest."""
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in COMPARISONS:
            return f"({ast.unparse(node.left)} {COMPARISONS[type(operator)]} {ast.unparse(node.comparators[0])})"
        case ast.BinOp() if type(node.op) in OPERATORS:
            return f"({ast.unparse(node.left)} {OPERATORS[type(node.op)]} {ast.unparse(node.right)})"
        case ast.BoolOp():
            word = " or " if isinstance(node.op, ast.And) else " and "
            return f"({word.join(f'({ast.unparse(value)})' for value in node.values)})"
        case ast.UnaryOp(op=ast.Not()):
            return f"({ast.unparse(node.operand)})"
        case ast.Constant(value=bool()):
            return str(not node.value)
        case ast.Constant(value=int() | float()):
            return f"({node.value!r} + 1)"
        case ast.IfExp():
            return f"({ast.unparse(node.orelse)} if {ast.unparse(node.test)} else {ast.unparse(node.body)})"
        case ast.Return(value=value) if value is not None and not isinstance(value, ast.Constant):
            return "return None"
        case ast.Raise():
            return "pass"
        case ast.Expr(value=ast.Call() | ast.Yield()):
            return "pass"
        case ast.Call(func=ast.Name(id="min")):
            return f"max{ast.unparse(node)[3:]}"
        case ast.Call(func=ast.Name(id="max")):
            return f"min{ast.unparse(node)[3:]}"
        case ast.Call(func=ast.Name(id="any")):
            return f"all{ast.unparse(node)[3:]}"
        case ast.Call(func=ast.Name(id="all")):
            return f"any{ast.unparse(node)[3:]}"
    return None


def _run(tree: str, copy: Path, limit: float | None) -> int:
    """The exit status of its tests; processes that they start take the copy too, not an installed package."""
    command = [sys.executable, "-m", "pytest", tree, "-n", "0", "-q", "-x", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, timeout=limit, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("room", help="a folder of robustness/ that tests/unit mirrors")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    files = sorted((ROOT / "robustness" / args.room).rglob("*.py"))
    every = [mutant for file in files for mutant in mutants(file)]
    chosen = random.Random(args.seed).sample(every, min(args.count, len(every)))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(
            ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "*_cache", "__pycache__", "robustness-report")
        )
        trees = {mutant: ELSEWHERE.get(str(mutant.file.relative_to(ROOT)), f"tests/unit/{args.room}") for mutant in chosen}
        limits = {}
        for tree in dict.fromkeys(trees.values()):
            started = time.monotonic()
            if _run(tree, copy, None):
                raise SystemExit(f"{tree} fails before anything is changed")
            limits[tree] = 60 + 4 * (time.monotonic() - started)
        unnoticed = 0
        for number, mutant in enumerate(chosen, 1):
            target = copy / mutant.file.relative_to(ROOT)
            mutant.put(target)
            try:
                noticed = _run(trees[mutant], copy, limits[trees[mutant]]) != 0
            except subprocess.TimeoutExpired:
                noticed = True
            shutil.copyfile(mutant.file, target)
            unnoticed += not noticed
            print(f"{number:3} {'noticed' if noticed else UNNOTICED}: {mutant}", flush=True)
    print(
        f"{args.room}, seed {args.seed}: {len(chosen) - unnoticed} of {len(chosen)} mutations noticed, of {len(every)} possible"
    )
    return int(unnoticed > len(chosen) // 10)


if __name__ == "__main__":
    sys.exit(main())
