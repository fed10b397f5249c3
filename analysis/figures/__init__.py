"""Figures, one a file: `infos` computes from the tables, `draw` puts it on a figure, `caption` says what it is."""

from importlib import import_module
from pkgutil import iter_modules

from analysis.figures.base import AnyFigure, FigureKind

_modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
_found = [value for module in _modules for value in vars(module).values() if isinstance(value, FigureKind)]

FIGURES: dict[str, AnyFigure] = {kind.name: kind for kind in sorted(_found, key=lambda kind: kind.place)}
"""Every figure that a module of this folder defines, by its name, in the report's order."""
