#!/bin/sh
# Lines of Python by folder: all lines, and those that are neither empty nor comments nor docstrings.
set -eu
cd "$(dirname "$0")/.."
exec "${PYTHON:-.venv/bin/python}" - <<'PYTHON'
import ast
import subprocess
from collections import Counter
from pathlib import Path

total, code = Counter(), Counter()
for name in subprocess.run(["git", "ls-files", "*.py"], capture_output=True, text=True, check=True).stdout.split():
    path = Path(name)
    text = path.read_text()
    docs = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            docs.update(range(node.lineno, node.end_lineno + 1))
    lines = text.splitlines()
    folder = "/".join(path.parts[: min(2, len(path.parts) - 1)])
    total[folder] += len(lines)
    code[folder] += sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in docs
        for number, line in enumerate(lines, 1)
    )
print(f"{'folder':24}{'lines':>8}{'code':>8}")
for folder in sorted(total):
    print(f"{folder:24}{total[folder]:8}{code[folder]:8}")
print(f"{'all':24}{sum(total.values()):8}{sum(code.values()):8}")
PYTHON
